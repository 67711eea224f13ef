//! The body of a call: checked against the tool's own schema, and passed on as it came.
//!
//! FastAPI and pydantic did this in mcpo, so callers expect two of their habits: `"5"` is taken for 5 where a number is wanted
//! (lax mode), and what is wrong is told in a `detail` list with `type`, `loc`, `msg` and `input`. What callers do not want is
//! what pydantic did to the rest: integers became 10.0, nulls and unknown keys vanished. Here the bytes are read into a tree
//! that remembers where each value stands in them, and only what has to change is written anew.

mod certain;
mod coerce;
mod compiled;
mod defaults;
mod detail;
mod error;
mod flat;
mod media_type;
mod reader;
mod syntax;
mod validate;
mod value;

pub use compiled::{ArgumentLimits, Arguments, CompileError};
pub use error::{ArgumentsError, FieldError, Place};
pub use media_type::require_json;
