//! Pauses, by the default limits.
use super::*;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[test]
fn without_a_retry_the_pause_grows_up_to_its_limit() {
    let limits = Limits::default();
    let mut patience = Patience::default();
    let mut pauses = Vec::new();
    for _ in 0..4 {
        pauses.push(patience.pause(None, &limits));
        patience.failed();
    }
    assert_eq!(pauses, [1, 2, 4, 8].map(seconds));
    for _ in 0..100 {
        patience.failed();
    }
    assert_eq!(patience.pause(None, &limits), limits.listen_pause);
    assert_eq!(patience.ended(false), 1);
    assert_eq!(patience.pause(None, &limits), seconds(2));
    assert_eq!(patience.ended(true), 0);
    assert_eq!(patience.pause(None, &limits), seconds(1));
}

#[test]
fn a_retry_is_honoured_as_it_is_unless_the_server_fails() {
    let limits = Limits::default();
    let mut patience = Patience::default();
    patience.ended(false);
    patience.ended(false);
    assert_eq!(patience.pause(Some(seconds(5)), &limits), seconds(5));
    assert_eq!(patience.pause(Some(seconds(45)), &limits), seconds(45), "longer than we would wait");
    patience.failed();
    assert_eq!(patience.pause(Some(seconds(5)), &limits), seconds(10));
    assert_eq!(patience.pause(Some(seconds(45)), &limits), seconds(45));
}

#[test]
fn a_retry_has_its_limits() {
    let limits = Limits::default();
    let patience = Patience::default();
    assert_eq!(patience.pause(Some(Duration::ZERO), &limits), limits.shortest_retry);
    assert_eq!(patience.pause(Some(Duration::MAX), &limits), limits.longest_retry);
}
