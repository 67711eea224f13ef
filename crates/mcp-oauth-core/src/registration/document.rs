//! Client id metadata documents: a client whose id is the URL of its own metadata
//! (draft-ietf-oauth-client-id-metadata-document-00).

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use url::Url;

use super::{ClientId, ClientMetadata, TokenEndpointAuthMethod};
use crate::InvalidUrl;

/// A document that passed the checks of the draft, with the URL that is its client id.
///
/// ```
/// use mcp_oauth_core::{ClientMetadata, ClientMetadataDocument, RedirectUri};
///
/// let metadata = ClientMetadata::native("mcpo", [RedirectUri::parse("http://127.0.0.1/callback")?]);
/// let document = ClientMetadataDocument::new("https://app.test/oauth/client.json", metadata)?;
/// // Host this at that URL:
/// let json = serde_json::to_string_pretty(&document)?;
/// assert!(ClientMetadataDocument::parse(json.as_bytes(), "https://app.test/oauth/client.json").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMetadataDocument {
    client_id: ClientId,
    metadata: ClientMetadata,
}

/// Why a document or its URL cannot serve as a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClientMetadataDocument {
    /// It is not a JSON object of the right shape.
    #[error("it is not a client metadata document")]
    Json(#[from] serde_json::Error),
    /// The client id is not an acceptable URL (draft §3).
    #[error("its address cannot be a client id")]
    Url(#[from] InvalidUrl),
    /// The URL has no path, or one with `.` or `..` segments (draft §3).
    #[error("the client id needs a path without dot segments")]
    Path,
    /// `client_id` is not the URL that the document was asked from (draft §4.1).
    #[error("its client_id differs from its address")]
    OtherClient,
    /// `client_name` is missing (MCP, client id metadata documents).
    #[error("it has no client_name")]
    NoName,
    /// `redirect_uris` is missing or empty.
    #[error("it has no redirect_uris")]
    NoRedirectUris,
    /// A secret, or an authentication method that needs a shared one (draft §4.1): everybody can read the document.
    #[error("a public document cannot hold or use a shared secret")]
    SharedSecret,
    /// `private_key_jwt` without the public keys that it is checked with.
    #[error("it has no public keys for private_key_jwt")]
    NoKeys,
    /// A key of the document is a private one: everybody can read it.
    #[error("a public document cannot hold a private key")]
    PrivateKey,
}

impl ClientMetadataDocument {
    /// Builds a document to host at `client_id`.
    ///
    /// # Errors
    /// When the URL or the metadata breaks a rule of the draft.
    pub fn new(client_id: &str, metadata: ClientMetadata) -> Result<Self, InvalidClientMetadataDocument> {
        let client_id = Self::check_client_id(client_id)?;
        if metadata.client_name.as_deref().is_none_or(|name| name.trim().is_empty()) {
            return Err(InvalidClientMetadataDocument::NoName);
        }
        if metadata.redirect_uris.is_empty() {
            return Err(InvalidClientMetadataDocument::NoRedirectUris);
        }
        // Absent means client_secret_basic by RFC 7591 §2, but a document cannot have a secret: absent means none here.
        match metadata.token_endpoint_auth_method {
            Some(TokenEndpointAuthMethod::PrivateKeyJwt)
                if metadata.jwks.is_none() && metadata.jwks_uri.is_none() =>
            {
                return Err(InvalidClientMetadataDocument::NoKeys);
            }
            None | Some(TokenEndpointAuthMethod::None | TokenEndpointAuthMethod::PrivateKeyJwt) => {}
            Some(_) => return Err(InvalidClientMetadataDocument::SharedSecret),
        }
        if metadata.jwks.as_ref().is_some_and(holds_private_key) {
            return Err(InvalidClientMetadataDocument::PrivateKey);
        }
        Ok(Self { client_id, metadata })
    }

    /// Reads a document that was fetched from `client_id`.
    ///
    /// # Errors
    /// When it is not such a document, belongs to another URL, or breaks a rule of the draft.
    pub fn parse(body: &[u8], client_id: &str) -> Result<Self, InvalidClientMetadataDocument> {
        let members: Value = serde_json::from_slice(body)?;
        if members.get("client_secret").is_some() || members.get("client_secret_expires_at").is_some() {
            return Err(InvalidClientMetadataDocument::SharedSecret);
        }
        if members.get("client_id").and_then(Value::as_str) != Some(client_id) {
            return Err(InvalidClientMetadataDocument::OtherClient);
        }
        Self::new(client_id, ClientMetadata::deserialize(&members)?)
    }

    /// Checks a URL for use as a client id: https with a path, no user information, query, fragment or dot segments.
    ///
    /// # Errors
    /// When it is not of this form (draft §3).
    pub fn check_client_id(client_id: &str) -> Result<ClientId, InvalidClientMetadataDocument> {
        let url = Url::parse(client_id).map_err(InvalidUrl::from)?;
        if url.scheme() != "https" {
            return Err(InvalidUrl::Scheme(url.scheme().chars().take(32).collect()).into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInformation.into());
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment.into());
        }
        if url.query().is_some() {
            return Err(InvalidUrl::Query.into());
        }
        // The parser resolves dot segments, so that they can only be seen in the text. Comparing the two also refuses
        // other spellings of the same URL, which a server that compares strings would take for another client.
        if url.path() == "/" || url.as_str() != client_id {
            return Err(InvalidClientMetadataDocument::Path);
        }
        ClientId::parse(client_id).map_err(|_| InvalidClientMetadataDocument::Path)
    }

    /// The URL that is the client id.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// What the document says about the client.
    pub fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }
}

/// `d` is the private half of every asymmetric key, `k` the value of a symmetric one (RFC 7518 §6).
fn holds_private_key(jwks: &Value) -> bool {
    let keys = jwks.get("keys").and_then(Value::as_array).into_iter().flatten();
    keys.into_iter().any(|key| key.get("d").is_some() || key.get("k").is_some())
}

impl Serialize for ClientMetadataDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serde_json::to_value(&self.metadata).map_err(S::Error::custom)?;
        if let Value::Object(members) = &mut members {
            members.insert("client_id".to_owned(), self.client_id.as_str().into());
        }
        members.serialize(serializer)
    }
}
