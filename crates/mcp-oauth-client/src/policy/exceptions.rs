//! The exceptions that known deployments need. Each is asked for by name, and covers what its name says and no more.

use mcp_oauth_core::{Issuer, ResourceUri};

/// What to do when a server does not say that it checks PKCE challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PkcePolicy {
    /// Refuse, as MCP demands: a server that ignores the challenge gives no protection against stolen codes.
    #[default]
    RequireAdvertised,
    /// Send a challenge all the same and go on. Microsoft Entra and Amazon Cognito check challenges without saying so.
    AssumeSupported,
}

/// What is sent as the `resource` parameter (RFC 8707), in every request that carries one.
///
/// ```
/// use mcp_oauth_client::ResourceParameter;
/// use mcp_oauth_core::ResourceUri;
///
/// let published = ResourceUri::parse("https://mcp.example/mcp")?;
/// assert_eq!(ResourceParameter::Published.value(&published), Some(&published));
/// assert_eq!(ResourceParameter::Omit.value(&published), None);
/// # Ok::<(), mcp_oauth_core::InvalidUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResourceParameter {
    /// The string that the MCP server publishes, whether the authorization server knows the parameter or not (MCP
    /// "Resource Parameter Implementation").
    #[default]
    Published,
    /// None. Microsoft Entra takes the resource from the scopes, and refuses one that differs from it (AADSTS9010010).
    /// Tokens are then for whatever the scopes mean: the MCP server alone can tell whether they are for it.
    Omit,
    /// This one: for a server that registered the resource under another name than it publishes.
    Fixed(ResourceUri),
}

impl ResourceParameter {
    /// The value to send for a resource that is published as `published`, if any is to be sent.
    pub fn value<'a>(&'a self, published: &'a ResourceUri) -> Option<&'a ResourceUri> {
        match self {
            Self::Published => Some(published),
            Self::Omit => None,
            Self::Fixed(fixed) => Some(fixed),
        }
    }
}

/// An authorization server whose metadata names another issuer than the one it is listed as, which RFC 8414 §3.3 forbids.
///
/// The pair is pinned both ways: only documents found for `listed` may name `named`, and they may name nothing else than
/// the two. What the document names is the issuer from then on: registrations and grants are kept under it, and an `iss`
/// in an answer is compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerException {
    /// What the MCP server's metadata (or the configuration) names, byte for byte.
    pub listed: Issuer,
    /// What the authorization server's own metadata names, byte for byte.
    pub named: Issuer,
}

/// When an authorization request is pushed to the server instead of travelling in the browser's address (RFC 9126).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PushedRequests {
    /// Where the server takes no others (`require_pushed_authorization_requests`).
    #[default]
    WhereRequired,
    /// Wherever the server has an endpoint for it.
    WhereOffered,
}

/// Whether tokens are bound to a key of this client, so that one that leaks is of no use to who finds it (`DPoP`, RFC 9449,
/// `io.modelcontextprotocol/auth/dpop`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DpopPolicy {
    /// Never. A token that the server binds all the same cannot be used, nor can a stored grant whose tokens are bound.
    Off,
    /// Where the MCP server says that it takes such tokens (a `DPoP` challenge, `dpop_signing_alg_values_supported` or
    /// `dpop_bound_access_tokens_required` in its metadata) and the authorization server says that it makes them.
    ///
    /// Only where the MCP server takes bearer tokens, too, is a bearer token taken that the authorization server gives in
    /// spite of the proof (RFC 9449 §5 leaves this to the client). A grant whose tokens are bound never falls back.
    #[default]
    WhenOffered,
    /// Always: a server that cannot is not used, a bearer token is an error, and registrations say so
    /// (`dpop_bound_access_tokens`). Stored grants with bearer tokens are not used any more.
    Required,
}
