//! `application/x-www-form-urlencoded`: queries and request bodies.

use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use url::form_urlencoded;

/// The parameters of a request. Without `Debug`: codes, tokens and secrets are among them.
#[derive(Clone)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// "Request and response parameters MUST NOT be included more than once" (RFC 6749 §3.1, §3.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is there more than once")]
pub(crate) struct Repeated(pub(crate) &'static str);

/// Why a body holds no parameters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the content type is not application/x-www-form-urlencoded")]
    ContentType,
    #[error("the body has more than {limit} bytes or broke off")]
    Size { limit: usize },
}

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Reads a request's body, up to `limit` bytes.
    pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Self, BodyError> {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(BodyError::ContentType);
        }
        let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| BodyError::Size { limit })?;
        Ok(Self::parse(&bytes))
    }

    /// A parameter that may be there once. "Parameters sent without a value MUST be treated as if they were omitted".
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() { Err(Repeated(name)) } else { Ok(value) }
    }

    /// A parameter that may be there several times: `resource` (RFC 8707 §2).
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests;
