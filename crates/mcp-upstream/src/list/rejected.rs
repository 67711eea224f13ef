//! What stands in a list and cannot be used.
use crate::{Excerpt, ParameterHeaderError};

/// A definition in a list that is not usable.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rejected {
    /// What it is known by, if it says so: the name of a tool or a prompt, the URI of a resource, the URI template.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: RejectReason,
    /// The beginning of the definition.
    pub definition: Excerpt,
}

/// A definition that is no usable tool.
pub type RejectedTool = Rejected;

/// Why a definition is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// It is not an object.
    #[error("the definition is not an object")]
    NotAnObject,
    /// `name` is missing, empty or not a string.
    #[error("it has no name")]
    NoName,
    /// Another one before it has the same name.
    #[error("another one before it has the same name")]
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
    /// `uri` is missing, empty or not a string.
    #[error("it has no uri")]
    NoUri,
    /// Another one before it has the same URI.
    #[error("another one before it has the same uri")]
    DuplicateUri,
    /// `uriTemplate` is missing, empty or not a string.
    #[error("it has no uriTemplate")]
    NoUriTemplate,
    /// The definition is longer than [`Limits::tool_bytes`](crate::Limits::tool_bytes) or
    /// [`Limits::item_bytes`](crate::Limits::item_bytes).
    #[error("its definition is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}
