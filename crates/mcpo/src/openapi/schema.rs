//! A tool's schema as components of a document.
//!
//! The schema is the server's own: every keyword, key order and number goes through as it came. Four things change, because a
//! component is no longer the root of its own document:
//! - `$defs` and `definitions`, and every other place that something refers to, become components of their own, and references
//!   lead there. Clients resolve `#/components/schemas/NAME` and nothing else. A place in the middle of the schema is replaced
//!   by a reference to its component, so that nothing is written twice, however its references are woven.
//! - `$id`, `$anchor` and `$dynamicAnchor` go: they would give references inside the document another base, and two tools may
//!   use the same ones. `$dynamicRef` and `$recursiveRef`, resolved, are plain `$ref`s.
//! - `$schema` of the root, where it names another dialect than the document's, is repeated in the components cut out of it.
//! - The values of a `discriminator`'s mapping follow the components.
//!
//! A reference to another document stays as it is. Nothing is fetched, here or when arguments are checked.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::names::Names;
pub(crate) use expansion::{Allowance, cost};
pub(crate) use index::Index;
use index::{REFERENCES, Slot, Target};
pub(crate) use keywords::child;
#[cfg(test)]
pub(super) use keywords::subschemas;
use keywords::{Holds, holds};

mod expansion;
mod index;
mod keywords;

/// A larger schema is not taken: no tool's arguments need a megabyte to be described.
pub(crate) const MAX_SCHEMA_BYTES: usize = 1 << 20;

/// Why a schema cannot stand in a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It is too large.
    #[error("its schema has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// Size of the schema in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is no JSON that can be read, for example because it nests too deeply.
    #[error("its schema cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It is neither an object nor a boolean.
    #[error("its schema is neither an object nor a boolean")]
    NotASchema,
    /// It refers to something that is not in it.
    #[error("its schema refers to {reference}, which it does not contain")]
    Dangling {
        /// The reference as it is written.
        reference: String,
    },
}

/// Reads a schema.
///
/// # Errors
/// When it is too large or no schema.
pub(crate) fn parse(raw: &RawValue, limit: usize) -> Result<Value, SchemaError> {
    let size = raw.get().len();
    if size > limit {
        return Err(SchemaError::TooLarge { size, limit });
    }
    let value: Value = serde_json::from_str(raw.get())?;
    if value.is_object() || value.is_boolean() { Ok(value) } else { Err(SchemaError::NotASchema) }
}

/// Cuts a schema into components: that of the place `start` under the name `component`, then one for each definition and each
/// other target.
pub(super) fn components(
    root: &Value,
    index: &Index,
    start: &str,
    component: String,
    tool: &str,
    names: &mut Names,
) -> Vec<(String, Value)> {
    let mut cut = BTreeMap::new();
    for target in &index.targets {
        if target != start {
            cut.insert(target.as_str(), names.claim_component(&format!("{tool}_{}", label(target))));
        }
    }
    cut.insert(start, component);
    let cutter = Cutter { index, cut: &cut };
    let dialect = root.get("$schema").and_then(Value::as_str).filter(|dialect| !is_default_dialect(dialect));
    let mut components = Vec::with_capacity(cut.len());
    // The one that was asked for first.
    let places = std::iter::once(start).chain(cut.keys().copied().filter(|place| *place != start));
    for place in places {
        let (Some(name), Some(value)) = (cut.get(place), root.pointer(place)) else { continue };
        let mut value = cutter.schema(value, place, true);
        if let (Some(dialect), Value::Object(members)) = (dialect, &mut value)
            && !members.contains_key("$schema")
        {
            members.shift_insert(0, "$schema".into(), dialect.into());
        }
        components.push((name.clone(), value));
    }
    components
}

/// Writes schemas with everything in `cut` replaced by references.
struct Cutter<'a> {
    index: &'a Index,
    /// Places and the names of their components.
    cut: &'a BTreeMap<&'a str, String>,
}

