//! An authorization server and a resource that needs its tokens, in one process.
//!
//! ```text
//! cargo run -p mcp-oauth-server --example embedded
//! ```
//! Then point an MCP client, or a browser, at what it prints.

use axum::{Extension, Router, routing::get};
use mcp_oauth_server::mcp_oauth_core::{Issuer, ResourceUri, ScopeSet, ScopeToken};
use mcp_oauth_server::{AccessClaims, AuthorizationServer, LocalGuard, ProtectedResource};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The issuer is the address that clients use, so the port must be known before the server is described.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let base = format!("http://{}", listener.local_addr()?);

    let issuer = Issuer::parse(&base)?;
    let resource = ResourceUri::parse(&format!("{base}/whoami"))?;
    let server = AuthorizationServer::builder(issuer.clone())
        .name("Embedded example")
        .resource(resource.clone())
        .scope(ScopeToken::parse("profile:read")?, "See who you are")
        .build()?;
    let protected = ProtectedResource::new(
        resource.clone(),
        &issuer,
        ScopeSet::parse("profile:read")?,
        server.verifier(),
    );

    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(protected.layer())
        .merge(protected.metadata_router())
        .merge(server.router())
        .layer(LocalGuard::new().layer());

    println!("resource       {resource}   (401 without a token)");
    println!("server         {base}/.well-known/oauth-authorization-server");
    println!("registration   POST {base}/register");
    axum::serve(listener, app).await?;
    Ok(())
}

async fn whoami(Extension(claims): Extension<AccessClaims>) -> String {
    format!("{}, by way of {}, may {}\n", claims.subject, claims.client_id, claims.scopes)
}
