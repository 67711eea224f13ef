//! An MCP server and its authorization server that misbehave, each path in one way.
//!
//! Everything else about a path is as it should be: a client that is not disturbed by the one thing that is wrong gets its
//! login and its call. The server writes its answers byte by byte, so that it can break off, drip, or never end, and it
//! remembers what it was asked and how much of its answers was taken.
//!
//! [`misbehaviours`] is the table; `docs/hostile.md` says what our client makes of each.

mod answer;
mod honest;
mod peer;
mod table;

pub use peer::{HostilePeer, Visits};
pub use table::{Misbehaviour, misbehaviours};

#[cfg(test)]
mod tests;
