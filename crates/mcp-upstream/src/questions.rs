//! The task that answers what a server asks of the client over a session (2025-11-25, client/*).
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::{
    StreamExt as _,
    future::{AbortHandle, Abortable, Aborted, BoxFuture},
    stream::FuturesUnordered,
};
use serde_json::value::RawValue;
use tokio::{sync::mpsc, time::timeout};

use crate::{RpcError, ServerRequest, ServerRequests, message, shared::Shared};

/// What the server asks. `id` is the request's as it came.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) id: Box<str>,
    pub(crate) request: ServerRequest,
}

/// The ways to the task.
#[derive(Debug)]
pub(crate) struct Questions {
    pub(crate) asked: mpsc::Sender<Question>,
    /// The ids of questions that need no answer any more. They do not wait behind others.
    pub(crate) taken_back: mpsc::Sender<Box<str>>,
}

type Answered = (Box<str>, Result<Result<Box<RawValue>, RpcError>, Aborted>);

/// Answers until the session ends.
pub(crate) async fn answer_all(
    shared: Arc<Shared>,
    requests: Arc<dyn ServerRequests>,
    mut queue: mpsc::Receiver<Question>,
    mut taken_back: mpsc::Receiver<Box<str>>,
) {
    let most = shared.limits.server_requests.max(1);
    let mut answering: FuturesUnordered<BoxFuture<'_, Answered>> = FuturesUnordered::new();
    let mut handles: HashMap<Box<str>, AbortHandle> = HashMap::new();
    // Taken back while they still waited in the queue.
    let mut forgotten: HashSet<Box<str>> = HashSet::new();
    loop {
        tokio::select! {
            _reason = shared.closed() => return,
            question = queue.recv(), if answering.len() < most => match question {
                Some(Question { id, .. }) if forgotten.remove(&id) => {}
                Some(Question { id, request }) => {
                    let (handle, registration) = AbortHandle::new_pair();
                    handles.insert(id.clone(), handle);
                    let answer = Abortable::new(answer(&shared, &*requests, request), registration);
                    answering.push(Box::pin(async move { (id, answer.await) }));
                }
                None => return,
            },
            Some(id) = taken_back.recv() => {
                if let Some(handle) = handles.get(&id) {
                    handle.abort();
                } else {
                    if forgotten.len() >= 2 * most {
                        forgotten.clear();
                    }
                    forgotten.insert(id);
                }
            }
            Some((id, answer)) = answering.next() => {
                handles.remove(&id);
                // "The receiver SHOULD NOT send a response for the cancelled request".
                if let Ok(answer) = answer
                    && !shared.wire.post(encode(&id, answer))
                {
                    shared.counting.message();
                }
            }
        }
    }
}

/// One answer, within the time that it may take.
pub(crate) async fn answer(
    shared: &Shared,
    requests: &dyn ServerRequests,
    request: ServerRequest,
) -> Result<Box<RawValue>, RpcError> {
    timeout(shared.limits.server_request_deadline, requests.answer(request))
        .await
        .unwrap_or_else(|_elapsed| Err(RpcError::internal("nobody answered in time")))
}

fn encode(id: &str, answer: Result<Box<RawValue>, RpcError>) -> Vec<u8> {
    let mut rest = Vec::new();
    match answer {
        Ok(result) => {
            rest.extend_from_slice(br#","result":"#);
            rest.extend_from_slice(result.get().as_bytes());
        }
        Err(error) => {
            rest.extend_from_slice(br#","error":"#);
            message::json(&mut rest, &error);
        }
    }
    rest.push(b'}');
    message::answer(id, &rest)
}
