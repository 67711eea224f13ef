//! The `oauth` section of a server's entry: mcpo's keys, and a `client_id` that mcpo had no place for.

use mcp_oauth_client::Policy;
use mcp_oauth_core::{ClientMetadata, ClientMetadataDocument, GrantType, Issuer, TokenEndpointAuthMethod};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::oauth_policy::PolicySection;
use super::position::Step;
use super::server::EntryError;

/// The `oauth` section as it is written. Every key has a default; `{}` is enough for a server that registers clients by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OAuthSection {
    /// Base URL of the authorization server, for MCP servers that do not name it themselves.
    pub server_url: Option<String>,
    /// `file` or `memory`.
    pub storage_type: Option<String>,
    /// Port of the login's callback on this machine.
    pub callback_port: Option<u16>,
    /// Whether the browser is opened and its answer awaited; otherwise the URL is printed and the answer pasted.
    pub use_loopback: Option<bool>,
    /// A client registered beforehand.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretString>,
    /// The authorization server that the client belongs to: it is shown to no other.
    pub issuer: Option<String>,
    /// The https address of a client id metadata document, for servers that take such documents.
    pub client_id_metadata_document: Option<String>,
    /// How tokens are got: `authorization_code`, by a person's login, or `client_credentials`, by nobody's.
    pub grant_type: Option<String>,
    /// What to register as, or what was registered.
    pub client_metadata: ClientSection,
    /// Exceptions for this server's authorization server.
    pub policy: PolicySection,
}

/// `client_metadata`: RFC 7591 §2 names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ClientSection {
    /// A client registered beforehand.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretString>,
    /// Name shown on the consent page.
    pub client_name: Option<String>,
    /// Where the login may return to; the first one is used.
    pub redirect_uris: Vec<String>,
    /// What a dynamic registration asks for; `authorization_code` and `refresh_token` unless it is said.
    pub grant_types: Option<Vec<String>>,
    /// What a dynamic registration asks for; `code` unless it is said, and nothing else is used.
    pub response_types: Option<Vec<String>>,
    /// Scopes to ask for instead of those the server names.
    pub scope: Option<String>,
    /// `none`, `client_secret_basic` or `client_secret_post`.
    pub token_endpoint_auth_method: Option<String>,
    /// Home page of the client.
    pub client_uri: Option<String>,
    /// Logo of the client.
    pub logo_uri: Option<String>,
}

impl PartialEq for OAuthSection {
    fn eq(&self, other: &Self) -> bool {
        // Only hot reload compares; a changed secret must be seen as a change.
        self.clone().resolve().ok() == other.clone().resolve().ok()
    }
}

/// How to log in to a server, resolved.
#[derive(Debug, Clone)]
pub struct OAuthSettings {
    /// Where to look for an authorization server that the MCP server does not name.
    pub server_url: Option<Url>,
    /// Where tokens are kept.
    pub storage: TokenStorage,
    /// Port of the login's callback on this machine.
    pub callback_port: u16,
    /// How the person is reached.
    pub channel: LoginChannel,
    /// Whose tokens they are.
    pub grant: Grant,
    /// A client registered beforehand.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretString>,
    /// What a dynamic registration says: the name on the consent page, how the client authenticates, and the like.
    pub client: ClientMetadata,
    /// Where the login returns to; none: `http://127.0.0.1:{callback_port}/callback`.
    pub redirect_uri: Option<Url>,
    /// Scopes to ask for instead of those the server names.
    pub scope: Option<String>,
    /// The authorization server that the client registered beforehand belongs to.
    pub issuer: Option<Issuer>,
    /// The address of a client id metadata document.
    pub document: Option<String>,
    /// What is allowed.
    pub policy: Policy,
}

/// Whose tokens they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A person's, who logs in.
    Login,
    /// The client's own: nobody is asked (RFC 6749 §4.4).
    ClientCredentials,
}

/// Where tokens are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStorage {
    /// In `~/.mcpo/tokens`.
    File,
    /// Until the program ends.
    Memory,
}

/// How the person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginChannel {
    /// Open the browser at the login page and wait for its answer.
    Browser,
    /// Only show the URL (log and page) and wait for the browser's answer.
    Page,
    /// Print the URL and read the pasted answer.
    Paste,
}

/// mcpo's port.
const DEFAULT_CALLBACK_PORT: u16 = 3030;

impl Default for OAuthSettings {
    fn default() -> Self {
        Self {
            server_url: None,
            storage: TokenStorage::File,
            callback_port: DEFAULT_CALLBACK_PORT,
            channel: LoginChannel::Browser,
            grant: Grant::Login,
            client_id: None,
            client_secret: None,
            client: named("mcpo"),
            redirect_uri: None,
            scope: None,
            issuer: None,
            document: None,
            policy: Policy::default(),
        }
    }
}

