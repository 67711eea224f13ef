//! The words of OAuth as the Model Context Protocol uses it: challenges, metadata, resources, scopes, PKCE, tokens.
//! No I/O, no async.
//!
//! A value that exists is valid: each type is made by a parser that follows its standard's grammar, and nothing
//! downstream checks again. Texts that peers compare byte for byte (issuers, resources, redirect URIs, endpoints) keep
//! the bytes they were written with. Secrets do not print.
//!
//! | what | type | standard |
//! |---|---|---|
//! | `WWW-Authenticate` | [`Challenges`], [`BearerChallenge`], [`DpopChallenge`] | RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1 |
//! | what a token is for | [`ResourceUri`] | RFC 8707 |
//! | what a token may do | [`ScopeSet`] | RFC 6749 appendix A.4 |
//! | who issues it | [`Issuer`], [`AuthorizationServerMetadata`] | RFC 8414, OIDC Discovery, RFC 9207 |
//! | what the resource publishes | [`ProtectedResourceMetadata`] | RFC 9728 |
//! | where documents are | [`protected_resource_metadata_urls`], [`authorization_server_metadata_urls`] | RFC 9728 §3.1, RFC 8414 §3.1 |
//! | who the client is | [`ClientMetadata`], [`ClientInformation`], [`ClientMetadataDocument`] | RFC 7591, CIMD draft-00 |
//! | how a code is protected | [`CodeVerifier`], [`CodeChallenge`] | RFC 7636 |
//! | what a client signs | [`UnsignedJwt`], [`SigningAlgorithm`] | RFC 7515, RFC 7523 |
//! | who holds a token's key | [`DpopProof`], [`ReceivedProof`], [`PublicJwk`] | RFC 9449, RFC 7638 |
//! | what comes back | [`TokenResponse`], [`OAuthError`] | RFC 6749 §5 |
//!
//! ```
//! use mcp_oauth_core::{Issuer, authorization_server_metadata_urls};
//!
//! let issuer = Issuer::parse("https://as.example/tenant")?;
//! for url in authorization_server_metadata_urls(&issuer) {
//!     println!("ask {url}");
//! }
//! # Ok::<(), mcp_oauth_core::InvalidUrl>(())
//! ```

mod basic;
mod challenge;
mod clock;
mod device;
mod dpop;
mod endpoint;
mod entropy;
mod error;
mod issuer;
mod jose;
mod jwk;
mod metadata;
mod pkce;
mod redacted;
mod redirect;
mod registration;
mod resource;
mod scope;
mod secret;
mod token;
mod well_known;
mod written_url;

pub use basic::{BasicCredentials, InvalidBasicCredentials};
pub use challenge::{BearerChallenge, Challenge, ChallengeLimits, Challenges, DpopChallenge};
pub use clock::{Clock, FakeClock, SystemClock};
pub use device::DeviceAuthorizationResponse;
pub use dpop::{
    DpopNonce, DpopProof, ExpectedProof, InvalidNonce, InvalidProof, ReceivedProof, VerifiedProof,
    access_token_hash, target_uri,
};
pub use endpoint::{EndpointUrl, InvalidUrl, PlainHttp, is_loopback};
pub use entropy::{Entropy, SystemEntropy, random_text};
pub use error::{OAuthError, OAuthErrorCode};
pub use issuer::Issuer;
pub use jose::{SigningAlgorithm, UnsignedJwt};
pub use jwk::{EllipticCurve, InvalidJwk, KeyMaterial, PrivateJwk, PublicJwk, Thumbprint};
pub use metadata::{
    AuthorizationServerMetadata, InvalidResourceMetadata, InvalidServerMetadata, ProtectedResourceMetadata,
};
pub use pkce::{CodeChallenge, CodeVerifier, InvalidPkce};
pub use redacted::RedactedUrl;
pub use redirect::RedirectUri;
pub use registration::{
    ApplicationType, ClientId, ClientInformation, ClientMetadata, ClientMetadataDocument, GrantType,
    InvalidClientId, InvalidClientMetadataDocument, TokenEndpointAuthMethod,
};
pub use resource::ResourceUri;
pub use scope::{InvalidScope, ScopeSet, ScopeToken};
pub use secret::{
    AccessToken, Assertion, AuthorizationCode, ClientSecret, DeviceCode, InvalidSecret, RefreshToken, State,
};
pub use token::{TokenResponse, TokenType};
pub use well_known::{
    authorization_server_metadata_urls, protected_resource_metadata_url, protected_resource_metadata_urls,
};

/// The examples of the front page work.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
