//! The protected half of the demo: an authorization server, and the notes behind it, on a port of their own.

use std::sync::Arc;

use axum::Router;
use mcp_oauth_core::{InvalidScope, InvalidUrl, Issuer, ResourceUri, ScopeSet, ScopeToken};
use mcp_oauth_server::{AuthorizationServer, BuildError, Consent, LocalGuard, ProtectedResource, ToolScopes};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower::ServiceExt as _;
use url::Url;

use super::notes::{Notes, READ, WRITE, WRITING_TOOL};
use crate::config::{Limits, Listen};
use crate::http::{self, ListenError};
use crate::lifecycle::Lifecycle;

/// The protected server, running.
#[derive(Debug)]
pub(super) struct Protected {
    /// Its MCP endpoint.
    pub(super) mcp_url: Url,
    /// Its authorization server.
    pub(super) issuer: String,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectedError {
    /// No port of this machine is free for it.
    #[error("the demo's protected server cannot listen")]
    Listen(#[from] ListenError),
    /// Its own address is no issuer or resource.
    #[error("the demo's protected server has an address that it cannot name")]
    Address(#[from] InvalidUrl),
    /// Its own scopes are none.
    #[error("the demo's protected server has scopes that it cannot name")]
    Scope(#[from] InvalidScope),
    /// Its authorization server cannot be built.
    #[error("the demo's authorization server cannot be built")]
    Build(#[from] BuildError),
}

impl Protected {
    /// Starts it; it ends with `lifecycle`. `auto_approve`: nobody is asked for consent.
    pub(super) async fn start(auto_approve: bool, lifecycle: &Lifecycle) -> Result<Self, ProtectedError> {
        let listen = Listen { host: "127.0.0.1".into(), port: 0, tls: None };
        let bound = http::bind(&listen, None).await?;
        let base = format!("http://{}", bound.address);
        let issuer = Issuer::parse(&base)?;
        let resource = ResourceUri::parse(&format!("{base}/mcp"))?;
        let server = AuthorizationServer::builder(issuer.clone())
            .name("Notes")
            .resource(resource.clone())
            .scope(ScopeToken::parse(READ)?, "Read your notes")
            .scope(ScopeToken::parse(WRITE)?, "Add notes")
            .consent(if auto_approve { Consent::AutoApprove } else { Consent::Page })
            .build()?;
        let read = ScopeSet::parse(READ)?;
        let both = ScopeSet::parse(&format!("{READ} {WRITE}"))?;
        let tools = ToolScopes::new(read.clone()).tool(WRITING_TOOL, both);
        let protected =
            ProtectedResource::new(resource, &issuer, read, server.verifier()).with_tool_scopes(tools);

        let notes = Notes::new();
        let mut config = StreamableHttpServerConfig::default();
        config.cancellation_token = lifecycle.soft.child_token();
        let mcp = StreamableHttpService::new(
            move || Ok(notes.clone()),
            Arc::new(LocalSessionManager::default()),
            config,
        );
        let app = Router::new()
            .route_service("/mcp", mcp)
            .layer(protected.layer())
            .merge(protected.metadata_router())
            .merge(server.router())
            .layer(LocalGuard::new().layer());
        let running = lifecycle.clone();
        let answer = move |request| {
            let app = app.clone();
            async move { app.oneshot(request).await.unwrap_or_else(|never| match never {}) }
        };
        lifecycle.tasks.spawn(async move { http::serve(bound, answer, &Limits::default(), running).await });
        let mcp_url = Url::parse(&format!("{base}/mcp")).map_err(InvalidUrl::from)?;
        Ok(Self { mcp_url, issuer: base })
    }
}
