//! Calls one tool of a stdio server: `call TOOL ARGUMENTS -- COMMAND [ARGS]`.
use bytes::Bytes;
use mcp_upstream::{CallOptions, Command, Session, SessionOptions, StdioTransport};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(tool), Some(arguments), Some(_dashes), Some(program)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("usage: call TOOL ARGUMENTS -- COMMAND [ARGS]".into());
    };
    let server = Command::new(program).args(words);
    let session = Session::connect(StdioTransport::new(server), SessionOptions::default()).await?;
    for tool in session.list_tools().await?.tools {
        println!("{}: {}", tool.name, tool.input_schema());
    }
    let result = session.call_tool(&tool, Bytes::from(arguments), CallOptions::default()).await?;
    println!("{}", result.as_str());
    session.close().await;
    Ok(())
}
