//! The resource server's half: metadata, the bearer token check, scopes.

mod answers;
mod claims;
mod layer;
mod metadata;
mod protected;
mod scopes;
mod tools;
mod verifier;

pub use claims::AccessClaims;
pub use layer::{ProtectionLayer, ProtectionService};
pub use protected::ProtectedResource;
pub use tools::ToolScopes;
pub use verifier::{RejectedToken, TokenVerifier};
