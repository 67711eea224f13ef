use ::rmcp::transport::common::client_side_sse::SseRetryPolicy as _;

use super::*;

/// A server that was away for long is found again soon after it is back, and is asked for ever.
#[test]
fn no_pause_is_longer_than_the_longest() {
    let retry = TransportRetry::default();
    let backoff = retry.backoff();
    assert_eq!(backoff.retry(0), Some(retry.pause));
    for attempt in [5, 15, 40, 1000] {
        let pause = backoff.retry(attempt).expect("another attempt");
        assert!(pause <= retry.longest_pause, "{attempt}: {pause:?}");
    }
}
