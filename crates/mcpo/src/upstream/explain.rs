//! An error, told to a person: its whole chain, each part once.

use std::error::Error;

/// The messages of an error and its sources, joined by colons, without those that only repeat what was said.
///
/// ```
/// # use mcpo::upstream::explain;
/// #[derive(Debug, thiserror::Error)]
/// #[error("cannot reach the server")]
/// struct Unreachable(#[source] std::io::Error);
///
/// let error = Unreachable(std::io::Error::other("connection refused"));
/// assert_eq!(explain(&error), "cannot reach the server: connection refused");
/// ```
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let message = error.to_string();
        if !message.is_empty() && !said.contains(&message) {
            said.push_str(": ");
            said.push_str(&message);
        }
        source = error.source();
    }
    said
}

/// The first error of a type in a chain.
pub(super) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        at = error.source();
    }
    None
}
