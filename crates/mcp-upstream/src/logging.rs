//! Log records of the server (server/utilities/logging).
use std::{borrow::Cow, fmt, str::FromStr, sync::PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    CallError, CallOptions, Session, list, message,
    message::{Params, Request},
};

/// How severe a log record is (server/utilities/logging, "Log Levels"); a more severe one compares greater. RFC 5424
/// §6.2.1 fixes these eight, so there will be no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// `debug`: entry into and exit from functions.
    Debug,
    /// `info`: what goes on.
    Info,
    /// `notice`: normal, but worth to know.
    Notice,
    /// `warning`: something is not as it should be.
    Warning,
    /// `error`: something failed.
    Error,
    /// `critical`: a component failed.
    Critical,
    /// `alert`: somebody must act at once.
    Alert,
    /// `emergency`: the system cannot be used.
    Emergency,
}

impl LogLevel {
    /// Every level, the least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// The level as it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LogLevel {
    type Err = UnknownLogLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLogLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLogLevel)
    }
}

/// The text names no level of RFC 5424.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown log level")]
#[non_exhaustive]
pub struct UnknownLogLevel;

/// A log record of the server: the `params` of `notifications/message`, byte for byte (server/utilities/logging, "Log
/// Message Notifications"). It is read when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord(Bytes);

impl LogRecord {
    pub(crate) fn new(params: Bytes) -> Self {
        Self(params)
    }

    /// The whole `params` as they came; empty if there were none.
    pub fn raw(&self) -> &Bytes {
        &self.0
    }

    /// The members of the record. One pass over the text, so keep what it returns. A member that is not there, or not
    /// what it should be, is `None`.
    pub fn parts(&self) -> LogParts<'_> {
        let wire: LogWire<'_> = message::object(&self.0).unwrap_or_default();
        LogParts {
            level: wire.level.and_then(list::text).and_then(|level| level.parse().ok()),
            logger: wire.logger.and_then(list::text),
            data: wire.data,
        }
    }
}

/// The members of a log record, borrowed from it (schema, `LoggingMessageNotificationParams`).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LogParts<'a> {
    /// `level`.
    pub level: Option<LogLevel>,
    /// `logger`: which part of the server.
    pub logger: Option<Cow<'a, str>>,
    /// `data`: a string, or any other JSON, as it came.
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LogWire<'a> {
    #[serde(borrow)]
    level: Option<&'a RawValue>,
    #[serde(borrow)]
    logger: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl Session {
    /// Asks the server for log records of this level and all more severe ones, which come as
    /// [`Event::Log`](crate::Event::Log): up to 2025-11-25 with `logging/setLevel` (server/utilities/logging, "Setting Log
    /// Level"), later with each request from now on (2026-07-28, "Per-request log level").
    ///
    /// Without it, a server of 2026-07-28 logs nothing, and an older one what it wants.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Server`] with -32601 (method not found) by a server that does not log.
    pub async fn set_log_level(&self, level: LogLevel) -> Result<(), CallError> {
        if self.is_stateless() {
            let mut current = self.shared().log_level.write().unwrap_or_else(PoisonError::into_inner);
            *current = Some(level.as_str());
            return Ok(());
        }
        let members = format!(r#""level":"{level}""#);
        let request = Request { method: "logging/setLevel", params: Params::Members(members.as_bytes()) };
        self.request(request, CallOptions::default()).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
