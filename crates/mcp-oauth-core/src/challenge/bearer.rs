//! The Bearer challenge of RFC 6750 §3, with the `resource_metadata` of RFC 9728 §5.1.

use std::fmt::Write as _;

use http::HeaderValue;

use super::Challenge;
use crate::{OAuthErrorCode, ScopeSet};

/// What a Bearer challenge says, read from an answer or written into one.
///
/// ```
/// use mcp_oauth_core::{BearerChallenge, OAuthErrorCode, ScopeSet};
///
/// let challenge = BearerChallenge::new()
///     .with_error(OAuthErrorCode::InsufficientScope)
///     .with_scope(ScopeSet::parse("mcp:write")?)
///     .with_resource_metadata("https://h.test/.well-known/oauth-protected-resource/mcp");
/// assert_eq!(
///     challenge.to_header_value(),
///     r#"Bearer error="insufficient_scope", scope="mcp:write", resource_metadata="https://h.test/.well-known/oauth-protected-resource/mcp""#,
/// );
/// # Ok::<(), mcp_oauth_core::InvalidScope>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BearerChallenge {
    /// `realm` (RFC 9110 §11.5).
    pub realm: Option<String>,
    /// Why the request was refused; absent when it carried no token at all.
    pub error: Option<OAuthErrorCode>,
    /// The reason for a person.
    pub error_description: Option<String>,
    /// The scopes that the request needs. An empty list is no list.
    pub scope: Option<ScopeSet>,
    /// Where the protected resource metadata is (RFC 9728 §5.1). As the peer wrote it: not checked yet.
    pub resource_metadata: Option<String>,
}

impl BearerChallenge {
    /// A challenge without parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `realm`.
    #[must_use]
    pub fn with_realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Sets `error`.
    #[must_use]
    pub fn with_error(mut self, error: OAuthErrorCode) -> Self {
        self.error = Some(error);
        self
    }

    /// Sets `error_description`.
    #[must_use]
    pub fn with_error_description(mut self, description: impl Into<String>) -> Self {
        self.error_description = Some(description.into());
        self
    }

    /// Sets `scope`.
    #[must_use]
    pub fn with_scope(mut self, scope: ScopeSet) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets `resource_metadata`.
    #[must_use]
    pub fn with_resource_metadata(mut self, url: impl Into<String>) -> Self {
        self.resource_metadata = Some(url.into());
        self
    }

    /// The value for a `WWW-Authenticate` header. RFC 6750 §3 allows neither quotes nor backslashes nor anything but
    /// printable ASCII in these parameters; other characters are left out, so that there is always a value to send.
    pub fn to_header_value(&self) -> HeaderValue {
        let scope = self.scope.as_ref().filter(|scope| !scope.is_empty()).map(ToString::to_string);
        let parameters = [
            ("realm", self.realm.as_deref()),
            ("error", self.error.as_ref().map(OAuthErrorCode::as_str)),
            ("error_description", self.error_description.as_deref()),
            ("scope", scope.as_deref()),
            ("resource_metadata", self.resource_metadata.as_deref()),
        ];
        let mut line = String::from("Bearer");
        for (name, value) in parameters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let comma = if line.len() > "Bearer".len() { "," } else { "" };
            let clean: String = value
                .chars()
                .filter(|c| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
                .collect();
            let _ = write!(line, "{comma} {name}=\"{clean}\"");
        }
        HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }
}

impl From<&Challenge> for BearerChallenge {
    fn from(challenge: &Challenge) -> Self {
        let text = |name| challenge.parameter(name).map(str::to_owned);
        Self {
            realm: text("realm"),
            error: challenge.parameter("error").map(OAuthErrorCode::from),
            error_description: text("error_description").map(|text| crate::error::printable(&text)),
            scope: challenge.parameter("scope").map(ScopeSet::parse_lossy).filter(|scope| !scope.is_empty()),
            resource_metadata: text("resource_metadata"),
        }
    }
}
