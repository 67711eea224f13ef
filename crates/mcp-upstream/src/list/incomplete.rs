//! Lists that end before their end.

/// Why a list was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incomplete {
    /// The server named a page that it had named before, and would go round for ever.
    #[error("the server repeats its pages")]
    RepeatedCursor,
    /// The server said that there is another page, but `nextCursor` is no string, so that it cannot be asked for.
    #[error("the server names its next page with something that is no string")]
    CursorNotAString,
    /// There are more pages than [`Limits::pages`](crate::Limits::pages).
    #[error("the list has more than {limit} pages")]
    TooManyPages {
        /// The limit.
        limit: usize,
    },
    /// The pages together are longer than [`Limits::list_bytes`](crate::Limits::list_bytes).
    #[error("the list is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// There are more tools than [`Limits::tools`](crate::Limits::tools).
    #[error("the list has more than {limit} tools")]
    TooManyTools {
        /// The limit.
        limit: usize,
    },
    /// There are more prompts, resources or resource templates than [`Limits::items`](crate::Limits::items).
    #[error("the list has more than {limit} items")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
}
