//! A URL with the text it was written as: peers compare bytes, programs look at parts. Cheap to clone.

use std::sync::Arc;

use url::Url;

use crate::endpoint::InvalidUrl;

#[derive(Clone)]
pub(crate) struct WrittenUrl(Arc<(Box<str>, Url)>);

impl WrittenUrl {
    pub(crate) fn new(text: &str, url: Url) -> Self {
        Self(Arc::new((text.into(), url)))
    }

    /// Reads a URL whose text is shown to people and compared with other texts. A URI is printable ASCII (RFC 3986 §2); what
    /// a URL parser forgives beyond that could move a terminal's cursor or write lines of its own into a log.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidUrl::Character);
        }
        Ok(Self::new(text, Url::parse(text)?))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0.0
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0.1
    }
}

impl PartialEq for WrittenUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for WrittenUrl {}

impl std::hash::Hash for WrittenUrl {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}
