//! A URL with the text it was written as: peers compare bytes, programs look at parts. Cheap to clone.

use std::sync::Arc;

use url::Url;

#[derive(Clone)]
pub(crate) struct WrittenUrl(Arc<(Box<str>, Url)>);

impl WrittenUrl {
    pub(crate) fn new(text: &str, url: Url) -> Self {
        Self(Arc::new((text.into(), url)))
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
