//! Keeps the MCP servers connected: one supervisor each, which connects, logs in, publishes, and starts again.

mod advice;
mod backoff;
mod browser;
mod connector;
mod explain;
mod http_client;
mod login;
mod outage;
mod publication;
mod status;
mod supervisor;

pub use backoff::{Backoff, BackoffError};
pub use browser::{Browser, NoBrowser, RedirectFollower, SystemBrowser};
pub use connector::{Connected, Connector, ConnectorError, LoginRequired, login_wanted};
pub use explain::explain;
pub use http_client::{CertificateError, upstream_client};
pub use login::{LoginDesk, LoginDeskError, LoginError};
pub use outage::Outage;
pub use status::{Exposed, Login, ServerState, Status};
pub use supervisor::Supervisor;
