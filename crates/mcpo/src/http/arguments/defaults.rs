//! The defaults of a schema, filled in where a caller left something out.
//!
//! As in mcpo: a default counts where the property is not required and the default is not null, at the top and inside objects
//! and arrays that the caller did send. Of alternatives only the one that is no plain type is followed, which is how optional
//! objects are written.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value as Json};

use super::value::{Kind, Value};
use crate::openapi::{Index, child};

/// The defaults of a schema.
#[derive(Debug)]
pub(super) struct Defaults {
    shapes: Vec<Shape>,
}

/// What a schema says of the inside of a value.
#[derive(Debug, Default)]
struct Shape {
    members: Vec<(String, Property)>,
    items: Option<usize>,
}

#[derive(Debug)]
struct Property {
    /// The default as JSON text.
    default: Option<String>,
    /// Position of the shape of the value.
    shape: usize,
}

impl Defaults {
    /// The defaults of a schema, or `None` if it has none.
    pub(super) fn of(root: &Json, index: &Index) -> Option<Self> {
        let mut survey =
            Survey { root, index, shapes: Vec::new(), known: HashMap::new(), queue: VecDeque::new() };
        survey.shape("");
        while let Some((position, location)) = survey.queue.pop_front() {
            let mut shape = Shape::default();
            survey.describe(&location, &mut shape, &mut HashSet::new(), 0);
            if let Some(place) = survey.shapes.get_mut(position) {
                *place = shape;
            }
        }
        let any = survey
            .shapes
            .iter()
            .any(|shape| shape.members.iter().any(|(_, property)| property.default.is_some()));
        any.then_some(Self { shapes: survey.shapes })
    }

    /// Fills in what is missing. Says whether anything was.
    pub(super) fn fill<'a>(&'a self, value: &mut Value<'a>) -> bool {
        self.fill_shape(value, 0)
    }

    fn fill_shape<'a>(&'a self, value: &mut Value<'a>, shape: usize) -> bool {
        let Some(shape) = self.shapes.get(shape) else { return false };
        let mut changed = false;
        let mut missing = Vec::new();
        match &mut value.kind {
            Kind::Object(members) => {
                for (name, property) in &shape.members {
                    match (members.get_mut(name), &property.default) {
                        (Some(value), _) => changed |= self.fill_shape(value, property.shape),
                        (None, Some(default)) => {
                            let value = Value::read(default, usize::MAX, usize::MAX);
                            missing.extend(value.ok().map(|value| (name.as_str(), value)));
                        }
                        (None, None) => {}
                    }
                }
                changed |= !missing.is_empty();
                if !missing.is_empty() {
                    members.add(missing);
                }
            }
            Kind::Array(list) => {
                if let Some(items) = shape.items {
                    for value in list {
                        changed |= self.fill_shape(value, items);
                    }
                }
            }
            _ => {}
        }
        if changed {
            value.touch();
        }
        changed
    }
}

/// A walk over a schema along the values that it describes. A queue, not recursion: references make long chains.
struct Survey<'a> {
    root: &'a Json,
    index: &'a Index,
    shapes: Vec<Shape>,
    known: HashMap<String, usize>,
    queue: VecDeque<(usize, String)>,
}

impl<'a> Survey<'a> {
    fn shape(&mut self, location: &str) -> usize {
        if let Some(known) = self.known.get(location) {
            return *known;
        }
        let position = self.shapes.len();
        self.shapes.push(Shape::default());
        self.known.insert(location.to_owned(), position);
        self.queue.push_back((position, location.to_owned()));
        position
    }

    /// Adds what the schema at `location` says to a shape.
    fn describe(&mut self, location: &str, shape: &mut Shape, seen: &mut HashSet<String>, hops: usize) {
        let Some(Json::Object(schema)) = self.root.pointer(location) else { return };
        if let Some(Json::Object(properties)) = schema.get("properties") {
            let at = child(location, "properties");
            for (name, property) in properties {
                if seen.insert(name.clone()) {
                    let location = child(&at, name);
                    let default =
                        if is_required(schema, name) { None } else { self.default(&location, property) };
                    shape.members.push((name.clone(), Property { default, shape: self.shape(&location) }));
                }
            }
        }
        if matches!(schema.get("items"), Some(Json::Object(_))) && shape.items.is_none() {
            shape.items = Some(self.shape(&child(location, "items")));
        }
        if hops == MAX_HOPS {
            return;
        }
        if let Some(target) = self.index.local(location).map(str::to_owned) {
            self.describe(&target, shape, seen, hops + 1);
        }
        if let Some(Json::Array(all)) = schema.get("allOf") {
            for position in 0..all.len() {
                self.describe(&format!("{location}/allOf/{position}"), shape, seen, hops + 1);
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(Json::Array(alternatives)) = schema.get(keyword) else { continue };
            let mut composite =
                alternatives.iter().enumerate().filter(|(_, alternative)| !is_plain(alternative));
            if let (Some((position, _)), None) = (composite.next(), composite.next()) {
                self.describe(&format!("{location}/{keyword}/{position}"), shape, seen, hops + 1);
            }
        }
    }

    /// The default of a property: its own, or that of what it refers to.
    fn default(&self, location: &str, property: &'a Json) -> Option<String> {
        let referred =
            || self.index.local(location).and_then(|target| self.root.pointer(target)?.get("default"));
        let default = property.get("default").or_else(referred)?;
        (!default.is_null()).then(|| default.to_string())
    }
}

fn is_required(schema: &Map<String, Json>, name: &str) -> bool {
    schema
        .get("required")
        .and_then(Json::as_array)
        .is_some_and(|names| names.iter().any(|required| required == name))
}

/// Whether an alternative is a type without an inside.
fn is_plain(schema: &Json) -> bool {
    matches!(
        schema.get("type").and_then(Json::as_str),
        Some("null" | "boolean" | "integer" | "number" | "string")
    )
}

/// References and `allOf`s that are followed one into another.
const MAX_HOPS: usize = 16;

#[cfg(test)]
mod tests;
