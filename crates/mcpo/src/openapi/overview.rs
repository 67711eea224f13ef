//! Documents without tools: of the proxy as a whole, and of a server that has no session.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::document::to_bytes;

/// A server that cannot be called now, for its document.
#[derive(Debug, Clone, Copy)]
pub struct Unavailable<'a> {
    /// Title of the document.
    pub title: &'a str,
    /// Version of the document.
    pub version: &'a str,
    /// Path of the document's `servers` entry; may be empty.
    pub base_path: &'a str,
    /// One word: `connecting`, `login_needed`, ... It becomes `x-mcpo-status`.
    pub status: &'a str,
    /// A sentence for a person. It becomes the description.
    pub sentence: &'a str,
}

/// The document of the proxy as a whole: no paths, and a description that ends with a list of the servers and where their
/// documentation is. `servers`: name and link.
///
/// ```
/// let links = [("time", "/time/docs".to_owned())];
/// let document = mcpo::openapi::root_document("MCP OpenAPI Proxy", "Tools.", "1.0", "", &links);
/// let document: serde_json::Value = serde_json::from_slice(&document)?;
/// assert_eq!(document["info"]["description"], "Tools.\n\n- **available tools**：\n    - [time](/time/docs)");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn root_document(
    title: &str,
    description: &str,
    version: &str,
    root_path: &str,
    servers: &[(&str, String)],
) -> Bytes {
    let mut description = description.to_owned();
    if !servers.is_empty() {
        // The colon is a full-width one: clients split the text at this line.
        description.push_str("\n\n- **available tools**：");
    }
    for (name, link) in servers {
        description.push_str("\n    - [");
        description.push_str(name);
        description.push_str("](");
        description.push_str(link);
        description.push(')');
    }
    let info = json!({"title": title, "description": description, "version": version});
    let mut document = head(info, root_path);
    document.insert("paths".into(), json!({}));
    to_bytes(&Value::Object(document))
}

/// A valid document for a server that has no session: no paths, and the reason in its description.
///
/// ```
/// use mcpo::openapi::{Unavailable, unavailable_document};
/// let document = unavailable_document(&Unavailable {
///     title: "github",
///     version: "1.0",
///     base_path: "/github",
///     status: "login_needed",
///     sentence: "This server is waiting for a login.",
/// });
/// let document: serde_json::Value = serde_json::from_slice(&document)?;
/// assert_eq!(document["info"]["x-mcpo-status"], "login_needed");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn unavailable_document(unavailable: &Unavailable<'_>) -> Bytes {
    let Unavailable { title, version, base_path, status, sentence } = *unavailable;
    let info = json!({"title": title, "description": sentence, "version": version, "x-mcpo-status": status});
    let mut document = head(info, base_path);
    document.insert("paths".into(), json!({}));
    to_bytes(&Value::Object(document))
}

/// The members that every document begins with.
pub(super) fn head(info: Value, base_path: &str) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("openapi".into(), "3.1.0".into());
    document.insert("info".into(), info);
    if !base_path.is_empty() {
        document.insert("servers".into(), json!([{"url": base_path}]));
    }
    document
}

#[cfg(test)]
mod tests;
