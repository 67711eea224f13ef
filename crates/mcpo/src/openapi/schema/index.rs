//! Where the references of a schema lead.
//!
//! Every reference is resolved as JSON Schema 2020-12 section 8 has it: against the base that the enclosing `$id`s make, to a
//! JSON Pointer or an anchor. What comes out are JSON Pointers from the root, so that the rest needs to know nothing of bases.
//! Nothing is ever fetched: a reference to another document is left alone ([`Target::Elsewhere`]).

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Bound;
use std::rc::Rc;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use super::SchemaError;
use super::keywords::{child, subschemas};

/// The references of one schema, resolved.
#[derive(Debug)]
pub(crate) struct Index {
    references: HashMap<(String, Slot), Target>,
    /// Those among them that lead nowhere as they are written, and were given a target all the same.
    guessed: HashSet<(String, Slot)>,
    /// What is referred to, and all definitions. JSON Pointers from the root.
    pub(super) targets: BTreeSet<String>,
}

/// Where in a schema object a reference stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    /// `$ref`, `$dynamicRef` or `$recursiveRef`.
    Keyword(&'static str),
    /// A value of the `mapping` of a `discriminator` (OpenAPI; pydantic writes it into JSON Schemas).
    Mapping(String),
}

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// To this place of the same schema.
    Local(String),
    /// To another document.
    Elsewhere,
}

/// The keywords whose value is a reference.
pub(super) const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

impl Index {
    /// Resolves all references of a schema.
    ///
    /// # Errors
    /// When one leads to nothing in this schema.
    pub(crate) fn new(root: &Value) -> Result<Self, SchemaError> {
        let mut walk = Walk::new(root);
        walk.schema(root, "", &Rc::from(ROOT));
        walk.resolve()
    }

    /// The place that the `$ref` of the schema at `location` leads to, if it has one that leads to this schema.
    pub(crate) fn local(&self, location: &str) -> Option<&str> {
        match self.target(location, Slot::Keyword("$ref"))? {
            Target::Local(pointer) => Some(pointer),
            Target::Elsewhere => None,
        }
    }

    /// The places of this schema that the one at `location` refers to.
    pub(super) fn local_references(&self, location: &str) -> impl Iterator<Item = &str> {
        REFERENCES.iter().filter_map(|keyword| match self.target(location, Slot::Keyword(keyword))? {
            Target::Local(pointer) => Some(pointer.as_str()),
            Target::Elsewhere => None,
        })
    }

    /// The schema as one that stands alone: without references to other documents, whose part of the check is left to the
    /// server, and with those that had to be guessed at written out.
    pub(crate) fn standalone<'a>(&self, root: &'a Value) -> Cow<'a, Value> {
        let mut root = Cow::Borrowed(root);
        for ((location, slot), target) in &self.references {
            let Slot::Keyword(keyword) = slot else { continue };
            let reference = match target {
                Target::Elsewhere => None,
                Target::Local(pointer) if self.guessed.contains(&(location.clone(), slot.clone())) => {
                    Some(format!("#{}", utf8_percent_encode(pointer, FRAGMENT)))
                }
                Target::Local(_) => continue,
            };
            if let Some(Value::Object(schema)) = root.to_mut().pointer_mut(location) {
                match reference {
                    Some(reference) => schema.insert((*keyword).into(), reference.into()),
                    None => schema.shift_remove(*keyword),
                };
            }
        }
        root
    }

    pub(super) fn target(&self, location: &str, slot: Slot) -> Option<&Target> {
        self.references.get(&(location.to_owned(), slot))
    }

    /// Whether something inside this place, or the place itself, is a target.
    pub(super) fn has_target_within(&self, location: &str) -> bool {
        self.targets
            .range::<str, _>((Bound::Included(location), Bound::Unbounded))
            .take_while(|target| target.starts_with(location))
            .any(|target| matches!(target.as_bytes().get(location.len()), None | Some(b'/')))
    }
}

/// A reference on its way.
#[derive(Debug)]
struct Reference {
    location: String,
    slot: Slot,
    base: Rc<str>,
    text: String,
}

