//! Token requests that need no person.

use std::sync::Arc;

use mcp_oauth_core::{Challenges, EndpointUrl, OAuthErrorCode, ResourceUri, ScopeSet};

use super::Inner;
use super::discover::Discovered;
use super::flight::{Occasion, RefreshError, is_usable};
use crate::discovery::TokenServer;
use crate::dpop::{Binding, Signals};
use crate::session::{Selection, select_scopes};
use crate::token::{TokenError, TokenRequest};
use crate::unattended::{Unattended, UnattendedError, assertion_form, client_credentials_form};
use crate::{AssertionAudience, Grant, RegisteredClient, RegistrationError, StoreError};

/// What a token is asked for, and where.
struct Target {
    resource: ResourceUri,
    client: RegisteredClient,
    token_endpoint: EndpointUrl,
    scopes: ScopeSet,
    /// What the token is to be bound to.
    binding: Option<Binding>,
}

impl Inner {
    /// The renewal of a grant that needs no person, and the first one too. One process asks at a time; what another one
    /// got meanwhile is taken over.
    pub(super) async fn renew_unattended(
        &self,
        unattended: &Unattended,
        occasion: &Occasion,
    ) -> Result<Arc<Grant>, RefreshError> {
        let since = self.tenure();
        self.load_once().await?;
        let held = self.current.load_full();
        // Nothing is lost without the store: another token can be had at any time.
        let lease = self.records.lease_server().await.map_err(|error| self.without_store(&error));
        let seen = self.records.look(&self.registration).await.map_err(|error| self.without_store(&error));
        let used = occasion.rejected.as_ref().or(held.as_ref().map(|held| &held.access_token));
        let is_enough =
            |grant: &Grant| is_usable(self, grant, used) && grant.granted.covers(&occasion.needed());
        if let Some(grant) = seen.as_ref().ok().and_then(|seen| seen.grant.value.clone()).filter(is_enough) {
            tracing::debug!(server = %self.server, "a token that another process got is taken over");
            return self.use_instead(since, held.as_ref(), &Arc::new(grant)).ok_or(RefreshError::NoGrant);
        }
        let grant = Arc::new(self.obtain(unattended, held.as_deref(), occasion).await?);
        let stored = match seen {
            Ok(seen) => self.records.put_grant_over(seen, &grant).await.map(Some),
            Err(()) => Ok(None),
        };
        let written = match stored {
            Ok(written) => written,
            Err(StoreError::Conflict) => {
                // Another process was faster, without the lease; or somebody logged out.
                let now = self.records.look(&self.registration).await?;
                if now.grant.value.is_none() {
                    self.revoke(&grant).await;
                    self.current.compare_and_swap(&held, None);
                    return Err(RefreshError::NoGrant);
                }
                None
            }
            Err(error) => {
                self.without_store(&error);
                None
            }
        };
        drop(lease);
        if let Some(grant) = self.use_instead(since, held.as_ref(), &grant) {
            return Ok(grant);
        }
        // They logged out here, and this is what would live on, here and at the server.
        if let Some(written) = written
            && let Err(error) = self.records.take_back(&grant, written).await
        {
            self.without_store(&error);
        }
        self.revoke(&grant).await;
        Err(RefreshError::NoGrant)
    }

    fn without_store(&self, error: &StoreError) {
        tracing::warn!(server = %self.server, %error, "going on without the credential store");
    }

    /// Before an expiry, the request that worked the last time. In all other cases, everything is looked up anew: what
    /// was refused may have been made by a server that the MCP server no longer trusts (C7.2).
    async fn obtain(
        &self,
        unattended: &Unattended,
        held: Option<&Grant>,
        occasion: &Occasion,
    ) -> Result<Grant, UnattendedError> {
        if let (Some(held), None) = (held, &occasion.rejected) {
            let target = Target {
                resource: held.resource.clone(),
                client: held.client.clone(),
                token_endpoint: held.token_endpoint.clone(),
                scopes: held.requested.clone(),
                binding: held.binding.clone(),
            };
            match self.request(unattended, target).await {
                // The endpoint may have moved.
                Err(UnattendedError::Token(TokenError::Unexpected { status }))
                    if status.is_client_error() => {}
                other => return other,
            }
        }
        let target = self.target(unattended, held, &occasion.challenges).await?;
        self.request(unattended, target).await
    }

