//! What a registration proposes, and what it proposes next when a server refuses (MCP "Application Type").

use mcp_oauth_core::{ApplicationType, OAuthError, OAuthErrorCode, RedirectUri};

/// One way to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) redirect_uri: RedirectUri,
    pub(super) application_type: ApplicationType,
}

/// The ways to register that are left. Servers differ over loopback addresses: some want the name `localhost`, some the
/// number, some take neither from an application of one of the two types.
pub(super) struct Proposals<'a> {
    /// To be tried, the next one first.
    redirect_uris: &'a [RedirectUri],
    /// Said by the application: not changed.
    fixed_type: Option<&'a ApplicationType>,
    last: Option<Proposal>,
    next: Option<Proposal>,
    other_type_tried: bool,
}

impl<'a> Proposals<'a> {
    pub(super) fn new(redirect_uris: &'a [RedirectUri], fixed_type: Option<&'a ApplicationType>) -> Self {
        let mut proposals =
            Self { redirect_uris, fixed_type, last: None, next: None, other_type_tried: false };
        proposals.next = proposals.next_redirect_uri();
        proposals
    }

    /// The next one, if there is any left.
    pub(super) fn next(&mut self) -> Option<Proposal> {
        let next = self.next.take()?;
        self.last = Some(next.clone());
        Some(next)
    }

    /// Looks for another proposal that a refusal suggests. `false`: it suggests none.
    pub(super) fn answer(&mut self, refusal: &OAuthError) -> bool {
        let said = |word| refusal.description().is_some_and(|text| mentions(text, word));
        let about_type = said("application_type") || said("application type");
        let about_redirect = *refusal.code() == OAuthErrorCode::InvalidRedirectUri || said("redirect");
        let known = *refusal.code() == OAuthErrorCode::InvalidClientMetadata || about_redirect;
        self.next = match (known, about_type, about_redirect) {
            (true, true, _) => self.other_type(),
            (true, false, true) => self.next_redirect_uri().or_else(|| self.other_type()),
            _ => None,
        };
        self.next.is_some()
    }

    fn next_redirect_uri(&mut self) -> Option<Proposal> {
        let (redirect_uri, rest) = self.redirect_uris.split_first()?;
        self.redirect_uris = rest;
        Some(self.with(redirect_uri.clone()))
    }

    fn with(&self, redirect_uri: RedirectUri) -> Proposal {
        let application_type = self.fixed_type.cloned().unwrap_or_else(|| usual_type(&redirect_uri));
        Proposal { redirect_uri, application_type }
    }

    fn other_type(&mut self) -> Option<Proposal> {
        if self.fixed_type.is_some() || std::mem::replace(&mut self.other_type_tried, true) {
            return None;
        }
        let last = self.last.clone()?;
        let application_type = match last.application_type {
            ApplicationType::Web => ApplicationType::Native,
            _ => ApplicationType::Web,
        };
        Some(Proposal { application_type, ..last })
    }
}

/// A program that is answered on this machine is native, one that is answered at an https address is not (C6.7).
fn usual_type(redirect_uri: &RedirectUri) -> ApplicationType {
    if redirect_uri.url().scheme() == "https" { ApplicationType::Web } else { ApplicationType::Native }
}

fn mentions(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

#[cfg(test)]
mod tests;
