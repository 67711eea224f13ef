//! A browser that follows redirects, keeps cookies and fills in forms.
//!
//! It makes real requests over real sockets and takes the steps a person would take: open an address, read the page,
//! press a button. What it enforces is what a protocol can get wrong: methods after a redirect, cookies, the
//! `form-action` of a content security policy. It knows no scripts and no styles.

mod client;
mod cookies;
mod csp;
mod error;
mod html;
mod page;

pub use client::Browser;
pub use error::BrowserError;
pub use html::{Button, Form};
pub use page::{Hop, Page};

#[cfg(test)]
mod tests;
