//! The proxy's own page: which servers there are, where each stands, where to log in.

mod index;

pub use index::index;
