//! A script behind streamable HTTP.
use std::sync::Arc;

use hyper::{Method, Response};

use super::{
    Framing, Recorded, Step,
    http::{Body, Cut, Said, answer, event, event_stream, perform, scripted},
    running::{Refusal, State, lock},
};

pub(super) async fn respond(
    state: &Arc<State>,
    framing: Framing,
    request: &Recorded,
) -> Result<Response<Body>, Cut> {
    let session =
        request.headers.get("mcp-session-id").map(|id| id.to_str().unwrap_or_default().parse().ok());
    if let Some(session) = session
        && !lock(&state.sessions).1.iter().any(|known| Some(*known) == session)
    {
        return Ok(unknown_session(*lock(&state.refusal)));
    }
    match request.method {
        Method::POST => {}
        Method::GET if state.play.script.get_stream => {
            let (events, response) = event_stream();
            let _ = events.send(Ok(": open\n\n".to_owned()));
            state.open_stream(session.flatten().unwrap_or(0), events);
            return Ok(response);
        }
        Method::DELETE if session.is_some() => {
            lock(&state.sessions).1.retain(|known| Some(*known) != session.flatten());
            return Ok(answer(200, "", ""));
        }
        _ => return Ok(answer(405, "", "")),
    }
    let turn = state.play.turn(&request.body);
    let starts = turn.method.as_deref() == Some("initialize");
    if state.play.script.sessions && session.is_none() && !starts {
        return Ok(answer(
            400,
            "application/json",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No session"}}"#,
        ));
    }
    if let [Step::Status { .. }] = &turn.steps[..] {
        return once(turn.steps).await;
    }
    if turn.steps.is_empty() {
        return Ok(answer(202, "", ""));
    }
    let mut response = match framing {
        Framing::Json => whole(state, turn.steps).await?,
        Framing::Sse => streamed(state, turn.steps),
    };
    if starts && state.play.script.sessions {
        let id = state.new_session();
        response.headers_mut().insert("mcp-session-id", id.into());
    }
    Ok(response)
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
    let mut said = Vec::new();
    perform(steps, |what| said.push(what), |message| _ = state.push(&message)).await?;
    let last = said.pop();
    for earlier in said {
        if let Said::Message(message) = earlier {
            state.push(&message);
        }
    }
    Ok(match last {
        Some(Said::Message(message)) => answer(200, "application/json", message),
        Some(Said::Raw(text)) => answer(200, "text/html", text),
        None => answer(202, "", ""),
    })
}

fn streamed(state: &Arc<State>, steps: Vec<Step>) -> Response<Body> {
    let (events, response) = event_stream();
    let state = Arc::clone(state);
    tokio::spawn(async move {
        let said = |said| {
            let text = match said {
                Said::Message(message) => event(&message),
                Said::Raw(text) => text,
            };
            let _ = events.send(Ok(text));
        };
        if let Err(cut) = perform(steps, said, |message| _ = state.push(&message)).await {
            let _ = events.send(Err(cut));
        }
    });
    response
}

/// Steps that answer by themselves, whatever was asked.
pub(super) async fn once(mut steps: Vec<Step>) -> Result<Response<Body>, Cut> {
    if let Some(Step::Status { status, headers, body }) = steps.pop() {
        return Ok(scripted(status, headers, body));
    }
    perform(steps, drop, drop).await?;
    std::future::pending().await
}
