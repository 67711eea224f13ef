//! Host and Origin checks for servers on a person's own machine.

mod guard;

pub use guard::{LocalGuard, LocalGuardLayer};

#[cfg(test)]
mod tests;
