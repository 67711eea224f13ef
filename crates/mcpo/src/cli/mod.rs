//! The command line: what was typed, what the environment adds, what runs.

mod arguments;
mod environment;
mod run;

pub use arguments::{Arguments, Command, DemoArguments};
pub use environment::{Environment, ProcessEnvironment};
pub use run::main;
pub(crate) use run::say;
