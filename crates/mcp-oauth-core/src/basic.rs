//! Client authentication by `Authorization: Basic` (RFC 6749 §2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::{ClientId, ClientSecret};

/// A client's id and secret. Both are form-encoded before they are joined by a colon, which the plain Basic scheme does
/// not do: a colon or an umlaut in them survives.
///
/// ```
/// use mcp_oauth_core::{BasicCredentials, ClientId, ClientSecret};
///
/// let credentials = BasicCredentials::new(ClientId::parse("client!+ID")?, ClientSecret::parse("a:b c")?);
/// let header = credentials.to_header_value();
/// assert_eq!(BasicCredentials::from_header_value(&header)?, credentials);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    /// Who the client is.
    pub client_id: ClientId,
    /// Its password.
    pub client_secret: ClientSecret,
}

/// A header is not `Basic` with the credentials of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not Basic credentials of a client")]
pub struct InvalidBasicCredentials;

impl BasicCredentials {
    /// Joins the two.
    pub fn new(client_id: ClientId, client_secret: ClientSecret) -> Self {
        Self { client_id, client_secret }
    }

    /// The value for an `Authorization` header, marked as sensitive.
    pub fn to_header_value(&self) -> HeaderValue {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = Zeroizing::new(format!(
            "{}:{}",
            encode(self.client_id.as_str()),
            encode(self.client_secret.expose())
        ));
        let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        // Base64 is always a valid header value.
        let mut value = HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("Basic"));
        value.set_sensitive(true);
        value
    }

    /// Reads an `Authorization` header.
    ///
    /// # Errors
    /// When the scheme is another one, or the rest is not base64 of two form-encoded texts.
    pub fn from_header_value(value: &HeaderValue) -> Result<Self, InvalidBasicCredentials> {
        Self::read(value).ok_or(InvalidBasicCredentials)
    }

    fn read(value: &HeaderValue) -> Option<Self> {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
        let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        Some(Self {
            client_id: ClientId::parse(decode(id)).ok()?,
            client_secret: ClientSecret::parse(decode(secret)).ok()?,
        })
    }
}

/// Form-decodes one value: `+` and `%20` are both a space, since clients write either. An encoded text has neither `&`
/// nor `=`; where one stands, the client forgot to encode, and the text is taken as it is.
fn decode(text: &str) -> String {
    if text.contains(['&', '=']) {
        return text.to_owned();
    }
    form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(value, _)| value.into_owned())
}

#[cfg(test)]
mod tests;
