//! Clients and how they are registered (RFC 7591, client id metadata documents).

mod document;
mod information;
mod metadata;
mod words;

pub use document::{ClientMetadataDocument, InvalidClientMetadataDocument};
pub use information::{ClientId, ClientInformation, InvalidClientId};
pub use metadata::ClientMetadata;
pub use words::{ApplicationType, GrantType, TokenEndpointAuthMethod};

#[cfg(test)]
mod tests;
