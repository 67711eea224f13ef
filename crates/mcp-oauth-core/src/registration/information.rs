//! What a server says about a client it registered (RFC 7591 §3.2.1).

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::ClientMetadata;
use crate::ClientSecret;

/// A client identifier: `client-id = *VSCHAR` (RFC 6749 appendix A.1), here at least one character. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ClientId(Box<str>);

/// The text is empty or not printable ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client id is at least one character of printable ASCII")]
pub struct InvalidClientId;

impl ClientId {
    /// Reads a client id.
    ///
    /// # Errors
    /// When it is empty or has a character that is not printable ASCII.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidClientId> {
        let text: String = text.into();
        let valid = !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if valid { Ok(Self(text.into_boxed_str())) } else { Err(InvalidClientId) }
    }

    /// A name for who has no client id, to be shown and never sent.
    pub fn anonymous() -> Self {
        Self("anonymous".into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The answer to a registration: what counts from then on, whatever was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientInformation {
    /// The identifier.
    pub client_id: ClientId,
    /// The secret, if the client got one.
    pub client_secret: Option<ClientSecret>,
    /// When the identifier was issued.
    pub client_id_issued_at: Option<SystemTime>,
    /// When the secret expires; `None` is never (`0` on the wire), and where there is no secret.
    pub client_secret_expires_at: Option<SystemTime>,
    /// The token that manages the registration (RFC 7592 §3).
    pub registration_access_token: Option<ClientSecret>,
    /// Where the registration is managed (RFC 7592 §3).
    pub registration_client_uri: Option<String>,
    /// What was registered, which may differ from what was asked for.
    pub metadata: ClientMetadata,
}

impl ClientInformation {
    /// A registration without a secret.
    pub fn new(client_id: ClientId, metadata: ClientMetadata) -> Self {
        Self {
            client_id,
            client_secret: None,
            client_id_issued_at: None,
            client_secret_expires_at: None,
            registration_access_token: None,
            registration_client_uri: None,
            metadata,
        }
    }
}

/// The members that are not metadata. Not `#[serde(flatten)]`: it breaks numbers when a program switches on
/// `serde_json/arbitrary_precision`.
#[derive(Serialize, Deserialize)]
struct Wire {
    client_id: ClientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<ClientSecret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id_issued_at: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<ClientSecret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
}

impl Serialize for ClientInformation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error as _;
        let seconds = |time: SystemTime| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Value::from(since.as_secs())
        };
        let expires_at =
            self.client_secret.as_ref().map(|_| self.client_secret_expires_at.map_or(0.into(), seconds));
        let wire = Wire {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            client_id_issued_at: self.client_id_issued_at.map(seconds),
            client_secret_expires_at: expires_at,
            registration_access_token: self.registration_access_token.clone(),
            registration_client_uri: self.registration_client_uri.clone(),
        };
        let mut members = object(&wire).map_err(S::Error::custom)?;
        members.extend(object(&self.metadata).map_err(S::Error::custom)?);
        members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientInformation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut members = Map::deserialize(deserializer)?;
        // Servers that issue no secret say so by null or an empty text as well as by leaving it out.
        members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        let members = Value::Object(members);
        let wire = Wire::deserialize(&members).map_err(D::Error::custom)?;
        let metadata = ClientMetadata::deserialize(&members).map_err(D::Error::custom)?;
        let time = |value: Option<Value>| {
            let seconds = value.as_ref().and_then(crate::token::seconds).filter(|seconds| *seconds > 0)?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
        };
        // RFC 7591 §3.2.1: it comes with a secret. Where there is none, nothing of the registration expires.
        let client_secret_expires_at = wire.client_secret.as_ref().and(wire.client_secret_expires_at);
        Ok(Self {
            client_id: wire.client_id,
            client_secret: wire.client_secret,
            client_id_issued_at: time(wire.client_id_issued_at),
            client_secret_expires_at: time(client_secret_expires_at),
            registration_access_token: wire.registration_access_token,
            registration_client_uri: wire.registration_client_uri,
            metadata,
        })
    }
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::to_value(value)? {
        Value::Object(members) => Ok(members),
        _ => Ok(Map::new()),
    }
}
