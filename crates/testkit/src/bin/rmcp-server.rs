//! A server made with rmcp. It speaks 2026-07-28, and what came before it.
//!
//! `rmcp-server stdio|http`; over HTTP it listens on a free port and prints `LISTENING <port>`. The tests expect the same
//! tools of the servers made with other SDKs, `crates/mcp-upstream/tests/servers/`.
use std::{error::Error, sync::Arc};

use rmcp::{
    Json, RoleServer, ServerHandler, ServiceExt as _,
    handler::server::{tool::InputResponses, wrapper::Parameters},
    model::{
        CallToolResponse, CallToolResult, ContentBlock, Implementation, InputRequiredResult, NumberOrString,
        ProgressNotificationParam, ProgressToken, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
    tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("stdio") => {
            Tools.serve(rmcp::transport::stdio()).await?.waiting().await?;
        }
        Some("http") => {
            let service = StreamableHttpService::new(
                || Ok(Tools),
                Arc::new(LocalSessionManager::default()),
                StreamableHttpServerConfig::default(),
            );
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            println!("LISTENING {}", listener.local_addr()?.port());
            axum::serve(listener, axum::Router::new().route_service("/mcp", service)).await?;
        }
        _ => return Err("usage: rmcp-server stdio|http".into()),
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Tools;

#[derive(Debug, Deserialize, JsonSchema)]
struct Terms {
    a: i64,
    b: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Place {
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Steps {
    steps: u32,
}

#[tool_router]
impl Tools {
    /// Adds two numbers.
    #[tool(annotations(read_only_hint = true))]
    async fn add(&self, Parameters(Terms { a, b }): Parameters<Terms>) -> Json<Sum> {
        Json(Sum { sum: a.saturating_add(b) })
    }

    /// Says where it was sent to; the region travels as a header, too.
    #[tool]
    async fn locate(&self, Parameters(Place { region }): Parameters<Place>) -> String {
        format!("in {region}")
    }

    /// Asks for a name.
    #[tool]
    async fn greet(
        &self,
        InputResponses(answers): InputResponses,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        let Some(answers) = answers else {
            let ask = serde_json::json!({
                "resultType": "input_required",
                "inputRequests": { "name": { "method": "elicitation/create", "params": {
                    "mode": "form",
                    "message": "Who is there?",
                    "requestedSchema": {
                        "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"],
                    },
                } } },
            });
            let ask: InputRequiredResult = serde_json::from_value(ask)
                .map_err(|error| rmcp::ErrorData::internal_error(error.to_string(), None))?;
            return Ok(ask.into());
        };
        let answer = serde_json::to_value(answers.get("name")).unwrap_or_default();
        let name = answer["content"]["name"].as_str().unwrap_or("nobody").to_owned();
        Ok(CallToolResult::success(vec![ContentBlock::text(format!("Hello, {name}"))]).into())
    }

    /// Counts and reports progress.
    #[tool]
    async fn count(
        &self,
        Parameters(Steps { steps }): Parameters<Steps>,
        context: RequestContext<RoleServer>,
    ) -> String {
        let token = context.meta.get_key_value("progressToken").map(|(_, token)| token.clone());
        let token = token.and_then(|token| serde_json::from_value::<NumberOrString>(token).ok());
        for step in 1..=steps {
            if let Some(token) = token.clone() {
                let progress = ProgressNotificationParam::new(ProgressToken(token), f64::from(step))
                    .with_total(f64::from(steps));
                // A client that is gone does not want the rest either.
                let _ = context.peer.notify_progress(progress).await;
            }
        }
        format!("counted to {steps}")
    }

    /// Fails.
    #[tool]
    async fn fail(&self) -> Result<String, String> {
        Err("as it must".to_owned())
    }
}

#[tool_handler]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("rmcp", "1.0.0"))
    }
}
