//! The authorization server and the protected resource over real sockets, one module per part of the protocol. Each
//! test names the requirement that it proves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod authorization;
mod clients;
mod consent;
mod metadata;
mod registration;
mod resource;
mod revocation;
mod support;
mod token;
