//! Where logins are made: which client the proxy is at an authorization server, and how a person is reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use mcp_oauth_client::{
    AuthorizationManager, BrowserLoopback, Console, Error, FileStore, HyperClient, Interaction,
    PreregisteredClient, SealedStore, SealingKeyError, SealingKeys, StoreError,
};
use mcp_oauth_core::{ClientId, ClientSecret, Clock, Entropy, InvalidUrl, Issuer, RedirectUri, ScopeSet};
use rustls::ClientConfig;
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;
use url::Url;

use super::browser::Browser;
use super::connector::LoginRequired;
use super::explain::explain;
use super::http_client::{CertificateError, oauth_client, oauth_client_for};
use crate::cli::say;
use crate::config::{Grant, LoginChannel, OAuthSettings, RemoteServer, Settings, TokenKey, TokenStorage};
use crate::service::World;

/// What all logins share.
pub struct LoginDesk {
    http: Arc<HyperClient>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    browser: Arc<dyn Browser>,
    token_directory: Option<PathBuf>,
    sealing: Option<SealingKeys>,
    /// The proxy's own page, to lead back to after a login.
    page: Option<Url>,
    time_limit: Duration,
    terminal: Mutex<()>,
}

/// Why a server's login cannot be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginDeskError {
    /// The configured client id, secret or scope has characters that OAuth forbids.
    #[error("server {server}: oauth.{key} has characters that OAuth forbids")]
    Client {
        /// The server.
        server: String,
        /// The key of the configuration.
        key: &'static str,
    },
    /// A configured address cannot be used.
    #[error("server {server}: oauth.{key} cannot be used")]
    Address {
        /// The server.
        server: String,
        /// The key of the configuration.
        key: &'static str,
        /// Why.
        #[source]
        source: InvalidUrl,
    },
    /// The server's certificates cannot be used.
    #[error("server {server}: its certificates cannot be used for its login")]
    Certificates {
        /// The server.
        server: String,
        /// Why.
        #[source]
        source: CertificateError,
    },
    /// The directory for tokens cannot be used.
    #[error("server {server}: tokens cannot be kept; repair that, or set \"storage_type\": \"memory\"")]
    Store {
        /// The server.
        server: String,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The key that tokens are sealed with cannot be used.
    #[error("tokens cannot be sealed; repair the key in MCPO_TOKEN_KEY_FILE or MCPO_TOKEN_KEY")]
    SealingKey(#[source] SealingKeyError),
    /// Tokens are to be kept in a file, and there is no home directory.
    #[error(
        "server {server}: no home directory to keep tokens in: set HOME, or \"storage_type\": \"memory\""
    )]
    NoHome {
        /// The server.
        server: String,
    },
}

impl LoginDesk {
    /// A desk for these settings. `page` is the address of the proxy's own page.
    ///
    /// # Errors
    /// When tokens are to be sealed and the key cannot be used.
    pub fn new(
        world: &World,
        tls: ClientConfig,
        settings: &Settings,
        page: &str,
    ) -> Result<Self, LoginDeskError> {
        let sealing = settings.token_key.as_ref().map(sealing_keys).transpose();
        Ok(Self {
            http: Arc::new(oauth_client(tls)),
            clock: Arc::clone(&world.clock),
            entropy: Arc::clone(&world.entropy),
            browser: Arc::clone(&world.browser),
            token_directory: settings.token_directory.clone(),
            sealing: sealing.map_err(LoginDeskError::SealingKey)?,
            page: Url::parse(page).ok(),
            time_limit: settings.limits.login_timeout,
            terminal: Mutex::default(),
        })
    }

