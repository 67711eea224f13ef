//! The OpenAPI document of one server.
//!
//! Nothing that is wrong with one tool harms another: a tool that cannot be exposed is left out with a reason, and where only
//! a part of it cannot be shown or checked, the tool stays and carries a [`Caveat`].

use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::names::{Names, is_routable, operation_id, path_segment, response_title, summary};
use super::overview::head;
use super::schema::{self, Index, MAX_SCHEMA_BYTES, SchemaError, reference};
use super::validation_error::{self, HTTP_VALIDATION_ERROR};
use crate::http::arguments::{Arguments, CompileError};
use crate::http::respond::ResultShape;

/// What a server's document says of the server.
#[derive(Debug, Clone, Copy)]
pub struct ServerFacts<'a> {
    /// Its name.
    pub title: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its instructions: the description, if there are any.
    pub instructions: Option<&'a str>,
    /// Path of the document's `servers` entry; may be empty.
    pub base_path: &'a str,
    /// Whether tools need the API key.
    pub secured: bool,
}

/// A tool as its server lists it.
#[derive(Debug, Clone, Copy)]
pub struct ToolSource<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its name for people.
    pub title: Option<&'a str>,
    /// What it does.
    pub description: Option<&'a str>,
    /// JSON Schema of its arguments.
    pub input_schema: &'a RawValue,
    /// JSON Schema of its structured result.
    pub output_schema: Option<&'a RawValue>,
    /// Hints on how it behaves.
    pub annotations: Option<&'a RawValue>,
}

/// A tool that callers can reach.
#[derive(Debug)]
pub struct ExposedTool {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Its path below the server's: one percent-encoded segment.
    pub path: String,
    /// Its `operationId`.
    pub operation_id: String,
    /// What checks its arguments.
    pub arguments: Arguments,
    /// Which part of a result is the answer.
    pub result: ResultShape,
    /// A call may be sent twice: it is marked read-only or idempotent (MCP tool annotations).
    pub repeatable: bool,
    /// What of it could not be shown or checked.
    pub caveats: Vec<Caveat>,
}

/// A part of a tool that could not be used. The tool works without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Caveat {
    /// Arguments go to the server unchecked.
    #[error("its arguments are not checked, because its schema cannot be compiled: {0}")]
    Unchecked(#[source] CompileError),
    /// The document does not say what the result looks like.
    #[error("its output schema is not shown: {0}")]
    NoOutputSchema(#[source] SchemaError),
}

/// A tool that callers cannot reach, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub tool: String,
    /// The reason, for a person.
    pub reason: String,
}

/// Writes a server's OpenAPI document.
///
/// ```
/// use mcpo::openapi::{ServerFacts, ToolSource, server_document};
/// use serde_json::value::RawValue;
///
/// let schema = RawValue::from_string(r#"{"type":"object","properties":{"zone":{"type":"string"}}}"#.into())?;
/// let facts =
///     ServerFacts { title: "time", version: "1.0", instructions: None, base_path: "/time", secured: false };
/// let tool = ToolSource {
///     name: "get_time",
///     title: None,
///     description: Some("What time it is."),
///     input_schema: &schema,
///     output_schema: None,
///     annotations: None,
/// };
/// let (document, tools, left_out) = server_document(&facts, &[tool]);
/// let document: serde_json::Value = serde_json::from_slice(&document)?;
/// assert_eq!(document["paths"]["/get_time"]["post"]["operationId"], "tool_get_time_post");
/// assert_eq!(tools[0].path, "get_time");
/// assert!(left_out.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn server_document(
    facts: &ServerFacts<'_>,
    tools: &[ToolSource<'_>],
) -> (Bytes, Vec<ExposedTool>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut seen = HashSet::new();
    let mut prepared = Vec::with_capacity(tools.len());
    for source in tools {
        match Prepared::new(source, &mut seen) {
            Ok(tool) => prepared.push(tool),
            Err(reason) => {
                left_out.push(LeftOut { tool: source.name.to_owned(), reason: reason.to_string() });
            }
        }
    }
    let mut names = ComponentNames::default();
    // The names that clients know come first, so that no definition takes one of them.
    for tool in &mut prepared {
        tool.claim(&mut names);
    }
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for tool in &prepared {
        let item = json!({"post": tool.operation(facts.secured, &mut schemas, &mut names)});
        paths.insert(format!("/{}", path_segment(tool.source.name)), item);
    }
    if prepared.iter().any(|tool| tool.takes_arguments) {
        for (position, (name, component)) in validation_error::components().into_iter().enumerate() {
            schemas.shift_insert(position, name.into(), component);
        }
    }
    let document = assemble(facts, paths, schemas, !prepared.is_empty());
    (to_bytes(&document), prepared.into_iter().map(Prepared::expose).collect(), left_out)
}

