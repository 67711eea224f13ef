//! One thing that a scripted server does.
use serde::{Deserialize, Serialize};

/// One thing that a server does. In the texts, `$ID` stands for the request's id, `$TOKEN` for its progress token,
/// `$ARGUMENTS` for the call's arguments, `$TEXT` for them as a JSON string, `$RECEIVED` for all notifications and
/// answers received so far as a JSON string, `$REQUESTS` for all requests in the same way, `$RESPONSES` for the
/// request's `inputResponses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Sends a message where the reply goes.
    Send(String),
    /// Sends a message on the server's own stream (over stdio there is only one), and on each `subscriptions/listen`
    /// whose filter takes it, with its subscription's id.
    Push(String),
    /// Sends what is no message: a line over stdio, an event or a body over HTTP.
    Raw(String),
    /// Over stdio: writes these bytes as they are, without a line's end.
    Bytes(Vec<u8>),
    /// Sends a message in which `$PAD` stands for so many letters.
    Padded(String, usize),
    /// Does the same so many times; `$N` counts them from 1.
    Repeat(usize, Vec<Step>),
    /// Waits, in milliseconds.
    Wait(u64),
    /// Writes a line to standard error.
    Stderr(String),
    /// Writes so many bytes to standard error, in lines.
    StderrFlood(u64),
    /// Never goes on.
    Hang,
    /// Breaks: the process exits with this code; a connection is cut.
    Break(i32),
    /// Answers with this HTTP status; must be the only step.
    Status {
        /// The status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: String,
    },
    /// Answers with a message, over HTTP as JSON with this status; must be the only step.
    Answer {
        /// The status.
        status: u16,
        /// The message.
        message: String,
    },
    /// Asks for input, as revision 2026-07-28 does. A list of steps may start with several: one is done in each round,
    /// the steps after them when the last one was answered.
    Ask(Ask),
    /// Opens the `subscriptions/listen` that came, with the acknowledgement; must be the last step. The text is for
    /// the server's own use.
    Listen(String),
    /// Ends each `subscriptions/listen` with its result.
    EndListening,
    /// Ends each `subscriptions/listen` without a word.
    CutListening,
}

/// An `input_required` result, and what must come back for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The `inputRequests`, as JSON.
    pub requests: Option<String>,
    /// The `requestState`. It may contain `$ID`.
    pub state: Option<String>,
    /// What the `inputResponses` must be, as JSON; if not said, they must answer each of the requests.
    pub expect: Option<String>,
    /// Asks for what the client did not say that it can do. A good server refuses the request instead.
    pub undeclared: bool,
    /// Asks again for ever.
    pub again: bool,
}

/// How a streamable HTTP server frames its replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `application/json`. Before revision 2026-07-28, what comes before the reply goes to the server's own stream;
    /// since then such a reply is framed as events.
    Json,
    /// `text/event-stream`.
    Sse,
}
