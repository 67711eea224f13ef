//! The `form-action` directive of a content security policy (CSP Level 3 §6.4.1).
//!
//! Chromium applies it to every redirect after the form too, which is where authorization servers break.

use http::HeaderMap;
use http::header::CONTENT_SECURITY_POLICY;
use url::Url;

/// Where the forms of a page may go.
#[derive(Debug, Clone)]
pub(super) struct FormAction {
    page: Url,
    sources: String,
}

impl FormAction {
    /// Reads the directive from a page's headers.
    pub(super) fn of(page: &Url, headers: &HeaderMap) -> Option<Self> {
        let policies = headers.get_all(CONTENT_SECURITY_POLICY).iter().filter_map(|line| line.to_str().ok());
        let directive = policies
            .flat_map(|policy| policy.split(';'))
            .find_map(|directive| directive.trim().strip_prefix("form-action"))?;
        Some(Self { page: page.clone(), sources: directive.trim().to_owned() })
    }

    /// The list of sources, for a message.
    pub(super) fn sources(&self) -> &str {
        &self.sources
    }

    /// True when a form may go, or be redirected, to `target`.
    pub(super) fn allows(&self, target: &Url) -> bool {
        self.sources.split_ascii_whitespace().any(|source| match source {
            "'self'" => self.page.origin() == target.origin(),
            "*" => matches!(target.scheme(), "http" | "https"),
            scheme if scheme.ends_with(':') => scheme.trim_end_matches(':') == target.scheme(),
            host => Url::parse(host).is_ok_and(|allowed| {
                // Of addresses, only 127.0.0.1 can match (§6.7.2.8).
                allowed.origin() == target.origin()
                    && target.host_str().is_some_and(|host| !host.starts_with('['))
            }),
        })
    }
}
