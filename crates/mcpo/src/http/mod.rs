//! The proxy's own HTTP side: which request is meant, who may ask, what is answered.

mod access;
pub mod arguments;
mod call;
mod peer;
pub mod problem;
pub mod respond;
mod route;
mod router;
mod serve;
mod trace;

pub use router::{Endpoint, Proxy};
pub use serve::{Bound, ListenError, bind, serve};
