//! Finding the authorization server.

use http::StatusCode;
use mcp_oauth_core::{Challenges, Issuer};

use super::{AuthorizationManager, Inner};
use crate::discovery::{TokenServer, find_resource};
use crate::{
    AuthorizationServer, DiscoveryError, Error, Grant, HttpError, ProtectedResource, ResourceSource,
};

impl AuthorizationManager {
    /// What the MCP server's token is for and who makes it, and how that was found out
    /// ([`ProtectedResource::source`], [`AuthorizationServer::source`]): for showing before a login, or for diagnosis. A
    /// login does it by itself.
    ///
    /// # Errors
    /// When no authorization server is found that can be used.
    pub async fn discover(
        &self,
        challenges: &Challenges,
    ) -> Result<(ProtectedResource, AuthorizationServer), Error> {
        let Discovered { resource, server, .. } = self.inner.discover(challenges).await?;
        Ok((resource, server))
    }
}

/// What a token is for, who makes it, and what the MCP server's challenges say of that.
pub(super) struct Discovered<S> {
    pub(super) resource: ProtectedResource,
    pub(super) server: S,
    pub(super) challenges: Challenges,
}

impl Inner {
    /// The same for grants without a redirect.
    pub(super) async fn discover_token_server(
        &self,
        challenges: &Challenges,
    ) -> Result<Discovered<TokenServer>, DiscoveryError> {
        let (resource, challenges) = self.find_resource(challenges).await?;
        let server = resource.token_server(&self.fetcher, &self.policy, &self.preference).await?;
        Ok(Discovered { resource, server, challenges })
    }

    pub(super) async fn discover(
        &self,
        challenges: &Challenges,
    ) -> Result<Discovered<AuthorizationServer>, DiscoveryError> {
        let (resource, challenges) = self.find_resource(challenges).await?;
        let server = resource.authorization_server(&self.fetcher, &self.policy, &self.preference).await?;
        Ok(Discovered { resource, server, challenges })
    }

    /// A server may say where its metadata is by its challenge alone (C1.3). Whoever has seen none, and finds nothing at the
    /// well-known places, has the server say it, before it is taken for one of 2025-03-26.
    async fn find_resource(
        &self,
        challenges: &Challenges,
    ) -> Result<(ProtectedResource, Challenges), DiscoveryError> {
        let Self { fetcher, policy, server, preference, .. } = self;
        let found = find_resource(fetcher, policy, server, challenges, preference).await;
        let is_published = match &found {
            Ok(resource) => resource.source() != ResourceSource::Assumed,
            Err(error) => !matches!(error, DiscoveryError::NoResourceMetadata),
        };
        if is_published || !challenges.is_empty() {
            return found.map(|resource| (resource, challenges.clone()));
        }
        let asked = self.ask_for_challenges().await?;
        if asked.resource_metadata().is_none() {
            return found.map(|resource| (resource, asked));
        }
        let resource = find_resource(fetcher, policy, server, &asked, preference).await?;
        Ok((resource, asked))
    }

    /// Those of a request without a token; none from a server that does not refuse it.
    async fn ask_for_challenges(&self) -> Result<Challenges, DiscoveryError> {
        match self.fetcher.ping(&self.server).await {
            Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
                Ok(Challenges::from_headers(answer.headers()))
            }
            Ok(answer) => {
                tracing::debug!(server = %self.server, status = %answer.status(), "no challenge");
                Ok(Challenges::default())
            }
            // It answers, at length or for ever: that is no refusal.
            Err(HttpError::BodyTooLarge { .. } | HttpError::TimedOut { .. }) => Ok(Challenges::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the MCP server's metadata, read again, no longer names who gave the grant (C7.2). What cannot be read now
    /// changes nothing: a refresh goes to who gave the grant in any case.
    pub(super) async fn has_moved(&self, grant: &Grant, challenges: &Challenges) -> bool {
        match self.find_resource(challenges).await {
            Ok((resource, _)) => {
                let is = |listed: &Issuer| {
                    listed == grant.issuer()
                        || self.policy.other_names(listed).any(|named| named == grant.issuer())
                };
                resource.source() != ResourceSource::Assumed
                    && !resource.authorization_servers().iter().any(is)
            }
            Err(error) => {
                tracing::debug!(server = %self.server, %error, "the metadata could not be read again");
                false
            }
        }
    }
}
