//! The tools of a server, read one by one so that a bad one harms no other.
use std::{borrow::Cow, collections::HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Excerpt, Limits, ParameterHeaderError, message};

/// What a server's `tools/list` came to, all pages together.
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

/// One tool, as the server defines it.
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

/// A definition that is no usable tool.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RejectedTool {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: RejectReason,
    /// The beginning of the definition.
    pub definition: Excerpt,
}

/// Why a definition is no usable tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// It is not an object.
    #[error("the definition is not an object")]
    NotAnObject,
    /// `name` is missing, empty or not a string.
    #[error("it has no name")]
    NoName,
    /// Another tool before it has the same name.
    #[error("another tool has the same name")]
    DuplicateName,
    /// `inputSchema` is missing.
    #[error("it has no inputSchema")]
    NoInputSchema,
    /// `inputSchema` is not an object, as the protocol demands.
    #[error("its inputSchema is not an object")]
    InputSchemaNotAnObject,
    /// Its schema asks for headers in a way that is not allowed, over a transport where that matters.
    #[error("its inputSchema asks for headers wrongly")]
    ParameterHeader(#[source] ParameterHeaderError),
    /// The definition is longer than [`Limits::tool_bytes`].
    #[error("its definition is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Why a list was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incomplete {
    /// The server named a page that it had named before, and would go round for ever.
    #[error("the server repeats its pages")]
    RepeatedCursor,
    /// There are more pages than [`Limits::pages`].
    #[error("the list has more than {limit} pages")]
    TooManyPages {
        /// The limit.
        limit: usize,
    },
    /// The pages together are longer than [`Limits::list_bytes`].
    #[error("the list is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// There are more tools than [`Limits::tools`].
    #[error("the list has more than {limit} tools")]
    TooManyTools {
        /// The limit.
        limit: usize,
    },
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

    fn parse(raw: &RawValue, limit: usize) -> Result<Self, (Option<String>, RejectReason)> {
        let definition: Definition<'_> =
            message::object(raw.get().as_bytes()).map_err(|_| (None, RejectReason::NotAnObject))?;
        let name = definition.name.and_then(text).filter(|name| !name.is_empty());
        let name = name.ok_or((None, RejectReason::NoName))?.into_owned();
        if raw.get().len() > limit {
            return Err((Some(name), RejectReason::TooLarge { limit }));
        }
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
            title: title.and_then(text).map(Cow::into_owned),
            description: definition.description.and_then(text).map(Cow::into_owned),
            input_schema,
            output_schema: definition.output_schema.map(ToOwned::to_owned),
            annotations: definition.annotations.map(ToOwned::to_owned),
        })
    }
}

/// Gathers the pages of one list.
#[derive(Debug)]
pub(crate) struct Gathering<'l> {
    limits: &'l Limits,
    list: Tools,
    names: HashSet<String>,
    cursors: HashSet<String>,
    bytes: usize,
}

impl<'l> Gathering<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self { limits, list: Tools::default(), names: HashSet::new(), cursors: HashSet::new(), bytes: 0 }
    }

    /// Adds one page, the text of a `ListToolsResult`; the cursor of the next one if it is to be read.
    pub(crate) fn add(&mut self, page: &[u8]) -> serde_json::Result<Option<String>> {
        self.bytes = self.bytes.saturating_add(page.len());
        let page: Page<'_> = message::object(page)?;
        if self.bytes > self.limits.list_bytes {
            self.list.incomplete = Some(Incomplete::TooLarge { limit: self.limits.list_bytes });
            return Ok(None);
        }
        for raw in page.tools {
            if self.list.tools.len() + self.list.rejected.len() >= self.limits.tools {
                self.list.incomplete = Some(Incomplete::TooManyTools { limit: self.limits.tools });
                return Ok(None);
            }
            self.add_tool(raw);
        }
        let Some(cursor) = page.next_cursor.and_then(text).map(Cow::into_owned) else { return Ok(None) };
        if !self.cursors.insert(cursor.clone()) {
            self.list.incomplete = Some(Incomplete::RepeatedCursor);
            return Ok(None);
        }
        if self.cursors.len() >= self.limits.pages {
            self.list.incomplete = Some(Incomplete::TooManyPages { limit: self.limits.pages });
            return Ok(None);
        }
        Ok(Some(cursor))
    }

    pub(crate) fn finish(self) -> Tools {
        self.list
    }

    fn add_tool(&mut self, raw: &RawValue) {
        let parsed = Tool::parse(raw, self.limits.tool_bytes).and_then(|tool| {
            if self.names.insert(tool.name.clone()) {
                Ok(tool)
            } else {
                Err((Some(tool.name), RejectReason::DuplicateName))
            }
        });
        match parsed {
            Ok(tool) => self.list.tools.push(tool),
            Err((name, reason)) => {
                let definition = Excerpt::of(raw.get().as_bytes(), self.limits.excerpt_bytes);
                self.list.rejected.push(RejectedTool { name, reason, definition });
            }
        }
    }
}

/// A JSON string's text; anything else is treated as absent.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    next_cursor: Option<&'a RawValue>,
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
