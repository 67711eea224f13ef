//! The program `mcpo`. Decides nothing: see [`mcpo::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    mcpo::cli::main()
}
