//! A session and its tools become what the proxy serves.

use mcp_upstream::{Session, Tools};
use sha2::{Digest as _, Sha256};

use super::status::Exposed;
use crate::openapi::{self, LeftOut, ServerFacts, ToolSource};
use crate::registry::Server;

/// Publishes a session with the tools that its server listed.
pub(super) fn publish(server: &Server, session: &Session, tools: &Tools) {
    let description = session.server();
    let presentation = server.presentation();
    let disabled = &server.settings.disabled_tools;
    let sources: Vec<_> = tools
        .tools
        .iter()
        .filter(|tool| !disabled.contains(&tool.name))
        .map(|tool| ToolSource {
            name: &tool.name,
            title: tool.title(),
            description: tool.description(),
            input_schema: tool.input_schema(),
            output_schema: tool.output_schema(),
            annotations: tool.annotations(),
        })
        .collect();
    let facts = ServerFacts {
        title: &description.name,
        version: &description.version,
        instructions: description.instructions.as_deref(),
        base_path: &presentation.base_path,
        secured: presentation.secured,
    };
    let (document, exposed, mut left_out) = openapi::server_document(&facts, &sources);
    left_out.extend(tools.rejected.iter().map(|tool| LeftOut {
        tool: tool.name.clone().unwrap_or_else(|| "(without a name)".into()),
        reason: tool.reason.to_string(),
    }));
    let name = &server.settings.name;
    if let Some(incomplete) = tools.incomplete {
        tracing::warn!(server = name, "its list of tools is not whole: {incomplete}");
    }
    // A slip in a name would leave open what was meant to be closed.
    for unknown in disabled.iter().filter(|name| tools.tools.iter().all(|tool| tool.name != **name)) {
        tracing::warn!(
            server = name,
            tool = unknown,
            "\"disabledTools\" names a tool that the server does not have"
        );
    }
    for tool in left_out.iter().take(MOST_WARNINGS) {
        tracing::warn!(server = name, tool = tool.tool, "this tool is left out: {}", tool.reason);
    }
    if left_out.len() > MOST_WARNINGS {
        tracing::warn!(server = name, "and {} more tools are left out", left_out.len() - MOST_WARNINGS);
    }
    let caveats = exposed.iter().flat_map(|tool| tool.caveats.iter().map(move |caveat| (&tool.name, caveat)));
    for (tool, caveat) in caveats.take(MOST_WARNINGS) {
        tracing::warn!(server = name, tool, "{caveat}");
    }
    let title = description.name.clone();
    let tools = exposed.into_iter().map(|tool| (tool.name.clone(), tool)).collect();
    server.publish_exposed(Exposed { session: session.clone(), tools, left_out, title }, document);
}

/// Tells two lists of tools apart.
pub(super) fn fingerprint(tools: &Tools) -> [u8; 32] {
    let mut hash = Sha256::new();
    for tool in &tools.tools {
        hash.update(tool.raw.get().as_bytes());
        hash.update(b"\n");
    }
    hash.update(tools.rejected.len().to_le_bytes());
    hash.finalize().into()
}

/// One server does not fill the log.
const MOST_WARNINGS: usize = 10;
