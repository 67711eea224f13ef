//! From an MCP server's address to the authorization server that makes tokens for it.
//!
//! [`ProtectedResource`] says what a token is for and who makes it (RFC 9728); [`AuthorizationServer`] says how to ask
//! for one (RFC 8414, `OpenID` Connect Discovery). Each is built only from documents that name what was asked for.

mod document;
mod error;
mod preference;
mod resource;
mod server;
mod token_server;

pub use error::DiscoveryError;
pub(crate) use preference::{Preference, same_but_for_slash};
pub(crate) use resource::find_resource;
pub use resource::{ProtectedResource, ResourceSource};
pub(crate) use server::server_metadata;
pub use server::{AuthorizationServer, ServerSource};
pub(crate) use token_server::TokenServer;
