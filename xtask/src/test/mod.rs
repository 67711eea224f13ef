//! `cargo xtask test`: everything that says whether the project is sound.

mod checks;
mod peers;
mod run;
mod tally;

pub(crate) use peers::environment as peers_environment;
pub(crate) use run::{Options, run};
