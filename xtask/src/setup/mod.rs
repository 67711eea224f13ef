//! What the tests and the benchmark need beyond Rust and a C compiler, and how each part gets here.
//!
//! Every part says whether it is there, and installs itself where it may. Parts of one installer follow each other, the
//! installers run side by side. Nothing is installed twice.

mod cargo_tools;
mod debian;
mod npm;
mod parts;
mod python;

pub(crate) use debian::{chromium, nginx};
pub(crate) use npm::{conformance_modules, node_modules};
pub(crate) use parts::{Missing, Part, chain, install, run};
pub(crate) use python::{mcpo as mcpo_program, sdk as python_sdk, server as python_server};
