//! `WWW-Authenticate`: the grammar of RFC 9110 §11.6.1, and the Bearer and `DPoP` challenges on top of it.

mod bearer;
mod dpop;
mod parse;

pub use bearer::BearerChallenge;
pub use dpop::DpopChallenge;
pub use parse::{Challenge, ChallengeLimits, Challenges};

#[cfg(test)]
mod tests;
