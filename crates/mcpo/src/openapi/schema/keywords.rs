//! Which keywords of JSON Schema hold schemas, in the drafts that servers use (4 to 2020-12).

use serde_json::{Map, Value};

/// What the value of a keyword is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// One schema, or (`items` before 2020-12) a list of them.
    Schemas,
    /// An object whose values are schemas; of `dependencies` some values are lists of names.
    Map,
    /// An object of schemas that stand there only to be referred to.
    Definitions,
    /// Anything else: data.
    Data,
}

/// What a keyword holds.
pub(super) fn holds(keyword: &str) -> Holds {
    match keyword {
        "additionalItems"
        | "additionalProperties"
        | "allOf"
        | "anyOf"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "items"
        | "not"
        | "oneOf"
        | "prefixItems"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::Schemas,
        "dependencies" | "dependentSchemas" | "patternProperties" | "properties" => Holds::Map,
        "$defs" | "definitions" => Holds::Definitions,
        _ => Holds::Data,
    }
}

/// Calls `f` with the location and value of every schema directly inside a schema, and whether it is a definition.
pub(in crate::openapi) fn subschemas<'a>(
    schema: &'a Map<String, Value>,
    location: &str,
    mut f: impl FnMut(String, &'a Value, bool),
) {
    for (keyword, value) in schema {
        let kind = holds(keyword);
        if kind == Holds::Data {
            continue;
        }
        let at = child(location, keyword);
        match (kind, value) {
            (Holds::Schemas, Value::Array(list)) => {
                for (position, value) in list.iter().enumerate() {
                    f(format!("{at}/{position}"), value, false);
                }
            }
            (Holds::Schemas, value) => f(at, value, false),
            (_, Value::Object(members)) => {
                for (name, value) in members {
                    f(child(&at, name), value, kind == Holds::Definitions);
                }
            }
            _ => {}
        }
    }
}

/// The JSON Pointer of a member, escaped as RFC 6901 section 3 has it.
pub(crate) fn child(location: &str, name: &str) -> String {
    let mut pointer = String::with_capacity(location.len() + name.len() + 1);
    pointer.push_str(location);
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
    pointer
}
