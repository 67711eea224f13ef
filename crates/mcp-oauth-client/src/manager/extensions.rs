//! The authorization extensions of MCP that a client declares in its capabilities.
//!
//! The specification has clients declare the extensions that they support (2026-07-28, basic, "Extension negotiation"; the
//! guides of client credentials and enterprise-managed authorization, "Declare support"), and leaves them off unless the
//! program chose them (SEP-2133), so only what is configured is named.

use super::AuthorizationManager;
use crate::{DpopPolicy, GrantKind};

impl AuthorizationManager {
    /// The identifiers of the authorization extensions that this manager was configured for: those of its grant, and of bound
    /// tokens where they are [`Required`](DpopPolicy::Required). They belong, each with an empty object, into `extensions` of
    /// the capabilities that the MCP client sends.
    ///
    /// Workload identity federation and bound tokens are drafts that name no identifier; theirs are those of the official
    /// conformance suite. Logins by a person are no extension.
    ///
    /// ```
    /// # use mcp_oauth_client::{AuthorizationManager, PreregisteredClient};
    /// # use mcp_oauth_core::{ClientId, ClientSecret};
    /// # let client = PreregisteredClient::new(ClientId::parse("nightly")?).with_secret(ClientSecret::parse("s3cr3t")?);
    /// let manager = AuthorizationManager::builder("https://mcp.example.com/mcp")
    ///     .preregistered(client)
    ///     .client_credentials()
    ///     .build()?;
    /// assert_eq!(manager.extensions(), ["io.modelcontextprotocol/oauth-client-credentials"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn extensions(&self) -> Vec<&'static str> {
        let grant = self.inner.registration.unattended.as_ref().and_then(|it| match it.kind() {
            GrantKind::ClientCredentials => Some("io.modelcontextprotocol/oauth-client-credentials"),
            GrantKind::EnterpriseManaged => Some("io.modelcontextprotocol/enterprise-managed-authorization"),
            GrantKind::WorkloadIdentity => Some("io.modelcontextprotocol/auth/wif"),
            GrantKind::Login => None,
        });
        let bound = self.inner.policy.dpop == DpopPolicy::Required;
        grant.into_iter().chain(bound.then_some("io.modelcontextprotocol/auth/dpop")).collect()
    }

    /// The capabilities of a client made with rmcp, with [`extensions`](Self::extensions) declared in them.
    ///
    /// ```
    /// # use mcp_oauth_client::AuthorizationManager;
    /// use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
    ///
    /// # fn config(manager: &AuthorizationManager) -> ClientConfig {
    /// ClientConfig::new(manager.declare(ClientCapabilities::default()), Implementation::new("nightly", "1.0"))
    /// # }
    /// ```
    #[cfg(feature = "rmcp")]
    #[must_use]
    pub fn declare(
        &self,
        mut capabilities: rmcp::model::ClientCapabilities,
    ) -> rmcp::model::ClientCapabilities {
        let extensions = self.extensions();
        if !extensions.is_empty() {
            let declared = capabilities.extensions.get_or_insert_default();
            for extension in extensions {
                declared.entry(extension.to_owned()).or_default();
            }
        }
        capabilities
    }
}
