//! A body's values as the validator reads them.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};

use super::value::{Kind, Member, Members, Text, Value};

/// Values of a body.
#[derive(Debug)]
pub(super) struct Body;

/// A number as it is written.
#[derive(Debug)]
pub(super) struct Number<'a>(&'a str);

/// The members of an object in their order.
#[derive(Debug)]
pub(super) struct InOrder<'a>(std::slice::Iter<'a, Member<'a>>);

impl Json for Body {
    type Node<'a> = &'a Value<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        let value = Value::new(Kind::String(Text::Plain(string)));
        f(&value)
    }
}

impl<'a> Node<'a, Body> for &'a Value<'a> {
    type Object = &'a Members<'a>;
    type Array = &'a [Value<'a>];
    type Number = Number<'a>;

    fn as_object(&self) -> Option<Self::Object> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Self::Array> {
        match &self.kind {
            Kind::Array(list) => Some(list),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match &self.kind {
            Kind::String(text) => Some(Cow::Borrowed(text.get())),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<Self::Number> {
        match &self.kind {
            Kind::Number(text) => Some(Number(text)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    fn json_type(&self) -> JsonType {
        match &self.kind {
            Kind::Null => JsonType::Null,
            Kind::Bool(_) => JsonType::Boolean,
            Kind::Number(_) => JsonType::Number,
            Kind::String(_) => JsonType::String,
            Kind::Array(_) => JsonType::Array,
            Kind::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        match (&self.kind, expected) {
            (Kind::String(text), serde_json::Value::String(expected)) => text.get() == expected,
            (Kind::Bool(value), serde_json::Value::Bool(expected)) => value == expected,
            (Kind::Null, serde_json::Value::Null) => true,
            (Kind::Number(_), serde_json::Value::Number(_))
            | (Kind::Array(_), serde_json::Value::Array(_))
            | (Kind::Object(_), serde_json::Value::Object(_)) => {
                jsonschema::json::cmp::equal(&self.to_json(), expected)
            }
            _ => false,
        }
    }

    /// Asked for by errors only, each of which would copy the value it complains of: a thousand missing members of a large
    /// body would be a thousand copies of it. Ours look the value up in the body, and are never displayed.
    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(serde_json::Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Value<'a>>(self).addr()))
    }
}

impl<'a> Object<'a, Body> for &'a Members<'a> {
    type Node = &'a Value<'a>;
    type MemberName = &'a str;
    type MembersIter = InOrder<'a>;

    fn len(&self) -> usize {
        Members::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Value<'a>> {
        Members::get(self, key)
    }

    fn members(&self) -> InOrder<'a> {
        InOrder(self.iter())
    }
}

impl<'a> Iterator for InOrder<'a> {
    type Item = (&'a str, &'a Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|member| (member.name.as_ref(), &member.value))
    }
}

impl<'a> Array<'a, Body> for &'a [Value<'a>] {
    type Node = &'a Value<'a>;
    type ElementsIter = std::slice::Iter<'a, Value<'a>>;

    fn len(&self) -> usize {
        <[Value<'a>]>::len(self)
    }

    fn elements(&self) -> Self::ElementsIter {
        self.iter()
    }

    fn is_unique(&self) -> bool {
        let values: Vec<_> = self.iter().map(Value::to_json).collect();
        jsonschema::json::unique::is_unique(&values)
    }
}

impl JsonNumber for Number<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        // What the parser accepted is a number.
        Cow::Owned(self.0.parse().unwrap_or_else(|_| 0.into()))
    }

    fn is_integer(&self) -> bool {
        if self.0.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return true;
        }
        JsonNumber::is_integer(&*self.to_number())
    }
}

#[cfg(test)]
mod tests;
