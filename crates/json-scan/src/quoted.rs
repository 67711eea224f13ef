//! A string of a text.

use std::borrow::Cow;

use crate::Invalid;

/// A string, as it is written. The name of a member is one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a> {
    pub(crate) text: &'a str,
    pub(crate) escaped: bool,
}

impl<'a> Quoted<'a> {
    /// With its quotes and escapes.
    pub fn written(self) -> &'a str {
        self.text
    }

    /// Whether it has escapes.
    pub fn is_escaped(self) -> bool {
        self.escaped
    }

    /// Without its quotes; escapes are left as they are.
    pub fn inner(self) -> &'a str {
        self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(self.text)
    }

    /// Without its quotes and escapes.
    ///
    /// # Errors
    /// When it has half of a surrogate pair, which is JSON but no text.
    pub fn decoded(self) -> Result<Cow<'a, str>, Invalid> {
        if self.escaped {
            serde_json::from_str(self.text).map(Cow::Owned).map_err(|_| Invalid)
        } else {
            Ok(Cow::Borrowed(self.inner()))
        }
    }
}