fn assemble(
    facts: &ServerFacts<'_>,
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    has_tools: bool,
) -> Value {
    let described = facts.instructions.filter(|text| !text.is_empty()).map(str::to_owned);
    let description = described.unwrap_or_else(|| format!("{} MCP Server", facts.title));
    let info = json!({"title": facts.title, "description": description, "version": facts.version});
    let mut document = head(info, facts.base_path);
    document.insert("paths".into(), Value::Object(paths));
    let mut components = Map::new();
    if !schemas.is_empty() {
        components.insert("schemas".into(), Value::Object(schemas));
    }
    if facts.secured && has_tools {
        components
            .insert("securitySchemes".into(), json!({"HTTPBearer": {"type": "http", "scheme": "bearer"}}));
    }
    if !components.is_empty() {
        document.insert("components".into(), Value::Object(components));
    }
    Value::Object(document)
}

/// A document as bytes. JSON values always can be written.
pub(super) fn to_bytes(document: &Value) -> Bytes {
    Bytes::from(document.to_string())
}

/// The names given out in one document.
#[derive(Debug)]
struct ComponentNames {
    components: Names,
    operations: Names,
}

impl Default for ComponentNames {
    fn default() -> Self {
        let mut components = Names::default();
        for (name, _) in validation_error::components() {
            components.claim(name);
        }
        Self { components, operations: Names::default() }
    }
}

/// Why a tool cannot be exposed.
#[derive(Debug, thiserror::Error)]
enum Unexposable {
    #[error("a path cannot end in its name")]
    Name,
    #[error("another tool has the same name")]
    Duplicate,
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

/// A tool whose schemas are read, on its way into the document.
struct Prepared<'a> {
    source: &'a ToolSource<'a>,
    input: Value,
    input_index: Index,
    output: Option<Output>,
    arguments: Arguments,
    takes_arguments: bool,
    caveats: Vec<Caveat>,
    operation_id: String,
    form_model: String,
    response_model: String,
}

/// An output schema, and the part of it that callers see.
struct Output {
    schema: Value,
    index: Index,
    /// JSON Pointer of that part.
    start: &'static str,
}

impl<'a> Prepared<'a> {
    fn new(source: &'a ToolSource<'a>, seen: &mut HashSet<&'a str>) -> Result<Self, Unexposable> {
        if !is_routable(source.name) {
            return Err(Unexposable::Name);
        }
        if !seen.insert(source.name) {
            return Err(Unexposable::Duplicate);
        }
        let input = schema::parse(source.input_schema, MAX_SCHEMA_BYTES)?;
        let input_index = Index::new(&input)?;
        let mut caveats = Vec::new();
        let (arguments, problem) = Arguments::from_schema(&input, &input_index);
        caveats.extend(problem.map(Caveat::Unchecked));
        let output = source.output_schema.and_then(|raw| {
            Output::read(raw).map_err(|error| caveats.push(Caveat::NoOutputSchema(error))).ok()
        });
        let takes_arguments = takes_arguments(&input);
        Ok(Self {
            source,
            input,
            input_index,
            output,
            arguments,
            takes_arguments,
            caveats,
            operation_id: String::new(),
            form_model: String::new(),
            response_model: String::new(),
        })
    }

    fn claim(&mut self, names: &mut ComponentNames) {
        let tool = self.source.name;
        self.operation_id = names.operations.claim(&operation_id(tool));
        if self.takes_arguments {
            self.form_model = names.components.claim_component(&format!("{tool}_form_model"));
        }
        if self.output.is_some() {
            self.response_model = names.components.claim_component(&format!("{tool}_response_model"));
        }
    }

