//! The properties that the fuzz targets check; the tests of the crates include the same files.

pub mod answers;
pub mod words;
