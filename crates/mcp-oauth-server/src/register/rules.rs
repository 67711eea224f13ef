//! What a client may register.

use mcp_oauth_core::{
    ApplicationType, ClientMetadata, GrantType, RedirectUri, TokenEndpointAuthMethod, is_loopback,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::error::RegistrationError;
use crate::client::application_type_of;
use crate::server::{Limits, State};

/// Metadata as it will be registered: "the authorization server MAY reject or replace" values (RFC 7591 §2).
pub(super) struct Accepted {
    pub(super) metadata: ClientMetadata,
    pub(super) application_type: ApplicationType,
}

pub(super) fn accept(body: &[u8], state: &State) -> Result<Accepted, RegistrationError> {
    let document: Value = serde_json::from_slice(body)?;
    // The redirect URIs first and one by one, so that the answer can tell which is wrong, and with which code.
    let redirect_uris = redirect_uris(&document, &state.limits)?;
    let asked = ClientMetadata::deserialize(&document)?;
    let application_type = application_type(asked.application_type.as_ref(), &redirect_uris)?;

    let mut metadata = ClientMetadata::default();
    metadata.redirect_uris = redirect_uris;
    metadata.application_type = Some(application_type.clone());
    metadata.token_endpoint_auth_method = Some(match asked.auth_method() {
        method @ (TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost) => method,
        _ => return Err(RegistrationError::AuthMethod),
    });
    let supported =
        |grant: &GrantType| matches!(grant, GrantType::AuthorizationCode | GrantType::RefreshToken);
    let grants: Vec<GrantType> = asked.grants().iter().filter(|grant| supported(grant)).cloned().collect();
    if !grants.contains(&GrantType::AuthorizationCode) {
        return Err(RegistrationError::GrantTypes);
    }
    metadata.grant_types = Some(grants);
    if asked.response_types.as_ref().is_some_and(|types| !types.iter().any(|known| known == "code")) {
        return Err(RegistrationError::ResponseTypes);
    }
    metadata.response_types = Some(vec!["code".to_owned()]);
    metadata.client_name = asked.client_name.map(|name| plain(&name, state.limits.client_name_chars));
    metadata.client_name.take_if(|name| name.is_empty());
    // A scope that the server does not know is left out; the answer tells.
    metadata.scope = asked.scope.map(|scope| scope.intersection(&state.scopes.supported()));
    metadata.software_id = asked.software_id.map(|id| plain(&id, state.limits.client_name_chars));
    metadata.software_version =
        asked.software_version.map(|version| plain(&version, state.limits.client_name_chars));
    Ok(Accepted { metadata, application_type })
}

fn redirect_uris(document: &Value, limits: &Limits) -> Result<Vec<RedirectUri>, RegistrationError> {
    let limit = limits.redirect_uris;
    let listed = document.get("redirect_uris").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if listed.is_empty() || listed.len() > limit {
        return Err(RegistrationError::RedirectUriCount { limit });
    }
    listed
        .iter()
        .enumerate()
        .map(|(position, uri)| {
            let text = uri.as_str().ok_or(RegistrationError::RedirectUriCharacter { position })?;
            if text.len() > limits.redirect_uri_bytes {
                return Err(RegistrationError::RedirectUriLength {
                    position,
                    limit: limits.redirect_uri_bytes,
                });
            }
            if !is_uri_text(text) || text.contains('*') {
                return Err(RegistrationError::RedirectUriCharacter { position });
            }
            RedirectUri::parse(text).map_err(|source| RegistrationError::RedirectUri { position, source })
        })
        .collect()
}

/// OIDC Dynamic Client Registration §2: web applications redirect to https and not to localhost, native ones to
/// loopback http, private-use schemes or claimed https addresses. OIDC takes a client that does not say what it is for a
/// web application; since most MCP clients run on a person's machine and many do not say it, what they are is read off
/// their redirect URIs instead.
fn application_type(
    asked: Option<&ApplicationType>,
    redirect_uris: &[RedirectUri],
) -> Result<ApplicationType, RegistrationError> {
    match asked {
        None => Ok(application_type_of(redirect_uris)),
        Some(ApplicationType::Native) => Ok(ApplicationType::Native),
        Some(ApplicationType::Web) => {
            let wrong = |uri: &RedirectUri| uri.url().scheme() != "https" || is_loopback(uri.url());
            match redirect_uris.iter().position(wrong) {
                Some(position) => Err(RegistrationError::WebRedirectUri { position }),
                None => Ok(ApplicationType::Web),
            }
        }
        Some(_) => Err(RegistrationError::ApplicationType),
    }
}

/// Printable ASCII only (RFC 3986 §2): a URL parser drops tabs and line ends that a header must not hold.
pub(crate) fn is_uri_text(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A name without what could hide or turn around the text beside it.
fn plain(text: &str, chars: usize) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let clean: String = text.chars().map(|c| if odd(c) { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars).collect()
}
