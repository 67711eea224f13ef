//! Reads and checks an authorization request (OAuth 2.1 §4.1.1, RFC 8707 §2).

use mcp_oauth_core::{
    ClientId, CodeChallenge, GrantType, OAuthError, OAuthErrorCode, RedirectUri, ResourceUri, ScopeSet,
};

use super::reply::ReplyTo;
use crate::client::Client;
use crate::form::{Parameters, Repeated};
use crate::register::is_uri_text;
use crate::server::State;
use crate::store::StoreError;

/// A request that may be granted.
pub(super) struct AuthorizationRequest {
    pub(super) client: Client,
    pub(super) reply_to: ReplyTo,
    pub(super) challenge: CodeChallenge,
    pub(super) scopes: ScopeSet,
    pub(super) resources: Vec<ResourceUri>,
}

/// Why a request cannot be granted, and who is told.
pub(super) enum Refused {
    /// The person: "the authorization server … MUST NOT automatically redirect the user agent to the invalid redirect
    /// URI" (OAuth 2.1 §4.1.2.1).
    OnPage(PageError),
    /// The client, by redirect.
    ToClient(Box<ReplyTo>, OAuthError),
}

/// What the person is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("the app did not say who it is (client_id is missing)")]
    NoClient,
    #[error("this server does not know the app; it may have to register again")]
    UnknownClient,
    #[error("the app did not say where to go next (redirect_uri is missing)")]
    NoRedirectUri,
    #[error("the address to go to next (redirect_uri) is not one that the app registered")]
    RedirectUri,
    #[error("the app's state is longer than {limit} bytes")]
    State { limit: usize },
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks a request in the order that decides who may be told of an error: first the client and its redirect URI, then
/// everything else.
pub(super) async fn check(state: &State, parameters: &Parameters) -> Result<AuthorizationRequest, Refused> {
    let (client, redirect_uri, echoed) = addressee(state, parameters).await.map_err(Refused::OnPage)?;
    let reply_to = ReplyTo::new(redirect_uri, echoed, &state.issuer);
    match check_rest(state, parameters, &client) {
        Ok((challenge, scopes, resources)) => {
            Ok(AuthorizationRequest { client, reply_to, challenge, scopes, resources })
        }
        Err(error) => Err(Refused::ToClient(Box::new(reply_to), error)),
    }
}

async fn addressee(
    state: &State,
    parameters: &Parameters,
) -> Result<(Client, RedirectUri, Option<String>), PageError> {
    let id = ClientId::parse(parameters.one("client_id")?.ok_or(PageError::NoClient)?)
        .map_err(|_| PageError::UnknownClient)?;
    let client = state.clients.find(&id).await?.ok_or(PageError::UnknownClient)?;
    let redirect_uri = match (parameters.one("redirect_uri")?, client.redirect_uris()) {
        (Some(sent), registered) if is_uri_text(sent) => RedirectUri::parse(sent)
            .ok()
            .filter(|sent| registered.iter().any(|known| known.permits(sent)))
            .ok_or(PageError::RedirectUri)?,
        (Some(_), _) => return Err(PageError::RedirectUri),
        // "OPTIONAL if only one redirect URI is registered" (OAuth 2.1 §4.1.1).
        (None, [only]) => only.clone(),
        (None, _) => return Err(PageError::NoRedirectUri),
    };
    let echoed = parameters.one("state")?.map(str::to_owned);
    let limit = state.limits.state_bytes;
    if echoed.as_ref().is_some_and(|echoed| echoed.len() > limit) {
        return Err(PageError::State { limit });
    }
    Ok((client, redirect_uri, echoed))
}

fn check_rest(
    state: &State,
    parameters: &Parameters,
    client: &Client,
) -> Result<(CodeChallenge, ScopeSet, Vec<ResourceUri>), OAuthError> {
    let one = |name| parameters.one(name).map_err(|repeated| invalid(&repeated.to_string()));
    match one("response_type")? {
        Some("code") => {}
        Some(_) => {
            return Err(OAuthError::new(OAuthErrorCode::UnsupportedResponseType)
                .with_description("the only response_type is code"));
        }
        None => return Err(invalid("response_type is missing")),
    }
    // `query` is the only mode for codes here; a client that wants another would wait for ever.
    if one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(invalid("the only response_mode is query"));
    }
    if !client.may_use(&GrantType::AuthorizationCode) {
        return Err(OAuthError::new(OAuthErrorCode::UnauthorizedClient)
            .with_description("the client is not registered for authorization_code"));
    }
    // Absent means "plain" (RFC 7636 §4.3), which OAuth 2.1 and MCP do not allow.
    let challenge =
        one("code_challenge")?.ok_or_else(|| invalid("code_challenge is missing: PKCE is required"))?;
    if one("code_challenge_method")? != Some(CodeChallenge::METHOD) {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let challenge = CodeChallenge::parse(challenge).map_err(|error| invalid(&error.to_string()))?;
    // Pushed and signed requests are not offered; ignoring one would drop parameters that the client relies on.
    if one("request")?.is_some() || one("request_uri")?.is_some() {
        return Err(invalid("request and request_uri are not supported"));
    }
    Ok((challenge, scopes(state, one("scope")?, client)?, resources(state, parameters)?))
}

fn scopes(state: &State, sent: Option<&str>, client: &Client) -> Result<ScopeSet, OAuthError> {
    let error = |text: &str| OAuthError::new(OAuthErrorCode::InvalidScope).with_description(text);
    let wanted = match sent {
        Some(text) => ScopeSet::parse(text).map_err(|_| error("the scope is malformed"))?,
        None => state.scopes.default_scopes(),
    };
    let unknown = state.scopes.unknown(&wanted);
    if !unknown.is_empty() {
        return Err(error(&format!("unknown scopes: {unknown}")));
    }
    // Without the grant there will be no refresh token, so the person need not be asked for one.
    let offline = |scope: &mcp_oauth_core::ScopeToken| scope.as_str() == crate::server::OFFLINE_ACCESS;
    let may_refresh = client.may_use(&GrantType::RefreshToken);
    Ok(wanted.into_iter().filter(|scope| may_refresh || !offline(scope)).collect())
}

fn resources(state: &State, parameters: &Parameters) -> Result<Vec<ResourceUri>, OAuthError> {
    let error = |text: &str| OAuthError::new(OAuthErrorCode::InvalidTarget).with_description(text);
    let named = named_resources(parameters, &state.resources)
        .ok_or_else(|| error("the resource is not one of this server's"))?;
    match (named.as_slice(), state.resources.as_slice()) {
        // Clients of the revision 2025-03-26 do not name it.
        ([], [only]) => Ok(vec![only.clone()]),
        ([], _) => Err(error("say which resource the token is for")),
        _ => Ok(named),
    }
}

/// The resources that a request names, each as it is written in `known`; `None` when one is not known. Scheme and host
/// are compared without regard to case (MCP: "SHOULD accept uppercase scheme and host components").
pub(crate) fn named_resources(parameters: &Parameters, known: &[ResourceUri]) -> Option<Vec<ResourceUri>> {
    let canonical = |resource: &ResourceUri| ResourceUri::of_server(resource.url()).ok();
    let mut named: Vec<ResourceUri> = Vec::new();
    for text in parameters.all("resource") {
        let wanted = canonical(&ResourceUri::parse(text).ok()?)?;
        let found = known.iter().find(|known| canonical(known).is_some_and(|known| known == wanted))?;
        if !named.contains(found) {
            named.push(found.clone());
        }
    }
    Some(named)
}

fn invalid(description: &str) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidRequest).with_description(description)
}
