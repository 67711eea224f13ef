//! The files of the pages. The large ones are kept compressed, as most clients want them; for the others they are inflated.

use std::io::Read as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

/// A file of the pages.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: Content,
    /// Beginning of the hash of the content, in hex.
    version: String,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Plain(&'static [u8]),
    Gzip(&'static [u8]),
}

/// The file of a name.
///
/// ```
/// assert!(mcpo::docs::asset("swagger-ui-bundle.js").is_some());
/// assert!(mcpo::docs::asset("../Cargo.toml").is_none());
/// ```
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// What changes whenever a file changes; part of its URL.
pub(super) fn version(name: &str) -> &'static str {
    asset(name).map_or("", |asset| &asset.version)
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, content: Content) -> Self {
        let hash = Sha256::digest(content.bytes());
        let version = hash.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self { name, content_type, content, version }
    }

    /// The answer to a GET or HEAD for this file, in the encoding that its client accepts, or 304.
    pub fn respond(&self, request: &HeaderMap) -> Response {
        let gzip = matches!(self.content, Content::Gzip(_)) && accepts_gzip(request);
        // Two encodings are two representations, each with its own strong tag (RFC 9110 section 8.8.3.3).
        let tag = format!("\"{}{}\"", self.version, if gzip { "-gzip" } else { "" });
        let unchanged = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|known| matches!(known.trim(), known if known == "*" || known.trim_start_matches("W/") == tag));
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else if gzip {
            Bytes::from_static(self.content.bytes()).into_response()
        } else {
            self.content.plain().into_response()
        };
        let headers = response.headers_mut();
        if !unchanged {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if gzip {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // The pages name the version in the URL.
        headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

impl Content {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Plain(bytes) | Self::Gzip(bytes) => bytes,
        }
    }

    fn plain(self) -> Bytes {
        match self {
            Self::Plain(bytes) => Bytes::from_static(bytes),
            Self::Gzip(bytes) => {
                let mut plain = Vec::new();
                // Our own file: a test reads all of them.
                let _ = GzDecoder::new(bytes).read_to_end(&mut plain);
                plain.into()
            }
        }
    }
}

/// Whether a client takes gzip (RFC 9110 section 12.5.3). One that names no encoding may not know any.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let weight = |wanted: &str| {
        let codings = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        codings.flat_map(|value| value.split(',')).find_map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next()?;
            let weight =
                parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f32>().ok()).unwrap_or(1.0);
            name.eq_ignore_ascii_case(wanted).then_some(weight)
        })
    };
    weight("gzip").or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

static ASSETS: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    const JS: &str = "text/javascript; charset=utf-8";
    const CSS: &str = "text/css; charset=utf-8";
    [
        Asset::new(
            "swagger-ui-bundle.js",
            JS,
            Content::Gzip(include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz")),
        ),
        Asset::new(
            "swagger-ui.css",
            CSS,
            Content::Gzip(include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz")),
        ),
        Asset::new(
            "start-swagger-ui.js",
            JS,
            Content::Plain(include_bytes!("../../assets/mcpo/swagger-ui.js")),
        ),
        Asset::new(
            "redoc.standalone.js",
            JS,
            Content::Gzip(include_bytes!("../../assets/redoc/redoc.standalone.js.gz")),
        ),
        Asset::new("start-redoc.js", JS, Content::Plain(include_bytes!("../../assets/mcpo/redoc.js"))),
        Asset::new("page.css", CSS, Content::Plain(include_bytes!("../../assets/mcpo/page.css"))),
        Asset::new(
            "favicon.png",
            "image/png",
            Content::Plain(include_bytes!("../../assets/swagger-ui/favicon-32x32.png")),
        ),
    ]
});

#[cfg(test)]
mod tests;
