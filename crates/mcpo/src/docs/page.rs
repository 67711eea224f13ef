//! The two documentation pages.
//!
//! All links are relative, so that a page works under any root path. No script is written into a page and none comes from
//! elsewhere: the policy says so, and a description that smuggles in markup can run nothing.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::asset;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageKind {
    /// Swagger UI: reads the document and calls the tools.
    Swagger,
    /// Redoc: reads the document.
    Redoc,
}

/// A documentation page. `openapi`: URL of the document; `assets`: URL under which [`asset`](super::asset) answers, with a
/// slash at its end. Both relative to the page.
///
/// ```
/// use mcpo::docs::{PageKind, page};
/// let response = page(PageKind::Swagger, "time", "openapi.json", "../_mcpo/assets/");
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// ```
pub fn page(kind: PageKind, title: &str, openapi: &str, assets: &str) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, html(kind, title, openapi, assets)).into_response()
}

/// The page's text.
pub(super) fn html(kind: PageKind, title: &str, openapi: &str, assets: &str) -> String {
    let (product, id, styles, scripts): (_, _, &[&str], &[&str]) = match kind {
        PageKind::Swagger => (
            "Swagger UI",
            "swagger-ui",
            &["swagger-ui.css", "page.css"],
            &["swagger-ui-bundle.js", "start-swagger-ui.js"],
        ),
        PageKind::Redoc => ("ReDoc", "redoc", &["page.css"], &["redoc.standalone.js", "start-redoc.js"]),
    };
    let assets = escape(assets);
    let link = |name: &str| format!("{assets}{name}?v={}", asset::version(name));
    let style = |name: &&str| format!("<link rel=\"stylesheet\" href=\"{}\">\n", link(name));
    let script = |name: &&str| format!("<script src=\"{}\"></script>\n", link(name));
    let styles = styles.iter().map(style).collect::<Vec<_>>().concat();
    let scripts = scripts.iter().map(script).collect::<Vec<_>>().concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - {product}</title>\n<link rel=\"icon\" type=\"image/png\" href=\"{icon}\">\n{styles}</head>\n<body>\n\
         <div id=\"{id}\" data-openapi=\"{openapi}\"></div>\n\
         <noscript>This page needs JavaScript. The document itself: <a href=\"{openapi}\">{openapi}</a></noscript>\n\
         {scripts}</body>\n</html>\n",
        title = escape(title),
        icon = link("favicon.png"),
        openapi = escape(openapi),
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Scripts only from here, and none inline. Both bundles set styles from script, which `style-src` can only allow as a whole;
/// Redoc searches in a worker that it makes of a blob; Swagger UI's icons are `data:` URIs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

#[cfg(test)]
mod tests;
