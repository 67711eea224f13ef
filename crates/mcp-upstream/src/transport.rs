//! The ways to reach a server. All three carry the same messages; what differs is how a reply finds its call.
mod pending;
mod stdio;

use bytes::Bytes;
pub use stdio::StdioTransport;

pub(crate) use self::stdio::StdioWire;
use crate::{
    CallError, CallOptions, ConnectError, Limits, StderrTail, message::Request, session::Handle,
    shared::Shared,
};

/// How to reach a server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Transport {
    /// A child process, spoken to over its standard streams.
    Stdio(StdioTransport),
}

impl Transport {
    /// Starts what the session lives on. Nothing has been said yet.
    pub(crate) async fn start(self, limits: Limits) -> Result<Handle, ConnectError> {
        match self {
            Self::Stdio(transport) => transport.start(limits),
        }
    }
}

impl From<StdioTransport> for Transport {
    fn from(transport: StdioTransport) -> Self {
        Self::Stdio(transport)
    }
}

/// A transport at work.
#[derive(Debug)]
pub(crate) enum Wire {
    Stdio(StdioWire),
}

impl Wire {
    /// Sends a request and waits for the text of its result. Dropping the future tells the server that nobody waits.
    pub(crate) async fn request(
        &self,
        shared: &Shared,
        request: &Request<'_>,
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        match self {
            Self::Stdio(wire) => wire.request(shared, request, options).await,
        }
    }

    /// Sends a notification and waits until it is on its way.
    pub(crate) async fn notify(&self, message: Vec<u8>) -> Result<(), CallError> {
        match self {
            Self::Stdio(wire) => {
                wire.post(&message);
                Ok(())
            }
        }
    }

    /// Sends a message that nobody waits for; `false` if too many are waiting to be sent.
    pub(crate) fn post(&self, message: Vec<u8>) -> bool {
        match self {
            Self::Stdio(wire) => wire.post(&message),
        }
    }

    pub(crate) fn stderr(&self) -> StderrTail {
        match self {
            Self::Stdio(wire) => wire.stderr(),
        }
    }
}
