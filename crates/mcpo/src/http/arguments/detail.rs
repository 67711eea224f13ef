//! From what the validator says to what FastAPI would have said.
//!
//! `type`, `msg` and `ctx` are pydantic's wherever it has a word for the mistake; what only JSON Schema knows (`uniqueItems`,
//! `contains`, `not`, ...) gets the keyword's name.

use std::collections::HashSet;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::coerce::{steps, wanted};
use super::compiled::ArgumentLimits;
use super::error::{FieldError, NO_OBJECT, Place};
use super::value::{Kind as Form, Step, Value};

/// Describes mistakes, as many as the limits allow.
pub(super) fn describe(
    errors: &[ValidationError<'_>],
    root: &Value<'_>,
    limits: &ArgumentLimits,
) -> Vec<FieldError> {
    let mut report = Report { root, limits, seen: HashSet::new(), found: Vec::new() };
    for error in errors {
        report.error(error, None);
    }
    report.found
}

/// Whether an error says nothing of the arguments: the pattern engine gave up.
pub(super) fn is_inconclusive(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } | Kind::Referencing(_)
    )
}

struct Report<'a> {
    root: &'a Value<'a>,
    limits: &'a ArgumentLimits,
    seen: HashSet<(&'static str, Vec<Place>)>,
    found: Vec<FieldError>,
}

/// What pydantic calls a mistake, and how it words it.
struct Wording {
    kind: &'static str,
    message: String,
    context: Vec<(&'static str, Json)>,
}

impl Report<'_> {
    /// Adds an error; `option` names the alternative that it comes from, where there are several.
    fn error(&mut self, error: &ValidationError<'_>, option: Option<&'static str>) {
        let path = steps(error.instance_path());
        match error.kind() {
            Kind::Type { kind } => {
                let types = wanted(kind);
                let mut names: Vec<_> =
                    types.iter().copied().filter(|wanted| *wanted != JsonType::Null).collect();
                if names.is_empty() {
                    names = types;
                }
                let several = names.len() > 1;
                for name in names {
                    let tag = if several { Some(tag(name)) } else { option };
                    let wording = self.type_error(name, &path);
                    self.add(wording, &path, tag);
                }
            }
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default().to_owned();
                let inside: Vec<_> = path.iter().cloned().chain([Step::Name(name)]).collect();
                let input = self.root.at(&path);
                self.push(
                    word("missing", "Field required"),
                    places(&inside),
                    input.map(Value::text).as_deref(),
                );
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let inside: Vec<_> = path.iter().cloned().chain([Step::Name(name.clone())]).collect();
                    self.add(word("extra_forbidden", "Extra inputs are not permitted"), &inside, None);
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => self.alternatives(context, &path),
            Kind::PropertyNames { error } => {
                let inner = self.wording(error.kind(), &path);
                self.add(
                    Wording {
                        kind: "invalid_key",
                        message: format!("Keys are not valid: {}", inner.message),
                        ..inner
                    },
                    &path,
                    option,
                );
            }
            kind => {
                let wording = self.wording(kind, &path);
                self.add(wording, &path, option);
            }
        }
    }

