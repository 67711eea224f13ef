//! Real authorization servers, where they are installed: `cargo xtask test` says in variables where they are
//! (docs/testing.md).
mod device;
mod dpop;
mod endings;
mod flows;
mod provider;
mod registration;
mod requests;
mod scopes;
mod theft;
