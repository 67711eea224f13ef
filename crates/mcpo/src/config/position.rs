//! Finds the line of a key in a JSON file with comments, so that a mistake can be pointed at.

use std::collections::HashSet;
use std::fmt::Write as _;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of an object.
    Key(String),
    /// The element of an array.
    Index(usize),
}

/// The line (from 1) of the deepest value that `path` reaches from `root`.
pub(super) fn line_of(text: &str, root: &Value<'_>, path: &[Step]) -> usize {
    let mut at = root.start();
    let mut value = Some(root);
    for step in path {
        value = match (value, step) {
            (Some(Value::Object(object)), Step::Key(key)) => match object.get(key) {
                Some(property) => {
                    at = property.start();
                    Some(&property.value)
                }
                None => None,
            },
            (Some(Value::Array(array)), Step::Index(index)) => {
                let element = array.elements.get(*index);
                at = element.map_or(at, Ranged::start);
                element
            }
            _ => None,
        };
    }
    line_at(text, at)
}

/// The first key that stands twice in one object: its line and its path.
pub(super) fn repeated_key(text: &str, value: &Value<'_>) -> Option<(usize, String)> {
    fn find(value: &Value<'_>, path: &mut Vec<Step>) -> Option<usize> {
        match value {
            Value::Object(object) => {
                let mut seen = HashSet::new();
                for property in &object.properties {
                    path.push(Step::Key(property.name.as_str().to_owned()));
                    if !seen.insert(property.name.as_str()) {
                        return Some(property.start());
                    }
                    if let Some(at) = find(&property.value, path) {
                        return Some(at);
                    }
                    path.pop();
                }
                None
            }
            Value::Array(array) => array.elements.iter().enumerate().find_map(|(index, element)| {
                path.push(Step::Index(index));
                let at = find(element, path);
                if at.is_none() {
                    path.pop();
                }
                at
            }),
            _ => None,
        }
    }
    let mut path = Vec::new();
    let at = find(value, &mut path)?;
    Some((line_at(text, at), display(&path)))
}

/// The line (from 1) of a byte offset.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// `mcpServers.time.args[1]`: how people write a path.
pub(super) fn display(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            // Writing to a String cannot fail.
            Step::Index(index) => drop(write!(out, "[{index}]")),
        }
    }
    out
}
