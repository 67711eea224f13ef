//! Token answers (RFC 6749 §5.1).

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{AccessToken, RefreshToken, ScopeSet};

/// How a token is used. The words are case-insensitive (RFC 6749 §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// `Authorization: DPoP` with a proof (RFC 9449).
    Dpop,
    /// No access token at all: what a token exchange made is good for something else (RFC 8693 §2.2.1).
    NotApplicable,
    /// Another one. A client must not use a token whose type it does not understand (RFC 6749 §7.1).
    Other(Box<str>),
}

impl TokenType {
    /// The word as it is usually written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::NotApplicable => "N_A",
            Self::Other(other) => other,
        }
    }
}

impl From<&str> for TokenType {
    fn from(word: &str) -> Self {
        let word = crate::error::printable(word);
        if word.eq_ignore_ascii_case("bearer") {
            Self::Bearer
        } else if word.eq_ignore_ascii_case("dpop") {
            Self::Dpop
        } else if word.eq_ignore_ascii_case("n_a") {
            Self::NotApplicable
        } else {
            Self::Other(word.into())
        }
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TokenType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// A successful answer of a token endpoint.
///
/// ```
/// use std::time::Duration;
/// use mcp_oauth_core::{TokenResponse, TokenType};
///
/// let answer: TokenResponse =
///     serde_json::from_str(r#"{"access_token":"abc","token_type":"bearer","expires_in":"3600"}"#)?;
/// assert_eq!(answer.token_type, TokenType::Bearer);
/// assert_eq!(answer.expires_in, Some(Duration::from_secs(3600)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The token.
    pub access_token: AccessToken,
    /// How it is used.
    pub token_type: TokenType,
    /// How long it lives. Absent means that the server does not say.
    #[serde(default, with = "lifetime", skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Duration>,
    /// For the next access token. `None` in the answer to a refresh means: keep the one you have.
    #[serde(default, deserialize_with = "empty_is_none", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// What was granted. `None` means: as requested (RFC 6749 §5.1).
    #[serde(default, deserialize_with = "lossy_scope", skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// What kind of token a token exchange made (RFC 8693 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
}

impl TokenResponse {
    /// An answer with the members that must be there.
    pub fn new(access_token: AccessToken, token_type: TokenType) -> Self {
        Self {
            access_token,
            token_type,
            expires_in: None,
            refresh_token: None,
            scope: None,
            issued_token_type: None,
        }
    }

    /// When the token expires, counted from `now`. `None` when the server does not say, or the time is too far away to
    /// be written down.
    pub fn expires_at(&self, now: SystemTime) -> Option<SystemTime> {
        now.checked_add(self.expires_in?)
    }
}

/// Seconds as a number or, as some servers write them, as a numeric text. Through `Value`, since reading "any" number
/// directly fails when a program switches on `serde_json/arbitrary_precision`.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    }
}

/// `3600.0` and `3600.9` are 3600 seconds; a negative time has passed already.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a duration that saturates is for ever"
)]
fn whole(seconds: f64) -> Option<u64> {
    seconds.is_finite().then(|| seconds.max(0.0) as u64)
}

mod lifetime {
    use super::{Deserialize, Deserializer, Duration, Serializer, Value, seconds};
    use serde::de::Error as _;

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` asks for")]
    pub(super) fn serialize<S: Serializer>(
        lifetime: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match lifetime {
            Some(lifetime) => serializer.serialize_u64(lifetime.as_secs()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(None),
            value => match seconds(&value) {
                Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
                None => Err(D::Error::custom("expires_in is not a number of seconds")),
            },
        }
    }
}

fn empty_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RefreshToken>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()) {
        Some(text) => RefreshToken::parse(text).map(Some).map_err(serde::de::Error::custom),
        None => Ok(None),
    }
}

fn lossy_scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ScopeSet>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| ScopeSet::parse_lossy(&text)).filter(|scope| !scope.is_empty()))
}

#[cfg(test)]
mod tests;
