//! What a server says on its own.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{LogRecord, message};

/// A notification, as [`Session::events`](crate::Session::events) delivers it: in the order of the wire. That a list changed
/// is told by [`Session::tools_changed`](crate::Session::tools_changed), [`prompts_changed`](crate::Session::prompts_changed)
/// and [`resources_changed`](crate::Session::resources_changed) instead.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// `notifications/message`: a log record of the server (server/utilities/logging, "Log Message Notifications").
    Log(LogRecord),
    /// `notifications/resources/updated`: a resource that was subscribed to, or a part of it, has other contents
    /// (server/resources, "Subscriptions").
    ResourceUpdated {
        /// The URI of what changed.
        uri: Box<str>,
        /// The whole `params` as they came.
        params: Bytes,
    },
    /// Any other notification that belongs to no call.
    Other {
        /// Its method.
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
pub(crate) struct UpdatedParams {
    pub(crate) uri: Box<str>,
}

// Every member is taken raw first, so that an odd one is only itself lost.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgressParams<'a> {
    #[serde(borrow)]
    progress_token: &'a RawValue,
    #[serde(borrow, default)]
    progress: Option<&'a RawValue>,
    #[serde(borrow, default)]
    total: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

impl Progress {
    /// Reads the `params` of `notifications/progress`; with them the token, which is the id of the call.
    pub(crate) fn read(params: &str, own: impl FnOnce() -> Bytes) -> Option<(u64, Self)> {
        let wire: ProgressParams<'_> = message::object(params.as_bytes()).ok()?;
        let number = |raw: &RawValue| serde_json::from_str::<f64>(raw.get()).ok();
        let progress = Self {
            progress: wire.progress.and_then(number).unwrap_or_default(),
            total: wire.total.and_then(number),
            message: wire.message.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            raw: own(),
        };
        Some((message::own_id(wire.progress_token.get())?, progress))
    }
}
