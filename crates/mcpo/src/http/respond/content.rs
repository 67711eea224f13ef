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

use json_scan::{Invalid, Scan};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A content block. Every member is kept as text, so that a strange one spoils nothing.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    kind: Option<&'a str>,
    text: Option<&'a str>,
    data: Option<&'a str>,
    mime_type: Option<&'a str>,
    uri: Option<&'a str>,
    name: Option<&'a str>,
    resource: Option<&'a str>,
}

/// The members of a block, wherever they stand.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Loose<'a> {
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

impl<'a> From<Loose<'a>> for Block<'a> {
    fn from(members: Loose<'a>) -> Self {
        let [kind, text, data, mime_type, uri, name, resource] = [
            members.kind,
            members.text,
            members.data,
            members.mime_type,
            members.uri,
            members.name,
            members.resource,
        ]
        .map(|value| value.map(RawValue::get));
        Self { kind, text, data, mime_type, uri, name, resource }
    }
}

/// Members that have been read, one bit each.
#[derive(Debug, Default)]
pub(super) struct Seen(u8);

impl Seen {
    /// Lets each member be read once.
    pub(super) fn first(&mut self, bit: u8) -> Result<(), Invalid> {
        let seen = self.0 & 1 << bit != 0;
        self.0 |= 1 << bit;
        if seen { Err(Invalid) } else { Ok(()) }
    }
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
    /// Reads a block as servers write it: an object in which nothing occurs twice.
    pub(super) fn scan(scan: &mut Scan<'a>) -> Result<Self, Invalid> {
        let mut block = Self::default();
        let mut seen = Seen::default();
        scan.object(|name, scan| {
            if name.is_escaped() {
                return Err(Invalid);
            }
            let value = scan.value()?;
            let (bit, member) = match name.inner() {
                "type" => (0, &mut block.kind),
                "text" => (1, &mut block.text),
                "data" => (2, &mut block.data),
                "mimeType" => (3, &mut block.mime_type),
                "uri" => (4, &mut block.uri),
                "name" => (5, &mut block.name),
                "resource" => (6, &mut block.resource),
                _ => return Ok(()),
            };
            *member = Some(value).filter(|value| *value != "null");
            seen.first(bit)
        })?;
        Ok(block)
    }

    /// The block as it stands in the answer; `None` if it is none of those above.
    pub(super) fn form(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Some(r#""text""#) => self.text.map(text_form),
            Some(r#""image""# | r#""audio""#) => data_form(self.mime_type, self.data),
            Some(r#""resource_link""#) => self.link_form(),
            Some(r#""resource""#) => self.resource_form(),
            _ => None,
        }
    }

    /// The inside of the text's quotes, if this is a text.
    pub(super) fn text(&self) -> Option<&'a str> {
        if self.kind == Some(r#""text""#) { inner(self.text?) } else { None }
    }

    fn link_form(&self) -> Option<Cow<'a, str>> {
        let mut out = format!(r#"{{"uri":{}"#, self.uri?);
        for (name, value) in [("name", self.name), ("mimeType", self.mime_type)] {
            if let Some(value) = value {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                out.push_str(value);
            }
        }
        out.push('}');
        Some(Cow::Owned(out))
    }

    fn resource_form(&self) -> Option<Cow<'a, str>> {
        let resource: Resource<'a> = serde_json::from_str(self.resource?).ok()?;
        match resource.text {
            Some(text) => Some(Cow::Borrowed(text.get())),
            None => data_form(resource.mime_type.map(RawValue::get), resource.blob.map(RawValue::get)),
        }
    }
}

/// A text (with its quotes) as the JSON that it holds, else as it is.
fn text_form(quoted: &str) -> Cow<'_, str> {
    match json_in(quoted) {
        Some(Cow::Borrowed(json)) => Cow::Borrowed(json.trim_matches(SPACE)),
        Some(Cow::Owned(json)) => Cow::Owned(trimmed(json)),
        None => Cow::Borrowed(quoted),
    }
}

/// The text between the quotes, if it is JSON. `NaN` and `Infinity`, which Python takes for JSON, are not.
fn json_in(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // Most text is prose, and its beginning tells: only what may be JSON is worth being decoded.
    if !may_begin_json(inner) {
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

/// Whether an encoded text may hold JSON, as far as can be told up to its first escape.
fn may_begin_json(inner: &str) -> bool {
    if !inner.starts_with([
        '{', '[', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 't', 'f', 'n', '\\', ' ',
    ]) {
        return false;
    }
    let whole_characters = (0..4).find_map(|less| inner.get(..HEAD - less));
    let head = whole_characters.unwrap_or(inner);
    let head = head.split('\\').next().unwrap_or_default();
    // A number that is cut off is called wrong rather than unfinished.
    let head = head.trim_end_matches(|last: char| last.is_ascii_digit() || "+-.eE".contains(last));
    serde_json::from_str::<&RawValue>(head).err().is_none_or(|error| error.is_eof())
}

/// Without the white space around it.
fn trimmed(json: String) -> String {
    let part = json.trim_matches(SPACE);
    if part.len() == json.len() { json } else { part.to_owned() }
}

/// A `data:` URI (RFC 2397).
fn data_form<'a>(mime_type: Option<&str>, data: Option<&str>) -> Option<Cow<'a, str>> {
    let data = inner(data?)?;
    let mime_type = mime_type.and_then(inner).unwrap_or("application/octet-stream");
    Some(Cow::Owned(format!("\"data:{mime_type};base64,{data}\"")))
}

/// The inside of a string's quotes.
fn inner(quoted: &str) -> Option<&str> {
    quoted.strip_prefix('"')?.strip_suffix('"')
}

/// JSON's white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// How much of a text is looked at before all of it is.
const HEAD: usize = 64;

#[cfg(test)]
mod tests;
