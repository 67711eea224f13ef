//! The pages of one list, whatever it lists (server/utilities/pagination).
//!
//! A page is read in one pass, straight into the list: nothing is kept of an item that the limits leave no room for,
//! and what is kept of an item is its text, byte for byte.
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    hash::{BuildHasher as _, RandomState},
};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Incomplete, RejectReason, Rejected, text::owned};
use crate::{Excerpt, Limits, message};

/// What a list is a list of.
pub(crate) trait Item: Sized {
    /// The method that lists them.
    const METHOD: &'static str;
    /// The member of the result in which they are.
    const MEMBER: &'static str;
    /// The capability without which a server need not know the method; none if it never has to.
    const CAPABILITY: Option<&'static str>;

    /// How many are kept of one list.
    fn most(limits: &Limits) -> usize;

    /// That there are more.
    fn too_many(limit: usize) -> Incomplete;

    /// The longest definition.
    fn longest(limits: &Limits) -> usize;

    /// Reads one definition. If it is not usable: what it is known by, and why.
    fn parse(raw: &RawValue) -> Result<Self, (Option<String>, RejectReason)>;

    /// What it is known by.
    fn key(&self) -> &str;

    /// Why an item cannot have the key of another; `None` if it can.
    fn duplicate() -> Option<RejectReason>;
}

/// A list, all pages together.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) incomplete: Option<Incomplete>,
}

/// Reads the pages of one list, one after the other.
#[derive(Debug)]
pub(crate) struct Pages<'l, T> {
    limits: &'l Limits,
    list: Listed<T>,
    keys: HashSet<String>,
    cursors: HashSet<Box<str>>,
    /// Hashes of the pages so far.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// The cursor of the page that is read next.
    cursor: Option<Box<RawValue>>,
    bytes: usize,
}

impl<'l, T: Item> Pages<'l, T> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            list: Listed { items: Vec::new(), rejected: Vec::new(), incomplete: None },
            keys: HashSet::new(),
            cursors: HashSet::new(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            cursor: None,
            bytes: 0,
        }
    }

    /// Adds a page, the text of a result; whether another one is to be asked for.
    pub(crate) fn add(&mut self, page: &[u8]) -> serde_json::Result<bool> {
        self.bytes = self.bytes.saturating_add(page.len());
        if self.bytes > self.limits.list_bytes {
            return Ok(self.stop(Incomplete::TooLarge { limit: self.limits.list_bytes }));
        }
        if !self.seen.insert(self.hasher.hash_one(page)) {
            // An empty cursor is as good as any other, so it was asked with. A server that means the end of the list by it
            // begins anew.
            let meant_the_end = self.cursor.take().is_some_and(|cursor| cursor.get() == r#""""#);
            return Ok(!meant_the_end && self.stop(Incomplete::RepeatedCursor));
        }
        if !page.trim_ascii_start().starts_with(b"{") {
            return Err(serde_json::Error::custom("not an object"));
        }
        self.cursor = None;
        let mut deserializer = serde_json::Deserializer::from_slice(page);
        let cursor = deserializer.deserialize_map(PageVisitor { pages: self })?;
        deserializer.end()?;
        Ok(self.go_on(cursor))
    }

    /// The text of the members that ask for the next page; empty for the first one.
    pub(crate) fn members(&self) -> Vec<u8> {
        self.cursor
            .as_ref()
            .map(|cursor| [br#""cursor":"#, cursor.get().as_bytes()].concat())
            .unwrap_or_default()
    }

    pub(crate) fn finish(self) -> Listed<T> {
        self.list
    }

    /// Nothing may be concluded from a cursor but that it is there: an empty one names a page, too
    /// (2026-07-28, server/utilities/pagination, "Implementation Guidelines"). It goes back as it came.
    fn go_on(&mut self, cursor: Option<&RawValue>) -> bool {
        let Some(cursor) = cursor.filter(|_| self.list.incomplete.is_none()) else { return false };
        match cursor.get() {
            "null" => false,
            text if !text.starts_with('"') => self.stop(Incomplete::CursorNotAString),
            text if !self.cursors.insert(text.into()) => self.stop(Incomplete::RepeatedCursor),
            _ if self.cursors.len() >= self.limits.pages => {
                self.stop(Incomplete::TooManyPages { limit: self.limits.pages })
            }
            _ => {
                self.cursor = Some(cursor.to_owned());
                true
            }
        }
    }

    /// `false`, so that no other page is asked for.
    fn stop(&mut self, reason: Incomplete) -> bool {
        self.list.incomplete = Some(reason);
        false
    }

    /// Whether there was room for it.
    fn add_item(&mut self, raw: &RawValue) -> bool {
        let limit = T::most(self.limits);
        if self.list.items.len() + self.list.rejected.len() >= limit {
            return self.stop(T::too_many(limit));
        }
        match self.parse(raw) {
            Ok(item) => self.list.items.push(item),
            Err((name, reason)) => {
                let definition = Excerpt::of(raw.get().as_bytes(), self.limits.excerpt_bytes);
                self.list.rejected.push(Rejected { name, reason, definition });
            }
        }
        true
    }

    fn parse(&mut self, raw: &RawValue) -> Result<T, (Option<String>, RejectReason)> {
        let limit = T::longest(self.limits);
        if raw.get().len() > limit {
            let known: Option<Known<'_>> = message::object(raw.get().as_bytes()).ok();
            return Err((known.and_then(Known::by), RejectReason::TooLarge { limit }));
        }
        let item = T::parse(raw)?;
        match T::duplicate() {
            Some(reason) if !self.keys.insert(item.key().to_owned()) => {
                Err((Some(item.key().to_owned()), reason))
            }
            _ => Ok(item),
        }
    }
}

/// Reads a page into the list; the text of `nextCursor`.
struct PageVisitor<'p, 'l, T> {
    pages: &'p mut Pages<'l, T>,
}

impl<'de, T: Item> Visitor<'de> for PageVisitor<'_, '_, T> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the result of {}", T::METHOD)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut cursor) = (false, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == T::MEMBER {
                if std::mem::replace(&mut items, true) {
                    return Err(A::Error::duplicate_field(T::MEMBER));
                }
                map.next_value_seed(Items { pages: self.pages })?;
            } else if key == "nextCursor" {
                cursor = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if items { Ok(cursor) } else { Err(A::Error::missing_field(T::MEMBER)) }
    }
}

/// Reads the items of a page into the list.
struct Items<'p, 'l, T> {
    pages: &'p mut Pages<'l, T>,
}

impl<'de, T: Item> DeserializeSeed<'de> for Items<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Item> Visitor<'de> for Items<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {}", T::MEMBER)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(raw) = items.next_element::<&'de RawValue>()? {
            if !self.pages.add_item(raw) {
                while items.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }

    /// `null` is how Go writes an empty list that nobody made.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// What an item that is too long to be read is known by.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Known<'a> {
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow)]
    uri_template: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
}

impl Known<'_> {
    fn by(self) -> Option<String> {
        owned(self.uri.or(self.uri_template).or(self.name))
    }
}

#[cfg(test)]
mod tests;
