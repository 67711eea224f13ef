//! Authorization server metadata (RFC 8414 §2, `OpenID` Connect Discovery §3, RFC 9207 §3, client id metadata documents).

use serde::{Deserialize, Serialize};

use crate::{CodeChallenge, GrantType, Issuer, ScopeSet, TokenEndpointAuthMethod};

/// What an authorization server publishes about itself. Members that this crate does not use are ignored.
///
/// Endpoints are kept as they were written. Which of them are acceptable depends on the user's policy; parse them with
/// [`EndpointUrl`](crate::EndpointUrl) before use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationServerMetadata {
    /// The identifier, byte for byte.
    pub issuer: Issuer,
    /// Where the person's browser is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where codes and refresh tokens are exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where clients register themselves (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Where tokens are revoked (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Where tokens are looked up (RFC 7662).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Where requests are pushed (RFC 9126).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Where device codes come from (RFC 8628).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    /// The keys that sign tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Scopes that may be asked for. `None` when the member is absent.
    #[serde(default, with = "crate::scope::list", skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<ScopeSet>,
    /// Response types; `code` is the one that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_types_supported: Option<Vec<String>>,
    /// Response modes. Absent means `query` and `fragment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_modes_supported: Option<Vec<String>>,
    /// Grants. Absent means `authorization_code` and `implicit`: see [`grant_types`](Self::grant_types).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<GrantType>>,
    /// Ways of client authentication. Absent means `client_secret_basic`: see [`auth_methods`](Self::auth_methods).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods_supported: Option<Vec<TokenEndpointAuthMethod>>,
    /// Algorithms for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    /// PKCE methods. Absent means that the server does not say it supports PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// Whether answers carry `iss` (RFC 9207 §3). Absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// Whether a URL can be a client id (client id metadata documents). Absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_metadata_document_supported: Option<bool>,
    /// Whether only pushed requests are accepted (RFC 9126 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// Algorithms of `DPoP` proofs (RFC 9449 §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// Grant profiles, such as the one of enterprise-managed authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_grant_profiles_supported: Option<Vec<String>>,
    /// Resources that this server makes tokens for (RFC 9728 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_resources: Option<Vec<String>>,
    /// A page for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

impl AuthorizationServerMetadata {
    /// A document with nothing but its issuer.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            authorization_endpoint: None,
            token_endpoint: None,
            registration_endpoint: None,
            revocation_endpoint: None,
            introspection_endpoint: None,
            pushed_authorization_request_endpoint: None,
            device_authorization_endpoint: None,
            jwks_uri: None,
            scopes_supported: None,
            response_types_supported: None,
            response_modes_supported: None,
            grant_types_supported: None,
            token_endpoint_auth_methods_supported: None,
            token_endpoint_auth_signing_alg_values_supported: None,
            code_challenge_methods_supported: None,
            authorization_response_iss_parameter_supported: None,
            client_id_metadata_document_supported: None,
            require_pushed_authorization_requests: None,
            dpop_signing_alg_values_supported: None,
            authorization_grant_profiles_supported: None,
            protected_resources: None,
            service_documentation: None,
        }
    }

    /// Reads a document that was fetched for `issuer` and compares the two as strings.
    ///
    /// # Errors
    /// When it is no JSON object of this shape, or is the document of another issuer: then it must not be used
    /// (RFC 8414 §3.3, OIDC Discovery §4.3).
    pub fn parse(body: &[u8], issuer: &Issuer) -> Result<Self, InvalidServerMetadata> {
        let metadata: Self = serde_json::from_slice(body)?;
        if metadata.issuer != *issuer {
            return Err(InvalidServerMetadata::OtherIssuer { found: metadata.issuer });
        }
        Ok(metadata)
    }

    /// The authorization and token endpoints, when the server can do the code flow at all.
    ///
    /// # Errors
    /// When an endpoint is missing, or the response types are listed and `code` is not among them (RFC 8414 §2).
    pub fn code_flow_endpoints(&self) -> Result<(&str, &str), InvalidServerMetadata> {
        let authorization = self
            .authorization_endpoint
            .as_deref()
            .ok_or(InvalidServerMetadata::Missing("authorization_endpoint"))?;
        let token = self.token_endpoint.as_deref().ok_or(InvalidServerMetadata::Missing("token_endpoint"))?;
        match &self.response_types_supported {
            Some(types) if !types.iter().any(|known| known == "code") => {
                Err(InvalidServerMetadata::NoCodeFlow)
            }
            _ => Ok((authorization, token)),
        }
    }

    /// Ways of client authentication, with the default of RFC 8414 §2.
    pub fn auth_methods(&self) -> &[TokenEndpointAuthMethod] {
        self.token_endpoint_auth_methods_supported
            .as_deref()
            .unwrap_or(&[TokenEndpointAuthMethod::ClientSecretBasic])
    }

    /// Grants, with the default of RFC 8414 §2.
    pub fn grant_types(&self) -> &[GrantType] {
        self.grant_types_supported.as_deref().unwrap_or(&[GrantType::AuthorizationCode, GrantType::Implicit])
    }

    /// The token endpoint, which is all that grants without a redirect need (RFC 8414 §2).
    ///
    /// # Errors
    /// When it is missing.
    pub fn token_flow_endpoint(&self) -> Result<&str, InvalidServerMetadata> {
        self.token_endpoint.as_deref().ok_or(InvalidServerMetadata::Missing("token_endpoint"))
    }

    /// False when the server lists its grants and this is not among them. A server that lists none may do any: the
    /// default of RFC 8414 §2 is what the servers that leave it out had in mind least of all.
    pub fn may_grant(&self, grant: &GrantType) -> bool {
        self.grant_types_supported.as_ref().is_none_or(|known| known.contains(grant))
    }

    /// Whether the server takes the assertions of enterprise-managed authorization (MCP "Enterprise-Managed
    /// Authorization" §6). `None` when it does not say.
    pub fn takes_id_jag(&self) -> Option<bool> {
        let profiles = self.authorization_grant_profiles_supported.as_ref()?;
        Some(profiles.iter().any(|profile| profile == Self::ID_JAG_PROFILE))
    }

    /// The grant profile of enterprise-managed authorization.
    pub const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

    /// True when `mode` is listed; absent means `query` and `fragment` (RFC 8414 §2).
    pub fn supports_response_mode(&self, mode: &str) -> bool {
        match &self.response_modes_supported {
            Some(modes) => modes.iter().any(|known| known == mode),
            None => matches!(mode, "query" | "fragment"),
        }
    }

    /// True when the server says that it checks S256 challenges.
    pub fn supports_s256(&self) -> bool {
        self.code_challenge_methods_supported
            .as_ref()
            .is_some_and(|methods| methods.iter().any(|method| method == CodeChallenge::METHOD))
    }

    /// True when answers must carry `iss` (RFC 9207 §2.4).
    pub fn sends_iss(&self) -> bool {
        self.authorization_response_iss_parameter_supported == Some(true)
    }
}

/// Why a document is not the metadata of an authorization server that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidServerMetadata {
    /// It is not a JSON object of the right shape.
    #[error("it is not an authorization server metadata document")]
    Json(#[from] serde_json::Error),
    /// It is another issuer's.
    #[error("it is the document of another issuer, {found}")]
    OtherIssuer {
        /// The issuer that it names.
        found: Issuer,
    },
    /// A member that the flow needs is absent.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// `response_types_supported` is there and lacks `code`.
    #[error("it does not offer the authorization code flow")]
    NoCodeFlow,
}
