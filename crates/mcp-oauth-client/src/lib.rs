//! An OAuth client for the Model Context Protocol: it finds the authorization server of an MCP server, registers there,
//! brings a person through the login, keeps the tokens and renews them, and makes any HTTP client an authorized one.
//!
//! It speaks every revision of the MCP authorization specification from 2025-03-26 on, and takes the specifications at
//! their word: documents that do not name what was asked for are not used, servers that do not promise PKCE are refused,
//! and tokens, codes and secrets appear in no log, no error and no `Debug`. Each exception has a name in [`Policy`].
//!
//! # A client in one page
//!
//! ```no_run
//! use bytes::Bytes;
//! use http_body_util::Full;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use mcp_oauth_client::{AuthorizationLayer, AuthorizationManager, BrowserLoopback, FileStore};
//! use tower::{Layer, ServiceExt};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! // One manager per MCP server. Grants and registrations go to files that only you can read.
//! let manager = AuthorizationManager::builder("http://127.0.0.1:8000/mcp")
//!     .store(FileStore::open("/home/me/.config/my-app/tokens")?)
//!     .client_name("my app")
//!     .build()?;
//!
//! // Any tower service that sends HTTP requests. The layer attaches tokens and renews them; where only a person can
//! // help, it opens the browser, waits for the answer, redeems and stores it, and sends the request again.
//! let client = AuthorizationLayer::new(manager)
//!     .interactive(BrowserLoopback::new())
//!     .layer(Client::builder(TokioExecutor::new()).build_http());
//!
//! let request = http::Request::get("http://127.0.0.1:8000/mcp").body(Full::<Bytes>::default())?;
//! println!("{}", client.oneshot(request).await?.status());
//! # Ok(())
//! # }
//! ```
//!
//! # Pages on one task each
//!
//! | task | page |
//! |---|---|
//! | bring a person to the login page yourself, step by step | [`guide::login`] |
//! | be a client that the server knows: an id, a document, a registration | [`guide::clients`] |
//! | send requests with tokens; how often people are asked | [`guide::requests`] |
//! | a client made with rmcp (feature `rmcp`) | `guide::rmcp` |
//! | no browser here, or no person at all | [`guide::unattended`] |
//! | keep tokens | [`guide::stores`] |
//! | tokens that are of no use to a thief | [`guide::bound_tokens`] |
//!
//! # What happens in a login
//!
//! Each step is a type that only the step before can make, so that none can be left out:
//!
//! ```text
//! Challenges -> ProtectedResource -> AuthorizationServer -> RegisteredClient -> AuthorizationSession -> Grant
//! (parsed)      (resource matches)   (issuer matches,       (secret and method  (state, verifier,      (tokens, scopes,
//!                                     https endpoints,       as registered)      issuer, expiry)        expiry)
//!                                     S256 per policy)
//! ```
//!
//! - **Discovery.** The address in the challenge, then the well-known address with the server's path, then the one at the
//!   root of its host; RFC 8414 and `OpenID` Connect Discovery in the specified order. A server that publishes nothing is
//!   taken for one of the 2025-03-26 revision ([`Policy::legacy_servers`]); one that is down is not.
//! - **Registration.** [`AuthorizationManagerBuilder::preregistered`], then
//!   [`AuthorizationManagerBuilder::client_id_metadata_document`], then dynamically. What the server answers counts.
//! - **The person.** [`BrowserLoopback`] opens the browser, or hands the address to your own page, and listens on a
//!   loopback address before anybody sees the address. [`Console`] prints it and reads what is pasted. [`Channel`] hands
//!   it to the part of your application that talks to people.
//!   [`AuthorizationManager::begin`] leaves it all to you. [`Interaction`] is the trait.
//! - **The answer.** State, issuer (RFC 9207) and repeated parameters are checked before the code goes anywhere.
//! - **The grant.** It is stored with all that a refresh needs, so that the next start asks nobody but the MCP server.
//!
//! # Other ways to a grant
//!
//! | who acts | choose | what it takes |
//! |---|---|---|
//! | a person with another device | [`DeviceLogin`] in place of a browser | a server with device codes (RFC 8628) |
//! | the program itself | [`AuthorizationManagerBuilder::client_credentials`] | a client with a secret or a [`ClientKey`] |
//! | a person of a company | [`AuthorizationManagerBuilder::enterprise_managed`] | their ID token, and the company's identity provider |
//! | a workload | [`AuthorizationManagerBuilder::workload_identity`] | what its platform says about it ([`AssertionFile`]) |
//!
//! All but the first need no person at all: the manager asks for a token whenever one is needed, and nobody is ever sent
//! to a browser. What fails is an [`UnattendedError`].
//!
//! # Renewal
//!
//! Refresh tokens rotate, and presenting a spent one makes some servers revoke everything. So a grant is renewed once
//! however many requests wait for it, in one process at a time (a lease in the store), in a task that no caller can
//! interrupt; the answer is stored before it is used, and what another process renewed is taken over.
//!
//! [`guide::stores`] says what is guaranteed when a program or a machine stops in the middle of it, where tokens can be
//! kept, and what each place protects them from.
//!
//! # Exceptions
//!
//! What providers are known to do otherwise than the specifications say is let through by name, for one manager at a time:
//!
//! | exception | for |
//! |---|---|
//! | [`PkcePolicy::AssumeSupported`] | Microsoft Entra, Amazon Cognito: PKCE is checked, but not advertised |
//! | [`ResourceParameter::Omit`] | Microsoft Entra: the scopes name the resource (AADSTS9010010) |
//! | [`IssuerException`] | Atlassian, Slack: the metadata names another issuer than it is listed as |
//! | [`Policy::authorization_parameters`] | Google: `access_type=offline` for refresh tokens |
//! | [`Policy::addresses`] | authorization servers within a company's network |
//!
//! ```
//! use mcp_oauth_client::{AuthorizationManager, PkcePolicy, Policy, ResourceParameter};
//!
//! let mut entra = Policy::default();
//! entra.pkce = PkcePolicy::AssumeSupported;
//! entra.resource = ResourceParameter::Omit;
//! let manager = AuthorizationManager::builder("https://mcp.example/mcp").policy(entra).build()?;
//! # Ok::<(), mcp_oauth_client::Error>(())
//! ```
//!
//! # The end
//!
//! [`AuthorizationManager::logout`] forgets the grant here and revokes its tokens where that is offered (RFC 7009);
//! [`AuthorizationManager::forget`] ends the client's registration too, and
//! [`AuthorizationManager::client_registration`] reads and changes it (RFC 7592).
//!
//! # What to replace
//!
//! | trait | for | at hand |
//! |---|---|---|
//! | [`CredentialStore`] | grants and registrations | [`MemoryStore`], [`FileStore`], [`SealedStore`] |
//! | [`PendingStore`] | logins under way, shared by replicas | [`MemoryPendingStore`] |
//! | [`HttpClient`] | metadata, registration and token requests | [`HyperClient`] |
//! | [`Interaction`] | reaching a person | [`BrowserLoopback`], [`Console`], [`Channel`], [`DeviceLogin`] |
//! | [`AssertionSigner`] | a client's private key | [`PrivateKey`], for PEM files |
//! | [`AssertionSource`], [`SubjectTokenSource`] | who the workload or the person is | [`AssertionFile`], [`SubjectToken`], any function |
//! | [`DpopSigner`] | the key that tokens are bound to | one in memory, kept with the grant |
//! | [`Clock`](mcp_oauth_core::Clock), [`Entropy`](mcp_oauth_core::Entropy) | tests | the system's |
//!
//! # Tokens bound to a key
//!
//! Where the MCP server takes them, tokens are bound to a key of this client (`DPoP`, RFC 9449): each login makes one, it
//! is kept with the grant, and the layer sends a fresh proof with every request. [`Policy::dpop`] says whether it may, or
//! must; [`AuthorizationManagerBuilder::dpop_signer`] brings a key from elsewhere. See [`guide::bound_tokens`].
//!
//! # Errors
//!
//! Each operation has its own enum; [`Error`] folds them. [`Error::is_retryable`] says that trying again later may help,
//! [`Error::needs_authorization`] that a person must log in.

