//! Prompts, as `prompts/list` lists them.
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incomplete, RejectReason, Rejected,
    pages::{Item, Listed},
    text::owned,
};
use crate::{Limits, message};

/// What a server's `prompts/list` came to, all pages together (server/prompts, "Listing Prompts").
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Prompts {
    /// The prompts that can be had, in the server's order.
    pub prompts: Vec<Prompt>,
    /// The definitions that were not usable, and why.
    pub rejected: Vec<Rejected>,
    /// Why the list ends here although the server has more; `None` when it is whole.
    pub incomplete: Option<Incomplete>,
}

/// One prompt, as the server defines it (server/prompts, "Prompt").
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Prompt {
    /// Its name, unique in the list.
    pub name: String,
    /// The whole definition, byte for byte.
    pub raw: Box<RawValue>,
    title: Option<String>,
    description: Option<String>,
    arguments: Vec<PromptArgument>,
}

/// One argument that a prompt takes (schema, `PromptArgument`). Its value is always a string.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// Its definition, byte for byte.
    pub raw: Box<RawValue>,
    /// The name shown to people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether the prompt cannot be had without it.
    pub required: bool,
}

impl Prompt {
    /// `title`: the name shown to people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// `description`.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `arguments`, without those that have no name.
    pub fn arguments(&self) -> &[PromptArgument] {
        &self.arguments
    }
}

impl Item for Prompt {
    const METHOD: &'static str = "prompts/list";
    const MEMBER: &'static str = "prompts";
    const CAPABILITY: Option<&'static str> = Some("prompts");

    fn most(limits: &Limits) -> usize {
        limits.items
    }

    fn too_many(limit: usize) -> Incomplete {
        Incomplete::TooManyItems { limit }
    }

    fn longest(limits: &Limits) -> usize {
        limits.item_bytes
    }

    fn parse(raw: &RawValue) -> Result<Self, (Option<String>, RejectReason)> {
        let definition: Definition<'_> =
            message::object(raw.get().as_bytes()).map_err(|_| (None, RejectReason::NotAnObject))?;
        let name = owned(definition.name).filter(|name| !name.is_empty());
        let arguments: Vec<&RawValue> = definition
            .arguments
            .and_then(|arguments| serde_json::from_str(arguments.get()).ok())
            .unwrap_or_default();
        Ok(Self {
            name: name.ok_or((None, RejectReason::NoName))?,
            raw: raw.to_owned(),
            title: owned(definition.title),
            description: owned(definition.description),
            arguments: arguments.into_iter().filter_map(PromptArgument::parse).collect(),
        })
    }

    fn key(&self) -> &str {
        &self.name
    }

    fn duplicate() -> Option<RejectReason> {
        Some(RejectReason::DuplicateName)
    }
}

impl PromptArgument {
    fn parse(raw: &RawValue) -> Option<Self> {
        let definition: ArgumentDefinition<'_> = message::object(raw.get().as_bytes()).ok()?;
        Some(Self {
            name: owned(definition.name).filter(|name| !name.is_empty())?,
            raw: raw.to_owned(),
            title: owned(definition.title),
            description: owned(definition.description),
            required: definition.required.is_some_and(|required| required.get() == "true"),
        })
    }
}

impl From<Listed<Prompt>> for Prompts {
    fn from(list: Listed<Prompt>) -> Self {
        Self { prompts: list.items, rejected: list.rejected, incomplete: list.incomplete }
    }
}

// Every member is taken raw first, so that an odd one is only itself lost.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Definition<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ArgumentDefinition<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    required: Option<&'a RawValue>,
}