/// One pass over a schema and what it refers to.
#[derive(Debug)]
struct Walk<'a> {
    root: &'a Value,
    /// The keyword by which a schema names itself: `id` in draft 4, `$id` since.
    id: &'static str,
    seen: HashSet<String>,
    /// Base URIs, and the place of the schema that each is of.
    resources: HashMap<Rc<str>, String>,
    anchors: HashMap<(Rc<str>, String), String>,
    dynamic: HashSet<(Rc<str>, String)>,
    pending: VecDeque<Reference>,
    targets: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Value) -> Self {
        let dialect = root.get("$schema").and_then(Value::as_str).unwrap_or_default();
        Self {
            root,
            id: if dialect.contains("draft-04") { "id" } else { "$id" },
            seen: HashSet::new(),
            resources: HashMap::from([(Rc::from(ROOT), String::new())]),
            anchors: HashMap::new(),
            dynamic: HashSet::new(),
            pending: VecDeque::new(),
            targets: BTreeSet::new(),
        }
    }

    /// Notes what the schema at `location` and those inside it declare and refer to. The depth is that of the parsed JSON, at
    /// most 128.
    fn schema(&mut self, value: &'a Value, location: &str, base: &Rc<str>) {
        let Value::Object(schema) = value else { return };
        if !self.seen.insert(location.to_owned()) {
            return;
        }
        let base = self.identify(schema, location, base);
        for anchor in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = text(schema, anchor) {
                let key = (Rc::clone(&base), name.to_owned());
                if anchor == "$dynamicAnchor" {
                    self.dynamic.insert(key.clone());
                }
                self.anchors.entry(key).or_insert_with(|| location.to_owned());
            }
        }
        for keyword in REFERENCES {
            if let Some(reference) = text(schema, keyword) {
                self.refer(location, Slot::Keyword(keyword), &base, reference);
            }
        }
        if let Some(Value::Object(mapping)) =
            schema.get("discriminator").and_then(|value| value.get("mapping"))
        {
            for (name, value) in mapping {
                // A value may be the plain name of a component as well; only what looks like a reference is one.
                if let Some(reference) = value.as_str().filter(|value| value.starts_with('#')) {
                    self.refer(location, Slot::Mapping(name.clone()), &base, reference);
                }
            }
        }
        subschemas(schema, location, |at, value, is_definition| {
            if is_definition && (value.is_object() || value.is_boolean()) {
                self.targets.insert(at.clone());
            }
            self.schema(value, &at, &base);
        });
    }

    fn refer(&mut self, location: &str, slot: Slot, base: &Rc<str>, text: &str) {
        let reference =
            Reference { location: location.to_owned(), slot, base: Rc::clone(base), text: text.to_owned() };
        self.pending.push_back(reference);
    }

    /// The base inside a schema: its `$id` against the base around it. Before draft 2019-09 an `$id` that is only a fragment is
    /// an anchor.
    fn identify(&mut self, schema: &Map<String, Value>, location: &str, base: &Rc<str>) -> Rc<str> {
        let Some(id) = text(schema, self.id) else { return Rc::clone(base) };
        if let Some(name) = id.strip_prefix('#') {
            self.anchors.entry((Rc::clone(base), name.to_owned())).or_insert_with(|| location.to_owned());
            return Rc::clone(base);
        }
        let Some((resource, _)) = join(base, id) else { return Rc::clone(base) };
        self.resources.entry(Rc::clone(&resource)).or_insert_with(|| location.to_owned());
        resource
    }

    fn resolve(mut self) -> Result<Index, SchemaError> {
        let mut references = HashMap::new();
        let mut guessed = HashSet::new();
        let mut unresolved = Vec::new();
        loop {
            let known = self.seen.len();
            while let Some(reference) = self.pending.pop_front() {
                match self.target(&reference) {
                    Some((target, is_guess)) => {
                        if is_guess {
                            guessed.insert((reference.location.clone(), reference.slot.clone()));
                        }
                        if let Target::Local(pointer) = &target {
                            self.targets.insert(pointer.clone());
                        }
                        references.insert((reference.location, reference.slot), target);
                    }
                    None => unresolved.push(reference),
                }
            }
            // What was referred to may declare more anchors and bases: try the rest once more.
            if unresolved.is_empty() || self.seen.len() == known {
                break;
            }
            self.pending.extend(unresolved.drain(..));
        }
        let dangling = unresolved.into_iter().find(|reference| matches!(reference.slot, Slot::Keyword(_)));
        match dangling {
            Some(reference) => Err(SchemaError::Dangling { reference: reference.text }),
            None => Ok(Index { references, guessed, targets: self.targets }),
        }
    }

    /// Where a reference leads and whether that is a guess, or `None` if there is nothing at that place.
    fn target(&mut self, reference: &Reference) -> Option<(Target, bool)> {
        let (resource, fragment) = match reference.text.strip_prefix('#') {
            Some(fragment) => (Rc::clone(&reference.base), fragment.to_owned()),
            None => match join(&reference.base, &reference.text) {
                Some(joined) => joined,
                None => return Some((Target::Elsewhere, false)),
            },
        };
        let Some(start) = self.resources.get(&resource).cloned() else {
            return Some((Target::Elsewhere, false));
        };
        let decoded = percent_decode_str(&fragment).decode_utf8_lossy().into_owned();
        let place = self.place(&resource, &start, &decoded, &reference.slot);
        let is_guess = place.is_none();
        let pointer = place
            // A name with a bare `%` in it, not encoded at all.
            .or_else(|| self.place(&resource, &start, &fragment, &reference.slot))
            .or_else(|| self.definition_named(&decoded))?;
        let value = at(self.root, &pointer)?;
        if !value.is_object() && !value.is_boolean() {
            return None;
        }
        self.schema(value, &pointer, &resource);
        Some((Target::Local(pointer), is_guess))
    }

    fn place(&self, resource: &Rc<str>, start: &str, fragment: &str, slot: &Slot) -> Option<String> {
        if fragment.is_empty() {
            return Some(start.to_owned());
        }
        if let Some(tokens) = fragment.strip_prefix('/') {
            let pointer = tokens
                .split('/')
                .fold(start.to_owned(), |at, token| child(&at, &token.replace("~1", "/").replace("~0", "~")));
            return at(self.root, &pointer).map(|_| pointer);
        }
        let key = (Rc::clone(resource), fragment.to_owned());
        let outermost = (Rc::from(ROOT), fragment.to_owned());
        // A dynamic reference leads to the outermost schema that declares the same dynamic anchor (2020-12 section 8.2.3.2).
        // The root is always in scope; what lies between is not known before a value is at hand, and taken as it is written.
        let root = self.root_resource();
        if *slot == Slot::Keyword("$dynamicRef") && self.dynamic.contains(&key) {
            let at_root = (root, fragment.to_owned());
            if self.dynamic.contains(&at_root) {
                return self.anchors.get(&at_root).cloned();
            }
        }
        self.anchors.get(&key).or_else(|| self.anchors.get(&outermost)).cloned()
    }

    fn root_resource(&self) -> Rc<str> {
        let named = self.root.get(self.id).and_then(Value::as_str).and_then(|id| join(ROOT, id));
        named.map_or_else(|| Rc::from(ROOT), |(resource, _)| resource)
    }

    /// mcpo took the last word of a reference as the name of a definition, and servers that copy `#/components/schemas/X` from
    /// an OpenAPI document into a tool's schema rely on it. Only where nothing else fits.
    fn definition_named(&self, fragment: &str) -> Option<String> {
        let name = fragment.rsplit('/').next()?.replace("~1", "/").replace("~0", "~");
        ["$defs", "definitions"]
            .iter()
            .map(|keyword| child(&format!("/{keyword}"), &name))
            .find(|pointer| at(self.root, pointer).is_some())
    }
}

/// The value at a JSON Pointer.
fn at<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    root.pointer(pointer)
}

/// A reference against a base: the absolute URI without its fragment, and the fragment.
fn join(base: &str, reference: &str) -> Option<(Rc<str>, String)> {
    let mut url = Url::parse(base).ok()?.join(reference).ok()?;
    let fragment = url.fragment().unwrap_or_default().to_owned();
    url.set_fragment(None);
    Some((Rc::from(url.as_str()), fragment))
}

fn text<'v>(schema: &'v Map<String, Value>, keyword: &str) -> Option<&'v str> {
    schema.get(keyword).and_then(Value::as_str)
}

/// What a fragment cannot hold as it is (RFC 3986 section 3.5).
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The base of a schema that does not name itself.
const ROOT: &str = "mcp-tool:///schema";

#[cfg(test)]
mod tests;
