//! The token endpoint: codes and refresh tokens against access tokens.

mod endpoint;
mod error;
mod exchange;
mod refresh;
mod revoke;

pub(crate) use endpoint::{Form, Parameter, TokenEndpoint, TokenRequest};
pub use error::TokenError;
pub(crate) use exchange::exchange;
pub(crate) use refresh::refresh;
pub(crate) use revoke::{Answer, RevokedToken, revoke};
