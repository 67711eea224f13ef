//! What a server says on its own.
use bytes::Bytes;
use serde::Deserialize;

/// A notification, as [`Session::events`](crate::Session::events) delivers it: in the order of the wire. That the tools
/// changed is told by [`Session::tools_changed`](crate::Session::tools_changed) instead.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// `notifications/message`: a log record of the server; its `params` as they came.
    Log(Bytes),
    /// Any other notification that belongs to no call.
    Other {
        /// Its method, for example `notifications/resources/updated`.
        method: Box<str>,
        /// Its `params` as they came; empty if there were none.
        params: Bytes,
    },
}

/// One progress notification of a call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Progress {
    /// How far the call is; grows with each notification.
    pub progress: f64,
    /// What `progress` will be at the end, if the server knows.
    pub total: Option<f64>,
    /// What the server is doing, for people.
    pub message: Option<String>,
    /// The whole `params` as they came.
    pub raw: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressParams {
    pub(crate) progress_token: u64,
    #[serde(default)]
    pub(crate) progress: f64,
    #[serde(default)]
    pub(crate) total: Option<f64>,
    #[serde(default)]
    pub(crate) message: Option<String>,
}