mod assertion;
mod attendance;
mod authorized;
mod device;
mod discovery;
mod dpop;
mod error;
mod grant;
pub mod guide;
mod http;
mod interaction;
mod layer;
mod manager;
mod policy;
mod registration;
mod session;
mod store;
mod stored;
mod token;
#[cfg(feature = "rmcp")]
mod transport;
mod unattended;

/// The words of the protocol, which stand in the signatures here: ids, scopes, challenges, metadata.
pub use mcp_oauth_core;

pub use assertion::{AssertionAudience, AssertionError, AssertionSigner, ClientKey, InvalidKey, PrivateKey};
pub use attendance::LoginOccasion;
pub use authorized::{Answer, AuthorizedHttpClient, AuthorizedRequest, RequestError};
pub use device::DeviceError;
pub use discovery::{AuthorizationServer, DiscoveryError, ProtectedResource, ResourceSource, ServerSource};
pub use dpop::{DpopError, DpopSigner};
pub use error::{AuthorizationReason, AuthorizationRequired, BuildError, Error, LoginObstacle};
pub use grant::{Grant, GrantKind};
pub use http::{
    AddressPolicy, BoxError, ConnectionRules, EgressProxies, HttpClient, HttpError, HyperClient, Resolver,
    StreamedBody, StreamingClient, tls_config,
};
pub use interaction::{
    BrowserLoopback, Channel, Console, DeviceDisplay, DeviceLogin, DevicePrompt, Interaction,
    InteractionError, LoopbackOptions, NotAccepted, Prompt, Question, Questions, Rendezvous,
};
pub use layer::{AuthorizationLayer, Authorized, AuthorizedFuture};
pub use manager::{
    AuthorizationManager, AuthorizationManagerBuilder, ClientRegistration, Forgotten, Logout, RefreshError,
    Revocation, RevocationError,
};
pub use policy::{
    DpopPolicy, IssuerException, Limits, PkcePolicy, Policy, PushedRequests, ResourceParameter,
};
pub use registration::{
    ClientAuthentication, ClientOrigin, ManagementError, PreregisteredClient, RegisteredClient,
    RegistrationError,
};
pub use session::{
    AuthorizationSession, CallbackError, Credentials, MemoryPendingStore, PendingAuthorization, PendingStore,
    PushError, ScopeError, ShownToken,
};
pub use store::{
    CredentialStore, FileStore, Lease, MemoryStore, SealedStore, SealingKey, SealingKeyError, SealingKeys,
    SecretBytes, StoreError, StoreKey, UnsealError, Version,
};
#[cfg(any(test, feature = "keyring"))]
pub use store::{KeyringError, KeyringStore};
pub use token::TokenError;
#[cfg(feature = "rmcp")]
pub use transport::{
    AuthorizedSseTransport, AuthorizedStreamableClient, TransportError, TransportOptions, TransportRetry,
    create_authorized_streamable_transport, create_authorized_transport,
};
pub use unattended::{
    AssertionFile, AssertionSource, EnterpriseManaged, SubjectToken, SubjectTokenSource, UnattendedError,
    WorkloadIdentity,
};

/// The examples of the front page work.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
