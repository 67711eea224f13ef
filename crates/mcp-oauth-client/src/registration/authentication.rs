//! How a client proves who it is at the token endpoint.

use mcp_oauth_core::{AuthorizationServerMetadata, ClientSecret, TokenEndpointAuthMethod};

use super::RegistrationError;
use crate::assertion::ClientKey;

/// How a client proves who it is at the token endpoint: one variant per method, each with exactly what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// It does not: a public client.
    None,
    /// The secret in an `Authorization: Basic` header (RFC 6749 §2.3.1).
    ClientSecretBasic(ClientSecret),
    /// The secret in the body (RFC 6749 §2.3.1).
    ClientSecretPost(ClientSecret),
    /// Not at all, and it is no client either: the grant alone says who asks (workload identity federation).
    Anonymous,
    /// An assertion signed by the client's key (RFC 7523 §2.2).
    PrivateKeyJwt(ClientKey),
}

/// What a client can prove itself with, as far as it is configured or was given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Proofs<'a> {
    pub(super) secret: Option<&'a ClientSecret>,
    pub(super) key: Option<&'a ClientKey>,
}

impl ClientAuthentication {
    /// The scheme in the `Authorization` header, of a method that uses one (RFC 9110 §11.4).
    pub(crate) fn scheme(&self) -> Option<&'static str> {
        match self {
            Self::ClientSecretBasic(_) => Some("Basic"),
            Self::None | Self::ClientSecretPost(_) | Self::Anonymous | Self::PrivateKeyJwt(_) => None,
        }
    }

    /// By the registered method; where none is known, by what the server offers for a client with or without a secret.
    pub(super) fn choose(
        registered: Option<&TokenEndpointAuthMethod>,
        proofs: Proofs<'_>,
        server: &AuthorizationServerMetadata,
    ) -> Result<Self, RegistrationError> {
        // Who has a key has registered it for this (C12.3): nothing weaker is used unless it is asked for by name.
        if let (Some(key), None | Some(TokenEndpointAuthMethod::PrivateKeyJwt)) = (proofs.key, registered) {
            return Self::by_key(key, server);
        }
        // Servers that register a public client often repeat the default method (RFC 7591 §2), but give no secret. There
        // is nothing to authenticate with, so the client is public.
        let Some(secret) = proofs.secret.cloned() else {
            return match registered {
                Some(
                    method @ (TokenEndpointAuthMethod::PrivateKeyJwt | TokenEndpointAuthMethod::Other(_)),
                ) => Err(RegistrationError::AuthMethod { method: method.clone() }),
                _ => Ok(Self::None),
            };
        };
        let offers = |method| server.auth_methods().contains(&method);
        match registered {
            Some(TokenEndpointAuthMethod::None) => Ok(Self::None),
            Some(TokenEndpointAuthMethod::ClientSecretBasic) => Ok(Self::ClientSecretBasic(secret)),
            Some(TokenEndpointAuthMethod::ClientSecretPost) => Ok(Self::ClientSecretPost(secret)),
            Some(other) => Err(RegistrationError::AuthMethod { method: other.clone() }),
            None if offers(TokenEndpointAuthMethod::ClientSecretBasic) => Ok(Self::ClientSecretBasic(secret)),
            None if offers(TokenEndpointAuthMethod::ClientSecretPost) => Ok(Self::ClientSecretPost(secret)),
            // Basic is the one that every server must support (RFC 6749 §2.3.1).
            None => Ok(Self::ClientSecretBasic(secret)),
        }
    }

    /// With an algorithm that the server checks, if it says which those are (RFC 8414 §2).
    fn by_key(key: &ClientKey, server: &AuthorizationServerMetadata) -> Result<Self, RegistrationError> {
        let algorithm = key.algorithm();
        match &server.token_endpoint_auth_signing_alg_values_supported {
            Some(supported) if !supported.iter().any(|name| name == algorithm.as_str()) => {
                Err(RegistrationError::SigningAlgorithm { algorithm })
            }
            _ => Ok(Self::PrivateKeyJwt(key.clone())),
        }
    }

    /// The method's registered name.
    pub fn method(&self) -> TokenEndpointAuthMethod {
        match self {
            Self::None | Self::Anonymous => TokenEndpointAuthMethod::None,
            Self::ClientSecretBasic(_) => TokenEndpointAuthMethod::ClientSecretBasic,
            Self::ClientSecretPost(_) => TokenEndpointAuthMethod::ClientSecretPost,
            Self::PrivateKeyJwt(_) => TokenEndpointAuthMethod::PrivateKeyJwt,
        }
    }

    /// True when the proof comes with the client's id as a parameter.
    pub(crate) fn names_client(&self) -> bool {
        matches!(self, Self::None | Self::ClientSecretPost(_))
    }

    pub(super) fn secret(&self) -> Option<&ClientSecret> {
        match self {
            Self::None | Self::Anonymous | Self::PrivateKeyJwt(_) => None,
            Self::ClientSecretBasic(secret) | Self::ClientSecretPost(secret) => Some(secret),
        }
    }
}
