//! What the program tells about itself.

mod logs;

pub use logs::{LogLevel, start_logs};
