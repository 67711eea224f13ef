//! A `CallToolResult` as a response.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::Block;
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
pub fn tool_result(text: &str, tool: &ExposedTool, whole: bool) -> Answer {
    answer(text, tool.result, whole)
}

/// The same for a tool of this shape.
pub(super) fn answer(text: &str, shape: ResultShape, whole: bool) -> Answer {
    let Some(result) = CallResult::read(text) else {
        return problem::message(StatusCode::BAD_GATEWAY, "The server's answer is not the result of a tool.");
    };
    let status = if result.is_error() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    if whole {
        let content_type = HeaderValue::from_static(WHOLE_RESULT);
        return Answer { status, content_type, body: text.to_owned().into() };
    }
    if result.is_error() {
        return problem::json(status, result.error_body());
    }
    let body = match result.structured(shape) {
        Some(structured) => structured.to_owned(),
        None => result.content_body(text.len()),
    };
    problem::json(status, body)
}

#[derive(Debug)]
struct CallResult<'a> {
    text: &'a str,
    content: Vec<Block<'a>>,
    structured_content: Option<&'a RawValue>,
    is_error: Option<&'a RawValue>,
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
    /// Reads a result in one pass; only if an element is no block at all, each is looked at alone.
    fn read(text: &'a str) -> Option<Self> {
        let read = serde_json::from_str::<Members<'a, Block<'a>>>(text).or_else(|_| {
            let Members { content, structured_content, is_error } =
                serde_json::from_str::<Members<'a, &'a RawValue>>(text)?;
            let content =
                content.into_iter().map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()).collect();
            Ok::<_, serde_json::Error>(Members { content, structured_content, is_error })
        });
        let Members { content, structured_content, is_error } = read.ok()?;
        Some(Self { text, content, structured_content, is_error })
    }

    /// An element as the server wrote it.
    fn element(&self, position: usize) -> &'a str {
        let read = serde_json::from_str::<Members<'a, &'a RawValue>>(self.text);
        let element = read.ok().and_then(|members| members.content.get(position).map(|raw| raw.get()));
        element.unwrap_or("null")
    }

    fn write(&self, block: &Block<'a>, position: usize, out: &mut String) {
        let before = out.len();
        if !block.write(out) {
            out.truncate(before);
            out.push_str(self.element(position));
        }
    }

    fn is_error(&self) -> bool {
        self.is_error.is_some_and(|value| value.get() == "true")
    }

    /// The structured part, if the tool declares one and the server kept to it.
    fn structured(&self, shape: ResultShape) -> Option<&'a str> {
        #[derive(Deserialize)]
        struct Wrapped<'a> {
            #[serde(borrow)]
            result: &'a RawValue,
        }
        let structured = self.structured_content.map(RawValue::get).filter(|value| *value != "null")?;
        match shape {
            ResultShape::Content => None,
            ResultShape::Structured => Some(structured),
            ResultShape::Wrapped => Some(
                serde_json::from_str::<Wrapped<'_>>(structured)
                    .map_or(structured, |wrapped| wrapped.result.get()),
            ),
        }
    }

    fn content_body(&self, size: usize) -> String {
        let mut out = String::with_capacity(size);
        if let [only] = self.content.as_slice() {
            self.write(only, 0, &mut out);
            return out;
        }
        out.push('[');
        for (position, block) in self.content.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            self.write(block, position, &mut out);
        }
        out.push(']');
        out
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
