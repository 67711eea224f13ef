//! Resources, as `resources/list` lists them.
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incomplete, RejectReason, Rejected,
    pages::{Item, Listed},
    text::owned,
};
use crate::{Limits, message};

/// What a server's `resources/list` came to, all pages together (server/resources, "Listing Resources").
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Resources {
    /// The resources that can be read, in the server's order.
    pub resources: Vec<Resource>,
    /// The definitions that were not usable, and why.
    pub rejected: Vec<Rejected>,
    /// Why the list ends here although the server has more; `None` when it is whole.
    pub incomplete: Option<Incomplete>,
}

/// One resource, as the server defines it (server/resources, "Resource").
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resource {
    /// Its URI as the server writes it, unique in the list.
    pub uri: String,
    /// The whole definition, byte for byte.
    pub raw: Box<RawValue>,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    mime_type: Option<String>,
    size: Option<u64>,
    annotations: Option<Box<RawValue>>,
}

impl Resource {
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

    /// `mimeType`, as the server writes it.
    pub fn mime_type(&self) -> Option<&str> {
        self.mime_type.as_deref()
    }

    /// `size`: how many bytes it has before any encoding.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// `annotations` as they came (server/resources, "Annotations").
    pub fn annotations(&self) -> Option<&RawValue> {
        self.annotations.as_deref()
    }
}

impl Item for Resource {
    const METHOD: &'static str = "resources/list";
    const MEMBER: &'static str = "resources";
    const CAPABILITY: Option<&'static str> = Some("resources");

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
        let uri = owned(definition.uri).filter(|uri| !uri.is_empty());
        Ok(Self {
            uri: uri.ok_or_else(|| (owned(definition.name), RejectReason::NoUri))?,
            raw: raw.to_owned(),
            name: owned(definition.name),
            title: owned(definition.title),
            description: owned(definition.description),
            mime_type: owned(definition.mime_type),
            size: definition.size.and_then(|size| size.get().parse().ok()),
            annotations: definition.annotations.map(ToOwned::to_owned),
        })
    }

    fn key(&self) -> &str {
        &self.uri
    }

    fn duplicate() -> Option<RejectReason> {
        Some(RejectReason::DuplicateUri)
    }
}

impl From<Listed<Resource>> for Resources {
    fn from(list: Listed<Resource>) -> Self {
        Self { resources: list.items, rejected: list.rejected, incomplete: list.incomplete }
    }
}

// Every member is taken raw first, so that an odd one is only itself lost.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Definition<'a> {
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    mime_type: Option<&'a RawValue>,
    #[serde(borrow)]
    size: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}
