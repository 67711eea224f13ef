//! A bounded, printable piece of what a peer sent, for errors.
use std::fmt;

/// The beginning of what a peer sent: bounded, lossy, on one line, without control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// The first `limit` bytes of `bytes`, made printable.
    pub(crate) fn of(bytes: &[u8], limit: usize) -> Self {
        let cut = bytes.get(..limit).unwrap_or(bytes);
        let mut text = String::with_capacity(cut.len() + 4);
        for character in String::from_utf8_lossy(cut).trim().chars() {
            text.push(if character.is_control() { ' ' } else { character });
        }
        if cut.len() < bytes.len() {
            text.push_str(" ...");
        }
        Self(text.into_boxed_str())
    }

    /// The text; empty when the peer sent nothing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(nothing)" } else { &self.0 })
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
