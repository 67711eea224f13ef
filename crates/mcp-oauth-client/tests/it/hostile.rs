//! Peers that misbehave. docs/hostile.md is the table of it: for every path of the testkit's hostile peer what it does and
//! what comes of it, and the tests for what has no path.

mod dns;
mod outcome;
mod page;
mod paths;
