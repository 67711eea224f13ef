//! One request to the token endpoint, whatever its grant type.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};
use mcp_oauth_core::{Clock, EndpointUrl, Entropy, OAuthError, ResourceUri, TokenResponse, TokenType};
use url::form_urlencoded;

use super::TokenError;
use crate::http::Fetcher;
use crate::{RegisteredClient, ResourceParameter};

/// The parameters of a form in the order in which they are sent.
pub(crate) type Form<'a> = Vec<Parameter<'a>>;

/// One of them.
pub(crate) type Parameter<'a> = (&'a str, Cow<'a, str>);

/// What is asked of a token endpoint, but for the client's authentication, which is made anew for every attempt: an
/// assertion is good for one use.
pub(crate) struct TokenRequest<'a> {
    /// Where it goes.
    pub(crate) endpoint: &'a EndpointUrl,
    /// Who asks.
    pub(crate) client: &'a RegisteredClient,
    /// The grant and its parameters.
    pub(crate) form: Form<'a>,
}

/// Sends token requests: all that they need besides what is asked for.
pub(crate) struct TokenEndpoint {
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    resource: ResourceParameter,
}

impl TokenEndpoint {
    pub(crate) fn new(
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        resource: ResourceParameter,
    ) -> Self {
        Self { fetcher, clock, entropy, resource }
    }

    /// The `resource` parameter of any request for a token for `resource`, as the policy wants it: the same as in the
    /// authorization request (C12.1).
    pub(crate) fn resource<'a>(&'a self, resource: &'a ResourceUri) -> Option<Parameter<'a>> {
        self.resource.value(resource).map(|value| ("resource", value.as_str().into()))
    }

    /// Asks for a token that this client can use (RFC 6749 §7.1).
    pub(crate) async fn request(&self, request: &TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        let answer = self.ask(request).await?;
        match answer.token_type {
            TokenType::Bearer => Ok(answer),
            other => Err(TokenError::TokenType(other)),
        }
    }

    /// Asks for a token of any type: a token exchange may give one that only another server takes (RFC 8693 §2.2.1).
    pub(crate) async fn ask(&self, request: &TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        read(&self.post(request).await?)
    }

    /// Posts a form with the client's authentication, as all endpoints want it that know clients (token, revocation,
    /// pushed authorization). The answer is whatever came.
    pub(crate) async fn post(&self, request: &TokenRequest<'_>) -> Result<Response<Bytes>, TokenError> {
        // The address may come from a store that was written under another policy.
        let endpoint = self.fetcher.endpoint(request.endpoint.as_str()).map_err(TokenError::Endpoint)?;
        let mut headers = HeaderMap::new();
        let mut form = request.form.clone();
        request.client.authenticate(&*self.clock, &*self.entropy, &mut headers, &mut form).await?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        Ok(self.fetcher.post_form(&endpoint, headers, body).await?)
    }
}

/// RFC 6749 §5.
fn read(answer: &Response<Bytes>) -> Result<TokenResponse, TokenError> {
    let status = answer.status();
    // Some servers put errors into a 200, so a body that is an error counts before the status.
    match serde_json::from_slice::<OAuthError>(answer.body()) {
        Ok(error) if status.is_success() || status.is_client_error() => {
            return Err(TokenError::Refused(error));
        }
        _ if !status.is_success() => return Err(TokenError::Unexpected { status }),
        _ => {}
    }
    serde_json::from_slice(answer.body()).map_err(|_| TokenError::Malformed)
}
