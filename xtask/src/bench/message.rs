//! What is sent and what must come back: a text with a number of its own in each call.

use serde_json::Value;

/// How a target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `POST` of the arguments, answered by the text.
    Rest,
    /// `tools/call` of MCP, answered by a result.
    Mcp,
}

/// A request that differs from call to call in its number only.
#[derive(Debug, Clone)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where the number is.
    at: usize,
    /// The text of the message, as a reply must contain it, with the number of the first call.
    text: String,
}

impl Template {
    /// A `POST` to a path with a text of about `size` bytes.
    pub(super) fn new(style: Style, host: &str, path: &str, key: Option<&str>, size: usize) -> Self {
        let text = format!("{}{}", number(0), filler(size.saturating_sub(DIGITS)));
        let encoded = Value::from(text.as_str()).to_string();
        let body = match style {
            Style::Rest => format!(r#"{{"message":{encoded}}}"#),
            Style::Mcp => format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":{encoded}}}}}}}"#
            ),
        };
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let mcp = match style {
            Style::Rest => "",
            Style::Mcp => {
                "accept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-06-18\r\n"
            }
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{key}{mcp}content-length: {}\r\n\r\n",
            body.len()
        );
        let before = body.find(&number(0)).unwrap_or_default();
        Self { at: head.len() + before, bytes: [head.into_bytes(), body.into_bytes()].concat(), text }
    }

    /// The request of this number.
    pub(super) fn request(&mut self, call: u64) -> &[u8] {
        if let Some(slot) = self.bytes.get_mut(self.at..self.at + DIGITS) {
            slot.copy_from_slice(number(call).as_bytes());
        }
        &self.bytes
    }
}

/// Recognises right replies. The first is decoded; how it was encoded is then what the others must look like.
#[derive(Debug, Default)]
pub(super) struct Checker {
    learned: Option<(Vec<u8>, usize)>,
}

impl Checker {
    /// Whether this body is the reply to the call of this number.
    pub(super) fn is_right(&mut self, template: &Template, call: u64, body: &[u8]) -> bool {
        let digits = number(call);
        if let Some((known, at)) = &mut self.learned {
            if let Some(slot) = known.get_mut(*at..*at + DIGITS) {
                slot.copy_from_slice(digits.as_bytes());
            }
            return known == body;
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
        let text = value.as_str().or_else(|| value.pointer("/result/content/0/text").and_then(Value::as_str));
        let right = text
            .is_some_and(|text| text.split_at_checked(DIGITS) == Some((&digits, &template.text[DIGITS..])));
        if let (true, Some(at)) = (right, memchr::memmem::find(body, digits.as_bytes())) {
            self.learned = Some((body.to_vec(), at));
        }
        right
    }
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
