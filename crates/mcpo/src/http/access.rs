//! Who may call: the API key, on tools or (strict) on everything. Messages and headers are mcpo's.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::problem;
use crate::config::Access;

/// What a caller must show.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    key: Option<SecretString>,
    strict: bool,
}

/// Why a caller is turned away. The texts are part of the drop-in contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Nothing usable was shown.
    Missing { basic: bool },
    /// A scheme other than Bearer and Basic.
    Unsupported,
    /// Basic credentials that do not decode.
    MalformedBasic,
    /// A wrong key.
    WrongKey,
    /// A wrong password.
    WrongPassword,
}

impl Gate {
    pub(super) fn new(access: &Access) -> Self {
        Self { key: access.api_key.clone(), strict: access.strict }
    }

    /// Whether tools need a key.
    pub(super) fn guards_tools(&self) -> bool {
        self.key.is_some()
    }

    /// Whether everything needs a key.
    pub(super) fn guards_everything(&self) -> bool {
        self.key.is_some() && self.strict
    }

    /// Checks a request's credentials. In strict mode Basic works too: any user, the key as password.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let Some(key) = &self.key else { return Ok(()) };
        let missing = Denied::Missing { basic: self.strict };
        let given = headers.get(header::AUTHORIZATION).ok_or(missing)?;
        let given = given.to_str().map_err(|_| missing)?;
        let (scheme, credentials) = given.split_once(' ').ok_or(missing)?;
        let credentials = credentials.trim_start();
        // RFC 9110 §11.1: schemes are case-insensitive.
        if scheme.eq_ignore_ascii_case("bearer") {
            if credentials.is_empty() {
                return Err(missing);
            }
            return if same(credentials.as_bytes(), key) { Ok(()) } else { Err(Denied::WrongKey) };
        }
        if !self.strict {
            return Err(missing);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Denied::Unsupported);
        }
        let decoded = STANDARD.decode(credentials).map_err(|_| Denied::MalformedBasic)?;
        let colon = decoded.iter().position(|byte| *byte == b':').ok_or(Denied::MalformedBasic)?;
        let password = decoded.get(colon + 1..).unwrap_or_default();
        if same(password, key) { Ok(()) } else { Err(Denied::WrongPassword) }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        const BOTH: HeaderValue = HeaderValue::from_static("Bearer, Basic");
        const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
        let (status, detail, challenge) = match self {
            Self::Missing { basic } => (
                StatusCode::UNAUTHORIZED,
                "Missing or invalid Authorization header",
                Some(if basic { BOTH } else { BEARER }),
            ),
            Self::Unsupported => (StatusCode::UNAUTHORIZED, "Unsupported authorization method", Some(BOTH)),
            Self::MalformedBasic => {
                (StatusCode::UNAUTHORIZED, "Invalid Basic Authentication format", Some(BOTH))
            }
            Self::WrongKey => (StatusCode::FORBIDDEN, "Invalid API key", None),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "Invalid credentials", None),
        };
        let mut response = problem::detail(status, detail).into_response();
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Takes the same time wherever they differ.
fn same(given: &[u8], key: &SecretString) -> bool {
    given.ct_eq(key.expose_secret().as_bytes()).into()
}

#[cfg(test)]
mod tests;
