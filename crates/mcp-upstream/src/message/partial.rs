//! The id of a reply that is too long to be read whole, from its beginning and its end.
use std::{cell::Cell, fmt};

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// A message that is too long to be kept: its beginning, and its end as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Oversized {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Oversized {
    /// Takes the next piece.
    pub(crate) fn extend(&mut self, piece: &[u8]) {
        let room = ENDS.saturating_sub(self.head.len());
        self.head.extend_from_slice(piece.get(..room).unwrap_or(piece));
        let new = piece.get(piece.len().saturating_sub(ENDS)..).unwrap_or_default();
        let surplus = (self.tail.len() + new.len()).saturating_sub(ENDS);
        self.tail.drain(..surplus.min(self.tail.len()));
        self.tail.extend_from_slice(new);
    }

    /// The id it answers, if either end shows it beyond doubt.
    pub(crate) fn id(&self) -> Option<u64> {
        id_in_head(&self.head).or_else(|| id_in_tail(&self.tail))
    }
}

/// Reads members until the text breaks off, and remembers an id on the way.
fn id_in_head(head: &[u8]) -> Option<u64> {
    let found = Cell::new(None);
    // The error that the text ends too early is certain.
    let _ = serde_json::Deserializer::from_slice(head).deserialize_map(IdSeeker(&found));
    found.get()
}

/// `… ,"id":7}` at the very end closes the message itself: had `}` closed an inner object, another would follow.
fn id_in_tail(tail: &[u8]) -> Option<u64> {
    let text = tail.trim_ascii_end().strip_suffix(b"}")?.trim_ascii_end();
    let text = strip_version(text);
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, id) = text.split_at_checked(text.len().checked_sub(digits)?)?;
    before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(br#""id""#)?;
    std::str::from_utf8(id).ok()?.parse().ok()
}

fn strip_version(text: &[u8]) -> &[u8] {
    let stripped = || {
        let text = text.strip_suffix(br#""2.0""#)?.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
        Some(text.strip_suffix(br#""jsonrpc""#)?.trim_ascii_end().strip_suffix(b",")?.trim_ascii_end())
    };
    stripped().unwrap_or(text)
}

struct IdSeeker<'c>(&'c Cell<Option<u64>>);

impl<'de> Visitor<'de> for IdSeeker<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*key {
                "id" => self.0.set(Some(map.next_value()?)),
                // A request of the server has an id of its own kind.
                "method" => {
                    self.0.set(None);
                    return Ok(());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// What is kept of both ends.
const ENDS: usize = 1 << 10;
