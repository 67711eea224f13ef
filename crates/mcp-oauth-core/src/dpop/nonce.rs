//! What a server wants to see in the next proof (RFC 9449 §8).

use http::{HeaderMap, HeaderValue};

/// A server's nonce: `1*NQCHAR` (RFC 9449 §8.1), here 512 characters at the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopNonce(Box<str>);

/// The text is no nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a DPoP nonce")]
pub struct InvalidNonce;

impl DpopNonce {
    /// The header that carries it.
    pub const HEADER: &'static str = "dpop-nonce";

    /// The longest nonce that is taken. It travels in every proof, and what a server would have a client carry about
    /// must have a bound.
    pub const MAX_CHARS: usize = 512;

    /// Reads a nonce.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters outside of its grammar.
    pub fn parse(text: &str) -> Result<Self, InvalidNonce> {
        let valid = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if valid { Ok(Self(text.into())) } else { Err(InvalidNonce) }
    }

    /// The nonce of an answer. Of several (which RFC 9449 §8.1 does not provide for) none is taken.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(Self::HEADER).iter();
        let only = all.next().filter(|_| all.next().is_none())?;
        Self::parse(only.to_str().ok()?).ok()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the header.
    pub fn to_header_value(&self) -> HeaderValue {
        // The grammar is a part of what a header may hold.
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
