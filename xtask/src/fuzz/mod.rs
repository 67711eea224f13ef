//! `cargo xtask fuzz`: libFuzzer looks for texts that break what has to hold of every text a peer sends.
//!
//! The targets are `fuzz/fuzz_targets/*.rs`. They are built with the stable compiler: the instrumentation is a pass of LLVM,
//! and a library that has no `unsafe` needs no address sanitizer. libFuzzer itself is C++, so a compiler for it is needed.
//! Each target begins with `fuzz/seeds/TARGET/` and goes on from what earlier runs found, in `.work/fuzz/corpus/`.

mod build;
mod run;
mod target;

pub(crate) use build::compiler;
pub(crate) use run::{FuzzError, Options, judge, run};
