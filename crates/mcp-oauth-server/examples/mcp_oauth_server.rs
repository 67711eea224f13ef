//! An MCP server that needs a login, with an authorization server of its own in the same process.
//!
//! ```text
//! cargo run --example mcp_oauth_server [PORT]
//! cargo run --example oauth-client
//! ```
//! It listens on 127.0.0.1, on port 3000 unless told otherwise. Its page asks the person at the browser for consent; who
//! that is, it does not ask (an application of your own does, see `Users`). One of its tools needs a scope of its own, so
//! that a client has to ask for more.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::routing::get;
use axum::{Extension, Json, Router};
use mcp_oauth_server::mcp_oauth_core::{Issuer, ResourceUri, ScopeSet, ScopeToken};
use mcp_oauth_server::{AccessClaims, AuthorizationServer, LocalGuard, ProtectedResource, ToolScopes};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    // The issuer is the address that clients use, so the port must be known before the server is described.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| format!("port {port}: {error}. Name another one"))?;
    let base = format!("http://{}", listener.local_addr()?);
    let issuer = Issuer::parse(&base)?;
    // Everything below this address is one resource: its tokens are good for /mcp and for /whoami.
    let resource = ResourceUri::parse(&base)?;

    let server = AuthorizationServer::builder(issuer.clone())
        .name("Example server")
        .resource(resource.clone())
        .scope(ScopeToken::parse("mcp")?, "Use the server")
        .scope(ScopeToken::parse("mcp:write")?, "Change what it keeps")
        .build()?;
    let every = ScopeSet::parse("mcp")?;
    let write = ToolScopes::new(every.clone()).tool("remember", ScopeSet::parse("mcp mcp:write")?);
    let protected =
        ProtectedResource::new(resource, &issuer, every, server.verifier()).with_tool_scopes(write);

    let memory = Memory::default();
    let mcp = StreamableHttpService::new(
        move || Ok(memory.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let app = Router::new()
        .route_service("/mcp", mcp)
        .route("/whoami", get(whoami))
        .layer(protected.layer()) // what stands above needs a token
        .merge(protected.metadata_router()) // and this does not
        .merge(server.router())
        .layer(LocalGuard::new().layer());

    println!("listening: {base}/mcp");
    axum::serve(listener, app).await?;
    Ok(())
}

async fn whoami(Extension(claims): Extension<AccessClaims>) -> Json<Value> {
    Json(json!({ "subject": claims.subject, "scope": claims.scopes.to_string() }))
}

/// What the server's tools are about.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<String>>>);

#[derive(Deserialize, JsonSchema)]
struct Thought {
    /// What to keep.
    text: String,
}

#[tool_router]
impl Memory {
    /// Says what is kept.
    #[tool(annotations(read_only_hint = true))]
    async fn recall(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() { "nothing yet".to_owned() } else { kept.join("\n") }
    }

    /// Keeps something. Needs the scope mcp:write.
    #[tool]
    async fn remember(&self, Parameters(Thought { text }): Parameters<Thought>) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(text);
        format!("{} kept", kept.len())
    }
}

#[tool_handler]
impl ServerHandler for Memory {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("mcp_oauth_server", env!("CARGO_PKG_VERSION")))
    }
}
