//! Finding the authorization server.

use mcp_oauth_core::{Challenges, Issuer};

use super::{AuthorizationManager, Inner};
use crate::discovery::{TokenServer, find_resource};
use crate::{AuthorizationServer, DiscoveryError, Error, Grant, ProtectedResource, ResourceSource};

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
        Ok(self.inner.discover(challenges).await?)
    }
}

impl Inner {
    /// The same for grants without a redirect.
    pub(super) async fn discover_token_server(
        &self,
        challenges: &Challenges,
    ) -> Result<(ProtectedResource, TokenServer), DiscoveryError> {
        let Self { fetcher, policy, server, preference, .. } = self;
        let resource = find_resource(fetcher, policy, server, challenges, preference).await?;
        let token_server = resource.token_server(fetcher, policy, preference).await?;
        Ok((resource, token_server))
    }

    pub(super) async fn discover(
        &self,
        challenges: &Challenges,
    ) -> Result<(ProtectedResource, AuthorizationServer), DiscoveryError> {
        let Self { fetcher, policy, server, preference, .. } = self;
        let resource = find_resource(fetcher, policy, server, challenges, preference).await?;
        let authorization_server = resource.authorization_server(fetcher, policy, preference).await?;
        Ok((resource, authorization_server))
    }

    /// Whether the MCP server's metadata, read again, no longer names who gave the grant (C7.2). What cannot be read now
    /// changes nothing: a refresh goes to who gave the grant in any case.
    pub(super) async fn has_moved(&self, grant: &Grant, challenges: &Challenges) -> bool {
        let Self { fetcher, policy, server, preference, .. } = self;
        match find_resource(fetcher, policy, server, challenges, preference).await {
            Ok(resource) => {
                let is = |listed: &Issuer| {
                    listed == grant.issuer()
                        || policy.other_names(listed).any(|named| named == grant.issuer())
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
