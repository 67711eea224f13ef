//! The errors that OAuth servers answer with.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The `error` of an answer, a redirect or a challenge.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that this crate does not know, made printable.
            Other(Box<str>),
        }

        impl OAuthErrorCode {
            /// The code as it goes over the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(code) => code,
                }
            }
        }

        impl From<&str> for OAuthErrorCode {
            fn from(code: &str) -> Self {
                match code {
                    $($code => Self::$name,)*
                    other => Self::Other(printable(other).into()),
                }
            }
        }
    };
}

codes! {
    /// The request lacks something, doubles something or is malformed (RFC 6749 §4.1.2.1, §5.2).
    InvalidRequest = "invalid_request",
    /// Client authentication failed (RFC 6749 §5.2).
    InvalidClient = "invalid_client",
    /// The code or refresh token is invalid, expired, revoked or someone else's (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant",
    /// The client may not use this grant (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client",
    /// The server does not know this grant type (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type",
    /// The scope is invalid, unknown or exceeds the grant (RFC 6749 §5.2).
    InvalidScope = "invalid_scope",
    /// The person or the server refused (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied",
    /// The server does not know this response type (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type",
    /// The server failed (RFC 6749 §4.1.2.1).
    ServerError = "server_error",
    /// The server is overloaded or down for a while (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable = "temporarily_unavailable",
    /// The `resource` is unknown or not allowed (RFC 8707 §2).
    InvalidTarget = "invalid_target",
    /// The person has not answered yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending",
    /// The person has not answered yet, and the client asks too often (RFC 8628 §3.5).
    SlowDown = "slow_down",
    /// The device code has expired (RFC 8628 §3.5).
    ExpiredToken = "expired_token",
    /// The token is expired, revoked or otherwise invalid (RFC 6750 §3.1).
    InvalidToken = "invalid_token",
    /// The token is valid, but its scopes do not cover the request (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope",
    /// A redirect URI of the registration is not allowed (RFC 7591 §3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri",
    /// Something else in the registration is not allowed (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata",
    /// The server cannot revoke this kind of token (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type",
    /// The person must log in, but was not to be asked (`OpenID` Connect Core §3.1.2.6).
    LoginRequired = "login_required",
    /// The person must consent, but was not to be asked (`OpenID` Connect Core §3.1.2.6).
    ConsentRequired = "consent_required",
    /// The person must be shown something, but was not to be (`OpenID` Connect Core §3.1.2.6).
    InteractionRequired = "interaction_required",
    /// The proof of possession must carry the server's nonce (RFC 9449 §8).
    UseDpopNonce = "use_dpop_nonce",
    /// The proof of possession is invalid (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof",
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for OAuthErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OAuthErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// An error answer: the body of RFC 6749 §5.2, or the parameters of an error redirect (§4.1.2.1).
///
/// The texts are a peer's. They are made printable and cut to [`OAuthError::TEXT_CHARS`] when they are read; escape
/// them for the medium when you show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}{}", .description.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct OAuthError {
    /// The code that programs act on.
    #[serde(rename = "error")]
    code: OAuthErrorCode,
    #[serde(rename = "error_description", skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(rename = "error_uri", skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

impl OAuthError {
    /// How many characters of a peer's text are kept.
    pub const TEXT_CHARS: usize = 500;

    /// An error with nothing but its code.
    pub fn new(code: OAuthErrorCode) -> Self {
        Self { code, description: None, uri: None }
    }

    /// Sets the reason for a person.
    #[must_use]
    pub fn with_description(mut self, description: &str) -> Self {
        self.description = Some(printable(description)).filter(|text| !text.is_empty());
        self
    }

    /// Sets the address of a page about the error.
    #[must_use]
    pub fn with_uri(mut self, uri: &str) -> Self {
        self.uri = Some(printable(uri)).filter(|text| !text.is_empty());
        self
    }

    /// What programs act on.
    pub fn code(&self) -> &OAuthErrorCode {
        &self.code
    }

    /// The reason for a person, in the server's words.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// A page about the error. Do not fetch it, and open it only after the checks for any other URL of a peer.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }
}

impl<'de> Deserialize<'de> for OAuthError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            error: OAuthErrorCode,
            #[serde(default)]
            error_description: Option<serde_json::Value>,
            #[serde(default)]
            error_uri: Option<serde_json::Value>,
        }
        // The texts are for people only: one of another type must not hide the code.
        let wire = Wire::deserialize(deserializer)?;
        let text = |value: Option<serde_json::Value>| {
            value.and_then(|value| value.as_str().map(printable)).filter(|text| !text.is_empty())
        };
        Ok(Self { code: wire.error, description: text(wire.error_description), uri: text(wire.error_uri) })
    }
}

/// A peer's text without control and bidirectional-override characters, which could forge lines in a terminal or turn
/// a page's text around, and of bounded length.
pub(crate) fn printable(text: &str) -> String {
    let invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown: String = text
        .trim()
        .chars()
        .take(OAuthError::TEXT_CHARS)
        .map(|c| if invisible(c) { ' ' } else { c })
        .collect();
    // Again, so that what was shown once is not changed when it is stored and read.
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests;
