//! Prints what an MCP server has: `inspect COMMAND [ARGS]`, or `inspect URL`.
use std::fmt::Display;

use mcp_upstream::{
    Command, HttpClient, Incomplete, Rejected, Session, SessionOptions, StdioTransport, StreamableTransport,
    Transport,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let target = words.next().ok_or("usage: inspect COMMAND [ARGS] | URL")?;
    let transport: Transport = if target.starts_with("http://") || target.starts_with("https://") {
        StreamableTransport::new(target.parse()?, HttpClient::builder().build()?).or_sse().into()
    } else {
        StdioTransport::new(Command::new(target).args(words)).into()
    };
    let session = Session::connect(transport, SessionOptions::default()).await?;
    let server = session.server();
    println!("{} {} speaks {}", server.name, server.version, server.protocol_version);
    println!("capabilities: {}", server.capabilities);

    let tools = session.list_tools().await?;
    heading("tools", tools.tools.len());
    for tool in &tools.tools {
        entry(&tool.name, tool.title().or(tool.description()));
    }
    remarks(&tools.rejected, tools.incomplete);

    let prompts = session.list_prompts().await?;
    heading("prompts", prompts.prompts.len());
    for prompt in &prompts.prompts {
        let arguments = prompt.arguments().iter();
        let arguments: Vec<String> = arguments
            .map(|argument| format!("{}{}", argument.name, if argument.required { "" } else { "?" }))
            .collect();
        entry(format!("{}({})", prompt.name, arguments.join(", ")), prompt.title().or(prompt.description()));
    }
    remarks(&prompts.rejected, prompts.incomplete);

    let resources = session.list_resources().await?;
    heading("resources", resources.resources.len());
    for resource in &resources.resources {
        entry(&resource.uri, resource.title().or(resource.name()));
    }
    remarks(&resources.rejected, resources.incomplete);

    let templates = session.list_resource_templates().await?;
    heading("resource templates", templates.templates.len());
    for template in &templates.templates {
        entry(&template.uri_template, template.title().or(template.name()));
    }
    remarks(&templates.rejected, templates.incomplete);
    session.close().await;
    Ok(())
}

fn heading(what: &str, count: usize) {
    println!("\n{count} {what}");
}

fn entry(name: impl Display, about: Option<&str>) {
    // A description may be pages long.
    let about = about.and_then(|about| about.lines().next()).unwrap_or_default();
    println!("  {name}  {about}");
}

fn remarks(rejected: &[Rejected], incomplete: Option<Incomplete>) {
    for item in rejected {
        println!("  not usable: {}: {}", item.name.as_deref().unwrap_or("(nameless)"), item.reason);
    }
    if let Some(incomplete) = incomplete {
        println!("  not whole: {incomplete}");
    }
}
