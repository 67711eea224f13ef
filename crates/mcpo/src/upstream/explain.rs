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
        // hyper's client says on the way only that it is a client.
        if !message.is_empty() && !said.contains(&message) && !message.starts_with("client error (") {
            said.push_str(": ");
            said.push_str(&message);
        }
        source = error.source();
    }
    said
}
