//! `WWW-Authenticate`: the grammar of RFC 9110 §11.6.1, and the Bearer challenge on top of it.

mod bearer;
mod parse;

pub use bearer::BearerChallenge;
pub use parse::{Challenge, ChallengeLimits, Challenges};

#[cfg(test)]
mod tests;
