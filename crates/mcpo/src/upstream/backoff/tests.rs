use super::*;

/// Gives the same byte for ever.
struct Constant(u8);

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn waits(byte: u8, count: usize) -> Vec<u128> {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60)).unwrap();
    (0..count).map(|_| backoff.failed(&Constant(byte)).as_millis()).collect()
}

#[test]
fn doubles_up_to_the_cap() {
    assert_eq!(waits(0, 9), [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    assert!(waits(255, 40).into_iter().all(|wait| wait <= 60_000));
}

#[test]
fn starts_over_after_a_success() {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60)).unwrap();
    backoff.failed(&Constant(0));
    backoff.failed(&Constant(0));
    assert_eq!(backoff.attempts(), 2);
    backoff.succeeded();
    assert_eq!(backoff.failed(&Constant(0)), Duration::from_millis(250));
}

#[test]
fn refuses_limits_that_contradict() {
    assert!(Backoff::new(Duration::ZERO, Duration::from_secs(1)).is_err());
    assert!(Backoff::new(Duration::from_secs(2), Duration::from_secs(1)).is_err());
}
