//! A tool's arguments: the schema compiled once, and the check of a body against it.

use std::fmt;
use std::sync::OnceLock;

use bytes::{Buf as _, Bytes};
use json_scan::utf8;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::certain::is_certain;
use super::coerce::corrections;
use super::defaults::Defaults;
use super::detail::{describe, is_inconclusive};
use super::error::{ArgumentsError, FieldError, NO_OBJECT};
use super::flat::Flat;
use super::syntax::mistake;
use super::validate::Body;
use super::value::{Kind, ReadError, Value};
use crate::openapi::{Allowance, Index, MAX_SCHEMA_BYTES, SchemaError, parse_schema, schema_cost};

/// What checks the arguments of one tool.
///
/// `format` is an annotation and not checked, as JSON Schema 2020-12 section 7.2.1 has it by default: servers disagree on what
/// a URI or a date is, and the one that is called has the last word. `pattern` is matched in linear time where the pattern
/// allows it and else with a limit; where the limit is reached, the server decides. References to other documents accept
/// anything: nothing is fetched.
pub struct Arguments {
    /// None where the schema cannot be compiled: the server then checks alone.
    validator: Option<Checker>,
    /// Passes most bodies without the validator.
    flat: Option<Flat>,
    defaults: Option<Defaults>,
    limits: ArgumentLimits,
}

/// A schema, compiled when it is needed, and how dear its errors are.
struct Checker {
    compiled: OnceLock<Option<Validator<Body>>>,
    /// The schema, where it is compiled later.
    source: Box<str>,
    /// Schemas that one value can meet.
    cost: u64,
    /// It has no alternatives, so that the first mistake is found without looking at the rest.
    first_is_cheap: bool,
}

/// Sizes and counts of a body and of what is said about it.
#[derive(Debug, Clone)]
pub struct ArgumentLimits {
    /// Levels that objects and arrays may nest.
    pub depth: usize,
    /// Values, counting every number and string; each takes some 60 bytes while it is checked.
    pub values: usize,
    /// Checks up to which all mistakes are looked for: values times the schemas that each may meet. Beyond that the first one
    /// has to do, or, where there are alternatives, the word that something is wrong.
    pub thorough_checks: u64,
    /// Mistakes told.
    pub errors: usize,
    /// Bytes of a wrong value that are repeated to the caller.
    pub input_bytes: usize,
    /// Permitted values named in a message.
    pub options: usize,
}

impl Default for ArgumentLimits {
    fn default() -> Self {
        Self {
            depth: 128,
            values: 1_000_000,
            thorough_checks: 300_000,
            errors: 50,
            input_bytes: 4096,
            options: 100,
        }
    }
}

/// Why a schema cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It cannot be read, or refers to something that is not in it.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// It breaks the rules of its own dialect, or has a pattern that cannot be matched.
    #[error("at {place:?}: {}", .violation.masked())]
    Invalid {
        /// JSON Pointer into the schema.
        place: String,
        /// What the validator says. Its own text repeats the part of the schema that is wrong, whatever its size.
        violation: Box<ValidationError<'static>>,
    },
    /// One value could cost more work than any honest schema asks for.
    #[error("checking one value could take more than {limit} steps")]
    TooInvolved {
        /// The limit.
        limit: u64,
    },
}

impl Arguments {
    /// Compiles a tool's input schema.
    ///
    /// ```
    /// # mod doc { pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcpo::http::arguments::Arguments;
    /// use serde_json::value::RawValue;
    ///
    /// let schema = RawValue::from_string(r#"{"properties":{"n":{"type":"integer"}},"required":["n"]}"#.into())?;
    /// let arguments = Arguments::compile(&schema)?;
    /// assert_eq!(arguments.check(r#"{"n": "5", "extra": 1.10}"#.into())?, r#"{"n":5,"extra":1.10}"#);
    /// assert!(arguments.check("{}".into()).is_err());
    /// # Ok(()) } }
    /// # doc::run().unwrap();
    /// ```
    ///
    /// # Errors
    /// When the schema is no legal JSON Schema, or too much.
    pub fn compile(input_schema: &RawValue) -> Result<Self, CompileError> {
        let schema = parse_schema(input_schema, MAX_SCHEMA_BYTES)?;
        let index = Index::new(&schema)?;
        match Self::from_schema(&schema, &index) {
            (arguments, None) => Ok(arguments),
            (_, Some(error)) => Err(error),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: ArgumentLimits) -> Self {
        Self { limits, ..self }
    }

    /// Compiles a schema that is read and indexed; where that fails, what is returned checks nothing but that a body is an
    /// object.
    pub(crate) fn from_schema(schema: &Json, index: &Index) -> (Self, Option<CompileError>) {
        let allowance = Allowance::default();
        let limits = ArgumentLimits::default();
        let Some(cost) = schema_cost(schema, index, allowance) else {
            let error = CompileError::TooInvolved { limit: allowance.schemas };
            return (Self { validator: None, flat: None, defaults: None, limits }, Some(error));
        };
        let defaults = Defaults::of(schema, index);
        match Checker::new(schema, index, cost) {
            Ok(checker) => {
                (Self { validator: Some(checker), flat: Flat::of(schema), defaults, limits }, None)
            }
            Err(error) => {
                let place = error.instance_path().to_string();
                let error = CompileError::Invalid { place, violation: Box::new(error) };
                (Self { validator: None, flat: None, defaults, limits }, Some(error))
            }
        }
    }

    /// The same, with every body checked by the validator.
    #[cfg(test)]
    pub(super) fn without_short_cut(self) -> Self {
        Self { flat: None, ..self }
    }

    /// Whether the validator, if there is one, can be had.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.validator.as_ref().is_none_or(|checker| checker.validator().is_some())
    }