impl PartialEq for OAuthSettings {
    fn eq(&self, other: &Self) -> bool {
        use secrecy::ExposeSecret as _;
        let secret =
            |settings: &Self| settings.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        self.server_url == other.server_url
            && self.storage == other.storage
            && self.callback_port == other.callback_port
            && self.channel == other.channel
            && self.grant == other.grant
            && self.client_id == other.client_id
            && secret(self) == secret(other)
            && self.client == other.client
            && self.redirect_uri == other.redirect_uri
            && self.scope == other.scope
            && self.issuer == other.issuer
            && self.document == other.document
            && self.policy == other.policy
    }
}

impl OAuthSection {
    /// What the section comes to.
    ///
    /// # Errors
    /// When a URL is none, a word is unknown, or keys contradict each other.
    pub fn resolve(self) -> Result<OAuthSettings, EntryError> {
        let defaults = OAuthSettings::default();
        let server_url = self.server_url.as_deref().map(|text| url(text, &["server_url"])).transpose()?;
        let storage = match self.storage_type.as_deref() {
            None | Some("file") => TokenStorage::File,
            Some("memory") => TokenStorage::Memory,
            Some(other) => {
                return Err(error(
                    &["storage_type"],
                    format!("unknown storage {other:?}: use \"file\" or \"memory\""),
                ));
            }
        };
        let channel =
            if self.use_loopback.unwrap_or(true) { LoginChannel::Browser } else { LoginChannel::Paste };
        let client = self.client_metadata;
        let redirect_uri = client
            .redirect_uris
            .first()
            .map(|text| url(text, &["client_metadata", "redirect_uris"]))
            .transpose()?;
        if let Some(method) = client.token_endpoint_auth_method.as_deref()
            && !["none", "client_secret_basic", "client_secret_post"].contains(&method)
        {
            let known = "use \"none\", \"client_secret_basic\" or \"client_secret_post\"";
            let message = format!("unknown method {method:?}: {known}");
            return Err(error(&["client_metadata", "token_endpoint_auth_method"], message));
        }
        let client_id = self.client_id.or(client.client_id);
        let client_secret = self.client_secret.or(client.client_secret);
        if client_secret.is_some() && client_id.is_none() {
            return Err(error(&["client_secret"], "needs a \"client_id\" beside it".into()));
        }
        let grant = match self.grant_type.as_deref() {
            None | Some("authorization_code") => Grant::Login,
            Some("client_credentials") if client_secret.is_none() => {
                let message = "needs a \"client_id\" and a \"client_secret\" beside it".into();
                return Err(error(&["grant_type"], message));
            }
            Some("client_credentials") => Grant::ClientCredentials,
            Some(other) => {
                let known = "use \"authorization_code\" or \"client_credentials\"";
                return Err(error(&["grant_type"], format!("unknown grant {other:?}: {known}")));
            }
        };
        let issuer = self
            .issuer
            .as_deref()
            .map(|text| {
                Issuer::parse(text)
                    .map_err(|_| error(&["issuer"], format!("{text:?} is not an issuer: use its URL")))
            })
            .transpose()?;
        if issuer.is_some() && client_id.is_none() {
            return Err(error(&["issuer"], "says where a \"client_id\" belongs, which is missing".into()));
        }
        if let Some(document) = self.client_id_metadata_document.as_deref()
            && let Err(wrong) = ClientMetadataDocument::check_client_id(document)
        {
            return Err(error(
                &["client_id_metadata_document"],
                format!("{document:?} cannot be used: {wrong}"),
            ));
        }
        let mut metadata = defaults.client;
        metadata.client_name = client.client_name.or(metadata.client_name);
        metadata.client_uri = client.client_uri;
        metadata.logo_uri = client.logo_uri;
        metadata.token_endpoint_auth_method =
            client.token_endpoint_auth_method.map(|method| TokenEndpointAuthMethod::from(method.as_str()));
        metadata.grant_types = client
            .grant_types
            .map(|types| types.iter().map(|grant| GrantType::from(grant.as_str())).collect());
        metadata.response_types = client.response_types;
        Ok(OAuthSettings {
            server_url,
            storage,
            callback_port: self.callback_port.unwrap_or(defaults.callback_port),
            channel,
            grant,
            client_id,
            client_secret,
            client: metadata,
            redirect_uri,
            scope: client.scope,
            issuer,
            document: self.client_id_metadata_document,
            policy: self.policy.resolve()?,
        })
    }
}

/// A client that says nothing but its name.
pub(crate) fn named(name: &str) -> ClientMetadata {
    let mut metadata = ClientMetadata::default();
    metadata.client_name = Some(name.into());
    metadata
}

fn url(text: &str, path: &[&str]) -> Result<Url, EntryError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| error(path, format!("{text:?} is not an http:// or https:// URL")))
}

pub(super) fn error(path: &[&str], message: String) -> EntryError {
    let path =
        std::iter::once("oauth").chain(path.iter().copied()).map(|key| Step::Key(key.into())).collect();
    EntryError { path, message }
}
