//! An event stream of the HTTP+SSE transport that breaks off.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use mcp_oauth_client::{
    AuthorizationManager, BoxError, TransportError, TransportOptions, create_authorized_transport,
};
use rmcp::transport::Transport as _;
use tower::service_fn;

const START: &str = "event: endpoint\ndata: /messages\n\n";
const CHANGED: &str = r#"data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

/// Stands for a 503.
const BUSY: &str = "busy";

/// Stands for a 429.
const TOO_MANY: &str = "too many";

/// What a server answers, one text for each request for its stream; afterwards it is gone. How many messages came, and the
/// `Last-Event-ID` of each request.
async fn received(answers: Vec<String>) -> (usize, Vec<Option<HeaderValue>>) {
    let answers = Arc::new(Mutex::new(answers.into_iter().rev().collect::<Vec<_>>()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let http = {
        let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
        service_fn(move |request: Request<Full<Bytes>>| {
            asked.lock().unwrap().push(request.headers().get("last-event-id").cloned());
            let answer = answers.lock().unwrap().pop();
            let status = match answer.as_deref() {
                Some(BUSY) => 503,
                Some(TOO_MANY) => 429,
                Some(_) => 200,
                None => 404,
            };
            let response = Response::builder().status(status).header("content-type", "text/event-stream");
            let response = response.body(Full::new(Bytes::from(answer.unwrap_or_default()))).unwrap();
            async move { Ok::<_, BoxError>(response) }
        })
    };
    let manager = AuthorizationManager::new("https://mcp.test/sse").await.unwrap();
    let options = TransportOptions::new().http(http);
    let mut transport =
        create_authorized_transport("https://mcp.test/sse", manager, Some(options)).await.unwrap();
    let mut messages = 0;
    let all = async {
        while transport.receive().await.is_some() {
            messages += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(3600), all).await.expect("an end");
    let asked = asked.lock().unwrap().clone();
    (messages, asked)
}

fn id(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}

/// It goes on after the last event that came, as long as the server takes it up again.
#[tokio::test(start_paused = true)]
async fn goes_on_where_it_was() {
    let first = format!("{START}id: 1\nretry: 10\n{CHANGED}\n\nid: 2\n{CHANGED}\n\n");
    let second = format!("id: 3\n{CHANGED}\n\n");
    let (messages, asked) = received(vec![first, BUSY.to_owned(), TOO_MANY.to_owned(), second]).await;
    assert_eq!(messages, 3);
    assert_eq!(asked, [None, Some(id("2")), Some(id("2")), Some(id("2")), Some(id("3"))]);
}

/// Without numbers nobody knows what was missed, so the session ends.
#[tokio::test(start_paused = true)]
async fn ends_without_numbers() {
    let (messages, asked) = received(vec![format!("{START}{CHANGED}\n\n"), START.to_owned()]).await;
    assert_eq!((messages, asked.len()), (1, 1));
}

/// A server that takes the stream up again and says nothing on it is asked a few times in a row, not for ever.
#[tokio::test(start_paused = true)]
async fn is_not_taken_up_for_ever() {
    let first = format!("{START}id: 1\nretry: 0\n{CHANGED}\n\n");
    let silent = std::iter::repeat_n(String::new(), 100);
    let began = tokio::time::Instant::now();
    let (messages, asked) = received(std::iter::once(first).chain(silent).collect()).await;
    assert_eq!((messages, asked.len()), (1, 6));
    assert!(began.elapsed() >= Duration::from_millis(500), "not in a hot loop: {:?}", began.elapsed());
}

/// A server that accepts and says nothing: an error, in the time that a request has.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing() {
    let http = service_fn(|_: Request<Full<Bytes>>| async {
        std::future::pending::<()>().await;
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::new())))
    });
    let manager = AuthorizationManager::new("https://mcp.test/sse").await.unwrap();
    let limit = manager.policy().limits.request_time;
    let options = TransportOptions::new().http(http);
    let error =
        create_authorized_transport("https://mcp.test/sse", manager, Some(options)).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { limit: waited } if waited == limit), "{error:?}");
}
