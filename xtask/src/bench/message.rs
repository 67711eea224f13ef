//! What is sent and what must come back: a text with a number of its own in each call.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// How a target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `POST` of the arguments, answered by the text.
    Rest,
    /// `tools/call` of MCP, answered by a result.
    Mcp,
    /// `GET`, answered by the same bytes each time.
    Get,
}

/// The argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payload {
    /// What kind of text.
    pub(super) kind: Kind,
    /// About how many bytes.
    pub(super) size: usize,
}

/// What kind of text is sent and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Prose, which a proxy answers as a JSON string.
    Text,
    /// A JSON document as a text, as most tools give; a proxy answers it as JSON.
    Json,
}

impl Payload {
    /// A hundred bytes of prose.
    pub(super) const SMALL: Self = Self { kind: Kind::Text, size: 100 };

    /// Its name in the heads of tables.
    pub(super) fn name(self) -> String {
        let Self { kind, size } = self;
        let size = if size >= 1024 && size % 1024 == 0 {
            format!("{} KiB", size / 1024)
        } else {
            format!("{size} bytes")
        };
        match kind {
            Kind::Text => format!("{size} of text"),
            Kind::Json => format!("{size} of JSON text"),
        }
    }

    /// The text, with a number in it.
    fn text(self, call: u64) -> String {
        let digits = number(call);
        match self.kind {
            // A letter first: what begins with a digit might be JSON, and a proxy has to look.
            Kind::Text => format!("call {digits}{}", filler(self.size.saturating_sub(DIGITS + 5))),
            Kind::Json => {
                let mut text = format!(r#"{{"call":"{digits}","rows":["#);
                let row = json!({ "id": 1_234_567, "title": filler(120), "done": true, "score": 0.25, "labels": ["a", "b"] });
                let row = row.to_string();
                let rows = (self.size.saturating_sub(text.len() + 2) / (row.len() + 1)).max(1);
                for at in 0..rows {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{}{row}", if at == 0 { "" } else { "," });
                }
                text.push_str("]}");
                text
            }
        }
    }
}

/// A request that differs from call to call in its number only.
#[derive(Debug, Clone)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where the number is, if it has one.
    at: Option<usize>,
    payload: Payload,
}

/// Where a request goes, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) style: Style,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) key: Option<&'a str>,
    /// Whether the connection is for this request only.
    pub(super) close: bool,
}

impl Template {
    /// A request with this payload.
    pub(super) fn new(way: Way<'_>, payload: Payload) -> Self {
        let encoded = Value::from(payload.text(0)).to_string();
        let body = match way.style {
            Style::Rest => format!(r#"{{"message":{encoded}}}"#),
            Style::Mcp => format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":{encoded}}}}}}}"#
            ),
            Style::Get => String::new(),
        };
        let key = way.key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let close = if way.close { "connection: close\r\n" } else { "" };
        let (method, more) = match way.style {
            Style::Rest => ("POST", "content-type: application/json\r\n"),
            Style::Mcp => (
                "POST",
                "content-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-06-18\r\n",
            ),
            Style::Get => ("GET", ""),
        };
        let length = if way.style == Style::Get {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{more}{key}{close}{length}\r\n",
            path = way.path,
            host = way.host
        );
        let at = body.find(&number(0)).map(|at| head.len() + at);
        Self { at, bytes: [head.into_bytes(), body.into_bytes()].concat(), payload }
    }

    /// The request of this number.
    pub(super) fn request(&mut self, call: u64) -> &[u8] {
        if let Some(slot) = self.at.and_then(|at| self.bytes.get_mut(at..at + DIGITS)) {
            slot.copy_from_slice(number(call).as_bytes());
        }
        &self.bytes
    }

    /// How many bytes a request has; a reply has about as many.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// Recognises right replies. The first is decoded; how it was encoded is then what the others must look like.
#[derive(Debug, Default)]
pub(super) struct Checker {
    learned: Option<(Vec<u8>, Option<usize>)>,
}

impl Checker {
    /// Whether this body is the reply to the call of this number.
    pub(super) fn is_right(&mut self, template: &Template, call: u64, body: &[u8]) -> bool {
        if let Some((known, at)) = &mut self.learned {
            if let Some(slot) = at.and_then(|at| known.get_mut(at..at + DIGITS)) {
                slot.copy_from_slice(number(call).as_bytes());
            }
            return known == body;
        }
        let right = template.at.is_none() || says(body, &template.payload.text(call));
        if right {
            let at = template.at.and_then(|_| memchr::memmem::find(body, number(call).as_bytes()));
            self.learned = Some((body.to_vec(), at));
        }
        right
    }
}

/// Whether a body is this text, as a JSON string, as the JSON it is, or in the result of a call.
fn says(body: &[u8], text: &str) -> bool {
    let data = memchr::memmem::find(body, b"data: ");
    let body = match data {
        Some(at) if !body.starts_with(b"{") && !body.starts_with(b"\"") => {
            body.get(at + 6..).unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default()
        }
        _ => body,
    };
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let said = value.as_str().or_else(|| value.pointer("/result/content/0/text").and_then(Value::as_str));
    said.map_or_else(
        || serde_json::from_str::<Value>(text).is_ok_and(|text| text == value),
        |said| said == text,
    )
}

/// The number of a call, in a fixed width.
fn number(call: u64) -> String {
    format!("{call:0DIGITS$}")
}

/// Prose with what has to be escaped and what is not ASCII.
fn filler(size: usize) -> String {
    let mut text = String::with_capacity(size);
    for character in TEXT.chars().cycle() {
        if text.len() + character.len_utf8() > size {
            return text;
        }
        text.push(character);
    }
    text
}

const TEXT: &str = " The quick \"brown\" fox jumps over the lazy dog,\nand naïve café owners watch.";
/// The width of a call's number.
const DIGITS: usize = 16;

#[cfg(test)]
mod tests;
