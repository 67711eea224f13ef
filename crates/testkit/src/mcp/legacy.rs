//! A script behind the HTTP+SSE transport of 2024-11-05.
use std::sync::Arc;

use hyper::{Method, Response};

use super::{
    EarlyRequest, Recorded, Step,
    http::{Body, Cut, answer, event_stream, perform},
    running::State,
    streamable,
};

pub(super) async fn respond(state: &Arc<State>, request: &Recorded) -> Result<Response<Body>, Cut> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    match (&request.method, path) {
        (&Method::GET, "/sse") => {
            let session = state.new_session();
            let usual = format!("/messages?session={session}");
            let endpoint = state.play.script.endpoint.as_deref().unwrap_or(&usual);
            let (events, response) = event_stream();
            let _ = events.send(Ok(format!("event: endpoint\r\ndata: {endpoint}\r\n\r\n")));
            state.open_stream(session, events);
            Ok(response)
        }
        (&Method::POST, "/messages") => {
            let session = query.strip_prefix("session=").and_then(|session| session.parse().ok());
            let Some(events) = session.and_then(|session| state.stream_of(session)) else {
                return Ok(answer(404, "text/plain", "no such session"));
            };
            let turn = state.play.turn(&request.body, None);
            match state.play.early(&turn) {
                None | Some(EarlyRequest::Answered) => {}
                Some(EarlyRequest::Ignored) => return Ok(answer(202, "text/plain", "Accepted")),
                Some(EarlyRequest::Exit(_)) => return Err(Cut),
            }
            if let [Step::Status { .. }] = &turn.steps[..] {
                return streamable::once(turn.steps).await;
            }
            let state = Arc::clone(state);
            tokio::spawn(async move {
                if let Err(cut) = perform(turn.steps, |said| streamable::say(&state, &events, said)).await {
                    let _ = events.send(Err(cut));
                }
            });
            Ok(answer(202, "text/plain", "Accepted"))
        }
        _ => Ok(answer(404, "text/html", "<html>no such page</html>")),
    }
}
