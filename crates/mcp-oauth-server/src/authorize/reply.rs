//! The answer to the client, through the browser (OAuth 2.1 §4.1.2, RFC 9207).

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use mcp_oauth_core::{AuthorizationCode, Issuer, OAuthError, RedirectUri};
use url::form_urlencoded;

/// Where the answer goes and what every answer carries.
#[derive(Clone)]
pub(super) struct ReplyTo {
    pub(super) redirect_uri: RedirectUri,
    pub(super) state: Option<String>,
    issuer: Issuer,
}

impl ReplyTo {
    /// `redirect_uri` has been compared with the client's, and holds only characters that a header may hold.
    pub(super) fn new(redirect_uri: RedirectUri, state: Option<String>, issuer: &Issuer) -> Self {
        Self { redirect_uri, state, issuer: issuer.clone() }
    }

    /// The code.
    pub(super) fn code(&self, code: &AuthorizationCode) -> Response {
        self.redirect(&[("code", code.expose())])
    }

    /// The error.
    pub(super) fn error(&self, error: &OAuthError) -> Response {
        tracing::debug!(reason = %error, "authorization request refused");
        let mut parameters = vec![("error", error.code().as_str())];
        parameters.extend(error.description().map(|text| ("error_description", text)));
        self.redirect(&parameters)
    }

    /// 303, which no browser takes for an order to repeat a POST (RFC 9700 §4.12). The redirect URI is kept as the
    /// client wrote it, its own query included.
    fn redirect(&self, parameters: &[(&str, &str)]) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", self.issuer.as_str());
        let base = self.redirect_uri.as_str();
        let joint = match base.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, query)) if query.ends_with('&') => "",
            Some(_) => "&",
        };
        let location = format!("{base}{joint}{}", query.finish());
        // Cannot fail: the base is printable ASCII and the query is percent-encoded.
        let Ok(mut location) = HeaderValue::try_from(location) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        location.set_sensitive(true);
        let headers = [
            (LOCATION, location),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

#[cfg(test)]
mod tests;
