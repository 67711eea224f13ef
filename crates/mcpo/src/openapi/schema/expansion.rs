//! How much work a schema can make of one value.
//!
//! Keywords such as `allOf` and `$ref` apply several schemas to the same value. Thirty definitions, each of which names the
//! next one twice, are 2^30 checks of one value; a chain of ten thousand references is a stack of ten thousand frames. Both
//! fit in a kilobyte or two that a server sends, so both are counted before anything is compiled.

use std::collections::HashMap;

use serde_json::Value;

use super::index::Index;
use super::keywords::child;

/// What one value may cost. The defaults are far above what any honest schema needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Schemas applied to one value.
    pub(crate) schemas: u64,
    /// Schemas applied inside one another to one value.
    pub(crate) depth: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { schemas: 10_000, depth: 200 }
    }
}

/// How many schemas one value can meet at the worst place of a schema, or `None` when that is more than allowed.
pub(crate) fn cost(root: &Value, index: &Index, allowance: Allowance) -> Option<u64> {
    let mut count = Count { root, index, allowance, known: HashMap::new() };
    // Where values are checked first: the root, and every other place that is reached by going into the value. Those are all
    // inside the root or a target.
    let mut places = vec![(String::new(), root)];
    let mut worst = 1;
    for target in &index.targets {
        places.extend(root.pointer(target).map(|value| (target.clone(), value)));
    }
    while let Some((location, value)) = places.pop() {
        worst = worst.max(count.at(&location, value, 0)?);
        if let Value::Object(schema) = value {
            super::keywords::subschemas(schema, &location, |at, value, is_definition| {
                if !is_definition {
                    places.push((at, value));
                }
            });
        }
    }
    Some(worst)
}

struct Count<'a> {
    root: &'a Value,
    index: &'a Index,
    allowance: Allowance,
    /// Places and their costs; 0 while a place is being counted, which is what a cycle finds.
    known: HashMap<String, u64>,
}

impl Count<'_> {
    /// The number of schemas that the one at `location` applies to a value, or `None` when that is more than allowed.
    fn at(&mut self, location: &str, value: &Value, depth: usize) -> Option<u64> {
        if depth > self.allowance.depth {
            return None;
        }
        if let Some(known) = self.known.get(location) {
            return Some(*known);
        }
        self.known.insert(location.to_owned(), 0);
        let mut total = 1_u64;
        if let Value::Object(schema) = value {
            for (keyword, value) in schema {
                if !IN_PLACE.contains(&keyword.as_str()) {
                    continue;
                }
                let at = child(location, keyword);
                match value {
                    Value::Array(list) => {
                        for (position, value) in list.iter().enumerate() {
                            total = total.saturating_add(self.at(
                                &format!("{at}/{position}"),
                                value,
                                depth + 1,
                            )?);
                        }
                    }
                    Value::Object(members) if keyword == "dependentSchemas" => {
                        for (name, value) in members {
                            total = total.saturating_add(self.at(&child(&at, name), value, depth + 1)?);
                        }
                    }
                    value => total = total.saturating_add(self.at(&at, value, depth + 1)?),
                }
            }
            let root = self.root;
            let index = self.index;
            for target in index.local_references(location) {
                if let Some(value) = root.pointer(target) {
                    total = total.saturating_add(self.at(target, value, depth + 1)?);
                }
            }
        }
        if total > self.allowance.schemas {
            return None;
        }
        self.known.insert(location.to_owned(), total);
        Some(total)
    }
}

/// The keywords that apply schemas to the value itself.
const IN_PLACE: [&str; 8] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

#[cfg(test)]
mod tests;
