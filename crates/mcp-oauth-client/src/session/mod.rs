//! Authorization sessions: from the address a person opens to the answer that comes back.

mod authorization;
mod callback;
mod credentials;
mod pending;
mod pushed;
mod request;
mod scope;
mod under_way;

pub use authorization::AuthorizationSession;
pub(crate) use callback::Callback;
pub use callback::CallbackError;
pub use credentials::{Credentials, ShownToken};
pub use pending::{MemoryPendingStore, PendingStore};
pub use pushed::PushError;
pub(crate) use pushed::{push, push_endpoint};
pub(crate) use request::{authorization_url, parameters};
pub use scope::ScopeError;
pub(crate) use scope::{Selection, select_scopes};
pub(crate) use under_way::Pending;
pub use under_way::PendingAuthorization;
