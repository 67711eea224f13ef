//! Who this client is at an authorization server.
//!
//! In the order of the specification: an id that was agreed on before, a client id metadata document where the server
//! takes one, dynamic registration where it offers that. What comes out is a [`RegisteredClient`], bound to its issuer:
//! an id or a secret is never shown to another server.

mod authentication;
mod choice;
mod client;
mod dynamic;
mod error;
mod home;
mod management;
mod preregistered;
mod proposals;

pub use authentication::ClientAuthentication;
pub(crate) use choice::{Choice, DocumentClient, Registration};
pub(crate) use client::ClientRecord;
pub use client::{ClientOrigin, RegisteredClient};
pub(crate) use dynamic::{Registered, register, register_device};
pub use error::RegistrationError;
pub(crate) use home::Home;
pub use management::ManagementError;
pub(crate) use management::{Management, Reading};
pub use preregistered::PreregisteredClient;
