//! The claims of an access token (RFC 9068 §2.2).

use std::time::{Duration, SystemTime};

use mcp_oauth_core::{ClientId, ScopeSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::GrantId;

/// What stands in a token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    #[serde(with = "numeric_date")]
    pub(crate) exp: SystemTime,
    #[serde(with = "numeric_date")]
    pub(crate) iat: SystemTime,
    #[serde(default, deserialize_with = "numeric_date::optional", skip_serializing)]
    pub(crate) nbf: Option<SystemTime>,
    pub(crate) jti: String,
    pub(crate) client_id: ClientId,
    #[serde(default)]
    pub(crate) scope: ScopeSet,
    /// A private claim: the grant behind the token, so that ending the grant ends the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grant: Option<GrantId>,
    /// The key a token is bound to (RFC 7800). Only looked at to refuse it as a bearer token.
    #[serde(default, skip_serializing)]
    pub(crate) cnf: Option<Value>,
}

/// `aud`: one text, or a list of them (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(crate) fn new(mut members: Vec<String>) -> Self {
        match (members.pop(), members.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => Self::Several(members.into_iter().chain(last).collect()),
        }
    }

    pub(crate) fn members(&self) -> &[String] {
        match self {
            Self::One(member) => std::slice::from_ref(member),
            Self::Several(members) => members,
        }
    }
}

/// Seconds since 1970, perhaps with a fraction (RFC 7519 §2). Read through `Value`, which works with and without
/// `serde_json/arbitrary_precision`.
mod numeric_date {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Duration, SystemTime, Value};

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        read(&Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a NumericDate"))
    }

    pub(super) fn optional<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        deserialize(deserializer).map(Some)
    }

    fn read(value: &Value) -> Option<SystemTime> {
        let number = value.as_number()?;
        let since = match number.as_u64() {
            Some(seconds) => Duration::from_secs(seconds),
            None => Duration::try_from_secs_f64(number.as_f64()?).ok()?,
        };
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}
