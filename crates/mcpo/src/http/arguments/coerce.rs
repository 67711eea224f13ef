//! Values of a neighbouring type, taken for the type that is wanted as pydantic's lax mode takes them: `"5"` for 5, `"true"`
//! or 1 for true, true for 1. Models that write arguments produce such values, and mcpo let them pass.
//!
//! What a string holds is kept to the digit: `"18446744073709551616"` and `"1.10"` become numbers of just that text.

use std::borrow::Cow;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{JsonType, ValidationError};

use super::value::{Kind, Step, Value};

/// A value to put in the place of another.
#[derive(Debug)]
pub(super) struct Correction {
    pub(super) path: Vec<Step>,
    pub(super) value: Value<'static>,
}

/// What would cure these errors, as far as types are the cause.
pub(super) fn corrections(errors: &[ValidationError<'_>], root: &Value<'_>) -> Vec<Correction> {
    errors.iter().flat_map(|error| correction(error, root)).collect()
}

fn correction(error: &ValidationError<'_>, root: &Value<'_>) -> Vec<Correction> {
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            let path = steps(error.instance_path());
            let Some(value) = root.at(&path) else { return Vec::new() };
            wanted(kind)
                .into_iter()
                .find_map(|wanted| convert(value, wanted))
                .map(|value| Correction { path, value })
                .into_iter()
                .collect()
        }
        // The first alternative that types alone keep from fitting.
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context
            .iter()
            .map(|branch| (branch, corrections(branch, root)))
            .find(|(branch, found)| {
                let cured = |error: &ValidationError<'_>| {
                    let path = steps(error.instance_path());
                    found.iter().any(|correction| path.starts_with(&correction.path))
                        || matches!(
                            error.kind(),
                            ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. }
                        )
                };
                !found.is_empty() && branch.iter().all(cured)
            })
            .map(|(_, found)| found)
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The types that a `type` asks for, in the order in which a string is tried: a number that reads as an integer is one.
pub(super) fn wanted(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(wanted) => vec![*wanted],
        TypeKind::Multiple(set) => {
            let order = [
                JsonType::Integer,
                JsonType::Number,
                JsonType::Boolean,
                JsonType::String,
                JsonType::Array,
                JsonType::Object,
                JsonType::Null,
            ];
            order.into_iter().filter(|wanted| set.contains(*wanted)).collect()
        }
    }
}

/// The steps of a validator's location.
pub(super) fn steps(location: &Location) -> Vec<Step> {
    location
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(name) => Step::Name(name.into_owned()),
            LocationSegment::Index(position) => Step::Position(position),
        })
        .collect()
}

fn convert(value: &Value<'_>, wanted: JsonType) -> Option<Value<'static>> {
    let kind = match (wanted, &value.kind) {
        (JsonType::Integer, Kind::String(text)) => Kind::Number(Cow::Owned(integer(text.get())?)),
        (JsonType::Number, Kind::String(text)) => Kind::Number(Cow::Owned(number(text.get())?)),
        (JsonType::Integer | JsonType::Number, Kind::Bool(value)) => {
            Kind::Number(Cow::Borrowed(if *value { "1" } else { "0" }))
        }
        (JsonType::Boolean, Kind::String(text)) => Kind::Bool(boolean(text.get())?),
        (JsonType::Boolean, Kind::Number(text)) => match text.parse::<f64>() {
            Ok(1.0) => Kind::Bool(true),
            Ok(0.0) => Kind::Bool(false),
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::new(kind))
}

/// Digits, with a sign, space around, single `_` between digits, and a fraction of zeros.
fn integer(text: &str) -> Option<String> {
    let (sign, digits) = signed(text);
    let digits = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    let digits = plain_digits(digits).filter(|digits| !digits.is_empty())?;
    Some(format!("{sign}{}", without_leading_zeros(&digits)))
}

/// A decimal number as Python's `float` reads it. Not `inf` and `nan`, which JSON cannot say.
fn number(text: &str) -> Option<String> {
    let (sign, rest) = signed(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (whole, fraction) = (plain_digits(whole)?, plain_digits(fraction)?);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut out = format!("{sign}{}", without_leading_zeros(&whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    if let Some(exponent) = exponent {
        let (sign, digits) = signed(exponent);
        let digits =
            plain_digits(digits).filter(|digits| !digits.is_empty() && exponent.trim() == exponent)?;
        out.push('e');
        out.push_str(sign);
        out.push_str(&digits);
    }
    Some(out)
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["1", "true", "t", "yes", "y", "on"]) {
        Some(true)
    } else if is(&["0", "false", "f", "no", "n", "off"]) {
        Some(false)
    } else {
        None
    }
}

fn signed(text: &str) -> (&'static str, &str) {
    let text = text.trim();
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The digits of a text that has nothing else but single underscores between them.
fn plain_digits(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let fits =
        text.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    fits.then(|| text.replace('_', ""))
}

fn without_leading_zeros(digits: &str) -> &str {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0" } else { trimmed }
}

#[cfg(test)]
mod tests;
