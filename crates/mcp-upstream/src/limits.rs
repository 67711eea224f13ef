//! Every bound that a session keeps to, by name.
use std::time::Duration;

/// Sizes, counts and times that a peer cannot exceed. Change what you need: `Limits { pages: 10, ..Limits::default() }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest message a server may send: a line of stdio, a JSON body, an SSE event. In bytes; default 32 MiB.
    pub message_bytes: usize,
    /// How much may wait to be written to a child's standard input before callers have to wait. In bytes; default 8 MiB.
    pub outgoing_bytes: usize,
    /// Calls under way at once; one more is refused with [`CallError::Busy`](crate::CallError::Busy). Default 65,536.
    pub outstanding_calls: usize,
    /// Messages of our own (cancellations, answers to the server) that may wait to be posted over HTTP. Default 1,024.
    pub outgoing_messages: usize,
    /// Pages of one list that are read. Default 1,000.
    pub pages: usize,
    /// Tools that are kept from one list. Default 10,000.
    pub tools: usize,
    /// The longest definition of one tool. In bytes; default 1 MiB.
    pub tool_bytes: usize,
    /// Prompts, resources or resource templates that are kept from one list. Default 10,000.
    pub items: usize,
    /// The longest definition of one prompt, resource or resource template. In bytes; default 256 KiB.
    pub item_bytes: usize,
    /// Suggestions that are kept of one completion; the protocol allows no more than the default. Default 100.
    pub completion_values: usize,
    /// All pages of one list together. In bytes; default 64 MiB.
    pub list_bytes: usize,
    /// The longest notification that is handed on; a longer one is counted as stray. In bytes; default 256 KiB.
    pub notification_bytes: usize,
    /// What is kept of a child's standard error. In bytes; default 64 KiB.
    pub stderr_bytes: usize,
    /// Notifications kept for a subscriber that is slow to read them. Default 256.
    pub events: usize,
    /// What is quoted of a peer's answer in an error. In bytes; default 512.
    pub excerpt_bytes: usize,
    /// From the start of `connect` to the server's answer to `initialize`. Default 30 s.
    pub connect_deadline: Duration,
    /// For a call that names no deadline of its own, lists and pings included. Default 300 s.
    pub call_deadline: Duration,
    /// When closing: how long a child may take to leave after its input ended, and again after SIGTERM; how long the
    /// answer to `DELETE` is awaited. Default 2 s.
    pub close_grace: Duration,
    /// After a child ended: how long what it has written may take to be read. Default 500 ms.
    pub drain_deadline: Duration,
    /// When it is in doubt whether a streamable HTTP server still knows the session: how long it may take to say so.
    /// Default 5 s.
    pub probe_deadline: Duration,
    /// How long a server may be silent to `server/discover` before `initialize` is sent as well, in case it is an old one
    /// that ignores what it does not know. Both are then waited for, so that a slow one is not taken for an old one. Default 3 s.
    pub discover_patience: Duration,
    /// How often a call may be sent again with what the server asked for (2026-07-28, basic/patterns/mrtr). Default 16.
    pub rounds: usize,
    /// Questions of the server that are answered at once; further ones wait, and as many again may wait. Default 16.
    pub server_requests: usize,
    /// How long the answer to one question of the server may take. Default 300 s.
    pub server_request_deadline: Duration,
    /// When connecting to a streamable HTTP server: how long it may take to answer the request for its own stream. Without
    /// an answer the session begins all the same, but what the server says before its stream is open may be lost.
    /// Default 500 ms.
    pub listen_patience: Duration,
    /// The longest pause before the stream of a streamable HTTP server is opened again, unless the server asks for a
    /// longer one. Default 30 s.
    pub listen_pause: Duration,
    /// The pause before an event stream that broke off is opened again, if the server named none (`retry`). It doubles
    /// with every time that was in vain, up to `listen_pause`. Default 1 s.
    pub resume_pause: Duration,
    /// The shortest `retry` of a server that is honoured; a shorter one counts as this. Default 100 ms.
    pub shortest_retry: Duration,
    /// The longest `retry` of a server that is honoured; a longer one counts as this. Default 10 min.
    pub longest_retry: Duration,
    /// How many times in a row the event stream of one call may be resumed and end without a new event id, before the
    /// call fails with [`CallError::NotResumed`](crate::CallError::NotResumed). Default 1,000.
    pub resumptions: usize,
    /// How many times in a row the attempt to resume the event stream of one call may fail (no connection, HTTP 409, 429,
    /// 5xx), before the call fails with [`CallError::NotResumed`](crate::CallError::NotResumed). Default 6.
    pub failed_resumptions: usize,
    /// The longest event id that is kept to resume a stream; a longer one is ignored. In bytes; default 4 KiB.
    pub event_id_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 32 << 20,
            outgoing_bytes: 8 << 20,
            outstanding_calls: 65_536,
            outgoing_messages: 1_024,
            pages: 1_000,
            tools: 10_000,
            tool_bytes: 1 << 20,
            items: 10_000,
            item_bytes: 256 << 10,
            completion_values: 100,
            list_bytes: 64 << 20,
            notification_bytes: 256 << 10,
            stderr_bytes: 64 << 10,
            events: 256,
            excerpt_bytes: 512,
            connect_deadline: Duration::from_secs(30),
            call_deadline: Duration::from_secs(300),
            close_grace: Duration::from_secs(2),
            drain_deadline: Duration::from_millis(500),
            probe_deadline: Duration::from_secs(5),
            discover_patience: Duration::from_secs(3),
            rounds: 16,
            server_requests: 16,
            server_request_deadline: Duration::from_secs(300),
            listen_patience: Duration::from_millis(500),
            listen_pause: Duration::from_secs(30),
            resume_pause: Duration::from_secs(1),
            shortest_retry: Duration::from_millis(100),
            longest_retry: Duration::from_secs(600),
            resumptions: 1_000,
            failed_resumptions: 6,
            event_id_bytes: 4 << 10,
        }
    }
}
