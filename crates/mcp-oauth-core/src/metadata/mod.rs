//! Metadata documents: of protected resources and of authorization servers.

mod resource;
mod server;

pub use resource::{InvalidResourceMetadata, ProtectedResourceMetadata};
pub use server::{AuthorizationServerMetadata, InvalidServerMetadata};

#[cfg(test)]
mod tests;
