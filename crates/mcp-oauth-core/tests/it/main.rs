//! What has to hold of every text that a peer may send, and what the standards print.
#![expect(clippy::unwrap_used, reason = "a step that fails is the end of a test")]

mod properties;
mod vectors;
#[path = "../../../../fuzz/src/words.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use them from another crate")]
mod words;
