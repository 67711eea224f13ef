//! The answer to an authorization request (RFC 6749 §4.1.2, RFC 9207 §2.4).

use std::fmt;

use mcp_oauth_core::{AuthorizationCode, Issuer, OAuthError, OAuthErrorCode, State};
use url::form_urlencoded;

use super::Pending;

/// Why an answer was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It is neither a redirect with an answer nor a code.
    #[error("no authorization code found: this is not the answer to an authorization request")]
    NotAnAnswer,
    /// A parameter that may stand there once stands there twice (RFC 6749 §3.1).
    #[error("the answer repeats the parameter {0}")]
    Repeated(&'static str),
    /// It has both a code and an error, or a code that is none.
    #[error("the answer contradicts itself")]
    Contradictory,
    /// No authorization under way has this state: it is someone else's, was used already, or came too late.
    #[error("the answer belongs to no login that is under way")]
    UnknownState,
    /// Another authorization server answered, or one that must say who it is did not (RFC 9207). What it says besides is
    /// not looked at.
    #[error("the answer is not from {expected}")]
    Issuer {
        /// Who should have answered.
        expected: Issuer,
    },
    /// Only the code was given where the whole address is needed, because the server says who it is in it.
    #[error("{issuer} says who it is in the address: give the whole address, not only the code")]
    WholeAddressNeeded {
        /// Who should have answered.
        issuer: Issuer,
    },
    /// The person or the authorization server refused.
    #[error("the login was refused")]
    Refused(#[source] OAuthError),
}

impl CallbackError {
    /// True when what was given cannot be the answer at all, so that the right one may still come.
    pub(crate) fn is_mistake(&self) -> bool {
        matches!(
            self,
            Self::NotAnAnswer | Self::UnknownState | Self::Issuer { .. } | Self::WholeAddressNeeded { .. }
        )
    }
}

/// What came back, taken apart but not yet believed.
pub(crate) enum Callback {
    /// A redirect: code or error, tied to its request by the state.
    Redirect { state: State, iss: Option<String>, outcome: Outcome },
    /// Only a code: nothing ties it to its request but the person who pasted it.
    BareCode(AuthorizationCode),
}

/// What the server said.
pub(crate) enum Outcome {
    Code(AuthorizationCode),
    Error(OAuthError),
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect { .. } => "Redirect(redacted)",
            Self::BareCode(_) => "BareCode(redacted)",
        })
    }
}

impl Callback {
    /// Reads the whole redirect address, its query, or a code alone.
    pub(crate) fn parse(text: &str) -> Result<Self, CallbackError> {
        let text = text.trim();
        let is_redirect =
            text.contains("://") || ["code=", "error=", "state="].iter().any(|name| text.contains(name));
        if is_redirect {
            let query = text.split_once('?').map_or(text, |(_, query)| query);
            let query = query.split_once('#').map_or(query, |(query, _)| query);
            return Self::parse_query(query);
        }
        // The grammar allows blanks in a code; what has them is a sentence that somebody typed.
        if text.contains(char::is_whitespace) {
            return Err(CallbackError::NotAnAnswer);
        }
        AuthorizationCode::parse(text).map(Self::BareCode).map_err(|_| CallbackError::NotAnAnswer)
    }

    /// Reads the query of a redirect. Each value is form-decoded once (C10.2).
    fn parse_query(query: &str) -> Result<Self, CallbackError> {
        let mut found = Parameters::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            found.add(&name, value.into_owned())?;
        }
        let state =
            found.state.and_then(|state| State::parse(state).ok()).ok_or(CallbackError::NotAnAnswer)?;
        let outcome = match (found.code, found.error) {
            (Some(code), None) => {
                Outcome::Code(AuthorizationCode::parse(code).map_err(|_| CallbackError::Contradictory)?)
            }
            (None, Some(error)) => {
                let mut error = OAuthError::new(OAuthErrorCode::from(error.as_str()));
                if let Some(description) = &found.error_description {
                    error = error.with_description(description);
                }
                if let Some(uri) = &found.error_uri {
                    error = error.with_uri(uri);
                }
                Outcome::Error(error)
            }
            (Some(_), Some(_)) => return Err(CallbackError::Contradictory),
            (None, None) => return Err(CallbackError::NotAnAnswer),
        };
        Ok(Self::Redirect { state, iss: found.iss, outcome })
    }

    /// Judges the answer by the record of its request. `iss` comes before anything else, for error answers too: what an
    /// answer from elsewhere says must be neither acted on nor shown (MCP "Authorization Response Validation").
    pub(crate) fn verify(self, pending: &Pending) -> Result<AuthorizationCode, CallbackError> {
        let expected = pending.issuer();
        match self {
            Self::BareCode(_) if pending.sends_iss => {
                Err(CallbackError::WholeAddressNeeded { issuer: expected.clone() })
            }
            Self::BareCode(code) => Ok(code),
            Self::Redirect { iss, outcome, .. } => {
                // | advertised | in the answer | then    |
                // |------------|---------------|---------|
                // | yes        | yes           | compare |
                // | yes        | no            | reject  |
                // | no         | yes           | compare |
                // | no         | no            | proceed |
                let accepted = match &iss {
                    Some(iss) => *expected == **iss,
                    None => !pending.sends_iss,
                };
                if !accepted {
                    return Err(CallbackError::Issuer { expected: expected.clone() });
                }
                match outcome {
                    Outcome::Code(code) => Ok(code),
                    Outcome::Error(error) => Err(CallbackError::Refused(error)),
                }
            }
        }
    }
}

#[derive(Default)]
struct Parameters {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
}

impl Parameters {
    /// Unknown parameters are ignored (RFC 6749 §4.1.2); known ones may stand there once (RFC 6749 §3.1).
    fn add(&mut self, name: &str, value: String) -> Result<(), CallbackError> {
        let (place, name) = match name {
            "code" => (&mut self.code, "code"),
            "state" => (&mut self.state, "state"),
            "iss" => (&mut self.iss, "iss"),
            "error" => (&mut self.error, "error"),
            "error_description" => (&mut self.error_description, "error_description"),
            "error_uri" => (&mut self.error_uri, "error_uri"),
            _ => return Ok(()),
        };
        if place.replace(value).is_some() { Err(CallbackError::Repeated(name)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
