//! Resource templates, as `resources/templates/list` lists them.
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incomplete, RejectReason, Rejected,
    pages::{Item, Listed},
    text::owned,
};
use crate::{Limits, message};

/// What a server's `resources/templates/list` came to, all pages together (server/resources, "Resource Templates").
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ResourceTemplates {
    /// The templates, in the server's order.
    pub templates: Vec<ResourceTemplate>,
    /// The definitions that were not usable, and why.
    pub rejected: Vec<Rejected>,
    /// Why the list ends here although the server has more; `None` when it is whole.
    pub incomplete: Option<Incomplete>,
}

/// One template for the URIs of resources, as the server defines it (schema, `ResourceTemplate`).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResourceTemplate {
    /// The URI template (RFC 6570) as the server writes it.
    pub uri_template: String,
    /// The whole definition, byte for byte.
    pub raw: Box<RawValue>,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    mime_type: Option<String>,
    annotations: Option<Box<RawValue>>,
}

impl ResourceTemplate {
    /// `name`. The protocol demands one, but a resource is read by its URI.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `title`: the name shown to people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// `description`.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `mimeType` of all resources that match, as the server writes it.
    pub fn mime_type(&self) -> Option<&str> {
        self.mime_type.as_deref()
    }

    /// `annotations` as they came (server/resources, "Annotations").
    pub fn annotations(&self) -> Option<&RawValue> {
        self.annotations.as_deref()
    }
}

impl Item for ResourceTemplate {
    const METHOD: &'static str = "resources/templates/list";
    const MEMBER: &'static str = "resourceTemplates";
    // Templates have none of their own, and many servers with resources do not know the method.
    const CAPABILITY: Option<&'static str> = None;

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
        let uri_template = owned(definition.uri_template).filter(|template| !template.is_empty());
        Ok(Self {
            uri_template: uri_template
                .ok_or_else(|| (owned(definition.name), RejectReason::NoUriTemplate))?,
            raw: raw.to_owned(),
            name: owned(definition.name),
            title: owned(definition.title),
            description: owned(definition.description),
            mime_type: owned(definition.mime_type),
            annotations: definition.annotations.map(ToOwned::to_owned),
        })
    }

    fn key(&self) -> &str {
        &self.uri_template
    }

    // The protocol calls a prompt's name and a resource's URI unique, but says nothing of templates, and two alike harm nobody.
    fn duplicate() -> Option<RejectReason> {
        None
    }
}

impl From<Listed<ResourceTemplate>> for ResourceTemplates {
    fn from(list: Listed<ResourceTemplate>) -> Self {
        Self { templates: list.items, rejected: list.rejected, incomplete: list.incomplete }
    }
}

// Every member is taken raw first, so that an odd one is only itself lost.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Definition<'a> {
    #[serde(borrow)]
    uri_template: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    mime_type: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}
