//! Arguments that a stateless server wants to see in headers as well: `x-mcp-header` in a tool's schema (2026-07-28,
//! basic/transports/streamable-http, "Custom Headers from Tool Parameters").
use std::collections::{BTreeMap, HashMap, HashSet};

use http::{HeaderName, HeaderValue};
use memchr::memmem;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{RejectReason, Tool, header_value};

/// The arguments of one tool that go into headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterHeaders(Vec<ParameterHeader>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ParameterHeader {
    name: HeaderName,
    /// The keys that lead to the argument.
    path: Vec<String>,
}

/// Why a schema's annotations cannot be followed. The tool is then to be left out of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterHeaderError {
    /// The name is no string, empty, or no header's name (RFC 9110 §5.1).
    #[error("an x-mcp-header is not the name of a header")]
    Name,
    /// Two parameters have the same header.
    #[error("two parameters have the same x-mcp-header")]
    Repeated,
    /// The parameter is not an integer, a string or a boolean.
    #[error("an x-mcp-header is on a parameter that is no integer, string or boolean")]
    Type,
    /// The annotation is not on a property that `properties` alone lead to.
    #[error("an x-mcp-header is where no argument can be found for it")]
    Place,
}

impl ParameterHeaders {
    /// What a tool's schema asks for; `None` if it asks for nothing, as most do.
    ///
    /// # Errors
    /// [`ParameterHeaderError`], if what it asks for is not allowed.
    pub(crate) fn of(schema: &RawValue) -> Result<Option<Self>, ParameterHeaderError> {
        if memmem::find(schema.get().as_bytes(), ANNOTATION.as_bytes()).is_none() {
            return Ok(None);
        }
        let Ok(schema) = serde_json::from_str::<Value>(schema.get()) else { return Ok(None) };
        let mut walk = Walk::default();
        walk.object(&schema, &mut Vec::new(), true)?;
        Ok(if walk.found.is_empty() { None } else { Some(Self(walk.found)) })
    }

    /// The headers for these arguments, the text of a JSON object.
    pub(crate) fn of_arguments(&self, arguments: &[u8]) -> Vec<(HeaderName, HeaderValue)> {
        let present = |header: &ParameterHeader| {
            let text = text(at(arguments, &header.path)?)?;
            Some((header.name.clone(), header_value::encode(&text)))
        };
        self.0.iter().filter_map(present).collect()
    }
}

#[derive(Default)]
struct Walk {
    found: Vec<ParameterHeader>,
    names: HashSet<HeaderName>,
}

impl Walk {
    /// Goes through a schema. `reachable`: an argument can be found for it.
    fn object(
        &mut self,
        schema: &Value,
        path: &mut Vec<String>,
        reachable: bool,
    ) -> Result<(), ParameterHeaderError> {
        match schema {
            Value::Object(members) => {
                if let Some(name) = members.get(ANNOTATION) {
                    self.annotated(name, members.get("type"), path, reachable && !path.is_empty())?;
                }
                for (keyword, value) in members {
                    match (keyword.as_str(), value) {
                        ("properties", Value::Object(properties)) => {
                            for (property, schema) in properties {
                                path.push(property.clone());
                                self.object(schema, path, reachable)?;
                                path.pop();
                            }
                        }
                        // The keys of these are names, not keywords.
                        (
                            "$defs" | "definitions" | "patternProperties" | "dependentSchemas",
                            Value::Object(named),
                        ) => {
                            for schema in named.values() {
                                self.object(schema, path, false)?;
                            }
                        }
                        // What these hold is data, not schemas.
                        (ANNOTATION | "const" | "enum" | "default" | "examples", _) => {}
                        _ => self.object(value, path, false)?,
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.object(item, path, false)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn annotated(
        &mut self,
        name: &Value,
        kind: Option<&Value>,
        path: &[String],
        reachable: bool,
    ) -> Result<(), ParameterHeaderError> {
        let name = name.as_str().filter(|name| !name.is_empty()).ok_or(ParameterHeaderError::Name)?;
        let name: HeaderName =
            format!("{PREFIX}{name}").parse().map_err(|_invalid| ParameterHeaderError::Name)?;
        if !reachable {
            return Err(ParameterHeaderError::Place);
        }
        if !kind.and_then(Value::as_str).is_some_and(|kind| ["integer", "string", "boolean"].contains(&kind))
        {
            return Err(ParameterHeaderError::Type);
        }
        if !self.names.insert(name.clone()) {
            return Err(ParameterHeaderError::Repeated);
        }
        self.found.push(ParameterHeader { name, path: path.to_vec() });
        Ok(())
    }
}

/// The headers of all tools that have any, and which tools must not be used.
pub(crate) fn sort_out(
    tools: &mut Vec<Tool>,
) -> (HashMap<String, ParameterHeaders>, Vec<(Tool, RejectReason)>) {
    let mut headers = HashMap::new();
    let mut rejected = Vec::new();
    let all = std::mem::take(tools);
    for tool in all {
        match ParameterHeaders::of(tool.input_schema()) {
            Ok(found) => {
                if let Some(found) = found {
                    headers.insert(tool.name.clone(), found);
                }
                tools.push(tool);
            }
            Err(source) => rejected.push((tool, RejectReason::ParameterHeader(source))),
        }
    }
    (headers, rejected)
}

/// The value at a path.
fn at<'a>(arguments: &'a [u8], path: &[String]) -> Option<&'a RawValue> {
    #[derive(Deserialize)]
    struct Members<'a>(#[serde(borrow)] BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue>);
    let (last, before) = path.split_last()?;
    let mut text = arguments;
    for key in before {
        let members: Members<'a> = serde_json::from_slice(text).ok()?;
        text = members.0.get(key.as_str())?.get().as_bytes();
    }
    let members: Members<'a> = serde_json::from_slice(text).ok()?;
    members.0.get(last.as_str()).copied()
}

/// A value as its header says it. `null` has none, and neither has what is no primitive.
fn text(value: &RawValue) -> Option<String> {
    match serde_json::from_str::<Value>(value.get()).ok()? {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        // `42.0` is an integer, too (JSON Schema 2020-12 core §4.2.3).
        Value::Number(_) => Some(value.get().strip_suffix(".0").unwrap_or(value.get()).to_owned()),
        _ => None,
    }
}

const ANNOTATION: &str = "x-mcp-header";
const PREFIX: &str = "Mcp-Param-";

#[cfg(test)]
mod tests;
