//! Grants that need no person: the program acts for itself, or for a person who logged in somewhere else.
//!
//! | grant | whose token | what it takes |
//! |---|---|---|
//! | [client credentials](crate::AuthorizationManagerBuilder::client_credentials) | the client's own | a client that was registered before |
//! | [enterprise-managed](EnterpriseManaged) | a person's | their ID token, and an identity provider that both sides trust |
//! | [workload identity](WorkloadIdentity) | the workload's | the platform's JWT |
//!
//! Each is a token request without a browser, so the manager makes it whenever a token is needed: there are no refresh
//! tokens, and nobody is asked. None of them ever registers a client (C6.14) or turns to another grant (C17.16).

mod enterprise;
mod error;
mod kind;
mod source;
mod workload;

pub use enterprise::EnterpriseManaged;
pub use error::UnattendedError;
pub(crate) use kind::{Unattended, assertion_form, client_credentials_form};
pub use source::{AssertionFile, AssertionSource, SubjectToken, SubjectTokenSource};
pub use workload::WorkloadIdentity;
