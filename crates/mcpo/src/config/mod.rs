//! Which servers there are and how to serve them. The raw types mirror the file and the flags and do no I/O; the resolved ones
//! hold what the program needs.

mod file;
mod flags;
mod forwarding;
mod oauth;
mod oauth_policy;
mod position;
mod server;
mod settings;

pub use file::{ConfigError, ConfigFile, Problem};
pub(crate) use flags::log_level;
pub use flags::{FlagError, settings};
pub use forwarding::{ForwardingSection, HeaderForwarding};
pub(crate) use oauth::named;
pub use oauth::{ClientSection, Grant, LoginChannel, OAuthSection, OAuthSettings, TokenStorage};
pub use oauth_policy::PolicySection;
pub use server::{
    Certificates, EntryError, HttpKind, RemoteServer, ServerEntry, ServerSettings, StdioServer,
    UpstreamSettings,
};
pub use settings::{Access, ApiFacts, Layout, Limits, Listen, Reload, Settings, TlsFiles, TokenKey};
