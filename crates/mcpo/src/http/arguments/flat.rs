//! The common case, decided without a tree: an object of plain values that fits its schema as it is.
//!
//! Only "yes" is an answer. Whatever is unusual, in the schema or in the body, is left to the validator, which alone says no.

use json_scan::{Invalid, Scan};
use serde_json::{Map, Value as Json};

/// A schema that asks of an object no more than which members it has and of which plain type each is.
#[derive(Debug)]
pub(super) struct Flat {
    members: Vec<Member>,
    /// Which members have to be there, by position.
    required: u64,
    /// Whether members of other names may be there too.
    open: bool,
}

#[derive(Debug)]
struct Member {
    name: Box<str>,
    types: u8,
}

impl Flat {
    /// The most values that a body may hold to be passed.
    pub(super) const VALUES: usize = 1 + MEMBERS + OTHERS;

    /// Reads a schema; `None` where it says more than this.
    pub(super) fn of(schema: &Json) -> Option<Self> {
        let schema = schema.as_object()?;
        let mut flat = Self { members: Vec::new(), required: 0, open: true };
        for (keyword, value) in schema {
            match keyword.as_str() {
                "type" if value == "object" => {}
                "properties" => {
                    for (name, property) in value.as_object()? {
                        let position = flat.member(name, types_of(property)?)?;
                        // What would be filled in has to be there already. Where it is required, that is asked anyway.
                        if property.get("default").is_some_and(|default| !default.is_null()) {
                            flat.required |= 1 << position;
                        }
                    }
                }
                "additionalProperties" => flat.open = value.as_bool()?,
                // The one is read below; the other changes nothing in what is taken here.
                "required" | "$schema" => {}
                other if is_annotation(other) => {}
                _ => return None,
            }
        }
        flat.require(schema)?;
        Some(flat)
    }

    fn require(&mut self, schema: &Map<String, Json>) -> Option<()> {
        let Some(names) = schema.get("required") else { return Some(()) };
        for name in names.as_array()? {
            let name = name.as_str()?;
            let position = match self.members.iter().position(|member| &*member.name == name) {
                Some(position) => position,
                // A closed object that requires what it forbids: rare enough to be left alone.
                None if self.open => self.member(name, PLAIN)?,
                None => return None,
            };
            self.required |= 1 << position;
        }
        Some(())
    }

    fn member(&mut self, name: &str, types: u8) -> Option<usize> {
        let position = self.members.len();
        self.members.push(Member { name: name.into(), types });
        (position < MEMBERS).then_some(position)
    }

    /// Whether a text is an object that fits as it is, for certain.
    pub(super) fn passes(&self, text: &str) -> bool {
        self.check(text) == Ok(true)
    }

    /// An error is a text that is no JSON as well as one that is unusual.
    fn check(&self, text: &str) -> Result<bool, Invalid> {
        let mut scan = Scan::new(text);
        let mut seen = 0_u64;
        let mut others = [""; OTHERS];
        let mut count = 0;
        let mut unusual = false;
        scan.object(|quoted, scan| {
            let name = quoted.inner();
            scan.space();
            let found = plain(scan)?;
            let repeated;
            if let Some(position) = self.members.iter().position(|member| &*member.name == name) {
                repeated = seen & 1 << position != 0;
                seen |= 1 << position;
                unusual |= self.members.get(position).is_none_or(|member| found & !member.types != 0);
            } else {
                repeated = others.contains(&name);
                unusual |= !self.open || count == OTHERS;
                if let Some(place) = others.get_mut(count) {
                    *place = name;
                    count += 1;
                }
            }
            // Of equal names one will be dropped. The empty name is what `others` is filled with.
            unusual |= quoted.is_escaped() || repeated || name.is_empty();
            if unusual { Err(Invalid) } else { Ok(()) }
        })?;
        scan.end()?;
        Ok(self.required & !seen == 0)
    }
}

/// Passes a value without an inside; what it is. Any other is left to the validator.
fn plain(scan: &mut Scan<'_>) -> Result<u8, Invalid> {
    Ok(match scan.peek() {
        Some(b'"') => {
            scan.string()?;
            STRING
        }
        Some(b't') => {
            scan.word("true")?;
            BOOLEAN
        }
        Some(b'f') => {
            scan.word("false")?;
            BOOLEAN
        }
        Some(b'n') => {
            scan.word("null")?;
            NULL
        }
        // 1.0 is an integer in some dialects: what is not written as one is no integer for certain.
        _ if scan.number()?.contains(['.', 'e', 'E']) => NUMBER,
        _ => INTEGER,
    })
}

/// The plain types that a property may have; `None` where its schema says more than a type. A type with an inside is none of
/// these, so that the validator sees each such value.
fn types_of(schema: &Json) -> Option<u8> {
    let schema = match schema {
        Json::Bool(true) => return Some(PLAIN),
        schema => schema.as_object()?,
    };
    let mut types = PLAIN;
    for (keyword, value) in schema {
        types &= match keyword.as_str() {
            "type" => match value {
                Json::String(name) => type_named(name)?,
                Json::Array(names) => {
                    names.iter().try_fold(0, |types, name| Some(types | type_named(name.as_str()?)?))?
                }
                _ => return None,
            },
            // How an optional value is written.
            "anyOf" => value.as_array()?.iter().try_fold(0, |any, schema| Some(any | types_of(schema)?))?,
            other if is_annotation(other) => PLAIN,
            _ => return None,
        };
    }
    Some(types)
}

fn type_named(name: &str) -> Option<u8> {
    Some(match name {
        "string" => STRING,
        "number" => NUMBER | INTEGER,
        "integer" => INTEGER,
        "boolean" => BOOLEAN,
        "null" => NULL,
        "array" | "object" => 0,
        _ => return None,
    })
}

/// Keywords that tell and ask nothing. A format is told only: see [`Arguments`](super::Arguments).
fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "$comment"
            | "format"
    )
}

const STRING: u8 = 1;
const INTEGER: u8 = 2;
/// A number that may be no integer.
const NUMBER: u8 = 4;
const BOOLEAN: u8 = 8;
const NULL: u8 = 16;
const PLAIN: u8 = STRING | INTEGER | NUMBER | BOOLEAN | NULL;

/// Members that a schema may name: one bit each.
const MEMBERS: usize = 64;
/// Members of other names that a body may hold.
const OTHERS: usize = 8;

#[cfg(test)]
mod tests;
