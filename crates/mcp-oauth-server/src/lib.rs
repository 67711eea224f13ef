#![doc = include_str!("guide.md")]

mod authorize;
mod client;
mod form;
mod jwt;
mod local;
mod register;
mod resource;
mod revoke;
mod server;
mod store;
mod token;

pub use authorize::{Authentication, Consent, SingleUser, User, Users};
pub use client::{Client, ClientAuthentication, StoredSecret};
pub use jwt::{InvalidKey, JwtVerifier, PublicKeys, SigningKey};
pub use local::{LocalGuard, LocalGuardLayer};
pub use mcp_oauth_core;
pub use register::Registration;
pub use resource::{
    AccessClaims, ProtectedResource, ProtectionLayer, ProtectionService, RejectedToken, TokenVerifier,
    ToolScopes,
};
pub use server::{
    AuthorizationServer, AuthorizationServerBuilder, BuildError, IssuedTokenVerifier, Lifetimes, Limits,
};
pub use store::{
    CodeRecord, Grant, GrantId, MemoryLimits, MemoryStore, PendingAuthorization, Redemption,
    RefreshTokenRecord, SecretHash, Store, StoreError,
};

/// The examples of the front page work.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
