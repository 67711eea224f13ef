//! The commands of development: `cargo xtask setup`, `test`, `conformance`, `fuzz`, `bench`, `record`.
//!
//! One command to install what the tests and the benchmark need, one to run everything that continuous integration runs, one
//! for the official conformance suite alone, one for the fuzz targets, one to compare the proxy with others.
//! Whatever is installed goes into `.work/` in the checkout, but for Debian's packages and cargo's own tools.

mod bench;
mod checkout;
mod conformance;
mod fuzz;
mod program;
mod record;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::checkout::Checkout;

/// The commands of development
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the tests and the benchmark need
    Setup,
    /// Our proxy beside mcpo 0.0.20 and nginx, in one run
    Bench(bench::Options),
    /// The official conformance suite, every client scenario at every revision it applies to
    Conformance(conformance::Options),
    /// Look for texts of peers that break what reads them
    Fuzz(fuzz::Options),
    /// Record anew what real servers say, for the exactness corpus
    Record,
    /// Set up, then run every check and every test
    Test(test::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let checkout = Checkout::new();
    let good = match arguments.command {
        Command::Setup => setup::run(&checkout),
        Command::Bench(options) => bench::run(&checkout, &options),
        Command::Conformance(options) => conformance::run(&checkout, &options),
        Command::Fuzz(options) => fuzz::run(&checkout, &options),
        Command::Record => record::run(&checkout),
        Command::Test(options) => test::run(&checkout, &options),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