    async fn target(
        &self,
        unattended: &Unattended,
        held: Option<&Grant>,
        challenges: &Challenges,
    ) -> Result<Target, UnattendedError> {
        let Discovered { resource, server, challenges } = self.discover_token_server(challenges).await?;
        check_offer(unattended, &server)?;
        let client = self.registration.unattended(unattended, server.issuer(), server.metadata())?;
        if let Some(registered) = self.bound_elsewhere(&client).await? {
            let found = server.issuer().clone();
            return Err(RegistrationError::OtherIssuer { registered, found }.into());
        }
        // Scopes of another authorization server mean nothing to this one (C7.1).
        let before = held.filter(|held| held.issuer() == server.issuer());
        let mut policy = self.policy.clone();
        // There is no refresh token to be had.
        policy.offline_access = false;
        let scopes = select_scopes(&Selection {
            configured: self.scopes.as_ref(),
            challenges: &challenges,
            resource: &resource,
            server: server.metadata(),
            before,
            policy: &policy,
        })?;
        let was_bound = before.is_some_and(|before| before.binding.is_some());
        let signals =
            Signals { challenges: &challenges, resource: &resource, server: server.metadata(), was_bound };
        let binding = self.registration.keys.choose(&signals)?;
        Ok(Target {
            resource: resource.resource().clone(),
            client,
            token_endpoint: server.token_endpoint().clone(),
            scopes,
            binding,
        })
    }

    async fn request(&self, unattended: &Unattended, target: Target) -> Result<Grant, UnattendedError> {
        let Target { resource, client, token_endpoint, scopes, binding } = target;
        let parameter = self.tokens.resource(&resource);
        let audience =
            AssertionAudience { issuer: client.issuer().clone(), token_endpoint: token_endpoint.clone() };
        let send = async |form| {
            let request = TokenRequest { endpoint: &token_endpoint, client: &client, form };
            self.tokens.request(&request, binding.as_ref()).await
        };
        let answer = match unattended {
            Unattended::ClientCredentials => {
                send(client_credentials_form(parameter, &scopes)).await.map_err(UnattendedError::Token)?
            }
            Unattended::Enterprise(enterprise) => {
                let Self { fetcher, policy, tokens, .. } = self;
                let assertion =
                    enterprise.id_jag(fetcher, policy, tokens, &audience, &resource, &scopes).await?;
                send(assertion_form(&assertion, parameter, &scopes)).await.map_err(UnattendedError::Token)?
            }
            Unattended::Workload(workload) => {
                let assertion = workload.assertion(&audience).await?;
                send(assertion_form(&assertion, parameter, &scopes)).await.map_err(|error| {
                    if error.code().is_some() && !error.is_retryable() {
                        workload.refuse(&assertion, &audience.issuer);
                    }
                    UnattendedError::Token(error)
                })?
            }
        };
        let mut grant = Grant::new(client, resource, token_endpoint, scopes, answer, self.clock.now());
        grant = grant.bound_by(binding);
        grant.kind = unattended.kind();
        // What can be asked for anew needs no second secret (C17.4).
        grant.refresh_token = None;
        tracing::info!(server = %self.server, issuer = %grant.issuer(), kind = ?grant.kind, scopes = %grant.granted, "a token was obtained");
        Ok(grant)
    }
}

impl Occasion {
    /// The scopes without which the token is of no use: those of a 403.
    fn needed(&self) -> ScopeSet {
        match self.challenges.error() {
            Some(OAuthErrorCode::InsufficientScope) => self.challenges.scope().unwrap_or_default(),
            _ => ScopeSet::empty(),
        }
    }
}

/// A server that says what it can do is believed (C17.8).
fn check_offer(unattended: &Unattended, server: &TokenServer) -> Result<(), UnattendedError> {
    let (issuer, metadata) = (server.issuer().clone(), server.metadata());
    let grant = unattended.grant_type();
    let profile = match unattended {
        Unattended::Enterprise(_) => metadata.takes_id_jag(),
        Unattended::ClientCredentials | Unattended::Workload(_) => None,
    };
    match profile {
        Some(true) => Ok(()),
        Some(false) => Err(UnattendedError::ProfileNotOffered { issuer }),
        None if metadata.may_grant(&grant) => Ok(()),
        None => Err(UnattendedError::NotOffered { issuer, grant }),
    }
}
