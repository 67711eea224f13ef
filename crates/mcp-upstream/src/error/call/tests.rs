//! Whether the server may have seen the request.
use std::error::Error as _;

use super::*;

fn transport(source: impl Into<BoxError>) -> CallError {
    CallError::Transport { source: source.into() }
}

#[cfg(feature = "client")]
#[test]
fn what_never_had_a_connection_was_not_sent() {
    use std::io;

    use crate::HttpClientError;

    let io = || io::Error::from(io::ErrorKind::TimedOut);
    for error in [
        HttpClientError::Address,
        HttpClientError::Connect { source: io().into() },
        HttpClientError::Proxy { proxy: "http://proxy.test".into(), source: io().into() },
        HttpClientError::Tls { source: io() },
        HttpClientError::ConnectTimeout { after: Duration::from_secs(1) },
    ] {
        let call = transport(error);
        assert!(!call.was_sent(), "{call:?}");
        let later = call.of_later_round();
        assert!(later.was_sent(), "{later:?}");
        let Some(client) = later.source().and_then(|wrapped| wrapped.source()) else { panic!("{later:?}") };
        assert!(client.is::<HttpClientError>(), "{later:?}");
    }
    assert!(transport(HttpClientError::Broken { source: None }).was_sent());
}

#[test]
fn of_an_unknown_clients_error_the_worst_is_believed() {
    assert!(transport("no connection").was_sent());
}

#[test]
fn a_session_that_ends_between_rounds_has_seen_the_call() {
    let closed = CallError::Closed { reason: Closed::StreamEnded, sent: false };
    assert!(!closed.was_sent());
    assert!(closed.of_later_round().was_sent());
}
