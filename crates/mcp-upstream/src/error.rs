//! What can go wrong, one enum per operation.
mod call;
mod closed;
mod connect;
mod rpc;

pub use call::CallError;
pub(crate) use call::Failure;
pub use closed::{Closed, SharedError};
pub use connect::{ConnectError, SpawnError};
pub use rpc::RpcError;

/// Any error of a layer below, for example of the HTTP service.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
