//! HTTP as both remote transports use it: any tower service below, bounded bodies and event streams above.
mod body;
mod cursor;
mod event_stream;
mod refused;
mod service;

pub(crate) use body::{Collected, collect, excerpt};
pub(crate) use cursor::Cursor;
pub(crate) use event_stream::{EventStream, Item};
#[cfg(feature = "client")]
pub(crate) use refused::is_clear_no;
pub(crate) use refused::{is_refused, is_unsent};
pub(crate) use service::Body;
pub use service::HttpService;
