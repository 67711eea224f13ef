//! Strings inside raw JSON.
use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A JSON string's text; anything else is treated as absent.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// The same of a member that may not be there, kept.
pub(super) fn owned(member: Option<&RawValue>) -> Option<String> {
    member.and_then(text).map(Cow::into_owned)
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
