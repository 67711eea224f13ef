//! A JSON value that remembers its own text.
//!
//! `serde_json::Value` would do for checking, but not for passing on: it keeps the last of two equal keys without saying so,
//! reads objects with a certain key as numbers (`arbitrary_precision`), and forgets how numbers and strings were written.

use std::borrow::Cow;
use std::cell::OnceCell;

use json_scan::Quoted;

use super::reader::Reader;

/// A JSON value. `source` is its text as it came, until something inside it changes.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    pub(super) kind: Kind<'a>,
    source: Option<&'a str>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(Cow<'a, str>),
    String(Text<'a>),
    Array(Vec<Value<'a>>),
    Object(Members<'a>),
}

/// A string. Most are passed on without anybody asking what is in them, so one with escapes is decoded when somebody does, and
/// then once.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Plain(&'a str),
    Escaped { quoted: &'a str, decoded: OnceCell<Box<str>> },
}

/// The members of an object, in their order.
#[derive(Debug, Clone)]
pub(super) struct Members<'a> {
    list: Vec<Member<'a>>,
    /// Positions in the order of the names, for objects that are too large to be searched from end to end.
    sorted: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    pub(super) name: Cow<'a, str>,
    /// The name as it is written, with quotes and escapes.
    pub(super) key: Cow<'a, str>,
    pub(super) value: Value<'a>,
}

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Name(String),
    Position(usize),
}

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadError {
    /// It nests too deeply.
    Depth,
    /// It holds too many values.
    Values,
    /// It is no JSON.
    Syntax,
}

impl<'a> Value<'a> {
    /// Reads a text. Of several reasons why it cannot be read the first one is told.
    pub(super) fn read(text: &'a str, depth: usize, values: usize) -> Result<Self, ReadError> {
        Reader::new(text, values).document(depth)
    }

    /// A value that was read from `source`, or whose text differs from it.
    pub(super) fn read_as(kind: Kind<'a>, source: Option<&'a str>) -> Self {
        Self { kind, source }
    }

    /// How many values it holds, itself included.
    pub(super) fn count(&self) -> usize {
        match &self.kind {
            Kind::Array(list) => list.iter().map(Self::count).sum::<usize>() + 1,
            Kind::Object(members) => members.iter().map(|member| member.value.count()).sum::<usize>() + 1,
            _ => 1,
        }
    }

    /// A value that was not in the text.
    pub(super) fn new(kind: Kind<'a>) -> Self {
        Self { kind, source: None }
    }

    /// Whether it is still as it came.
    pub(super) fn is_unchanged(&self) -> bool {
        self.source.is_some()
    }

