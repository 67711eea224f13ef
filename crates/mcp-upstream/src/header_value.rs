//! Text as the value of a header (2026-07-28, basic/transports/streamable-http, "Value Encoding").
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;

/// The text itself where that is safe, and Base64 between marks where it is not.
pub(crate) fn encode(text: &str) -> HeaderValue {
    let plain = if is_safe(text) { HeaderValue::from_str(text).ok() } else { None };
    plain.unwrap_or_else(|| {
        let encoded = format!("{PREFIX}{}{SUFFIX}", STANDARD.encode(text));
        // Base64 and the marks are visible ASCII.
        HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
    })
}

/// Visible ASCII, with blanks and tabs inside but not at the ends, that is not itself between the marks.
fn is_safe(text: &str) -> bool {
    let blank = [' ', '\t'];
    if text.starts_with(blank) || text.ends_with(blank) {
        return false;
    }
    let marked = text.starts_with(PREFIX) && text.ends_with(SUFFIX);
    !marked && text.chars().all(|c| c.is_ascii_graphic() || blank.contains(&c))
}

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

#[cfg(test)]
mod tests;
