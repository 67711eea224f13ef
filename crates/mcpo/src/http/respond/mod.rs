//! The result of a call as the body of a response.

mod content;
mod result;

pub use result::{ResultShape, WHOLE_RESULT, accepts_whole_result, tool_result};
