//! The configuration file: JSON with comments and trailing commas, whose mistakes are named by file, line and key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::Value;

use super::position::{Step, display, line_at, line_of, repeated_key};
use super::server::{EntryError, ServerEntry, ServerSettings};

/// A configuration file, read and checked, not yet resolved.
#[derive(Debug)]
pub struct ConfigFile {
    /// The servers by name, in the file's order.
    pub servers: Vec<(String, ServerEntry)>,
    /// Keys that nothing reads, in general or in their place: worth a warning, not an error.
    pub unknown: Vec<Problem>,
}

/// A place in the file and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The path of the key, such as `mcpServers.time.args[1]`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.key.is_empty() {
            write!(f, "line {}: {}", self.line, self.message)
        } else {
            write!(f, "line {}, {}: {}", self.line, self.key, self.message)
        }
    }
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the config file {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is larger than a configuration file can sensibly be.
    #[error("the config file {} is larger than {limit} bytes", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It can be read, and what it says is wrong.
    #[error("config file {}, {problem}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Where and what.
        problem: Problem,
    },
}

impl ConfigFile {
    /// Larger files are refused.
    pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is not JSON, or an entry is wrong; the first mistake is named.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { file: file.to_owned(), source };
        if std::fs::metadata(file).map_err(read)?.len() > Self::MAX_BYTES {
            return Err(ConfigError::TooLarge { file: file.to_owned(), limit: Self::MAX_BYTES });
        }
        let text = std::fs::read_to_string(file).map_err(read)?;
        Self::parse(&text).map_err(|problem| ConfigError::Invalid { file: file.to_owned(), problem })
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// The first mistake, with its line and key.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let syntax = |error: ParseError| Problem {
            line: line_at(text, error.range().start),
            key: String::new(),
            message: error.kind().to_string(),
        };
        let options = dialect();
        let parsed =
            jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options).map_err(syntax)?;
        let Some(root) = parsed.value else {
            return Err(Problem { line: 1, key: String::new(), message: "the file is empty".into() });
        };
        if let Some((line, key)) = repeated_key(text, &root) {
            return Err(Problem { line, key, message: "stands twice: which one is meant?".into() });
        }
        let problem = |path: &[Step], message: String| Problem {
            line: line_of(text, &root, path),
            key: display(path),
            message,
        };
        let value: Value = jsonc_parser::parse_to_serde_value(text, &options).map_err(syntax)?;
        let Value::Object(top) = value else {
            return Err(problem(&[], "expected an object with the key \"mcpServers\"".into()));
        };
        let mut unknown: Vec<Problem> = top
            .keys()
            .filter(|key| !TOP_LEVEL_KEYS.contains(&key.as_str()))
            .map(|key| problem(&[Step::Key(key.clone())], UNKNOWN.into()))
            .collect();
        let servers_path = [Step::Key("mcpServers".into())];
        let entries = match top.get("mcpServers") {
            Some(Value::Object(entries)) if !entries.is_empty() => entries,
            Some(Value::Object(_)) => return Err(problem(&servers_path, NO_SERVERS.into())),
            Some(_) => return Err(problem(&servers_path, "expected an object of servers by name".into())),
            None => return Err(problem(&[], NO_SERVERS.into())),
        };
        let mut servers = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let path = [Step::Key("mcpServers".into()), Step::Key(name.clone())];
            let (entry, ignored) =
                ServerEntry::from_value(value).map_err(|EntryError { path: inner, message }| {
                    problem(&[path.as_slice(), &inner].concat(), message)
                })?;
            unknown.extend(
                ignored.into_iter().map(|inner| problem(&[path.as_slice(), &inner].concat(), UNKNOWN.into())),
            );
            // A name is a path segment of every URL of the server.
            if name.is_empty() || name.starts_with('/') || name.ends_with('/') {
                return Err(problem(
                    &path,
                    "a server's name must not be empty, nor start or end with a slash".into(),
                ));
            }
            entry.check(name).map_err(|EntryError { path: inner, message }| {
                problem(&[path.as_slice(), &inner].concat(), message)
            })?;
            if let Some((unused, used)) = entry.unused() {
                let path = [path.as_slice(), &[Step::Key(unused.into())]].concat();
                unknown.push(problem(&path, format!("not used: the server is reached by its {used:?}")));
            }
            servers.push((name.clone(), entry));
        }
        Ok(Self { servers, unknown })
    }
}

impl ConfigFile {
    /// What the entries come to. `env` is added to every child's environment.
    ///
    /// # Errors
    /// When an entry cannot be resolved; the message names it.
    pub fn resolve(
        &self,
        env: &[(String, String)],
        call_timeout: Duration,
    ) -> Result<Vec<ServerSettings>, String> {
        let resolve = |(name, entry): &(String, ServerEntry)| {
            entry.resolve(name, env, call_timeout).map_err(|EntryError { path, message }| {
                format!("mcpServers.{name}.{}: {message}", display(&path))
            })
        };
        self.servers.iter().map(resolve).collect()
    }
}

/// JSON, with comments and trailing commas; what else JSON5 allows is more likely a slip.
fn dialect() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Other programs read the same file; their keys are theirs.
const TOP_LEVEL_KEYS: [&str; 3] = ["mcpServers", "$schema", "inputs"];
const UNKNOWN: &str = "unknown key, ignored";
const NO_SERVERS: &str = "no 'mcpServers' found: name at least one server there";

#[cfg(test)]
mod tests;
