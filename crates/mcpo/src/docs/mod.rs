//! The documentation pages: Swagger UI and Redoc, in the program itself, so that they work without a network.

mod asset;
mod page;

pub use asset::{Asset, asset};
pub use page::{PageKind, page};
