//! A scripted authorization server and the MCP server it protects.
//!
//! The two are real servers on ports of their own. They do what the specifications ask, check what a careful server
//! checks, and remember every request. A [`Script`] makes them misbehave, one thing at a time; whatever has no switch is
//! said with [`Script::intercept`].

mod authority;
mod clients;
mod dpop;
mod keys;
mod peer;
mod reply;
mod resource;
mod script;
mod state;
mod unattended;

pub use dpop::Dpop;
pub use keys::TestKey;
pub use peer::OAuthPeer;
pub use reply::{Reply, Seen};
pub(crate) use script::merge;
pub use script::{Challenge, MetadataPlace, ResourcePlace, Script};

#[cfg(test)]
mod tests;