    /// What is wrong with every alternative. One that is only null does not count: it is how an optional value is written.
    fn alternatives(&mut self, branches: &[Vec<ValidationError<'static>>], path: &[Step]) {
        let is_null = |branch: &Vec<ValidationError<'_>>| matches!(branch.as_slice(), [only] if matches!(only.kind(), Kind::Type { kind } if wanted(kind) == [JsonType::Null]));
        let mut rest: Vec<_> = branches.iter().filter(|branch| !is_null(branch)).collect();
        if rest.is_empty() {
            rest = branches.iter().collect();
        }
        let several = rest.len() > 1;
        let before = self.found.len();
        for branch in rest {
            for error in branch {
                let option = match error.kind() {
                    Kind::Type { kind } if several && steps(error.instance_path()) == path => {
                        wanted(kind).first().copied().map(tag)
                    }
                    _ => None,
                };
                self.error(error, option);
            }
        }
        if self.found.len() == before && before == 0 {
            self.add(word("union_error", "Input should match one of the alternatives"), path, None);
        }
    }

    fn type_error(&self, wanted: JsonType, path: &[Step]) -> Wording {
        let value = self.root.at(path).map(|value| &value.kind);
        match (wanted, value) {
            (JsonType::String, _) => word("string_type", "Input should be a valid string"),
            (JsonType::Integer, Some(Form::String(_))) => {
                word("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            }
            (JsonType::Integer, Some(Form::Number(_))) => {
                word("int_from_float", "Input should be a valid integer, got a number with a fractional part")
            }
            (JsonType::Integer, _) => word("int_type", "Input should be a valid integer"),
            (JsonType::Number, Some(Form::String(_))) => {
                word("float_parsing", "Input should be a valid number, unable to parse string as a number")
            }
            (JsonType::Number, _) => word("float_type", "Input should be a valid number"),
            (JsonType::Boolean, Some(Form::String(_))) => bool_parsing(),
            (JsonType::Boolean, Some(Form::Number(text))) if !text.contains('.') => bool_parsing(),
            (JsonType::Boolean, _) => word("bool_type", "Input should be a valid boolean"),
            (JsonType::Array, _) => word("list_type", "Input should be a valid list"),
            (JsonType::Object, _) if path.is_empty() => word(NO_OBJECT.0, NO_OBJECT.1),
            (JsonType::Object, _) => word("dict_type", "Input should be a valid dictionary"),
            (JsonType::Null, _) => word("none_required", "Input should be None"),
        }
    }

    fn wording(&self, kind: &Kind, path: &[Step]) -> Wording {
        let length = || match self.root.at(path).map(|value| &value.kind) {
            Some(Form::Array(list)) => list.len(),
            Some(Form::Object(members)) => members.len(),
            _ => 0,
        };
        match kind {
            Kind::Enum { options } => {
                let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                one_of("enum", options, self.limits)
            }
            Kind::Constant { expected_value } => {
                one_of("literal_error", std::slice::from_ref(expected_value.as_ref()), self.limits)
            }
            Kind::Minimum { limit } => bound("greater_than_equal", "greater than or equal to", "ge", limit),
            Kind::Maximum { limit } => bound("less_than_equal", "less than or equal to", "le", limit),
            Kind::ExclusiveMinimum { limit } => bound("greater_than", "greater than", "gt", limit),
            Kind::ExclusiveMaximum { limit } => bound("less_than", "less than", "lt", limit),
            Kind::MultipleOf { multiple_of } => {
                bound("multiple_of", "a multiple of", "multiple_of", multiple_of)
            }
            Kind::MinLength { limit } => string_length("string_too_short", "at least", "min_length", *limit),
            Kind::MaxLength { limit } => string_length("string_too_long", "at most", "max_length", *limit),
            Kind::Pattern { pattern } => Wording {
                kind: "string_pattern_mismatch",
                message: format!("String should match pattern '{pattern}'"),
                context: vec![("pattern", pattern.as_str().into())],
            },
            Kind::MinItems { limit } => {
                size("too_short", ("List", "at least", "min_length"), *limit, length())
            }
            Kind::MaxItems { limit } => size("too_long", ("List", "at most", "max_length"), *limit, length()),
            Kind::MinProperties { limit } => {
                size("too_short", ("Dictionary", "at least", "min_length"), *limit, length())
            }
            Kind::MaxProperties { limit } => {
                size("too_long", ("Dictionary", "at most", "max_length"), *limit, length())
            }
            Kind::AdditionalItems { limit } => {
                size("too_long", ("List", "at most", "max_length"), *limit as u64, length())
            }
            Kind::UnevaluatedItems { .. } | Kind::FalseSchema => {
                word("extra_forbidden", "Extra inputs are not permitted")
            }
            Kind::UniqueItems => word("unique_items", "List should have unique items"),
            Kind::Contains => word("contains", "List should contain an item that the schema asks for"),
            Kind::Not { .. } => word("not", "Input should not match the schema that is excluded"),
            Kind::OneOfMultipleValid { .. } => {
                word("one_of", "Input should match exactly one of the alternatives, but matches several")
            }
            _ => word("value_error", "Input should match the tool's schema"),
        }
    }

    fn add(&mut self, wording: Wording, path: &[Step], option: Option<&'static str>) {
        let mut place = places(path);
        place.extend(option.map(|name| Place::Name(name.to_owned())));
        let input = self.root.at(path).map(Value::text);
        self.push(wording, place, input.as_deref());
    }

    fn push(&mut self, wording: Wording, place: Vec<Place>, input: Option<&str>) {
        if self.found.len() >= self.limits.errors || !self.seen.insert((wording.kind, place.clone())) {
            return;
        }
        let input = input
            .filter(|text| text.len() <= self.limits.input_bytes)
            .and_then(|text| RawValue::from_string(text.to_owned()).ok());
        let Wording { kind, message, context } = wording;
        self.found.push(FieldError { kind, place, message, input, context });
    }
}

fn places(path: &[Step]) -> Vec<Place> {
    path.iter()
        .map(|step| match step {
            Step::Name(name) => Place::Name(name.clone()),
            Step::Position(position) => Place::Position(*position),
        })
        .collect()
}

fn word(kind: &'static str, message: &str) -> Wording {
    Wording { kind, message: message.into(), context: Vec::new() }
}

fn bool_parsing() -> Wording {
    word("bool_parsing", "Input should be a valid boolean, unable to interpret input")
}

fn bound(kind: &'static str, words: &str, name: &'static str, limit: &Json) -> Wording {
    Wording {
        kind,
        message: format!("Input should be {words} {limit}"),
        context: vec![(name, limit.clone())],
    }
}

fn string_length(kind: &'static str, words: &str, name: &'static str, limit: u64) -> Wording {
    let plural = if limit == 1 { "" } else { "s" };
    Wording {
        kind,
        message: format!("String should have {words} {limit} character{plural}"),
        context: vec![(name, limit.into())],
    }
}

fn size(
    kind: &'static str,
    (field, words, name): (&str, &str, &'static str),
    limit: u64,
    actual: usize,
) -> Wording {
    let plural = if limit == 1 { "" } else { "s" };
    Wording {
        kind,
        message: format!("{field} should have {words} {limit} item{plural} after validation, not {actual}"),
        context: vec![("field_type", field.into()), (name, limit.into()), ("actual_length", actual.into())],
    }
}

fn one_of(kind: &'static str, options: &[Json], limits: &ArgumentLimits) -> Wording {
    let shown: Vec<_> = options.iter().take(limits.options).map(python).collect();
    let mut expected = match shown.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    };
    if options.len() > shown.len() {
        expected.push_str(" (and others)");
    }
    Wording {
        kind,
        message: format!("Input should be {expected}"),
        context: vec![("expected", expected.into())],
    }
}

/// A value as Python writes it.
fn python(value: &Json) -> String {
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Json::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => other.to_string(),
    }
}

/// What pydantic calls a type in the `loc` of an alternative.
fn tag(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::Array => "list",
        JsonType::Boolean => "bool",
        JsonType::Integer => "int",
        JsonType::Null => "none",
        JsonType::Number => "float",
        JsonType::Object => "dict",
        JsonType::String => "str",
    }
}

#[cfg(test)]
mod tests;