impl Cutter<'_> {
    fn schema(&self, value: &Value, location: &str, is_component: bool) -> Value {
        if !is_component && let Some(name) = self.cut.get(location) {
            return json!({"$ref": reference(name)});
        }
        let Value::Object(schema) = value else { return value.clone() };
        let mut out = Map::new();
        // `$ref` and `$dynamicRef` in one schema: both apply.
        let mut also = Vec::new();
        for (keyword, value) in schema {
            if let Some(known) = REFERENCES.iter().find(|known| *known == keyword) {
                match self.component_of(location, Slot::Keyword(known)) {
                    None => drop(out.insert(keyword.clone(), value.clone())),
                    Some(component) if out.contains_key("$ref") => {
                        also.push(json!({"$ref": reference(component)}));
                    }
                    Some(component) => drop(out.insert("$ref".into(), reference(component).into())),
                }
                continue;
            }
            let at = child(location, keyword);
            match (holds(keyword), value) {
                (Holds::Definitions, Value::Object(_)) => {}
                (Holds::Schemas, Value::Array(list)) => {
                    let each = |(position, value)| self.schema(value, &format!("{at}/{position}"), false);
                    out.insert(keyword.clone(), list.iter().enumerate().map(each).collect());
                }
                (Holds::Schemas, value) => {
                    out.insert(keyword.clone(), self.schema(value, &at, false));
                }
                (Holds::Map, Value::Object(members)) => {
                    let each = |(name, value): (&String, &Value)| {
                        (name.clone(), self.schema(value, &child(&at, name), false))
                    };
                    out.insert(keyword.clone(), Value::Object(members.iter().map(each).collect()));
                }
                _ if is_identifier(keyword, value) => {}
                _ if keyword == "discriminator" => {
                    out.insert(keyword.clone(), self.discriminator(value, location));
                }
                _ => {
                    out.insert(keyword.clone(), self.data(value, &at));
                }
            }
        }
        if !also.is_empty()
            && let Value::Array(list) = out.entry("allOf").or_insert_with(|| json!([]))
        {
            list.append(&mut also);
        }
        Value::Object(out)
    }

    /// Data goes through as it is, except where something refers into it.
    fn data(&self, value: &Value, location: &str) -> Value {
        if !self.index.has_target_within(location) {
            return value.clone();
        }
        if let Some(name) = self.cut.get(location) {
            return json!({"$ref": reference(name)});
        }
        match value {
            Value::Object(members) => {
                let each = |(name, value): (&String, &Value)| {
                    (name.clone(), self.data(value, &child(location, name)))
                };
                Value::Object(members.iter().map(each).collect())
            }
            Value::Array(list) => {
                let each = |(position, value)| self.data(value, &format!("{location}/{position}"));
                list.iter().enumerate().map(each).collect()
            }
            other => other.clone(),
        }
    }

    fn component_of(&self, location: &str, slot: Slot) -> Option<&String> {
        match self.index.target(location, slot)? {
            Target::Local(pointer) => self.cut.get(pointer.as_str()),
            Target::Elsewhere => None,
        }
    }

    fn discriminator(&self, value: &Value, location: &str) -> Value {
        let mut value = value.clone();
        if let Some(Value::Object(mapping)) = value.get_mut("mapping") {
            for (name, value) in mapping {
                if let Some(component) = self.component_of(location, Slot::Mapping(name.clone())) {
                    *value = reference(component).into();
                }
            }
        }
        value
    }
}

/// A reference to a component.
pub(super) fn reference(component: &str) -> String {
    format!("#/components/schemas/{component}")
}

/// Names itself or a place in it, for references that are resolved by now. In draft 4 the keyword is `id`; a later schema may
/// have any data under that name, so only what is certainly a URI goes.
fn is_identifier(keyword: &str, value: &Value) -> bool {
    match keyword {
        "$id" | "$anchor" | "$dynamicAnchor" => value.is_string(),
        "$recursiveAnchor" => value.is_boolean(),
        "id" => value.as_str().is_some_and(|id| id.contains(':') || id.starts_with('#')),
        _ => false,
    }
}

/// What to call a place: the name of a definition, else its pointer without the words that say nothing.
fn label(pointer: &str) -> String {
    let tokens: Vec<_> =
        pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    match tokens.as_slice() {
        [] => "root".into(),
        [.., keyword, name] if holds(keyword) == Holds::Definitions => name.clone(),
        tokens => {
            let said: Vec<_> = tokens
                .iter()
                .map(String::as_str)
                .filter(|token| !matches!(holds(token), Holds::Map | Holds::Definitions))
                .collect();
            if said.is_empty() { tokens.join("_") } else { said.join("_") }
        }
    }
}

fn is_default_dialect(dialect: &str) -> bool {
    dialect.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema"
}

#[cfg(test)]
mod tests;
