//! Ready-made things that a tool may do.
use super::{Ask, Step};

/// Answers with a text.
pub fn text(text: &str) -> Vec<Step> {
    result(&format!(r#"{{"content":[{{"type":"text","text":{}}}]}}"#, serde_json::Value::from(text)))
}

/// Answers with a result, byte for byte.
pub fn result(json: &str) -> Vec<Step> {
    vec![Step::Send(format!(r#"{{"jsonrpc":"2.0","id":$ID,"result":{json}}}"#))]
}

/// Answers with the arguments, as a text.
pub fn echo() -> Vec<Step> {
    result(r#"{"content":[{"type":"text","text":$TEXT}]}"#)
}

/// Answers with the notifications and answers that the server got so far, as a text with one on each line.
pub fn received() -> Vec<Step> {
    result(r#"{"content":[{"type":"text","text":$RECEIVED}]}"#)
}

/// Answers with a JSON-RPC error.
pub fn error(code: i64, message: &str) -> Vec<Step> {
    let message = serde_json::Value::from(message);
    vec![Step::Send(format!(
        r#"{{"jsonrpc":"2.0","id":$ID,"error":{{"code":{code},"message":{message},"data":{{"n":1.10}}}}}}"#
    ))]
}

/// Never answers.
pub fn hang() -> Vec<Step> {
    vec![Step::Hang]
}

/// Answers with a text after a while.
pub fn slow(milliseconds: u64) -> Vec<Step> {
    [vec![Step::Wait(milliseconds)], text("slow")].concat()
}

/// Answers with a text of so many bytes.
pub fn large(bytes: usize) -> Vec<Step> {
    let message = r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"$PAD"}]}}"#;
    vec![Step::Padded(message.to_owned(), bytes)]
}

/// Dies: the process exits with this code, a connection is cut.
pub fn die(code: i32) -> Vec<Step> {
    vec![Step::Break(code)]
}

/// Answers with an HTTP status, its headers and a body.
pub fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<Step> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    vec![Step::Status { status, headers, body: body.to_owned() }]
}

/// Reports progress so many times, then answers with a text.
pub fn progress(times: usize) -> Vec<Step> {
    let report = Step::Send(format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":$TOKEN,"progress":$N,"total":{times},"message":"step $N"}}}}"#
    ));
    [vec![Step::Repeat(times, vec![report])], text("done")].concat()
}

/// Sends a message that is no reply, then answers with a text.
pub fn after(message: &str) -> Vec<Step> {
    [vec![Step::Send(message.to_owned())], text("done")].concat()
}

/// Answers with the requests that the server got so far, as a text with one on each line.
pub fn requests() -> Vec<Step> {
    result(r#"{"content":[{"type":"text","text":$REQUESTS}]}"#)
}

/// Answers with a JSON-RPC error, over HTTP with this status.
pub fn refused(status: u16, code: i64, message: &str, data: &str) -> Vec<Step> {
    let message = serde_json::Value::from(message);
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":$ID,"error":{{"code":{code},"message":{message},"data":{data}}}}}"#
    );
    vec![Step::Answer { status, message }]
}

/// Asks for input: `inputRequests`, as JSON, and a `requestState`. What follows is for the rounds after this one.
pub fn ask(requests: &str, state: &str) -> Vec<Step> {
    let ask = Ask { requests: Some(requests.to_owned()), state: Some(state.to_owned()), ..Ask::default() };
    vec![Step::Ask(ask)]
}

/// Answers with the `inputResponses` that came, as structured content.
pub fn responses() -> Vec<Step> {
    result(r#"{"content":[],"structuredContent":$RESPONSES}"#)
}

/// Opens the `subscriptions/listen` that came.
pub fn listen() -> Vec<Step> {
    vec![Step::Listen(String::new())]
}

/// An event that only says where the stream is, `<place>-$ID`, and the pause before it may be resumed.
pub fn place(place: &str, retry: Option<u64>) -> Step {
    let retry = retry.map(|retry| format!("retry: {retry}\n")).unwrap_or_default();
    Step::Raw(format!("id: {place}-$ID\n{retry}data:\n\n"))
}
