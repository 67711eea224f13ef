//! Who decides whether a client gets what it asks for.

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consent {
    /// The person, on a page, each time: no client gets in because it was let in before (MCP security best practices,
    /// "Confused Deputy").
    #[default]
    Page,
    /// Nobody: every request is granted at once. For demonstrations and tests without a person.
    AutoApprove,
}
