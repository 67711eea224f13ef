//! What a caller is told of arguments that do not fit, in FastAPI's form.

use bytes::Bytes;
use http::StatusCode;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::syntax::Mistake;
use crate::http::problem::{self, Answer};

/// Why a body is not passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentsError {
    /// There is none, and the tool needs one.
    #[error("the body is missing")]
    Missing,
    /// It is not said to be JSON.
    #[error("the body is not sent as application/json")]
    MediaType(Box<RawValue>),
    /// It is no text.
    #[error("the body is not UTF-8")]
    NotText,
    /// It is no JSON.
    #[error("the body is no JSON: {reason}")]
    NotJson {
        /// Characters before the mistake.
        position: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// It nests too deeply.
    #[error("the body nests more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// It holds too many values.
    #[error("the body holds more than {limit} values")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// It does not fit the tool's schema.
    #[error("the arguments do not fit the tool's schema ({} mistakes)", .0.len())]
    Invalid(Vec<FieldError>),
}

/// One mistake in the arguments. Serializes to an item of FastAPI's `detail`.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// FastAPI's word for it: `missing`, `int_parsing`, `enum`, ...
    pub kind: &'static str,
    /// Where: the steps into the body. `"body"` itself is not in it.
    pub place: Vec<Place>,
    /// A sentence.
    pub message: String,
    /// The value that is wrong, as it came; none where it is large.
    pub input: Option<Box<RawValue>>,
    /// What the sentence is about: limits, patterns, permitted values.
    pub context: Vec<(&'static str, serde_json::Value)>,
}

/// A step into the body.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Place {
    /// A member of an object.
    Name(String),
    /// An item of an array.
    Position(usize),
}

impl ArgumentsError {
    /// The answer to the caller.
    ///
    /// | | |
    /// |---|---|
    /// | no body, no JSON, arguments that do not fit | 422 `{"detail":[{"type","loc","msg","input","ctx"}]}` |
    /// | no UTF-8, nested too deeply | 400 |
    /// | too many values | 413 |
    pub fn into_answer(self) -> Answer {
        let whole = |kind: &'static str, message: &str, input: Option<Box<RawValue>>| {
            vec![FieldError {
                kind,
                place: Vec::new(),
                message: message.to_owned(),
                input,
                context: Vec::new(),
            }]
        };
        let detail = match self {
            Self::NotText => {
                return problem::detail(StatusCode::BAD_REQUEST, "There was an error parsing the body");
            }
            Self::TooDeep { .. } => return problem::message(StatusCode::BAD_REQUEST, &self.to_string()),
            Self::TooManyValues { .. } => {
                return problem::message(StatusCode::PAYLOAD_TOO_LARGE, &self.to_string());
            }
            Self::Missing => whole("missing", "Field required", Some(RawValue::NULL.to_owned())),
            Self::MediaType(input) => whole(NO_OBJECT.0, NO_OBJECT.1, Some(input)),
            Self::NotJson { position, reason } => vec![FieldError {
                kind: "json_invalid",
                place: vec![Place::Position(position)],
                message: "JSON decode error".into(),
                input: serde_json::value::to_raw_value(&serde_json::Map::new()).ok(),
                context: vec![("error", reason.into())],
            }],
            Self::Invalid(errors) => errors,
        };
        problem::json(StatusCode::UNPROCESSABLE_ENTITY, body(&detail))
    }
}

impl From<Mistake> for ArgumentsError {
    fn from(Mistake { position, reason }: Mistake) -> Self {
        Self::NotJson { position, reason }
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_struct("FieldError", 5)?;
        item.serialize_field("type", self.kind)?;
        item.serialize_field("loc", &Loc(&self.place))?;
        item.serialize_field("msg", &self.message)?;
        if let Some(input) = &self.input {
            item.serialize_field("input", input)?;
        }
        if !self.context.is_empty() {
            item.serialize_field("ctx", &Context(&self.context))?;
        }
        item.end()
    }
}

struct Loc<'a>(&'a [Place]);

impl Serialize for Loc<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = Place::Name("body".into());
        serializer.collect_seq(std::iter::once(&body).chain(self.0))
    }
}

struct Context<'a>(&'a [(&'static str, serde_json::Value)]);

impl Serialize for Context<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn body(detail: &[FieldError]) -> Bytes {
    #[derive(Serialize)]
    struct Detail<'a> {
        detail: &'a [FieldError],
    }
    // Strings, numbers and raw JSON: nothing here can fail to be written.
    Bytes::from(serde_json::to_vec(&Detail { detail }).unwrap_or_default())
}

/// What FastAPI says of a body that is no object.
pub(super) const NO_OBJECT: (&str, &str) =
    ("model_attributes_type", "Input should be a valid dictionary or object to extract fields from");

#[cfg(test)]
mod tests;
