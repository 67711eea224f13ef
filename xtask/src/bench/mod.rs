//! `cargo xtask bench`: our proxy beside mcpo 0.0.20 and nginx as a plain hop, in one run.
//!
//! What is compared is taken in turn, round after round, so that a busy machine is busy for all of them, and ratios are taken
//! within a round. Every reply is checked against its own request. The processor time per call is what noise moves least; how
//! much unrelated work ran meanwhile is printed beside it. Everything listens on the loopback interface, on free ports, and is
//! killed at the end, also after Ctrl-C.

mod calls;
mod closing;
mod connection;
mod document;
mod flight;
mod goals;
mod idle;
mod load;
mod message;
mod nagle;
mod oauth;
mod open_files;
mod options;
mod proc;
mod programs;
mod run;
mod server;
mod slow;
mod sse;
mod startup;
mod table;
mod target;

pub(crate) use options::Options;
pub(crate) use run::run;
