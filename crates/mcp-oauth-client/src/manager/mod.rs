//! The long-lived object: one per MCP server and subject.

mod access;
mod attended;
mod builder;
mod client;
mod device;
mod discover;
mod extensions;
mod flight;
mod login;
mod logout;
mod object;
mod opening;
mod present;
mod registration;
mod request;
mod settle;
mod tenure;
mod unattended;
mod unsaved;

pub(crate) use access::Ready;
use object::Inner;
pub(crate) use opening::Beginning;

pub use builder::AuthorizationManagerBuilder;
pub use flight::RefreshError;
pub use logout::{Logout, Revocation, RevocationError};
pub use object::AuthorizationManager;
pub use registration::{ClientRegistration, Forgotten};
