//! The child process of a stdio server: how it is started, what it inherits, how it ends.
mod command;
mod environment;
mod lookup;
mod nursery;
mod stderr;
mod tree;

pub use command::Command;
pub use stderr::StderrTail;
pub(crate) use stderr::{StderrRing, collect};
pub(crate) use tree::{ProcessTree, Started};
