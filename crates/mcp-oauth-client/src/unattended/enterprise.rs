//! Enterprise-managed authorization (MCP "Enterprise-Managed Authorization", RFC 8693, RFC 7523, the draft of the
//! Identity Assertion JWT Authorization Grant).

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::{
    Assertion, AuthorizationServerMetadata, EndpointUrl, Issuer, ResourceUri, ScopeSet, TokenType,
};

use super::kind::form;
use super::{SubjectTokenSource, UnattendedError};
use crate::assertion::audiences;
use crate::discovery::TokenServer;
use crate::http::Fetcher;
use crate::token::{TokenEndpoint, TokenRequest};
use crate::{AssertionAudience, DiscoveryError, Policy, PreregisteredClient};

/// A person who is signed in at their company's identity provider, which decides what MCP servers they may use.
///
/// Their ID token is exchanged at the identity provider for an assertion that is good for one MCP server (an ID-JAG), and
/// that for an access token at the MCP server's own authorization server. The person sees nothing of it (C17.7). The
/// client is registered at both: at the identity provider as given here, at the other one as given to the builder.
///
/// ```
/// use mcp_oauth_client::{AuthorizationManager, EnterpriseManaged, PreregisteredClient, SubjectToken};
/// use mcp_oauth_core::{Assertion, ClientId, ClientSecret, Issuer};
///
/// # let id_token = "eyJh.eyJz.c2ln";
/// // A function that gives a fresh token every time will do as well.
/// let person = SubjectToken::IdToken(Assertion::parse(id_token)?);
/// let at_the_idp = PreregisteredClient::new(ClientId::parse("sso-client")?)
///     .with_secret(ClientSecret::parse("sso-secret")?);
/// let at_the_server = PreregisteredClient::new(ClientId::parse("mcp-client")?)
///     .with_secret(ClientSecret::parse("mcp-secret")?);
///
/// let idp = Issuer::parse("https://acme.idp.example")?;
/// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
///     .preregistered(at_the_server)
///     .enterprise_managed(EnterpriseManaged::new(idp, at_the_idp, person))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EnterpriseManaged {
    issuer: Issuer,
    client: PreregisteredClient,
    token_endpoint: Option<String>,
    subject: Arc<dyn SubjectTokenSource>,
}

impl EnterpriseManaged {
    const ID_JAG: &'static str = "urn:ietf:params:oauth:token-type:id-jag";

    /// With the identity provider, the client as it knows it, and the person's token.
    pub fn new(issuer: Issuer, client: PreregisteredClient, subject: impl SubjectTokenSource) -> Self {
        let client = client.settled(Some(&issuer), &Policy::default());
        Self { issuer, client, token_endpoint: None, subject: Arc::new(subject) }
    }

    /// The identity provider's token endpoint, instead of what its metadata says: for providers that publish none.
    #[must_use]
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Exchanges the person's token for an assertion to `audience` (C17.5). It is never kept (C17.9).
    pub(crate) async fn id_jag(
        &self,
        fetcher: &Fetcher,
        policy: &Policy,
        tokens: &TokenEndpoint,
        audience: &AssertionAudience,
        resource: &ResourceUri,
        scopes: &ScopeSet,
    ) -> Result<Assertion, UnattendedError> {
        let (endpoint, metadata) =
            self.find(fetcher, policy).await.map_err(UnattendedError::IdentityProviderDiscovery)?;
        let client = self
            .client
            .at(&self.issuer, &metadata, Vec::new())
            .map_err(UnattendedError::IdentityProviderClient)?;
        let subject = self.subject.subject_token().await.map_err(UnattendedError::SubjectToken)?;
        let start = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".into()),
            ("requested_token_type", Self::ID_JAG.into()),
            ("audience", audience.issuer.as_str().into()),
            ("subject_token", subject.expose().into()),
            ("subject_token_type", subject.token_type().into()),
        ];
        let request = TokenRequest {
            endpoint: &endpoint,
            client: &client,
            form: form(start, tokens.resource(resource), scopes),
        };
        let answer = tokens.ask(&request).await.map_err(UnattendedError::IdentityProvider)?;
        let issued = answer.issued_token_type.as_deref();
        if answer.token_type != TokenType::NotApplicable || issued != Some(Self::ID_JAG) {
            return Err(UnattendedError::NotAnIdJag {
                token_type: answer.token_type,
                // A peer's text: printable, and not too much of it.
                issued_token_type: answer.issued_token_type.map(|it| it.escape_debug().take(200).collect()),
            });
        }
        // The grammar of access tokens is that of assertions.
        let assertion = Assertion::parse(answer.access_token.expose())
            .map_err(|_| UnattendedError::IdentityProvider(crate::TokenError::Malformed))?;
        // An identity provider that takes no notice of the audience must not arm whoever the MCP server names.
        let found = audiences(&assertion).unwrap_or_default();
        if !found.iter().any(|aud| audience.is(aud)) {
            return Err(UnattendedError::IdJagAudience { issuer: audience.issuer.clone(), found });
        }
        tracing::debug!(identity_provider = %self.issuer, audience = %audience.issuer, "the identity provider gave an assertion");
        Ok(assertion)
    }

    async fn find(
        &self,
        fetcher: &Fetcher,
        policy: &Policy,
    ) -> Result<(EndpointUrl, AuthorizationServerMetadata), DiscoveryError> {
        if let Some(text) = &self.token_endpoint {
            let endpoint = fetcher.endpoint(text).map_err(|source| DiscoveryError::Endpoint {
                issuer: self.issuer.clone(),
                endpoint: "token_endpoint",
                source,
            })?;
            return Ok((endpoint, AuthorizationServerMetadata::new(self.issuer.clone())));
        }
        let server = TokenServer::discover(fetcher, policy, &self.issuer).await?;
        Ok((server.token_endpoint().clone(), server.metadata().clone()))
    }
}

impl fmt::Debug for EnterpriseManaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterpriseManaged")
            .field("issuer", &self.issuer)
            .field("client", &self.client)
            .field("token_endpoint", &self.token_endpoint)
            .finish_non_exhaustive()
    }
}