    /// Who logs in to a server; none for a server that is given its credentials in a header, or that a token must not be
    /// sent to (plain http to another machine).
    ///
    /// # Errors
    /// When the configuration of its login cannot be put to use.
    pub fn manager(
        &self,
        name: &str,
        server: &RemoteServer,
    ) -> Result<Option<AuthorizationManager>, LoginDeskError> {
        if server.oauth.is_none() && server.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        let oauth = server.oauth.clone().unwrap_or_default();
        let forbidden = |key| LoginDeskError::Client { server: name.into(), key };
        let http = oauth_client_for(&server.certificates, &self.http)
            .map_err(|source| LoginDeskError::Certificates { server: name.into(), source })?;
        let mut builder = AuthorizationManager::builder(server.url.as_str())
            .subject(name)
            .http(http)
            .policy(oauth.policy.clone())
            .clock(Arc::clone(&self.clock))
            .entropy(Arc::clone(&self.entropy))
            .client_metadata(oauth.client.clone());
        if oauth.storage == TokenStorage::File {
            match self.tokens(name) {
                Ok(Tokens::Plain(store)) => builder = builder.store(store),
                Ok(Tokens::Sealed(store)) => builder = builder.store(store),
                Err(error) if server.oauth.is_some() => return Err(error),
                // Nobody said that this server needs a login; if it does, the tokens last as long as the program.
                Err(error) => tracing::debug!(server = name, "tokens are not kept: {}", explain(&error)),
            }
        }
        if let Some(id) = &oauth.client_id {
            let mut client =
                PreregisteredClient::new(ClientId::parse(id).map_err(|_| forbidden("client_id"))?);
            if let Some(secret) = &oauth.client_secret {
                let secret =
                    ClientSecret::parse(secret.expose_secret()).map_err(|_| forbidden("client_secret"))?;
                client = client.with_secret(secret);
            }
            if let Some(method) = &oauth.client.token_endpoint_auth_method {
                client = client.with_auth_method(method.clone());
            }
            if let Some(issuer) = &oauth.issuer {
                client = client.at_issuer(issuer.clone());
            }
            builder = builder.preregistered(client);
        }
        if oauth.grant == Grant::ClientCredentials {
            builder = builder.client_credentials();
        }
        if let Some(document) = &oauth.document {
            builder = builder.client_id_metadata_document(document);
        }
        if let Some(scope) = &oauth.scope {
            builder = builder.scopes(ScopeSet::parse(scope).map_err(|_| forbidden("client_metadata.scope"))?);
        }
        if let Some(url) = &oauth.server_url {
            let issuer = Issuer::parse(url.as_str()).map_err(|source| LoginDeskError::Address {
                server: name.into(),
                key: "server_url",
                source,
            })?;
            // A hint: mcpo's guide has the MCP server's own address here. What binds a client is `oauth.issuer`.
            builder = builder.choose_authorization_server(move |_| Some(issuer.clone()));
        }
        match builder.build() {
            Ok(manager) => Ok(Some(manager)),
            Err(error) if server.oauth.is_some() => {
                tracing::warn!(server = name, "no login is possible: {}", explain(&error));
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    fn tokens(&self, name: &str) -> Result<Tokens, LoginDeskError> {
        let directory =
            self.token_directory.as_ref().ok_or_else(|| LoginDeskError::NoHome { server: name.into() })?;
        let failed = |source| LoginDeskError::Store { server: name.into(), source };
        let store = FileStore::open(directory).map_err(failed)?;
        let Some(keys) = &self.sealing else { return Ok(Tokens::Plain(store)) };
        // Those from before there was a key are sealed at the first start with one; from then on, all have to be.
        SealedStore::new(store, keys.clone()).take_over().map(Tokens::Sealed).map_err(failed)
    }

    /// Has a person log in. `announce` is told the address of the login page before anything else shows it.
    ///
    /// # Errors
    /// When the authorization server cannot be used, nobody answers, or the answer is no.
    pub async fn login(
        &self,
        name: &str,
        oauth: &OAuthSettings,
        required: &LoginRequired,
        announce: impl Fn(&Url) + Send + Sync + 'static,
    ) -> Result<(), LoginError> {
        let redirect_uri = redirect_uri(oauth).map_err(LoginError::RedirectUri)?;
        // Browsers share a callback port, told apart by the state of their login; a terminal asks one question at a time.
        let _turn = match oauth.channel {
            LoginChannel::Paste => Some(self.terminal.lock().await),
            LoginChannel::Browser | LoginChannel::Page => None,
        };
        let interaction = self.interaction(name, oauth, redirect_uri, announce);
        let challenges = &required.required.challenges;
        required.manager.authorize(&*interaction, challenges).await.map_err(LoginError::Login)?;
        Ok(())
    }

    fn interaction(
        &self,
        name: &str,
        oauth: &OAuthSettings,
        redirect_uri: RedirectUri,
        announce: impl Fn(&Url) + Send + Sync + 'static,
    ) -> Box<dyn Interaction> {
        if oauth.channel == LoginChannel::Paste {
            return Box::new(Console::new().redirect_uri(redirect_uri));
        }
        let server = name.to_owned();
        let loopback = BrowserLoopback::announced(move |prompt| {
            // Said, not logged: the address holds the state of the login and is for the person only.
            say(&format!("Log in to {server}: {}", prompt.url));
            announce(&prompt.url);
        })
        .redirect_uri(redirect_uri)
        .time_limit(self.time_limit);
        let loopback = match &self.page {
            Some(page) => loopback.return_to(page.clone()),
            None => loopback,
        };
        if oauth.channel == LoginChannel::Page {
            return Box::new(loopback);
        }
        let browser = Arc::clone(&self.browser);
        Box::new(loopback.opener(move |url| browser.open(url)))
    }
}

/// Why a login did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The configured redirect URI cannot be used.
    #[error("oauth.client_metadata.redirect_uris cannot be used")]
    RedirectUri(#[source] InvalidUrl),
    /// A step of the login failed.
    #[error(transparent)]
    Login(Error),
}

impl LoginError {
    /// Whether the trouble may pass by itself, and came before there was anything to show to a person.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Login(error @ (Error::Discovery(_) | Error::Registration(_))) => error.is_retryable(),
            Self::Login(_) | Self::RedirectUri(_) => false,
        }
    }
}

/// Where tokens are kept in files.
enum Tokens {
    Plain(FileStore),
    Sealed(SealedStore<FileStore>),
}

fn sealing_keys(key: &TokenKey) -> Result<SealingKeys, SealingKeyError> {
    match key {
        TokenKey::File(path) => SealingKeys::from_file_or_new(path),
        TokenKey::Given(keys) => SealingKeys::parse(keys.expose_secret()),
    }
}

/// RFC 8252 §8.3: the address rather than the name `localhost`, unless the configuration says otherwise.
fn redirect_uri(oauth: &OAuthSettings) -> Result<RedirectUri, InvalidUrl> {
    match &oauth.redirect_uri {
        Some(uri) => RedirectUri::parse(uri.as_str()),
        None => RedirectUri::parse(&format!("http://127.0.0.1:{}/callback", oauth.callback_port)),
    }
}