    fn operation(
        &self,
        secured: bool,
        schemas: &mut Map<String, Value>,
        names: &mut ComponentNames,
    ) -> Value {
        let tool = self.source.name;
        let mut operation = Map::new();
        operation.insert("summary".into(), summary(tool).into());
        if let Some(description) = self.source.description.filter(|text| !text.is_empty()) {
            operation.insert("description".into(), description.into());
        }
        operation.insert("operationId".into(), self.operation_id.clone().into());
        if self.takes_arguments {
            let form = &self.form_model;
            let cut = schema::components(
                &self.input,
                &self.input_index,
                "",
                form.clone(),
                tool,
                &mut names.components,
            );
            schemas.extend(cut);
            let body = json!({"content": {"application/json": {"schema": {"$ref": reference(form)}}}, "required": true});
            operation.insert("requestBody".into(), body);
        }
        let mut responses = Map::new();
        let response = self.response(schemas, names);
        responses.insert(
            "200".into(),
            json!({"description": "Successful Response", "content": json_content(&response)}),
        );
        if self.takes_arguments {
            let problem = json_content(&json!({"$ref": reference(HTTP_VALIDATION_ERROR)}));
            responses.insert("422".into(), json!({"description": "Validation Error", "content": problem}));
        }
        operation.insert("responses".into(), Value::Object(responses));
        if secured {
            operation.insert("security".into(), json!([{"HTTPBearer": []}]));
        }
        Value::Object(operation)
    }

    /// The schema of the answer: what the tool declares, else anything.
    fn response(&self, schemas: &mut Map<String, Value>, names: &mut ComponentNames) -> Value {
        match &self.output {
            Some(Output { schema, index, start }) => {
                let model = self.response_model.clone();
                let cut =
                    schema::components(schema, index, start, model, self.source.name, &mut names.components);
                schemas.extend(cut);
                json!({"$ref": reference(&self.response_model)})
            }
            None if self.takes_arguments => json!({"title": response_title(&self.operation_id)}),
            None => json!({}),
        }
    }

    fn expose(self) -> ExposedTool {
        let result = match (&self.output, self.source.output_schema) {
            (Some(Output { start, .. }), _) if !start.is_empty() => ResultShape::Wrapped,
            (_, Some(_)) => ResultShape::Structured,
            (_, None) => ResultShape::Content,
        };
        ExposedTool {
            name: self.source.name.to_owned(),
            title: self.source.title.map(str::to_owned),
            description: self.source.description.map(str::to_owned),
            path: path_segment(self.source.name),
            operation_id: self.operation_id,
            arguments: self.arguments,
            result,
            repeatable: is_repeatable(self.source.annotations),
            caveats: self.caveats,
        }
    }
}

impl Output {
    fn read(raw: &RawValue) -> Result<Self, SchemaError> {
        let schema = schema::parse(raw, MAX_SCHEMA_BYTES)?;
        let index = Index::new(&schema)?;
        // FastMCP wraps a result that is no object, and says so.
        let wrapped = schema.get("x-fastmcp-wrap-result") == Some(&Value::Bool(true));
        let start = if wrapped && schema.pointer(WRAPPED).is_some() { WRAPPED } else { "" };
        Ok(Self { schema, index, start })
    }
}

/// Whether a schema leaves room for any argument. mcpo's operations without properties have no body, and clients know them so.
/// That `additionalProperties` is not mentioned does not count as an invitation; that it is allowed in words does.
fn takes_arguments(schema: &Value) -> bool {
    let Value::Object(schema) = schema else { return true };
    schema.iter().any(|(keyword, value)| match keyword.as_str() {
        "type" => value != "object",
        "properties" => value.as_object().is_none_or(|members| !members.is_empty()),
        "required" => value.as_array().is_none_or(|names| !names.is_empty()),
        "additionalProperties" | "unevaluatedProperties" => value != &Value::Bool(false),
        "title" | "description" | "default" | "examples" | "deprecated" | "readOnly" | "writeOnly"
        | "$comment" | "$schema" | "$id" | "$anchor" | "$defs" | "definitions" => false,
        // Keywords that JSON Schema does not know say nothing of arguments; all others may.
        other => !other.starts_with("x-"),
    })
}

fn is_repeatable(annotations: Option<&RawValue>) -> bool {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Hints {
        read_only_hint: Option<bool>,
        idempotent_hint: Option<bool>,
    }
    let hints: Hints = annotations.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    hints.read_only_hint == Some(true) || hints.idempotent_hint == Some(true)
}

fn json_content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

/// Where `FastMCP` puts a result that is no object.
const WRAPPED: &str = "/properties/result";

#[cfg(test)]
mod tests;
