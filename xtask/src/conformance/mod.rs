//! `cargo xtask conformance`: the official suite of the Model Context Protocol judges our client.
//!
//! The suite itself says which scenarios there are and at which revisions of the protocol ("wires") each applies; every
//! one of these runs is made, by itself, in the suite's strict mode, which takes a warning and a client that fails for a
//! failure too. What does not pass must be in `xtask/conformance-open.txt`, and nothing else may be.

mod checks;
mod list;
mod open;
mod run;
mod suite;
mod verdict;

pub(crate) use run::{Options, judge, run};
pub(crate) use suite::node;
