//! The engine against scripted and real servers, over real sockets and real child processes.
#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]
mod calls;
mod client;
mod connecting;
mod corpus;
mod faults;
mod kit;
mod lists;
mod lost;
mod messages;
mod opening;
mod questions;
mod real;
mod resume;
mod scan;
mod sse;
mod stateless;
mod stdio;
mod streamable;
mod wire;
