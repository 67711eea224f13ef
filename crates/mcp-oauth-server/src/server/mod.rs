//! The authorization server: how it is put together, and what it publishes.

mod builder;
mod issuance;
mod issued;
mod lifetimes;
mod limits;
mod metadata;
mod router;
mod scopes;
mod state;

pub use builder::{AuthorizationServerBuilder, BuildError};
pub(crate) use issuance::{Issuance, IssuanceError};
pub use issued::IssuedTokenVerifier;
pub use lifetimes::Lifetimes;
pub(crate) use lifetimes::{end_of, whole_second};
pub use limits::Limits;
pub(crate) use router::cors;
pub(crate) use scopes::{OFFLINE_ACCESS, ScopeCatalogue};
pub use state::AuthorizationServer;
pub(crate) use state::{Endpoints, State};
