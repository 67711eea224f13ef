//! What a client says about itself (RFC 7591 §2).

use serde::{Deserialize, Serialize};

use super::words::{ApplicationType, GrantType, TokenEndpointAuthMethod};
use crate::{RedirectUri, ScopeSet};

/// Client metadata: the body of a registration request, and the most part of its answer and of a client id metadata
/// document. Unknown members are ignored.
///
/// ```
/// use mcp_oauth_core::{ClientMetadata, RedirectUri};
///
/// let metadata = ClientMetadata::native("mcpo", [RedirectUri::parse("http://127.0.0.1/callback")?]);
/// let json = serde_json::to_string(&metadata)?;
/// assert!(json.contains(r#""application_type":"native""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// Where answers may go. Empty, and then not written, for clients whose grants have no redirect (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectUri>,
    /// How the client authenticates. Absent means `client_secret_basic` (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// Grants. Absent means `authorization_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// Response types. Absent means `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// The name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The client's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The client's logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The scopes that the client may ask for. Best left out of a request: some servers then refuse any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// People to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// What kind of application this is. MCP clients must say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// Identifies the software over all of its registrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of the software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Where the client's public keys are, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The client's public keys themselves, a JSON Web Key Set (RFC 7517 §5), in place of their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Whether the client always asks for tokens that are bound to a key (RFC 9449 §5.2). Absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
}

impl ClientMetadata {
    /// A public client on a person's machine that wants refresh tokens: what most MCP clients are.
    pub fn native(
        client_name: impl Into<String>,
        redirect_uris: impl IntoIterator<Item = RedirectUri>,
    ) -> Self {
        Self {
            redirect_uris: redirect_uris.into_iter().collect(),
            token_endpoint_auth_method: Some(TokenEndpointAuthMethod::None),
            grant_types: Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
            response_types: Some(vec!["code".to_owned()]),
            client_name: Some(client_name.into()),
            application_type: Some(ApplicationType::Native),
            ..Self::default()
        }
    }

    /// The authentication method, with the default of RFC 7591 §2.
    pub fn auth_method(&self) -> TokenEndpointAuthMethod {
        self.token_endpoint_auth_method.clone().unwrap_or(TokenEndpointAuthMethod::ClientSecretBasic)
    }

    /// The grants, with the default of RFC 7591 §2.
    pub fn grants(&self) -> &[GrantType] {
        self.grant_types.as_deref().unwrap_or(&[GrantType::AuthorizationCode])
    }
}