    /// The value at the end of a path.
    pub(super) fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |value, step| match (&value.kind, step) {
            (Kind::Object(members), Step::Name(name)) => members.get(name),
            (Kind::Array(list), Step::Position(position)) => list.get(*position),
            _ => None,
        })
    }

    /// Puts another value at the end of a path, if there is one.
    pub(super) fn replace(&mut self, path: &[Step], value: Value<'a>) {
        let Some((step, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        let inner = match (&mut self.kind, step) {
            (Kind::Object(members), Step::Name(name)) => members.get_mut(name),
            (Kind::Array(list), Step::Position(position)) => list.get_mut(*position),
            _ => None,
        };
        if let Some(inner) = inner {
            inner.replace(rest, value);
            self.source = None;
        }
    }

    /// Notes that something inside changed.
    pub(super) fn touch(&mut self) {
        self.source = None;
    }

    /// Its text: as it came wherever nothing changed.
    pub(super) fn text(&self) -> Cow<'a, str> {
        if let Some(source) = self.source {
            return Cow::Borrowed(source);
        }
        let mut out = String::new();
        self.write(&mut out);
        Cow::Owned(out)
    }

    fn write(&self, out: &mut String) {
        if let Some(source) = self.source {
            out.push_str(source);
            return;
        }
        match &self.kind {
            Kind::Null => out.push_str("null"),
            Kind::Bool(true) => out.push_str("true"),
            Kind::Bool(false) => out.push_str("false"),
            Kind::Number(text) => out.push_str(text),
            Kind::String(text) => out.push_str(&serde_json::Value::from(text.get()).to_string()),
            Kind::Array(list) => {
                out.push('[');
                for (position, value) in list.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Kind::Object(members) => {
                out.push('{');
                for (position, member) in members.list.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    out.push_str(&member.key);
                    out.push(':');
                    member.value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Itself for the rare places that want it in this form.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Number(text) => {
                text.parse::<serde_json::Number>().map_or(serde_json::Value::Null, Into::into)
            }
            Kind::String(text) => text.get().into(),
            Kind::Array(list) => list.iter().map(Self::to_json).collect(),
            Kind::Object(members) => members
                .iter()
                .map(|member| (member.name.clone().into_owned(), member.value.to_json()))
                .collect(),
        }
    }
}

impl<'a> Members<'a> {
    /// Members in their order. Of two with the same name the last one counts, at the place of the first, as Python has it; the
    /// second value says whether that happened.
    pub(super) fn new(read: Vec<Member<'a>>) -> (Self, bool) {
        let is_repeated = |(position, member): (usize, &Member<'_>)| {
            read.iter().take(position).any(|earlier| earlier.name == member.name)
        };
        if read.len() <= SMALL && !read.iter().enumerate().any(is_repeated) {
            return (Self { list: read, sorted: Vec::new() }, false);
        }
        let mut sorted: Vec<usize> = (0..read.len()).collect();
        let name = |position: &usize| read.get(*position).map(|member| member.name.as_ref());
        // Stable: among equal names the later one stays behind.
        sorted.sort_by(|a, b| name(a).cmp(&name(b)));
        let repeated = sorted.windows(2).any(|pair| matches!(pair, [a, b] if name(a) == name(b)));
        if repeated {
            let mut list: Vec<Member<'a>> = Vec::with_capacity(read.len());
            let mut places = std::collections::HashMap::new();
            for member in read {
                if let Some(first) = places.get(&member.name).and_then(|place: &usize| list.get_mut(*place)) {
                    first.value = member.value;
                } else {
                    places.insert(member.name.clone(), list.len());
                    list.push(member);
                }
            }
            return (Self::new(list).0, true);
        }
        if read.len() <= SMALL {
            sorted = Vec::new();
        }
        (Self { list: read, sorted }, false)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.list.iter()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.list.get(self.position(name)?).map(|member| &member.value)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let position = self.position(name)?;
        self.list.get_mut(position).map(|member| &mut member.value)
    }

    /// Adds members whose names are not there yet.
    pub(super) fn add(&mut self, members: impl IntoIterator<Item = (&'a str, Value<'a>)>) {
        let mut list = std::mem::take(&mut self.list);
        list.extend(members.into_iter().map(|(name, value)| {
            let key = Cow::Owned(serde_json::Value::from(name).to_string());
            Member { name: Cow::Borrowed(name), key, value }
        }));
        *self = Self::new(list).0;
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.sorted.is_empty() {
            return self.list.iter().position(|member| member.name == name);
        }
        let compare =
            |position: &usize| self.list.get(*position).map(|member| member.name.as_ref()).cmp(&Some(name));
        self.sorted.binary_search_by(compare).ok().and_then(|found| self.sorted.get(found).copied())
    }
}

impl<'a> From<Quoted<'a>> for Text<'a> {
    fn from(quoted: Quoted<'a>) -> Self {
        if quoted.is_escaped() {
            Self::Escaped { quoted: quoted.written(), decoded: OnceCell::new() }
        } else {
            Self::Plain(quoted.inner())
        }
    }
}

impl<'a> Text<'a> {
    /// Without its escapes. Half a surrogate pair, which is legal JSON and no Unicode, leaves all of it escaped: it goes to the
    /// server as it is.
    pub(super) fn get(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Escaped { quoted, decoded } => {
                decoded.get_or_init(|| serde_json::from_str(quoted).unwrap_or_else(|_| inner(quoted).into()))
            }
        }
    }

    /// The same as the name of a member.
    pub(super) fn into_name(self) -> Cow<'a, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Escaped { quoted, .. } => {
                serde_json::from_str(quoted).map_or(Cow::Borrowed(inner(quoted)), Cow::Owned)
            }
        }
    }
}

/// What is between the quotes.
fn inner(quoted: &str) -> &str {
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted)
}

/// Objects up to this size are searched from end to end.
const SMALL: usize = 16;

#[cfg(test)]
mod tests;
