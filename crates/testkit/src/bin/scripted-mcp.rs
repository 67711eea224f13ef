//! A scripted MCP server over stdio: its one argument is the script, as `testkit::mcp::Script` writes it, or `@` and the
//! file that holds it.
use testkit::mcp::{Script, run_stdio};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let script = std::env::args().nth(1).ok_or("usage: scripted-mcp SCRIPT|@FILE")?;
    let script = script.strip_prefix('@').map_or(Ok(script.clone()), std::fs::read_to_string)?;
    let script: Script = serde_json::from_str(&script)?;
    run_stdio(script).await;
    Ok(())
}
