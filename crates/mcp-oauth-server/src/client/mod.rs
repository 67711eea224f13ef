//! The clients that an authorization server knows.

mod authentication;
mod directory;

pub(crate) use authentication::{ClientError, authenticate};
pub(crate) use directory::Directory;

use std::time::SystemTime;

use mcp_oauth_core::{
    ApplicationType, ClientId, ClientSecret, GrantType, RedirectUri, TokenEndpointAuthMethod,
};

use crate::store::SecretHash;

/// A client: who it is, where its answers may go, how it proves itself.
///
/// ```
/// use mcp_oauth_core::{ClientId, ClientSecret, RedirectUri};
/// use mcp_oauth_server::{Client, ClientAuthentication};
///
/// // A program on a person's machine: it has no secret, and picks its port at run time.
/// let native = Client::new(ClientId::parse("example-cli")?, [RedirectUri::parse("http://127.0.0.1/callback")?])
///     .with_name("Example CLI");
/// // A web application with a secret.
/// let web = Client::new(ClientId::parse("example-web")?, [RedirectUri::parse("https://app.example/callback")?])
///     .with_authentication(ClientAuthentication::basic(&ClientSecret::parse("from a safe place")?));
/// # let _ = (native, web);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    id: ClientId,
    name: Option<String>,
    redirect_uris: Vec<RedirectUri>,
    application_type: ApplicationType,
    authentication: ClientAuthentication,
    grant_types: Vec<GrantType>,
}

/// How a client proves itself at the token endpoint. One variant per method, with exactly what it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Not at all: a public client, protected by PKCE.
    None,
    /// Its secret in an `Authorization: Basic` header (RFC 6749 §2.3.1).
    SecretBasic(StoredSecret),
    /// Its secret in the body.
    SecretPost(StoredSecret),
}

/// A client's secret as it is kept: hashed, perhaps with an end.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    hash: SecretHash,
    expires_at: Option<SystemTime>,
}

impl Client {
    /// A public client that may use codes and refresh tokens.
    pub fn new(id: ClientId, redirect_uris: impl IntoIterator<Item = RedirectUri>) -> Self {
        let redirect_uris: Vec<RedirectUri> = redirect_uris.into_iter().collect();
        let application_type = application_type_of(&redirect_uris);
        Self {
            id,
            name: None,
            redirect_uris,
            application_type,
            authentication: ClientAuthentication::None,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        }
    }

    /// Sets the name that people see.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how the client proves itself.
    #[must_use]
    pub fn with_authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Sets the grants that the client may use.
    #[must_use]
    pub fn with_grant_types(mut self, grant_types: impl IntoIterator<Item = GrantType>) -> Self {
        self.grant_types = grant_types.into_iter().collect();
        self
    }

    /// Sets what kind of application it is.
    #[must_use]
    pub fn with_application_type(mut self, application_type: ApplicationType) -> Self {
        self.application_type = application_type;
        self
    }

    /// Who it is.
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// The name that people see. The client's own claim: nobody checked it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where answers may go.
    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.redirect_uris
    }

    /// What kind of application it is.
    pub fn application_type(&self) -> &ApplicationType {
        &self.application_type
    }

    /// How it proves itself.
    pub fn authentication(&self) -> &ClientAuthentication {
        &self.authentication
    }

    /// True when the client may use this grant.
    pub fn may_use(&self, grant_type: &GrantType) -> bool {
        self.grant_types.contains(grant_type)
    }
}

impl ClientAuthentication {
    /// `client_secret_basic` with this secret.
    pub fn basic(secret: &ClientSecret) -> Self {
        Self::SecretBasic(StoredSecret::new(secret))
    }

    /// `client_secret_post` with this secret.
    pub fn post(secret: &ClientSecret) -> Self {
        Self::SecretPost(StoredSecret::new(secret))
    }

    /// The method's name.
    pub fn method(&self) -> TokenEndpointAuthMethod {
        match self {
            Self::None => TokenEndpointAuthMethod::None,
            Self::SecretBasic(_) => TokenEndpointAuthMethod::ClientSecretBasic,
            Self::SecretPost(_) => TokenEndpointAuthMethod::ClientSecretPost,
        }
    }
}

impl StoredSecret {
    /// Keeps the hash of a secret that does not expire.
    pub fn new(secret: &ClientSecret) -> Self {
        Self { hash: SecretHash::of(secret.expose()), expires_at: None }
    }

    /// Lets the secret end.
    #[must_use]
    pub fn until(mut self, expires_at: Option<SystemTime>) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// When it ends; `None` is never.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    fn is(&self, presented: &ClientSecret, now: SystemTime) -> bool {
        self.hash.matches(presented.expose()) && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What an application is by where its answers go: only https means a web application.
pub(crate) fn application_type_of(redirect_uris: &[RedirectUri]) -> ApplicationType {
    let web = |uri: &RedirectUri| uri.url().scheme() == "https";
    if !redirect_uris.is_empty() && redirect_uris.iter().all(web) {
        ApplicationType::Web
    } else {
        ApplicationType::Native
    }
}
