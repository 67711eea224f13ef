//! What can go wrong on the way to a page.

use std::time::Duration;

use url::Url;

/// Why there is no page to look at. An error page of a server is a page, not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// The address is not an absolute URL.
    #[error("{text:?} is not an absolute URL")]
    Address {
        /// The text that was to be opened.
        text: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// A redirect without a usable `Location`.
    #[error("{from} redirects to nowhere")]
    Location {
        /// The page that redirects.
        from: Url,
    },
    /// A form would have been sent, or redirected, to where the page's policy does not let it go.
    #[error("the form-action policy {policy:?} does not allow {target}")]
    FormAction {
        /// The policy of the page with the form.
        policy: String,
        /// Where it was to go.
        target: Url,
    },
    /// More redirects than any browser follows.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// How many were followed.
        limit: usize,
    },
    /// The server did not answer in time.
    #[error("no answer from {url} within {limit:?}")]
    Timeout {
        /// Whom was asked.
        url: Url,
        /// How long was waited.
        limit: Duration,
    },
    /// No connection, or it broke.
    #[error("no answer from {url}")]
    Transport {
        /// Whom was asked.
        url: Url,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The page has no form with this button, or several.
    #[error("{url} has {count} buttons {button:?}")]
    Button {
        /// The page.
        url: Url,
        /// The wanted button.
        button: String,
        /// How many there are.
        count: usize,
    },
}
