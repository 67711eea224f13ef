//! Schemas that are sure to compile, so that compiling them can wait until somebody calls the tool.
//!
//! Compiling costs far more than anything else in publishing a tool, and most tools of a large server are never called. But a
//! schema that cannot be compiled is reported when its tool is published, so only what cannot go wrong may wait: well-known
//! keywords whose values are as their meta-schemas have them, and no patterns.

use serde_json::{Map, Value as Json};

/// Whether a schema compiles for certain.
pub(super) fn is_certain(root: &Json) -> bool {
    let dialect = match root.get("$schema") {
        None => true,
        Some(dialect) => dialect.as_str().is_some_and(is_modern),
    };
    dialect && schema(root, root, true)
}

/// Drafts whose meta-schemas agree on what is taken here for right.
fn is_modern(dialect: &str) -> bool {
    matches!(
        dialect.trim_end_matches('#'),
        "https://json-schema.org/draft/2020-12/schema"
            | "https://json-schema.org/draft/2019-09/schema"
            | "http://json-schema.org/draft-07/schema"
    )
}

fn schema(value: &Json, root: &Json, is_root: bool) -> bool {
    match value {
        Json::Bool(_) => true,
        Json::Object(members) => {
            members.iter().all(|(name, value)| keyword(name, value, root) || (is_root && name == "$schema"))
        }
        _ => false,
    }
}

fn keyword(name: &str, value: &Json, root: &Json) -> bool {
    let every = |list: &Vec<Json>| !list.is_empty() && list.iter().all(|value| schema(value, root, false));
    let all = |members: &Map<String, Json>| members.values().all(|value| schema(value, root, false));
    match name {
        "type" => is_type(value),
        "properties" | "$defs" | "definitions" => value.as_object().is_some_and(all),
        "additionalProperties" | "items" | "not" | "contains" | "propertyNames" | "if" | "then" | "else" => {
            schema(value, root, false)
        }
        "anyOf" | "allOf" | "oneOf" => value.as_array().is_some_and(every),
        "required" => {
            value.as_array().is_some_and(|names| names.iter().all(Json::is_string) && are_different(names))
        }
        "enum" | "examples" => value.as_array().is_some_and(|list| !list.is_empty()),
        "const" | "default" => true,
        "title" | "description" | "$comment" | "format" => value.is_string(),
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => value.is_boolean(),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => is_small(value),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            value.as_u64().is_some_and(|count| u32::try_from(count).is_ok())
        }
        "$ref" => value.as_str().is_some_and(|reference| is_definition(reference, root)),
        other => other.starts_with("x-"),
    }
}

fn is_type(value: &Json) -> bool {
    let is_name = |value: &Json| {
        matches!(
            value.as_str(),
            Some("string" | "number" | "integer" | "boolean" | "null" | "array" | "object")
        )
    };
    match value {
        Json::Array(names) => !names.is_empty() && names.iter().all(is_name) && are_different(names),
        name => is_name(name),
    }
}

/// Whether no two of a few values are the same; of many, nobody asks.
fn are_different(values: &[Json]) -> bool {
    values.len() <= FEW
        && values.iter().enumerate().all(|(at, value)| !values.iter().take(at).any(|other| other == value))
}

/// A number that every way of reading it agrees on.
fn is_small(value: &Json) -> bool {
    value.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

/// Whether a reference leads to a definition of the root that needs no decoding to be found.
fn is_definition(reference: &str, root: &Json) -> bool {
    let definition = |section: &str, name: &str| {
        !name.contains(['/', '~', '%'])
            && root.get(section).is_some_and(|section| section.get(name).is_some())
    };
    match reference.strip_prefix("#/").and_then(|path| path.split_once('/')) {
        Some((section @ ("$defs" | "definitions"), name)) => definition(section, name),
        _ => false,
    }
}

/// Names that are compared one with another.
const FEW: usize = 64;

#[cfg(test)]
mod tests;
