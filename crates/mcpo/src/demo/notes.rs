//! The demo's protected MCP server: notes that a person has to log in for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, Implementation, NumberOrString, ProgressNotificationParam, ProgressToken,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{Json, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chart;

/// The scope that every tool needs.
pub(super) const READ: &str = "notes:read";
/// The scope that [`WRITING_TOOL`] needs beside it.
pub(super) const WRITE: &str = "notes:write";
/// The tool that needs the wider scope.
pub(super) const WRITING_TOOL: &str = "add_note";

/// The notes, shared by all sessions.
#[derive(Clone)]
pub(super) struct Notes {
    notes: Arc<Mutex<Vec<Note>>>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Note {
    /// Number of the note
    id: usize,
    /// Its title
    title: String,
    /// Its text
    text: String,
    /// Words to find it by
    tags: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NoteList {
    /// How many notes there are in all
    total: usize,
    /// The notes that were asked for
    notes: Vec<Note>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListNotes {
    /// Only notes with this tag
    tag: Option<String>,
    /// At most this many
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 100))]
    limit: usize,
}

fn default_limit() -> usize {
    20
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SearchNotes {
    /// Words that must be in the title or the text
    query: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NewNote {
    /// Title of the note
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// Text of the note
    #[schemars(length(max = 10_000))]
    text: String,
    /// Words to find it by
    #[serde(default)]
    tags: Vec<String>,
}

impl Notes {
    /// A few notes to begin with.
    pub(super) fn new() -> Self {
        let note = |id, title: &str, text: &str, tags: &[&str]| Note {
            id,
            title: title.into(),
            text: text.into(),
            tags: tags.iter().map(|tag| (*tag).into()).collect(),
        };
        let notes = vec![
            note(
                1,
                "Harbour walk",
                "Start at the old crane, follow the quay, coffee at the lighthouse.",
                &["walks", "sea"],
            ),
            note(
                2,
                "Bread",
                "500 g flour, 350 g water, 10 g salt, 2 g yeast; wait until tomorrow.",
                &["kitchen"],
            ),
            note(3, "Book list", "The Summer Book; The Left Hand of Darkness; Stoner.", &["reading"]),
            note(4, "Ridge walk", "Train to the upper station, three hours down, take water.", &["walks"]),
        ];
        Self { notes: Arc::new(Mutex::new(notes)) }
    }

    fn read(&self) -> Vec<Note> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tool_router]
impl Notes {
    /// Lists the notes, newest first.
    #[tool(annotations(read_only_hint = true))]
    async fn list_notes(
        &self,
        Parameters(ListNotes { tag, limit }): Parameters<ListNotes>,
    ) -> Json<NoteList> {
        let all = self.read();
        let total = all.len();
        let wanted =
            all.into_iter().rev().filter(|note| tag.as_ref().is_none_or(|tag| note.tags.contains(tag)));
        Json(NoteList { total, notes: wanted.take(limit).collect() })
    }

    /// Finds notes by words in their title or text.
    #[tool(annotations(read_only_hint = true))]
    async fn search_notes(&self, Parameters(SearchNotes { query }): Parameters<SearchNotes>) -> String {
        let words: Vec<_> = query.split_whitespace().map(str::to_lowercase).collect();
        let found: Vec<_> = self
            .read()
            .into_iter()
            .filter(|note| {
                let text = format!("{} {}", note.title, note.text).to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .map(|note| format!("{}: {}", note.title, note.text))
            .collect();
        if found.is_empty() { format!("No note has all of: {query}") } else { found.join("\n") }
    }

    /// Draws how many notes each tag has.
    #[tool(annotations(read_only_hint = true))]
    async fn draw_tags(&self) -> CallToolResult {
        let mut counts = BTreeMap::new();
        for tag in self.read().into_iter().flat_map(|note| note.tags) {
            *counts.entry(tag).or_insert(0.0) += 1.0;
        }
        let values: Vec<_> = counts.into_iter().collect();
        CallToolResult::success(vec![chart::bars(&values)])
    }

    /// Writes all notes as one Markdown document; takes a few seconds and reports its progress.
    #[tool(annotations(read_only_hint = true))]
    async fn export_notes(&self, context: RequestContext<RoleServer>) -> String {
        let notes = self.read();
        let token = context
            .meta
            .get_key_value("progressToken")
            .and_then(|(_, token)| serde_json::from_value::<NumberOrString>(token.clone()).ok());
        let mut document = String::from("# Notes\n");
        for (index, note) in notes.iter().enumerate() {
            tokio::time::sleep(EXPORT_PAUSE).await;
            // Writing to a String cannot fail.
            let _ = write!(document, "\n## {}\n\n{}\n", note.title, note.text);
            if let Some(token) = token.clone() {
                #[expect(clippy::cast_precision_loss, reason = "a handful of notes")]
                let progress = ProgressNotificationParam::new(ProgressToken(token), (index + 1) as f64)
                    .with_total(notes.len() as f64)
                    .with_message(note.title.clone());
                // A client that is gone does not want the rest either; the call is then cancelled.
                let _ = context.peer.notify_progress(progress).await;
            }
        }
        document
    }

    /// Adds a note. Needs the scope notes:write.
    #[tool(annotations(read_only_hint = false, destructive_hint = false))]
    async fn add_note(
        &self,
        Parameters(NewNote { title, text, tags }): Parameters<NewNote>,
    ) -> Result<Json<NoteList>, String> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() >= MOST_NOTES {
            return Err(format!("the demo keeps {MOST_NOTES} notes at most"));
        }
        let note = Note { id: notes.len() + 1, title, text, tags };
        notes.push(note.clone());
        Ok(Json(NoteList { total: notes.len(), notes: vec![note] }))
    }
}

#[tool_handler]
impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("notes", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "A person's notes. Reading needs the scope notes:read, add_note needs notes:write too.",
            )
    }
}

/// How long one note takes to export: long enough to be seen.
const EXPORT_PAUSE: Duration = Duration::from_millis(500);
/// The demo runs on somebody's machine.
const MOST_NOTES: usize = 1000;
