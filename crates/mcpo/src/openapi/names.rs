//! Names in a document: summaries, operation ids, path segments, component names.

use std::collections::{HashMap, HashSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_general_category::{GeneralCategory, get_general_category};

/// A name as one segment of a path, percent-encoded as RFC 3986 section 3.3 has it (`pchar`).
///
/// ```
/// assert_eq!(mcpo::openapi::path_segment("get_time"), "get_time");
/// assert_eq!(mcpo::openapi::path_segment("a/b c"), "a%2Fb%20c");
/// ```
pub fn path_segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// A server's name as the path that it lies under, its slashes kept: a reverse proxy may decode or refuse encoded ones.
///
/// ```
/// assert_eq!(mcpo::openapi::server_path("team/notes today"), "team/notes%20today");
/// ```
pub fn server_path(name: &str) -> String {
    name.split('/').map(path_segment).collect::<Vec<_>>().join("/")
}

/// Whether a path segment of this name can be asked for. `.` and `..` cannot, not even percent-encoded: clients resolve them
/// before they send anything (WHATWG URL, "double-dot URL path segment").
pub(super) fn is_routable(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
}

/// The `operationId` of a tool: `tool_{name}_post` with every non-word character as `_`.
///
/// Word characters are Python's (`\w` in a `str` pattern: letters and numbers of every script, and `_`), because clients
/// store these ids, and because an ASCII-only rule would turn all names of one length in, say, Chinese into the same id.
pub(super) fn operation_id(tool: &str) -> String {
    let name: String = tool.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
    format!("tool_{name}_post")
}

/// The `summary` of a tool: Python's `name.replace("_", " ").title()`.
pub(super) fn summary(tool: &str) -> String {
    title_case(&tool.replace('_', " "))
}

/// FastAPI's title of a response: the `operationId` in title case, after "Response ".
pub(super) fn response_title(operation_id: &str) -> String {
    format!("Response {}", summary(operation_id))
}

/// Names that are each given out once.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Names {
    /// The wanted name, or with `_2`, `_3`, ... after it where it is taken.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        if self.taken.insert(wanted.to_owned()) {
            return wanted.to_owned();
        }
        loop {
            let number = self.next.entry(wanted.to_owned()).or_insert(1);
            *number += 1;
            let name = format!("{wanted}_{number}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// The same for the key of a component, which must match `^[a-zA-Z0-9._-]+$` (OpenAPI 3.1 section 4.8.7).
    /// Other characters become `_`, as pydantic does it.
    pub(super) fn claim_component(&mut self, wanted: &str) -> String {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name: String = wanted.chars().map(|c| if legal(c) { c } else { '_' }).collect();
        self.claim(&name)
    }
}

/// Everything but `pchar`: unreserved / sub-delims / ":" / "@".
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Python's `\w`: `_` and what `str.isalnum()` accepts. Unlike Rust's `is_alphanumeric` that leaves combining marks out.
fn is_word(c: char) -> bool {
    use GeneralCategory::{
        DecimalNumber, LetterNumber, LowercaseLetter, ModifierLetter, OtherLetter, OtherNumber,
        TitlecaseLetter, UppercaseLetter,
    };
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    matches!(
        get_general_category(c),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | DecimalNumber
            | LetterNumber
            | OtherNumber
    )
}

/// Python's `str.title()`: a letter is lowered after a cased character and raised after anything else, so that `3d` becomes
/// `3D` and `it's` becomes `It'S`.
fn title_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_cased = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (after_cased, c) {
            // Unicode's final sigma, which Python honours.
            (true, 'Σ') if !rest.peek().is_some_and(|next| is_cased(*next)) => out.push('ς'),
            (true, c) => out.extend(c.to_lowercase()),
            (false, c) => push_title(c, &mut out),
        }
        after_cased = is_cased(c);
    }
    out
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || get_general_category(c) == GeneralCategory::TitlecaseLetter
}

/// Unicode's title-case mapping, which differs from upper case where one letter stands for several.
fn push_title(c: char, out: &mut String) {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => out.push('ǅ'),
        'Ǉ' | 'ǈ' | 'ǉ' => out.push('ǈ'),
        'Ǌ' | 'ǋ' | 'ǌ' => out.push('ǋ'),
        'Ǳ' | 'ǲ' | 'ǳ' => out.push('ǲ'),
        // Georgian letters have capitals, but no title case.
        'ა'..='ჿ' => out.push(c),
        c => {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}

#[cfg(test)]
mod tests;
