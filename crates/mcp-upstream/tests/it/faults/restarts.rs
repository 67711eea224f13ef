//! A remote server that is killed and started again at the same address.
use std::time::Duration;

use mcp_upstream::{CallError, Closed, Session, SseTransport, StreamableTransport};
use testkit::mcp::{Framing, Script, reply};

use crate::kit::{self, ANY, limits, options, text};

fn script() -> Script {
    Script::new().without_get_stream().tool("stuck", ANY, reply::hang()).tool("echo", ANY, reply::echo())
}

#[tokio::test]
async fn a_restarted_server_ends_the_old_session_and_takes_a_new_one() {
    for framing in [Framing::Json, Framing::Sse] {
        let server = script().serve_streamable(framing).await;
        let address = server.address();
        let connect = || {
            let transport =
                StreamableTransport::new(format!("http://{address}/mcp").parse().unwrap(), kit::http());
            Session::connect(transport, options(limits()))
        };
        let session = connect().await.unwrap();
        let stuck = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "stuck", "{}").await }
        });
        server.wait_for(|request| request.body.contains("stuck")).await;
        drop(server);
        // The call that was under way may have been carried out.
        let error = stuck.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Transport { .. }), "{error:?}");
        assert!(error.was_sent());
        let server = script().serve_streamable_at(framing, address).await;
        // The session is none that the new process knows; what is sent in it may be sent again.
        let error = loop {
            match text(&session, "echo", "{}").await {
                Err(error @ CallError::Closed { .. }) => break error,
                // A connection of the pool that has ended, but nobody has noticed.
                Err(CallError::Transport { .. }) => tokio::task::yield_now().await,
                other => panic!("{framing:?}: {other:?}"),
            }
        };
        assert!(
            matches!(error, CallError::Closed { reason: Closed::SessionExpired, sent: false }),
            "{framing:?}: {error:?}"
        );
        assert!(matches!(session.closed().await, Closed::SessionExpired));
        let again = connect().await.unwrap();
        assert_eq!(text(&again, "echo", "{}").await.unwrap(), "{}");
        drop(server);
    }
}

#[tokio::test]
async fn a_restarted_sse_server_ends_the_old_session_and_takes_a_new_one() {
    let server = script().serve_sse().await;
    let address = server.address();
    let connect = || {
        let transport = SseTransport::new(format!("http://{address}/sse").parse().unwrap(), kit::http());
        Session::connect(transport, options(limits()))
    };
    let session = connect().await.unwrap();
    let stuck = tokio::spawn({
        let session = session.clone();
        async move { text(&session, "stuck", "{}").await }
    });
    server.wait_for(|request| request.body.contains("stuck")).await;
    drop(server);
    let error = stuck.await.unwrap().unwrap_err();
    assert!(error.was_sent(), "{error:?}");
    tokio::time::timeout(Duration::from_secs(5), session.closed()).await.unwrap();
    let error = text(&session, "echo", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: false, .. }), "{error:?}");
    let _server = script().serve_sse_at(address).await;
    let again = connect().await.unwrap();
    assert_eq!(text(&again, "echo", "{}").await.unwrap(), "{}");
}
