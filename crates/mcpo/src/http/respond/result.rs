//! A `CallToolResult` as a response.

use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use json_scan::{Invalid, Scan, utf8};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::{Block, Loose, Seen};
use crate::http::problem::{self, Answer};
use crate::openapi::ExposedTool;

/// The media type of a result as the server gave it.
pub const WHOLE_RESULT: &str = "application/vnd.mcp.tool-result+json";

/// Which part of a result is the answer. The document promises the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultShape {
    /// The content blocks: the tool declares no output schema.
    Content,
    /// `structuredContent`: the tool declares what is in it.
    Structured,
    /// `structuredContent.result`: `FastMCP` put it there because it is no object (`x-fastmcp-wrap-result`).
    Wrapped,
}

/// Whether a caller asks for the result as the server gave it: [`WHOLE_RESULT`] is named in `Accept` and not refused with
/// `q=0` (RFC 9110 section 12.5.1).
pub fn accepts_whole_result(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    ranges.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(WHOLE_RESULT));
        let refused = parts.any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, weight)| {
                name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0)
            })
        });
        named && !refused
    })
}

/// Answers a call with its result. `whole`: as the server gave it ([`accepts_whole_result`]).
///
/// A result that says it is an error becomes 500 with `{"detail":{"message":TEXT}}`. Of several elements the answer is an
/// array, of one the element, of none `[]`.
///
/// An answer that stands in the result as it is, as most do, is not copied.
pub fn tool_result(result: &Bytes, tool: &ExposedTool, whole: bool) -> Answer {
    answer(result, tool.result, whole)
}

/// The same for a tool of this shape.
pub(super) fn answer(bytes: &Bytes, shape: ResultShape, whole: bool) -> Answer {
    let Some(result) = utf8(bytes).ok().and_then(CallResult::read) else {
        return problem::message(StatusCode::BAD_GATEWAY, "The server's answer is not the result of a tool.");
    };
    let status = if result.is_error() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    if whole {
        let content_type = HeaderValue::from_static(WHOLE_RESULT);
        return Answer { status, content_type, body: bytes.clone() };
    }
    if result.is_error() {
        return problem::json(status, result.error_body());
    }
    let body = match result.structured(shape) {
        Some(structured) => Cow::Borrowed(structured),
        None => result.content_body(),
    };
    let body = match body {
        Cow::Borrowed(part) => shared(bytes, part),
        Cow::Owned(written) => written.into(),
    };
    problem::json(status, body)
}

/// A value that is not null.
fn present(value: &str) -> Option<&str> {
    Some(value).filter(|value| *value != "null")
}

/// A part of `bytes` without a copy. What is no part of them is copied.
fn shared(bytes: &Bytes, part: &str) -> Bytes {
    let start = part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
    match start.checked_add(part.len()) {
        Some(end) if end <= bytes.len() => bytes.slice(start..end),
        _ => Bytes::copy_from_slice(part.as_bytes()),
    }
}

#[derive(Debug)]
struct CallResult<'a> {
    text: &'a str,
    content: Vec<Block<'a>>,
    structured_content: Option<&'a str>,
    is_error: Option<&'a str>,
    elements: OnceCell<Vec<&'a RawValue>>,
}

/// The members of a result, with elements read as blocks or left as they are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a, E> {
    #[serde(default = "Vec::new")]
    content: Vec<E>,
    #[serde(borrow)]
    structured_content: Option<&'a RawValue>,
    #[serde(borrow)]
    is_error: Option<&'a RawValue>,
}

impl<'a> CallResult<'a> {
    /// Reads a result.
    fn read(text: &'a str) -> Option<Self> {
        Self::read_usual(text).ok().or_else(|| Self::read_any(text))
    }

    /// Reads a result as servers write it: objects, in which nothing occurs twice. In one pass, at memory speed.
    fn read_usual(text: &'a str) -> Result<Self, Invalid> {
        let mut result = Self {
            text,
            content: Vec::new(),
            structured_content: None,
            is_error: None,
            elements: OnceCell::new(),
        };
        let mut scan = Scan::new(text);
        let mut seen = Seen::default();
        scan.object(|name, scan| {
            if name.is_escaped() {
                return Err(Invalid);
            }
            match name.inner() {
                "content" => {
                    seen.first(0)?;
                    scan.array(|scan| Block::scan(scan).map(|block| result.content.push(block)))
                }
                "structuredContent" => {
                    seen.first(1)?;
                    scan.value().map(|value| result.structured_content = present(value))
                }
                "isError" => {
                    seen.first(2)?;
                    scan.value().map(|value| result.is_error = present(value))
                }
                _ => scan.value().map(drop),
            }
        })?;
        scan.end()?;
        Ok(result)
    }

    /// Reads any result; only if an element is no block at all, each is looked at alone.
    fn read_any(text: &'a str) -> Option<Self> {
        let read = serde_json::from_str::<Members<'a, Loose<'a>>>(text).or_else(|_| {
            let Members { content, structured_content, is_error } =
                serde_json::from_str::<Members<'a, &'a RawValue>>(text)?;
            let content =
                content.into_iter().map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()).collect();
            Ok::<_, serde_json::Error>(Members { content, structured_content, is_error })
        });
        let Members { content, structured_content, is_error } = read.ok()?;
        let content = content.into_iter().map(Block::from).collect();
        let (structured_content, is_error) =
            (structured_content.map(RawValue::get), is_error.map(RawValue::get));
        Some(Self { text, content, structured_content, is_error, elements: OnceCell::new() })
    }

    /// An element as the server wrote it. They are looked for once, when the first of them is asked for.
    fn element(&self, position: usize) -> &'a str {
        let elements = self.elements.get_or_init(|| {
            let read = serde_json::from_str::<Members<'a, &'a RawValue>>(self.text);
            read.map(|members| members.content).unwrap_or_default()
        });
        elements.get(position).map_or("null", |raw| raw.get())
    }

    /// A block as it stands in the answer.
    fn block(&self, block: &Block<'a>, position: usize) -> Cow<'a, str> {
        block.form().unwrap_or_else(|| Cow::Borrowed(self.element(position)))
    }

    fn is_error(&self) -> bool {
        self.is_error == Some("true")
    }

    /// The structured part, if the tool declares one and the server kept to it.
    fn structured(&self, shape: ResultShape) -> Option<&'a str> {
        #[derive(Deserialize)]
        struct Wrapped<'a> {
            #[serde(borrow)]
            result: &'a RawValue,
        }
        let structured = self.structured_content.filter(|value| *value != "null")?;
        match shape {
            ResultShape::Content => None,
            ResultShape::Structured => Some(structured),
            ResultShape::Wrapped => Some(
                serde_json::from_str::<Wrapped<'_>>(structured)
                    .map_or(structured, |wrapped| wrapped.result.get()),
            ),
        }
    }

    fn content_body(&self) -> Cow<'a, str> {
        if let [only] = self.content.as_slice() {
            return self.block(only, 0);
        }
        let mut out = String::with_capacity(self.text.len());
        out.push('[');
        for (position, block) in self.content.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            out.push_str(&self.block(block, position));
        }
        out.push(']');
        Cow::Owned(out)
    }

    /// The texts, one below the other; they stay in the form in which the server escaped them.
    fn error_body(&self) -> String {
        let texts: Vec<_> = self.content.iter().filter_map(Block::text).collect();
        let message =
            if texts.is_empty() { "Unknown tool execution error".to_owned() } else { texts.join("\\n") };
        format!(r#"{{"detail":{{"message":"{message}"}}}}"#)
    }
}

#[cfg(test)]
mod tests;
