//! Why a person could not be reached or did not answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mcp_oauth_core::RedirectUri;

/// Why a person could not be reached or did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteractionError {
    /// Another program listens on the port that the answer must come to.
    #[error("port {} is in use: end the program that uses it or choose another callback port", address.port())]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The listener for the answer cannot be set up.
    #[error("cannot listen on {address} for the answer")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The redirect URI is not one that this interaction can receive.
    #[error(
        "{redirect_uri} is not an http address of this machine with a port, so that no answer can be received there"
    )]
    RedirectUri {
        /// The redirect URI.
        redirect_uri: RedirectUri,
    },
    /// The login was to go by a device code, and no redirect is received.
    #[error("no redirect can be received here")]
    NoRedirect,
    /// No browser could be opened.
    #[error("no browser could be opened")]
    Open(#[source] io::Error),
    /// The terminal cannot be read or written.
    #[error("the terminal cannot be used")]
    Console(#[source] io::Error),
    /// Nobody answered in time.
    #[error("nobody answered within {} s", limit.as_secs())]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// The person or the application ended the login.
    #[error("the login was cancelled")]
    Cancelled,
}
