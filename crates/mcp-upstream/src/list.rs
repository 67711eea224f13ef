//! What a server lists: tools, prompts, resources and resource templates, page by page and item by item.
mod incomplete;
mod pages;
mod prompt;
mod rejected;
mod resource;
mod session;
mod template;
mod text;
mod tool;

pub use incomplete::Incomplete;
pub use prompt::{Prompt, PromptArgument, Prompts};
pub use rejected::{RejectReason, Rejected, RejectedTool};
pub use resource::{Resource, Resources};
pub use template::{ResourceTemplate, ResourceTemplates};
pub use tool::{Tool, Tools};

pub(crate) use text::text;
