//! A script behind streamable HTTP.
use std::sync::Arc;

use hyper::{Method, Response};

use super::{
    Era, Framing, Recorded, Step,
    http::{Body, Cut, Events, Said, answer, event, event_stream, perform, scripted},
    listen::Sink,
    resumption,
    running::{Left, Refusal, State, lock},
};

pub(super) async fn respond(
    state: &Arc<State>,
    framing: Framing,
    request: &Recorded,
) -> Result<Response<Body>, Cut> {
    if request.method != Method::POST {
        return match resumption::turn(&state.play, request) {
            Some(turn) if !is_forgotten(state, session(request)) => match &turn.steps[..] {
                [Step::Status { .. }] => once(turn.steps).await,
                _ => Ok(streamed(state, turn.steps, None)),
            },
            _ => Ok(other_method(state, request)),
        };
    }
    let script = &state.play.script;
    let session = session(request);
    // A message of a session that is forgotten is none.
    let modern = script.era != Era::Legacy && state.play.is_modern(&request.body, &request.headers);
    if !modern && is_forgotten(state, session) {
        return Ok(unknown_session(*lock(&state.refusal)));
    }
    let turn = state.play.turn(&request.body, Some(&request.headers));
    let starts = turn.method.as_deref() == Some("initialize") && !turn.modern;
    let lacks_session = script.sessions && session.is_none() && !starts && !turn.modern;
    // A script may say what happens to a probe, which has no session.
    if lacks_session && !(turn.ruled && turn.method.as_deref() == Some("server/discover")) {
        return Ok(answer(
            400,
            "application/json",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No session"}}"#,
        ));
    }
    match &turn.steps[..] {
        [] => return Ok(answer(202, "", "")),
        [Step::Status { .. }] => return once(turn.steps).await,
        [Step::Answer { status, message }] => {
            return Ok(answer(*status, "application/json", message.clone()));
        }
        _ => {}
    }
    let mut response = match framing {
        Framing::Json if !turn.modern || is_one_message(&turn.steps) => {
            let left = turn.modern.then(|| state.left(&request.body));
            let response = whole(state, turn.steps).await?;
            if let Some(left) = left {
                left.stayed();
            }
            response
        }
        Framing::Json | Framing::Sse => {
            streamed(state, turn.steps, turn.modern.then(|| state.left(&request.body)))
        }
    };
    if starts && script.sessions {
        let id = state.new_session();
        response.headers_mut().insert("mcp-session-id", id.into());
    }
    Ok(response)
}

/// The GET stream and the end of a session; a server of the stateless revisions alone has neither.
fn other_method(state: &State, request: &Recorded) -> Response<Body> {
    let script = &state.play.script;
    if script.era == Era::Modern {
        return answer(405, "", "");
    }
    let session = session(request);
    if is_forgotten(state, session) {
        return unknown_session(*lock(&state.refusal));
    }
    match request.method {
        Method::GET if script.get_stream => {
            let (events, response) = event_stream();
            let _ = events.send(Ok(": open\n\n".to_owned()));
            state.open_stream(session.unwrap_or(0), events);
            response
        }
        Method::DELETE if session.is_some() => {
            lock(&state.sessions).1.retain(|known| Some(*known) != session);
            answer(200, "", "")
        }
        _ => answer(405, "", ""),
    }
}

/// The session that a request names, if it names one.
fn session(request: &Recorded) -> Option<u64> {
    request
        .headers
        .get("mcp-session-id")
        .map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or(u64::MAX))
}

fn is_forgotten(state: &State, session: Option<u64>) -> bool {
    session.is_some_and(|session| !lock(&state.sessions).1.contains(&session))
}

/// Whether a reply can be a body of JSON.
fn is_one_message(steps: &[Step]) -> bool {
    let speaks = |step: &&Step| matches!(step, Step::Send(_) | Step::Raw(_) | Step::Listen(_));
    steps.iter().filter(speaks).count() <= 1 && !steps.iter().any(|step| matches!(step, Step::Listen(_)))
}

fn unknown_session(refusal: Refusal) -> Response<Body> {
    match refusal {
        Refusal::NotFound => answer(
            404,
            "application/json",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#,
        ),
        Refusal::BadRequest => answer(
            400,
            "application/json",
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}"#,
        ),
        Refusal::BadRequestText => answer(400, "text/plain", "Bad Request: No valid session ID provided"),
    }
}

/// The last message is the body; what comes before it goes to the server's own stream.
async fn whole(state: &State, steps: Vec<Step>) -> Result<Response<Body>, Cut> {
    let mut messages = Vec::new();
    perform(steps, |said| match said {
        Said::Message(_) | Said::Raw(_) => messages.push(said),
        Said::Push(message) => _ = state.push(&message),
        Said::EndListening => state.play.listeners.finish(),
        Said::CutListening => state.play.listeners.cut(),
        Said::Listen(_) => {}
    })
    .await?;
    let last = messages.pop();
    for earlier in messages {
        if let Said::Message(message) = earlier {
            state.push(&message);
        }
    }
    Ok(match last {
        Some(Said::Message(message)) => answer(200, "application/json", message),
        Some(Said::Raw(text)) => answer(200, "text/html", text),
        _ => answer(202, "", ""),
    })
}

fn streamed(state: &Arc<State>, steps: Vec<Step>, left: Option<Left>) -> Response<Body> {
    let (events, mut response) = event_stream();
    response.headers_mut().insert("x-accel-buffering", "no".parse().expect("a header value"));
    let state = Arc::clone(state);
    tokio::spawn(async move {
        let performing = perform(steps, |said| say(&state, &events, said));
        tokio::select! {
            result = performing => {
                if let Some(left) = left {
                    left.stayed();
                }
                if let Err(cut) = result {
                    let _ = events.send(Err(cut));
                }
            }
            // Until 2025-11-25, closing a stream cancelled nothing.
            () = events.closed(), if left.is_some() => {}
        }
    });
    response
}

/// Says something on a request's own stream, or on the others.
pub(super) fn say(state: &State, events: &Events, said: Said) {
    match said {
        Said::Message(message) => _ = events.send(Ok(event(&message))),
        Said::Raw(text) => _ = events.send(Ok(text)),
        Said::Push(message) => _ = state.push(&message),
        Said::Listen(request) => {
            let sink = Sink::Stream(events.clone());
            state.play.listeners.open(&request, &state.play.script.capabilities, sink);
        }
        Said::EndListening => state.play.listeners.finish(),
        Said::CutListening => state.play.listeners.cut(),
    }
}

/// Steps that answer by themselves, whatever was asked.
pub(super) async fn once(mut steps: Vec<Step>) -> Result<Response<Body>, Cut> {
    if let Some(Step::Status { status, headers, body }) = steps.pop() {
        return Ok(scripted(status, headers, body));
    }
    perform(steps, drop).await?;
    std::future::pending().await
}
