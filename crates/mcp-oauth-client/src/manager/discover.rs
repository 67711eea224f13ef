//! Finding the authorization server.

use mcp_oauth_core::Challenges;

use super::{AuthorizationManager, Inner};
use crate::discovery::find_resource;
use crate::{AuthorizationServer, DiscoveryError, Error, ProtectedResource};

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
    pub(super) async fn discover(
        &self,
        challenges: &Challenges,
    ) -> Result<(ProtectedResource, AuthorizationServer), DiscoveryError> {
        let Self { fetcher, policy, server, preference, .. } = self;
        let resource = find_resource(fetcher, policy, server, challenges, preference).await?;
        let authorization_server = resource.authorization_server(fetcher, policy, preference).await?;
        Ok((resource, authorization_server))
    }
}
