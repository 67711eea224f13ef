//! Tools, as `tools/list` lists them.
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incomplete, RejectReason, RejectedTool,
    pages::{Item, Listed},
    text::owned,
};
use crate::{Limits, message};

/// What a server's `tools/list` came to, all pages together (server/tools, "Listing Tools").
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Tools {
    /// The tools that can be called, in the server's order.
    pub tools: Vec<Tool>,
    /// The definitions that were not usable, and why.
    pub rejected: Vec<RejectedTool>,
    /// Why the list ends here although the server has more; `None` when it is whole.
    pub incomplete: Option<Incomplete>,
}

/// One tool, as the server defines it (server/tools, "Tool").
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Tool {
    /// Its name, unique in the list.
    pub name: String,
    /// The whole definition, byte for byte.
    pub raw: Box<RawValue>,
    title: Option<String>,
    description: Option<String>,
    input_schema: Box<RawValue>,
    output_schema: Option<Box<RawValue>>,
    annotations: Option<Box<RawValue>>,
}

impl Tool {
    /// `title`, or the older `annotations.title`: the name shown to people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// `description`.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `inputSchema`: an object, as it came.
    pub fn input_schema(&self) -> &RawValue {
        &self.input_schema
    }

    /// `outputSchema` as it came.
    pub fn output_schema(&self) -> Option<&RawValue> {
        self.output_schema.as_deref()
    }

    /// `annotations` as they came: hints that a server gives and nobody checks.
    pub fn annotations(&self) -> Option<&RawValue> {
        self.annotations.as_deref()
    }
}

impl Item for Tool {
    const METHOD: &'static str = "tools/list";
    const MEMBER: &'static str = "tools";
    const CAPABILITY: Option<&'static str> = Some("tools");

    fn most(limits: &Limits) -> usize {
        limits.tools
    }

    fn too_many(limit: usize) -> Incomplete {
        Incomplete::TooManyTools { limit }
    }

    fn longest(limits: &Limits) -> usize {
        limits.tool_bytes
    }

    fn parse(raw: &RawValue) -> Result<Self, (Option<String>, RejectReason)> {
        let definition: Definition<'_> =
            message::object(raw.get().as_bytes()).map_err(|_| (None, RejectReason::NotAnObject))?;
        let name = owned(definition.name).filter(|name| !name.is_empty());
        let name = name.ok_or((None, RejectReason::NoName))?;
        let input_schema = match definition.input_schema {
            None => return Err((Some(name), RejectReason::NoInputSchema)),
            Some(schema) if !schema.get().starts_with('{') => {
                return Err((Some(name), RejectReason::InputSchemaNotAnObject));
            }
            Some(schema) => schema.to_owned(),
        };
        let title = definition.title.or_else(|| {
            let hints: Hints<'_> = message::object(definition.annotations?.get().as_bytes()).ok()?;
            hints.title
        });
        Ok(Self {
            name,
            raw: raw.to_owned(),
            title: owned(title),
            description: owned(definition.description),
            input_schema,
            output_schema: definition.output_schema.map(ToOwned::to_owned),
            annotations: definition.annotations.map(ToOwned::to_owned),
        })
    }

    fn key(&self) -> &str {
        &self.name
    }

    fn duplicate() -> Option<RejectReason> {
        Some(RejectReason::DuplicateName)
    }
}

impl From<Listed<Tool>> for Tools {
    fn from(list: Listed<Tool>) -> Self {
        Self { tools: list.items, rejected: list.rejected, incomplete: list.incomplete }
    }
}

// Every member is taken raw first, so that an odd one is only itself lost.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input_schema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output_schema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Hints<'a> {
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
}
