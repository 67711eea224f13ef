//! Content blocks as mcpo's clients know them, and those that mcpo dropped.
//!
//! | block | in the answer |
//! |---|---|
//! | text that is JSON | that JSON, as it is written |
//! | other text | a string |
//! | image, audio | `data:{mimeType};base64,{data}` |
//! | resource link | `{"uri", "name", "mimeType"}` |
//! | embedded text | its text, always a string: it is a file, not an answer |
//! | embedded blob | `data:{mimeType};base64,{blob}` |
//! | anything else | the block itself |
//!
//! Strings stay in the form in which the server escaped them; nothing is decoded unless it may hold JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A content block. Every member is kept as text, so that a strange one spoils nothing.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    mime_type: Option<&'a RawValue>,
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// What an embedded resource holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    blob: Option<&'a RawValue>,
    #[serde(borrow)]
    mime_type: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// Writes the block; `false` if it is none of those above.
    pub(super) fn write(&self, out: &mut String) -> bool {
        match self.kind.map(RawValue::get) {
            Some(r#""text""#) => self.text.map(|text| write_text(text.get(), out)).is_some(),
            Some(r#""image""# | r#""audio""#) => write_data(self.mime_type, self.data, out),
            Some(r#""resource_link""#) => self.write_link(out),
            Some(r#""resource""#) => self.write_resource(out),
            _ => false,
        }
    }

    /// The inside of the text's quotes, if this is a text.
    pub(super) fn text(&self) -> Option<&'a str> {
        if self.kind.map(RawValue::get) == Some(r#""text""#) { inner(self.text?) } else { None }
    }

    fn write_link(&self, out: &mut String) -> bool {
        let Some(uri) = self.uri else { return false };
        out.push_str(r#"{"uri":"#);
        out.push_str(uri.get());
        for (name, value) in [("name", self.name), ("mimeType", self.mime_type)] {
            if let Some(value) = value {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                out.push_str(value.get());
            }
        }
        out.push('}');
        true
    }

    fn write_resource(&self, out: &mut String) -> bool {
        let Some(resource) =
            self.resource.and_then(|raw| serde_json::from_str::<Resource<'_>>(raw.get()).ok())
        else {
            return false;
        };
        if let Some(text) = resource.text {
            out.push_str(text.get());
            return true;
        }
        write_data(resource.mime_type, resource.blob, out)
    }
}

/// Writes a text (with its quotes) as the JSON that it holds, else as it is.
fn write_text(quoted: &str, out: &mut String) {
    match json_in(quoted) {
        Some(json) => out.push_str(json.trim_matches(SPACE)),
        None => out.push_str(quoted),
    }
}

/// The text between the quotes, if it is JSON. `NaN` and `Infinity`, which Python takes for JSON, are not.
fn json_in(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // Most text is prose; its first character tells.
    if !inner.starts_with([
        '{', '[', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 't', 'f', 'n', '\\', ' ',
    ]) {
        return None;
    }
    let text = if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        Cow::Owned(serde_json::from_str::<String>(quoted).ok()?)
    } else {
        Cow::Borrowed(inner)
    };
    serde_json::from_str::<&RawValue>(&text).ok()?;
    Some(text)
}

/// Writes a `data:` URI (RFC 2397).
fn write_data(mime_type: Option<&RawValue>, data: Option<&RawValue>, out: &mut String) -> bool {
    let Some(data) = data.and_then(inner) else { return false };
    out.push_str("\"data:");
    out.push_str(mime_type.and_then(inner).unwrap_or("application/octet-stream"));
    out.push_str(";base64,");
    out.push_str(data);
    out.push('"');
    true
}

/// The inside of a string's quotes.
fn inner(raw: &RawValue) -> Option<&str> {
    raw.get().strip_prefix('"')?.strip_suffix('"')
}

/// JSON's white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
