//! One request to the token endpoint, whatever its grant type.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use mcp_oauth_core::{
    Challenges, Clock, EndpointUrl, Entropy, InvalidUrl, OAuthError, OAuthErrorCode, ResourceUri,
    TokenResponse, TokenType,
};
use url::form_urlencoded;

use super::TokenError;
use crate::dpop::{Binding, BindingKey, Prover, clock_skew};
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
    prover: Arc<Prover>,
}

impl TokenEndpoint {
    pub(crate) fn new(
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        resource: ResourceParameter,
        prover: Arc<Prover>,
    ) -> Self {
        Self { fetcher, clock, entropy, resource, prover }
    }

    /// The `resource` parameter of any request for a token for `resource`, as the policy wants it: the same as in the
    /// authorization request (C12.1).
    pub(crate) fn resource<'a>(&'a self, resource: &'a ResourceUri) -> Option<Parameter<'a>> {
        self.resource.value(resource).map(|value| ("resource", value.as_str().into()))
    }

    /// Asks for a token that is bound to the key, if there is one; else for a bearer token. No other can be used (RFC 6749
    /// §7.1).
    pub(crate) async fn request(
        &self,
        request: &TokenRequest<'_>,
        binding: Option<&Binding>,
    ) -> Result<TokenResponse, TokenError> {
        let tokens = match binding {
            None => self.ask(request).await?,
            Some(binding) => {
                let answer = self.post_bound(request, Some(&binding.key)).await?;
                read(request, &answer).map_err(|error| self.explain(error, answer.headers()))?
            }
        };
        match (&tokens.token_type, binding) {
            (TokenType::Bearer, None) | (TokenType::Dpop, Some(_)) => Ok(tokens),
            (TokenType::Bearer, Some(binding)) if binding.insists => Err(TokenError::NotBound),
            (TokenType::Bearer, Some(_)) => {
                let issuer = request.client.issuer();
                tracing::warn!(%issuer, "the token is not bound to this client's key, which was offered");
                Ok(tokens)
            }
            (other, _) => Err(TokenError::TokenType(other.clone())),
        }
    }

    /// A clock that is wrong is the usual reason for a proof that is refused.
    fn explain(&self, error: TokenError, answer: &HeaderMap) -> TokenError {
        match error {
            TokenError::Refused(error) if *error.code() == OAuthErrorCode::InvalidDpopProof => {
                TokenError::ProofRefused { error, clock_ahead: clock_skew(answer, self.clock.now()) }
            }
            other => other,
        }
    }

    /// Asks for a token of any type: a token exchange may give one that only another server takes (RFC 8693 §2.2.1).
    pub(crate) async fn ask(&self, request: &TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        read(request, &self.post(request).await?)
    }

    /// Posts a form with the client's authentication, as all endpoints want it that know clients (token, revocation,
    /// pushed authorization). The answer is whatever came.
    pub(crate) async fn post(&self, request: &TokenRequest<'_>) -> Result<Response<Bytes>, TokenError> {
        self.post_bound(request, None).await
    }

    /// The same with a proof that the client holds the key. A server that wants its nonce in the proof gets a new proof
    /// with it, once (RFC 9449 §8).
    async fn post_bound(
        &self,
        request: &TokenRequest<'_>,
        key: Option<&BindingKey>,
    ) -> Result<Response<Bytes>, TokenError> {
        // The address may come from a store that was written under another policy.
        let endpoint = self.fetcher.endpoint(request.endpoint.as_str()).map_err(TokenError::Endpoint)?;
        let Some(key) = key else { return self.send(request, &endpoint, HeaderMap::new()).await };
        let uri = uri(&endpoint)?;
        let mut nonce = self.prover.nonce(&uri);
        let mut once_more = true;
        loop {
            let mut headers = HeaderMap::new();
            self.prover.prove(key, &Method::POST, &uri, None, nonce.as_ref(), &mut headers).await?;
            let answer = self.send(request, &endpoint, headers).await?;
            let said = self.prover.learn(&uri, answer.headers());
            let is_new = said.is_some() && said != nonce;
            if !(is_new && wants_nonce(&answer) && std::mem::take(&mut once_more)) {
                return Ok(answer);
            }
            nonce = said;
        }
    }

    async fn send(
        &self,
        request: &TokenRequest<'_>,
        endpoint: &EndpointUrl,
        mut headers: HeaderMap,
    ) -> Result<Response<Bytes>, TokenError> {
        let mut form = request.form.clone();
        request.client.authenticate(&*self.clock, &*self.entropy, &mut headers, &mut form).await?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        Ok(self.fetcher.post_form(endpoint, headers, body).await?)
    }
}

/// The address as the request will have it.
fn uri(endpoint: &EndpointUrl) -> Result<Uri, TokenError> {
    let invalid = |_| TokenError::Endpoint(InvalidUrl::Syntax(url::ParseError::InvalidDomainCharacter));
    endpoint.url().as_str().parse().map_err(invalid)
}

/// 400 by RFC 9449 §8, and 401 of servers that see client authentication in it, or say it as an MCP server would (§9).
fn wants_nonce(answer: &Response<Bytes>) -> bool {
    if !answer.status().is_client_error() {
        return false;
    }
    if let Ok(error) = serde_json::from_slice::<OAuthError>(answer.body()) {
        return *error.code() == OAuthErrorCode::UseDpopNonce;
    }
    let challenge = Challenges::from_headers(answer.headers()).dpop();
    challenge.and_then(|challenge| challenge.error) == Some(OAuthErrorCode::UseDpopNonce)
}

/// RFC 6749 §5.
fn read(request: &TokenRequest<'_>, answer: &Response<Bytes>) -> Result<TokenResponse, TokenError> {
    let status = answer.status();
    // Some servers put errors into a 200, so a body that is an error counts before the status.
    match serde_json::from_slice::<OAuthError>(answer.body()) {
        Ok(error) if status.is_success() || status.is_client_error() => {
            return Err(TokenError::Refused(error));
        }
        _ if status == StatusCode::UNAUTHORIZED && challenges_client(request.client, answer) => {
            return Err(TokenError::NotAuthenticated);
        }
        _ if !status.is_success() => return Err(TokenError::Unexpected { status }),
        _ => {}
    }
    serde_json::from_slice(answer.body()).map_err(|_| TokenError::Malformed)
}

/// The other way to say that client authentication failed: a challenge for the scheme that the client used (RFC 6749 §5.2).
/// A challenge for another is about something else, and mostly somebody else's.
fn challenges_client(client: &RegisteredClient, answer: &Response<Bytes>) -> bool {
    let challenges = Challenges::from_headers(answer.headers());
    client.authentication().scheme().is_some_and(|used| challenges.iter().any(|challenge| challenge.is(used)))
}
