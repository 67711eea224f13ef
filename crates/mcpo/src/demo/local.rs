//! The demo's local MCP server, `mcpo demo-server`: small text tools over stdin and stdout.

use std::collections::BTreeMap;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{Json, ServerHandler, ServiceExt as _, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chart;

/// Why the local server ended.
#[derive(Debug, thiserror::Error)]
#[error("the demo's local MCP server ended: is something speaking MCP to its stdin?")]
pub struct StdioError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Serves on stdin and stdout until the client closes them.
///
/// # Errors
/// When the client does not speak MCP.
pub async fn serve_stdio() -> Result<(), StdioError> {
    let server = TextTools;
    let running = server.serve(rmcp::transport::stdio()).await.map_err(|error| StdioError(error.into()))?;
    running.waiting().await.map_err(|error| StdioError(error.into()))?;
    Ok(())
}

#[derive(Clone)]
struct TextTools;

#[derive(Debug, Deserialize, JsonSchema)]
struct Text {
    /// The text to look at
    text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Statistics {
    /// Unicode characters
    characters: usize,
    /// Words, separated by white space
    words: usize,
    /// Lines
    lines: usize,
    /// The most frequent words, most frequent first
    frequent: Vec<Frequency>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Frequency {
    word: String,
    count: usize,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Lines {
    /// The lines to sort
    text: String,
    /// From last to first
    #[serde(default)]
    descending: bool,
    /// Drop lines that repeat
    #[serde(default)]
    unique: bool,
}

#[tool_router]
impl TextTools {
    /// Counts the characters, words and lines of a text, and its most frequent words.
    #[tool(annotations(read_only_hint = true))]
    async fn text_statistics(&self, Parameters(Text { text }): Parameters<Text>) -> Json<Statistics> {
        let frequent =
            frequencies(&text).into_iter().take(5).map(|(word, count)| Frequency { word, count }).collect();
        Json(Statistics {
            characters: text.chars().count(),
            words: text.split_whitespace().count(),
            lines: text.lines().count(),
            frequent,
        })
    }

    /// Sorts the lines of a text.
    #[tool(annotations(read_only_hint = true))]
    async fn sort_lines(&self, Parameters(Lines { text, descending, unique }): Parameters<Lines>) -> String {
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        if unique {
            lines.dedup();
        }
        if descending {
            lines.reverse();
        }
        lines.join("\n")
    }

    /// Draws the most frequent words of a text as a bar chart.
    #[tool(annotations(read_only_hint = true))]
    async fn draw_words(&self, Parameters(Text { text }): Parameters<Text>) -> CallToolResult {
        #[expect(clippy::cast_precision_loss, reason = "counts of words in one text")]
        let values: Vec<_> =
            frequencies(&text).into_iter().take(8).map(|(word, count)| (word, count as f64)).collect();
        CallToolResult::success(vec![chart::bars(&values)])
    }
}

fn frequencies(text: &str) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if !word.is_empty() {
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

#[tool_handler]
impl ServerHandler for TextTools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("text-tools", env!("CARGO_PKG_VERSION")))
            .with_instructions("Small tools that work on a text: statistics, sorting, a chart.")
    }
}
