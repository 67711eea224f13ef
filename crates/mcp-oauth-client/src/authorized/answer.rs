//! Answers, read whole.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::RequestError;

/// The answer to a request, whatever its status.
#[derive(Clone)]
pub struct Answer {
    url: Url,
    response: Response<Bytes>,
}

impl Answer {
    pub(super) fn new(url: Url, response: Response<Bytes>) -> Self {
        Self { url, response }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Where it came from, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        self.response.body()
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    /// The body as a value. Asynchronous as in other clients, though there is nothing left to wait for.
    ///
    /// # Errors
    /// [`RequestError::Json`] when it is something else, which the status often explains.
    #[expect(clippy::unused_async, reason = "the documented face; a body that streams may come")]
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, RequestError> {
        serde_json::from_slice(self.response.body())
            .map_err(|source| RequestError::Json { status: self.response.status(), source })
    }
}

// The body and the headers may hold what is nobody's business.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("url", &mcp_oauth_core::RedactedUrl(&self.url))
            .field("status", &self.status())
            .field("bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}
