//! What a caller gives to be sent: the text of a JSON object.
use std::{borrow::Cow, fmt};

use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};

/// Why parameters cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParams {
    /// They have to be the text of a JSON object.
    #[error("they are no JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// They have a member `_meta`, which the engine writes: give it with [`CallOptions::meta`](crate::CallOptions::meta).
    #[error("their `_meta` has to be given apart")]
    Meta,
}

/// The members of a request's `params`, without the braces.
pub(crate) fn members(params: &[u8]) -> Result<&[u8], InvalidParams> {
    if object(params)?.has_meta {
        return Err(InvalidParams::Meta);
    }
    let text = params.trim_ascii();
    let inside = text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}"));
    Ok(inside.unwrap_or_default().trim_ascii())
}

/// Checks that `text` is an object, so that it cannot become more of the message than its place.
pub(crate) fn object(text: &[u8]) -> Result<Object, InvalidParams> {
    // What is only passed over would not be looked at for that.
    let text = std::str::from_utf8(text)
        .map_err(|error| InvalidParams::NotAnObject(serde_json::Error::custom(error)))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object = deserializer.deserialize_map(Members).and_then(|object| deserializer.end().map(|()| object));
    object.map_err(InvalidParams::NotAnObject)
}

/// What is known of an object that was checked.
#[derive(Debug)]
pub(crate) struct Object {
    has_meta: bool,
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut has_meta = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            has_meta |= key == "_meta";
            map.next_value::<IgnoredAny>()?;
        }
        Ok(Object { has_meta })
    }
}

#[cfg(test)]
mod tests;
