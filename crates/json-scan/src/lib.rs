//! JSON by its text.
//!
//! A program that passes JSON on wants to know that it is JSON and where a few of its values stand, and nothing else. That
//! is what [`Scan`] finds, in one pass: no tree, no copies, no escapes decoded. Long strings are passed at memory speed. What
//! it accepts is exactly RFC 8259, which its tests compare with `serde_json`.
//!
//! ```
//! use json_scan::{Scan, utf8};
//!
//! # fn run() -> Result<(), json_scan::Invalid> {
//! let text = utf8(br#"{"jsonrpc": "2.0", "id": 7, "result": {"a": [1.10, "\u00e9"]}}"#)?;
//! let (mut scan, mut result) = (Scan::new(text), None);
//! scan.object(|name, scan| {
//!     let value = scan.value()?;
//!     if name.decoded()? == "result" {
//!         result = Some(value);
//!     }
//!     Ok(())
//! })?;
//! scan.end()?;
//! assert_eq!(result, Some(r#"{"a": [1.10, "\u00e9"]}"#));
//! # Ok(()) }
//! # run().unwrap();
//! ```

mod quoted;
mod scan;

pub use quoted::Quoted;
pub use scan::{Invalid, Scan, utf8};

/// The examples of the front page work.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