    /// Checks a body. What comes back is what the server is to get: the very same bytes where nothing has to change, else the
    /// same text with defaults filled in and values of a neighbouring type replaced.
    ///
    /// # Errors
    /// When the body is no JSON object that fits the schema.
    pub fn check(&self, mut body: Bytes) -> Result<Bytes, ArgumentsError> {
        let text = utf8(&body).map_err(|_| ArgumentsError::NotText)?;
        let trimmed = text.trim_matches(SPACE);
        if matches!(trimmed, "" | "null") {
            // A caller without arguments; FastAPI calls a null body missing as well.
            return match self.accept("{}", "{}") {
                Ok(None) => Ok(Bytes::from_static(b"{}")),
                Ok(Some(changed)) => Ok(changed.into()),
                Err(_) => Err(ArgumentsError::Missing),
            };
        }
        let passes = self.flat.as_ref().is_some_and(|flat| {
            self.limits.depth > 0 && self.limits.values >= Flat::VALUES && flat.passes(trimmed)
        });
        if !passes && let Some(changed) = self.accept(trimmed, text)? {
            return Ok(changed.into());
        }
        let (space, length) = (text.len() - text.trim_start_matches(SPACE).len(), trimmed.len());
        body.advance(space);
        body.truncate(length);
        Ok(body)
    }

    /// `None`: the text is right as it is. Else what it becomes. `whole`: the text with what stood around it, in which a caller
    /// looks for a mistake.
    fn accept(&self, text: &str, whole: &str) -> Result<Option<String>, ArgumentsError> {
        let mut value = self.read(text, whole)?;
        if !matches!(value.kind, Kind::Object(_)) {
            return Err(ArgumentsError::Invalid(vec![FieldError {
                kind: NO_OBJECT.0,
                place: Vec::new(),
                message: NO_OBJECT.1.into(),
                input: RawValue::from_string(text.to_owned())
                    .ok()
                    .filter(|_| text.len() <= self.limits.input_bytes),
                context: Vec::new(),
            }]));
        }
        let filled = self.defaults.as_ref().is_some_and(|defaults| defaults.fill(&mut value));
        if let Err(errors) = self.settle(&mut value) {
            if !filled {
                return Err(ArgumentsError::Invalid(errors));
            }
            // The defaults themselves may be what does not fit: alternatives that exclude each other, or a sloppy schema.
            value = self.read(text, whole)?;
            self.settle(&mut value).map_err(ArgumentsError::Invalid)?;
        }
        Ok(if value.is_unchanged() { None } else { Some(value.text().into_owned()) })
    }

