//! What a body says it is.
//!
//! FastAPI refuses a JSON body that does not call itself JSON, and so did mcpo. The reason is more than tidiness: a web page may
//! send `text/plain` anywhere without asking, but needs the server's leave (CORS preflight) for `application/json`. Where only
//! some origins may call, a body of another type is what an intruder would send.

use http::{HeaderMap, header};
use serde_json::value::to_raw_value;

use super::error::ArgumentsError;

/// Lets a request pass whose body is empty, or is `application/json` or another `+json` type.
///
/// # Errors
/// [`ArgumentsError::MediaType`] for any other body.
pub fn require_json(headers: &HeaderMap, body: &[u8]) -> Result<(), ArgumentsError> {
    if body.trim_ascii().is_empty()
        || headers.get(header::CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes()))
    {
        return Ok(());
    }
    let head = String::from_utf8_lossy(body.get(..REPEATED_BYTES).unwrap_or(body));
    // FastAPI repeats the body as a string; a string always can be written.
    to_raw_value(&head).map_or(Err(ArgumentsError::NotText), |input| Err(ArgumentsError::MediaType(input)))
}

fn is_json(value: &[u8]) -> bool {
    let name = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let (kind, rest) = name.split_at_checked(APPLICATION.len()).unwrap_or_default();
    kind.eq_ignore_ascii_case(APPLICATION)
        && (rest.eq_ignore_ascii_case(b"json")
            || rest.last_chunk::<5>().is_some_and(|end| end.eq_ignore_ascii_case(b"+json")))
}

const APPLICATION: &[u8] = b"application/";

/// Bytes of a refused body that are repeated to the caller.
const REPEATED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
