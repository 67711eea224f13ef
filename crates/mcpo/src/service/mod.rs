//! The proxy, put together: listens first, then connects to all servers at once; follows the configuration file where asked.

mod fleet;
mod reload;
mod start;
mod summary;

pub use start::{Service, StartError, World};
