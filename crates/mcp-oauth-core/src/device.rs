//! Device authorization answers (RFC 8628 §3.2).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::DeviceCode;

/// What a device shows to its person, and what it asks for the token with.
///
/// Addresses are kept as they were written: whether they may be shown is the user's policy.
///
/// ```
/// use std::time::Duration;
/// use mcp_oauth_core::DeviceAuthorizationResponse;
///
/// let answer: DeviceAuthorizationResponse = serde_json::from_str(
///     r#"{"device_code":"GmRh","user_code":"WDJB-MJHT","verification_uri":"https://as.test/d","expires_in":1800}"#,
/// )?;
/// assert_eq!(answer.user_code, "WDJB-MJHT");
/// assert_eq!(answer.interval, Duration::from_secs(5)); // the default
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceAuthorizationResponse {
    /// What the device asks with.
    pub device_code: DeviceCode,
    /// What the person types in: printable, and no longer than [`Self::USER_CODE_CHARS`].
    pub user_code: String,
    /// Where they type it in.
    pub verification_uri: String,
    /// Where they need not type it in.
    pub verification_uri_complete: Option<String>,
    /// How long the codes are valid.
    pub expires_in: Duration,
    /// How long to wait between two questions. 5 seconds where the server does not say.
    pub interval: Duration,
}

impl DeviceAuthorizationResponse {
    /// More than this is nothing that a person types in.
    pub const USER_CODE_CHARS: usize = 64;

    /// RFC 8628 §3.2.
    const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
}

#[derive(Deserialize)]
struct Wire {
    device_code: DeviceCode,
    user_code: String,
    // Google's name for it is older than the standard.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(default, alias = "verification_url_complete")]
    verification_uri_complete: Option<String>,
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

impl<'de> Deserialize<'de> for DeviceAuthorizationResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let wire = Wire::deserialize(deserializer)?;
        let user_code = wire.user_code;
        let typeable = (1..=Self::USER_CODE_CHARS).contains(&user_code.chars().count())
            && user_code.chars().all(|it| !it.is_control() && !is_invisible(it));
        if !typeable {
            return Err(D::Error::custom("user_code is nothing that a person could type in"));
        }
        let expires_in = crate::token::seconds(&wire.expires_in)
            .ok_or_else(|| D::Error::custom("expires_in is not a number of seconds"))?;
        let interval = match wire.interval {
            Value::Null => Self::DEFAULT_INTERVAL,
            value => crate::token::seconds(&value)
                .map(Duration::from_secs)
                .ok_or_else(|| D::Error::custom("interval is not a number of seconds"))?,
        };
        Ok(Self {
            device_code: wire.device_code,
            user_code,
            verification_uri: wire.verification_uri,
            verification_uri_complete: wire.verification_uri_complete.filter(|text| !text.is_empty()),
            expires_in: Duration::from_secs(expires_in),
            interval,
        })
    }
}

/// Characters that would make a person type something else than they see: of no width, or that turn the text around.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Debug for DeviceAuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorizationResponse")
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