    fn read<'a>(&self, text: &'a str, whole: &str) -> Result<Value<'a>, ArgumentsError> {
        let ArgumentLimits { depth, values, .. } = self.limits;
        Value::read(text, depth, values).map_err(|error| match error {
            ReadError::Syntax => mistake(whole).into(),
            // That it is no JSON at all, further on, is the worse news.
            _ if serde_json::from_str::<&RawValue>(text).is_err() => mistake(whole).into(),
            ReadError::Depth => ArgumentsError::TooDeep { limit: depth },
            ReadError::Values => ArgumentsError::TooManyValues { limit: values },
        })
    }

    /// Makes a value fit, as far as its neighbouring types allow.
    fn settle(&self, value: &mut Value<'_>) -> Result<(), Vec<FieldError>> {
        let Some(checker) = &self.validator else { return Ok(()) };
        let Some(validator) = checker.validator() else { return Ok(()) };
        if validator.is_valid(value) {
            return Ok(());
        }
        let checks = checker.cost.saturating_mul(value.count() as u64);
        let thorough = checks <= self.limits.thorough_checks;
        if !thorough && !checker.first_is_cheap {
            return Err(vec![too_large_to_say()]);
        }
        for _ in 0..ROUNDS {
            let errors = errors_of(validator, value, thorough);
            if errors.is_empty() {
                return Ok(());
            }
            let corrections = corrections(&errors, value);
            if corrections.is_empty() {
                return Err(describe(&errors, value, &self.limits));
            }
            drop(errors);
            for correction in corrections {
                value.replace(&correction.path, correction.value);
            }
        }
        let errors = errors_of(validator, value, thorough);
        if errors.is_empty() { Ok(()) } else { Err(describe(&errors, value, &self.limits)) }
    }
}

impl Checker {
    /// Compiles a schema, unless that is sure to succeed and so can wait for the first body that needs it.
    fn new(schema: &Json, index: &Index, cost: u64) -> Result<Self, ValidationError<'static>> {
        let standalone = index.standalone(schema);
        let (compiled, source) = if is_certain(&standalone) {
            (OnceLock::new(), standalone.to_string().into())
        } else {
            (OnceLock::from(Some(compile(&standalone)?)), Box::default())
        };
        Ok(Self { compiled, source, cost, first_is_cheap: !has_alternatives(schema) })
    }

    fn validator(&self) -> Option<&Validator<Body>> {
        let later = || {
            let schema = serde_json::from_str(&self.source).ok()?;
            compile(&schema)
                .inspect_err(|error| tracing::warn!("a schema cannot be compiled: {}", error.masked()))
                .ok()
        };
        self.compiled.get_or_init(later).as_ref()
    }
}

fn errors_of<'v>(
    validator: &'v Validator<Body>,
    value: &'v Value<'v>,
    thorough: bool,
) -> Vec<ValidationError<'v>> {
    let mut errors: Vec<_> = if thorough {
        validator.iter_errors(value).collect()
    } else {
        validator.validate(value).err().into_iter().collect()
    };
    errors.retain(|error| !is_inconclusive(error));
    errors
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments")
            .field("checked", &self.validator.is_some())
            .field("defaults", &self.defaults)
            .finish_non_exhaustive()
    }
}

fn compile(schema: &Json) -> Result<Validator<Body>, ValidationError<'static>> {
    let patterns = PatternOptions::fancy_regex()
        .backtrack_limit(BACKTRACK_LIMIT)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES);
    let options = jsonschema::options_for::<Body>()
        .should_validate_formats(false)
        .with_pattern_options(patterns)
        .offline();
    match schema.get("$schema").and_then(Json::as_str) {
        Some(dialect) if !is_known(dialect) => {
            let mut schema = schema.clone();
            if let Json::Object(members) = &mut schema {
                members.shift_remove("$schema");
            }
            options.build(&schema)
        }
        _ => options.build(schema),
    }
}

/// Dialects that the validator knows. A schema in another one is read as 2020-12, which is MCP's default.
fn is_known(dialect: &str) -> bool {
    let bare = dialect.trim_end_matches('#');
    let bare = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://")).unwrap_or(bare);
    matches!(
        bare,
        "json-schema.org/draft/2020-12/schema"
            | "json-schema.org/draft/2019-09/schema"
            | "json-schema.org/draft-07/schema"
            | "json-schema.org/draft-06/schema"
            | "json-schema.org/draft-04/schema"
    )
}

/// Whether a schema has alternatives anywhere. A property of such a name counts too: it costs only the place of a mistake.
fn has_alternatives(schema: &Json) -> bool {
    match schema {
        Json::Object(members) => members
            .iter()
            .any(|(keyword, value)| matches!(keyword.as_str(), "anyOf" | "oneOf") || has_alternatives(value)),
        Json::Array(list) => list.iter().any(has_alternatives),
        _ => false,
    }
}

fn too_large_to_say() -> FieldError {
    FieldError {
        kind: "value_error",
        place: Vec::new(),
        message: "Input should match the tool's schema; it is too large to say where it does not".into(),
        input: None,
        context: Vec::new(),
    }
}

/// JSON's white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// How often values are corrected: a correction may bring up the next one behind it.
const ROUNDS: usize = 4;

/// Steps back that a pattern may take which needs to go back at all.
const BACKTRACK_LIMIT: usize = 100_000;

/// Memory of one compiled pattern.
const PATTERN_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests;
