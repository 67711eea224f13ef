//! What a scripted server has and does, as data, so that a child process can be told, too.
use serde::{Deserialize, Serialize};

use super::{EarlyRequest, Era, Step};

/// A server's part, to be played over any transport.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Script {
    pub(super) protocol_version: Option<String>,
    pub(super) capabilities: String,
    pub(super) tools: Vec<ScriptedTool>,
    pub(super) page_size: usize,
    pub(super) repeat_pages: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) before: Vec<Step>,
    pub(super) ignore_input_end: bool,
    pub(super) sessions: bool,
    pub(super) endpoint: Option<String>,
    pub(super) get_stream: bool,
    pub(super) era: Era,
    pub(super) stateless: Vec<String>,
    pub(super) result_types: bool,
    pub(super) early: EarlyRequest,
}

/// A tool: how it is listed and what a call of it does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScriptedTool {
    /// The name that calls it; `None` for a definition that is only listed.
    pub name: Option<String>,
    /// The definition as it stands in the list, byte for byte.
    pub definition: String,
    /// What a call does.
    pub steps: Vec<Step>,
}

/// What to do instead of the usual for a JSON-RPC method, or for the HTTP method `GET` or `DELETE`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// The method.
    pub method: String,
    /// How many requests are left alone first.
    pub skip: usize,
    /// For how many requests after that the rule holds.
    pub times: usize,
    /// What to do.
    pub steps: Vec<Step>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            protocol_version: None,
            capabilities: r#"{"tools":{"listChanged":true}}"#.to_owned(),
            tools: Vec::new(),
            page_size: usize::MAX,
            repeat_pages: false,
            rules: Vec::new(),
            before: Vec::new(),
            ignore_input_end: false,
            sessions: true,
            endpoint: None,
            get_stream: true,
            era: Era::Legacy,
            stateless: vec!["2026-07-28".to_owned()],
            result_types: true,
            early: EarlyRequest::Answered,
        }
    }
}

impl Script {
    /// A server without tools that speaks whatever revision it is asked for.
    pub fn new() -> Self {
        Self::default()
    }

    /// The revision it answers with, known or not.
    #[must_use]
    pub fn protocol_version(mut self, version: &str) -> Self {
        self.protocol_version = Some(version.to_owned());
        self
    }

    /// The capabilities it declares, as JSON.
    #[must_use]
    pub fn capabilities(mut self, json: &str) -> Self {
        json.clone_into(&mut self.capabilities);
        self
    }

    /// A tool with a schema and what a call of it does.
    #[must_use]
    pub fn tool(self, name: &str, input_schema: &str, steps: Vec<Step>) -> Self {
        let definition = format!(
            r#"{{"name":{},"description":"Scripted.","inputSchema":{input_schema}}}"#,
            serde_json::Value::from(name)
        );
        self.defined_tool(name, &definition, steps)
    }

    /// A tool with its whole definition.
    #[must_use]
    pub fn defined_tool(mut self, name: &str, definition: &str, steps: Vec<Step>) -> Self {
        let definition = definition.to_owned();
        self.tools.push(ScriptedTool { name: Some(name.to_owned()), definition, steps });
        self
    }

    /// Something in the list of tools, good or bad, that is never called.
    #[must_use]
    pub fn listed(mut self, definition: &str) -> Self {
        self.tools.push(ScriptedTool { name: None, definition: definition.to_owned(), steps: Vec::new() });
        self
    }

    /// How many tools there are on a page; all on one if not said.
    #[must_use]
    pub fn page_size(mut self, tools: usize) -> Self {
        self.page_size = tools;
        self
    }

    /// Names the first page again after the last one, for ever.
    #[must_use]
    pub fn repeat_pages(mut self) -> Self {
        self.repeat_pages = true;
        self
    }

    /// Does `steps` for every request of `method`.
    #[must_use]
    pub fn always(self, method: &str, steps: Vec<Step>) -> Self {
        self.rule(method, 0, usize::MAX, steps)
    }

    /// Does `steps` for the first request of `method`.
    #[must_use]
    pub fn first(self, method: &str, steps: Vec<Step>) -> Self {
        self.rule(method, 0, 1, steps)
    }

    /// Does `steps` for `times` requests of `method` after the first `skip`.
    #[must_use]
    pub fn rule(mut self, method: &str, skip: usize, times: usize, steps: Vec<Step>) -> Self {
        self.rules.push(Rule { method: method.to_owned(), skip, times, steps });
        self
    }

    /// What a process does before it reads its input.
    #[must_use]
    pub fn before(mut self, step: Step) -> Self {
        self.before.push(step);
        self
    }

    /// A process that lives on when its input ends, as a hung one does.
    #[must_use]
    pub fn ignore_input_end(mut self) -> Self {
        self.ignore_input_end = true;
        self
    }

    /// A streamable HTTP server that gives no session id.
    #[must_use]
    pub fn without_sessions(mut self) -> Self {
        self.sessions = false;
        self
    }

    /// A streamable HTTP server without a stream of its own: 405 to GET.
    #[must_use]
    pub fn without_get_stream(mut self) -> Self {
        self.get_stream = false;
        self
    }

    /// The endpoint that a legacy server names.
    #[must_use]
    pub fn endpoint(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }
}
