use std::time::{Duration, SystemTime};

use super::{end_of, whole_second};

fn at(seconds: f64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

#[test]
fn a_token_lives_at_least_as_long_as_its_client_is_told() {
    assert_eq!(whole_second(end_of(at(10.9), Duration::from_secs(2))), at(13.0));
    assert_eq!(whole_second(end_of(at(10.0), Duration::from_secs(2))), at(12.0));
}

#[test]
fn an_end_without_end_stays_one() {
    let never = end_of(at(0.5), Duration::MAX);
    assert_eq!(whole_second(never), never);
}
