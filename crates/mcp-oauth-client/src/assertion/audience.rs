//! Whom an assertion is for (RFC 7523 §3).
//!
//! The MCP server names the authorization server that an assertion is shown to, and that server can show it to any other
//! one which takes it. The `aud` is what prevents that, so it is looked at before anything is sent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_oauth_core::{Assertion, EndpointUrl, Issuer};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::discovery::same_but_for_slash;

/// The authorization server that an assertion is shown to. An assertion is for it when its `aud` is one of these, or holds
/// one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionAudience {
    /// Its issuer, with or without the last slash. What most servers want.
    pub issuer: Issuer,
    /// Its token endpoint, byte for byte. What some servers want.
    pub token_endpoint: EndpointUrl,
}

impl AssertionAudience {
    /// Whether this `aud` means the server.
    pub fn is(&self, aud: &str) -> bool {
        means(aud, &self.issuer, Some(self.token_endpoint.as_str()))
    }
}

/// Whether this `aud` means the server with this issuer and token endpoint.
pub(crate) fn means(aud: &str, issuer: &Issuer, token_endpoint: Option<&str>) -> bool {
    Some(aud) == token_endpoint || Issuer::parse(aud).is_ok_and(|named| same_but_for_slash(issuer, &named))
}

/// The `aud` of an assertion. `None` when it is no JSON Web Token that can be read, or has none: whoever holds it can use
/// it wherever it is good. Empty when it has one that names nobody. The signature is not looked at: the assertion comes
/// from this side, and is only asked where it may go.
pub(crate) fn audiences(assertion: &Assertion) -> Option<Vec<String>> {
    let mut parts = assertion.expose().split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    decode::<Map<String, Value>>(header)?;
    match decode::<Claims>(claims)?.aud? {
        Audience::One(audience) => Some(vec![audience]),
        Audience::Several(audiences) => Some(audiences),
        Audience::Other(_) => Some(Vec::new()),
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    serde_json::from_slice(&bytes).ok()
}

/// RFC 7519 §4.1.3.
#[derive(Deserialize)]
struct Claims {
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
    Other(IgnoredAny),
}

/// For messages: printable, and not too much of it.
pub(crate) struct Listed<'a>(pub(crate) &'a [String]);

impl std::fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((first, rest)) = self.0.split_first() else { return f.write_str("nobody") };
        first.escape_debug().take(200).try_for_each(|char| std::fmt::Write::write_char(f, char))?;
        if rest.is_empty() { Ok(()) } else { write!(f, " and {} more", rest.len()) }
    }
}

#[cfg(test)]
mod tests;
