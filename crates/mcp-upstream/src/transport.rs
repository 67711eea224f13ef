//! The ways to reach a server. All three carry the same messages; what differs is how a reply finds its call.
mod outgoing;
mod pending;
mod remote;
mod sse;
mod stdio;
mod streamable;

use bytes::Bytes;
use futures_util::future::Either;
pub(crate) use outgoing::Outgoing;
pub use sse::SseTransport;
pub use stdio::StdioTransport;
pub use streamable::StreamableTransport;

use self::{sse::SseWire, stdio::StdioWire, streamable::StreamableWire};
use crate::{
    CallError, ConnectError, Limits, ProtocolVersion, StderrTail, calls::Listener, session::Handle,
    shared::Shared,
};

/// How to reach a server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Transport {
    /// A child process, spoken to over its standard streams.
    Stdio(StdioTransport),
    /// An endpoint of streamable HTTP.
    Streamable(StreamableTransport),
    /// An event stream of the older HTTP+SSE transport.
    Sse(SseTransport),
}

impl Transport {
    /// Whether a server of a stateless revision can be behind it.
    pub(crate) fn may_be_stateless(&self) -> bool {
        !matches!(self, Self::Sse(_))
    }

    /// The older transport that is to be tried where this one is not what the server speaks.
    pub(crate) fn older(&self) -> Option<Self> {
        match self {
            Self::Streamable(transport) => transport.older().map(Self::Sse),
            Self::Stdio(_) | Self::Sse(_) => None,
        }
    }

    /// Whether the server is a child process.
    pub(crate) fn is_process(&self) -> bool {
        matches!(self, Self::Stdio(_))
    }

    /// Starts what the session lives on. Nothing has been said yet.
    pub(crate) async fn start(self, limits: Limits) -> Result<Handle, ConnectError> {
        match self {
            Self::Stdio(transport) => transport.start(limits).await,
            Self::Streamable(transport) => transport.start(limits),
            Self::Sse(transport) => transport.start(limits).await,
        }
    }
}

impl From<StdioTransport> for Transport {
    fn from(transport: StdioTransport) -> Self {
        Self::Stdio(transport)
    }
}

impl From<StreamableTransport> for Transport {
    fn from(transport: StreamableTransport) -> Self {
        Self::Streamable(transport)
    }
}

impl From<SseTransport> for Transport {
    fn from(transport: SseTransport) -> Self {
        Self::Sse(transport)
    }
}

/// A transport at work.
#[derive(Debug)]
pub(crate) enum Wire {
    Stdio(StdioWire),
    Streamable(Box<StreamableWire>),
    Sse(Box<SseWire>),
}

impl Wire {
    /// Sends a request and waits for the text of its result. Dropping the future tells the server that nobody waits.
    pub(crate) fn request<'a>(
        &'a self,
        shared: &'a Shared,
        outgoing: Outgoing<'a>,
        listener: Listener,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + 'a {
        // No async block, which would have room for what it hands on as well.
        match self {
            Self::Stdio(wire) => Either::Left(wire.request(shared, outgoing, listener)),
            Self::Streamable(wire) => Either::Right(Either::Left(wire.request(shared, outgoing, listener))),
            Self::Sse(wire) => Either::Right(Either::Right(wire.request(shared, outgoing, listener))),
        }
    }

    /// Whether a child is spoken to over its standard streams.
    pub(crate) fn is_stdio(&self) -> bool {
        matches!(self, Self::Stdio(_))
    }

    /// Whether requests have headers.
    pub(crate) fn is_streamable(&self) -> bool {
        matches!(self, Self::Streamable(_))
    }

    /// The revision that begins with `initialize` is agreed on: sends `initialized` and whatever else ends the handshake.
    pub(crate) async fn negotiated(
        &self,
        shared: &Shared,
        version: ProtocolVersion,
        initialized: Vec<u8>,
    ) -> Result<(), CallError> {
        match self {
            Self::Stdio(wire) => {
                wire.post(&initialized);
                Ok(())
            }
            Self::Streamable(wire) => {
                wire.negotiated(version);
                wire.notify(shared, initialized).await?;
                wire.listen(shared).await;
                Ok(())
            }
            Self::Sse(wire) => {
                wire.negotiated(version);
                wire.notify(shared, initialized).await
            }
        }
    }

    /// The stateless revision is agreed on.
    pub(crate) fn stateless(&self) {
        if let Self::Streamable(wire) = self {
            wire.negotiated(ProtocolVersion::V2026_07_28);
        }
    }

    /// Sends a message that nobody waits for; `false` if too many are waiting to be sent.
    pub(crate) fn post(&self, message: Vec<u8>) -> bool {
        match self {
            Self::Stdio(wire) => wire.post(&message),
            Self::Streamable(wire) => wire.post(message),
            Self::Sse(wire) => wire.post(message),
        }
    }

    /// The end of a child's standard error; a remote server has none.
    pub(crate) fn stderr(&self) -> StderrTail {
        match self {
            Self::Stdio(wire) => wire.stderr(),
            Self::Streamable(_) | Self::Sse(_) => StderrTail::default(),
        }
    }
}
