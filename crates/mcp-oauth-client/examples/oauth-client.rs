//! Logs in to an MCP server, lists its tools and calls two of them.
//!
//! ```text
//! cargo run --example mcp_oauth_server
//! cargo run --example oauth-client [URL] [--print]
//! ```
//! The login happens by itself, when the server refuses the first request: the browser opens, or with `--print` only its
//! address is printed. The second tool needs more than the login gave, so that the person is asked once more.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use mcp_oauth_client::{
    AuthorizationManager, AuthorizedHttpClient, BrowserLoopback, Prompt, TransportOptions,
    create_authorized_streamable_transport,
};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ClientConfig};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    // What failed, and why.
    let mut reason: Option<&dyn Error> = Some(&*error);
    while let Some(error) = reason {
        eprintln!("{error}");
        reason = error.source();
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (mut url, mut print) = ("http://127.0.0.1:3000/mcp".to_owned(), false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--print" => print = true,
            _ => url = argument,
        }
    }

    // Who logs in, and where what comes of it is kept: in memory, as long as this program runs.
    let manager = Arc::new(AuthorizationManager::builder(&url).client_name("Example client").build()?);
    // How the person is reached. The answer comes to a listener on this machine.
    let show = |prompt: &Prompt| println!("open: {}", prompt.url);
    let person =
        if print { BrowserLoopback::announced(show) } else { BrowserLoopback::new().and_announce(show) };

    // rmcp's client, authorized.
    let options = TransportOptions::new().interactive(person);
    let transport = create_authorized_streamable_transport(&url, &*manager, Some(options)).await?;
    let client = ClientConfig::default().serve(transport).await?;
    for tool in client.peer().list_all_tools().await? {
        println!("tool: {}: {}", tool.name, tool.description.unwrap_or_default());
    }
    // A step-up happens within the call.
    let thought = json!({ "text": "the way here" });
    let arguments = thought.as_object().cloned().unwrap_or_default();
    let call = CallToolRequestParams::new("remember").with_arguments(arguments);
    client.peer().call_tool(call).await?;
    let recalled = client.peer().call_tool(CallToolRequestParams::new("recall")).await?;
    println!("recalled: {}", serde_json::to_string(&recalled.content)?);

    // Anything else at the same server, with the same token.
    let http = AuthorizedHttpClient::new(&*manager, None);
    let whoami = http.get(manager.server().url().join("/whoami")?).await?.json::<Value>().await?;
    println!("logged in as {} for {}", whoami["subject"], whoami["scope"]);

    client.cancel().await?;
    Ok(())
}
