//! Where assertions come from. They rotate, so each request asks for one.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Assertion, RefreshToken};
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use crate::{AssertionAudience, BoxError};

/// Gives the assertion of a workload (C17.17): a file, or whatever the platform offers. A function will do:
///
/// ```
/// use mcp_oauth_client::{AssertionAudience, AssertionSource, BoxError};
/// use mcp_oauth_core::Assertion;
///
/// async fn from_the_platform(audience: String) -> Result<Assertion, BoxError> {
///     println!("a token for {audience}, please");
///     Ok(Assertion::parse("eyJ…".replace('…', "h"))?)
/// }
/// fn takes(source: impl AssertionSource) {}
/// takes(|server: &AssertionAudience| Box::pin(from_the_platform(server.issuer.to_string())) as _);
/// ```
pub trait AssertionSource: Send + Sync + 'static {
    /// An assertion that is valid now. It is asked for before every token request and not kept.
    ///
    /// `audience` is the authorization server that it will be shown to, for platforms that make a token for whatever
    /// audience is asked for: its issuer, unless the server wants its token endpoint. It is whom the MCP server names, so
    /// an assertion for somebody else is not for it; [`WorkloadIdentity`](crate::WorkloadIdentity) sees to that.
    ///
    /// # Errors
    /// When there is none; requests fail with [`UnattendedError::Assertion`](crate::UnattendedError::Assertion).
    fn assertion<'a>(&'a self, audience: &'a AssertionAudience)
    -> BoxFuture<'a, Result<Assertion, BoxError>>;
}

impl<F> AssertionSource for F
where
    F: Fn(&AssertionAudience) -> BoxFuture<'static, Result<Assertion, BoxError>> + Send + Sync + 'static,
{
    fn assertion<'a>(
        &'a self,
        audience: &'a AssertionAudience,
    ) -> BoxFuture<'a, Result<Assertion, BoxError>> {
        self(audience)
    }
}

impl AssertionSource for Arc<dyn AssertionSource> {
    fn assertion<'a>(
        &'a self,
        audience: &'a AssertionAudience,
    ) -> BoxFuture<'a, Result<Assertion, BoxError>> {
        (**self).assertion(audience)
    }
}

/// The assertion in a file that the platform keeps fresh, such as a projected service account token of Kubernetes. White
/// space around it is ignored.
#[derive(Debug, Clone)]
pub struct AssertionFile {
    path: PathBuf,
}

impl AssertionFile {
    /// How large the file may be, in bytes.
    pub const LIMIT: u64 = 64 * 1024;

    /// The file is read anew for every token request.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    async fn read(&self) -> Result<Assertion, BoxError> {
        let mut text = Zeroizing::new(String::new());
        let file = tokio::fs::File::open(&self.path).await?;
        file.take(Self::LIMIT.saturating_add(1)).read_to_string(&mut text).await?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > Self::LIMIT {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
        }
        Ok(Assertion::parse(text.trim())?)
    }
}

impl AssertionSource for AssertionFile {
    fn assertion<'a>(&'a self, _: &'a AssertionAudience) -> BoxFuture<'a, Result<Assertion, BoxError>> {
        Box::pin(self.read())
    }
}

/// What an identity provider gave at the single sign-on: it says who the person is (RFC 8693 §2.1).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectToken {
    /// An `OpenID` Connect ID token.
    IdToken(Assertion),
    /// A refresh token of the identity provider: what a SAML assertion is exchanged for first.
    RefreshToken(RefreshToken),
}

impl SubjectToken {
    /// The token itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        match self {
            Self::IdToken(token) => token.expose(),
            Self::RefreshToken(token) => token.expose(),
        }
    }

    /// The identifier of its type (RFC 8693 §3).
    pub fn token_type(&self) -> &'static str {
        match self {
            Self::IdToken(_) => "urn:ietf:params:oauth:token-type:id_token",
            Self::RefreshToken(_) => "urn:ietf:params:oauth:token-type:refresh_token",
        }
    }
}

impl fmt::Debug for SubjectToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectToken(redacted, {})", self.token_type())
    }
}

/// Gives the token of the person for whom the program acts. It is asked for before every token request, so that it can
/// be fresh; an application that has to bring the person to their identity provider first does it here.
pub trait SubjectTokenSource: Send + Sync + 'static {
    /// A token that is valid now.
    fn subject_token(&self) -> BoxFuture<'_, Result<SubjectToken, BoxError>>;
}

impl<F> SubjectTokenSource for F
where
    F: Fn() -> BoxFuture<'static, Result<SubjectToken, BoxError>> + Send + Sync + 'static,
{
    fn subject_token(&self) -> BoxFuture<'_, Result<SubjectToken, BoxError>> {
        self()
    }
}

impl SubjectTokenSource for SubjectToken {
    /// Always this one, for as long as it is valid.
    fn subject_token(&self) -> BoxFuture<'_, Result<SubjectToken, BoxError>> {
        Box::pin(async { Ok(self.clone()) })
    }
}
