//! From what was typed to what the program needs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::HeaderValue;

use super::file::{ConfigError, ConfigFile};
use super::server::ServerEntry;
use super::settings::{Access, ApiFacts, Layout, Limits, Listen, Reload, Settings, TlsFiles, TokenKey};
use crate::cli::{Arguments, Environment};
use crate::telemetry::LogLevel;

/// Why the flags cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlagError {
    /// Neither `--config` nor `--` was given.
    #[error("Usage: mcpo --host 0.0.0.0 --port 8000 -- your_mcp_command")]
    NoServer,
    /// Nothing follows `--`.
    #[error("Error: You must specify the MCP server command after '--'")]
    NoCommand,
    /// The configuration file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The dotenv file cannot be read.
    #[error("cannot read the file given with --env-path, {}", file.display())]
    ReadEnv {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The dotenv file has a line that is none. The line may hold a secret, so it is not repeated.
    #[error(
        "the file given with --env-path, {}, line {line}: expected KEY=VALUE; a value with blanks needs quotes",
        file.display()
    )]
    ParseEnv {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A flag has a value that it cannot have.
    #[error("{flag}: {message}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What is wrong, and what is expected.
        message: String,
    },
}

/// Resolves the command line. Returns warnings beside the settings: they are logged once logging stands.
///
/// # Errors
/// When something is missing or wrong; the message says what and where.
pub fn settings(
    arguments: &Arguments,
    environment: &dyn Environment,
) -> Result<(Settings, Vec<String>), FlagError> {
    let mut warnings = Vec::new();
    let mut limits = Limits::default();
    if let Some(text) = environment.variable("CONNECTION_TIMEOUT") {
        limits.connect_timeout = seconds(&text)
            .ok_or_else(|| flag("CONNECTION_TIMEOUT", format!("expected seconds above 0, found {text:?}")))?;
    }
    let log_level = log_level(arguments.log_level.as_deref(), environment, &mut warnings)?;
    let env = child_environment(arguments)?;
    let layout = layout(arguments, &env, &limits, &mut warnings)?;
    let cors_origins = cors_origins(&arguments.cors_allow_origins)?;
    let defaults = ApiFacts::default();
    let given = |value: &Option<String>, default: String| {
        value.clone().filter(|text| !text.is_empty()).unwrap_or(default)
    };
    let tls = match (&arguments.ssl_certfile, &arguments.ssl_keyfile) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
        }
        _ => None,
    };
    let api_key = arguments
        .api_key
        .clone()
        .filter(|key| !key.is_empty())
        .or_else(|| environment.variable("MCPO_API_KEY"));
    if arguments.strict_auth && api_key.is_none() {
        warnings.push("--strict-auth protects nothing without --api-key".into());
    }
    let token_key = token_key(environment)?;
    let settings = Settings {
        listen: Listen { host: arguments.host.clone(), port: arguments.port, tls },
        access: Access { api_key: api_key.map(Into::into), strict: arguments.strict_auth },
        cors_origins,
        api: ApiFacts {
            title: given(&arguments.name, defaults.title),
            description: given(&arguments.description, defaults.description),
            version: given(&arguments.version, defaults.version),
        },
        root_path: root_path(&arguments.root_path),
        path_prefix: path_prefix(&arguments.path_prefix),
        layout,
        token_directory: environment.home().map(|home| home.join(".mcpo").join("tokens")),
        token_key,
        limits,
        log_level,
    };
    Ok((settings, warnings))
}

/// The key from the variable, or the file that another one names.
fn token_key(environment: &dyn Environment) -> Result<Option<TokenKey>, FlagError> {
    match (environment.variable("MCPO_TOKEN_KEY"), environment.variable("MCPO_TOKEN_KEY_FILE")) {
        (Some(_), Some(_)) => {
            Err(flag("MCPO_TOKEN_KEY", "MCPO_TOKEN_KEY_FILE is set too; which of them is meant?".into()))
        }
        (Some(key), None) => Ok(Some(TokenKey::Given(key.into()))),
        (None, Some(file)) => Ok(Some(TokenKey::File(file.into()))),
        (None, None) => Ok(None),
    }
}

/// The level from the flag, else from `LOG_LEVEL`, else INFO. The variable belongs to everybody, so a word in it that is not
/// ours is worth a warning only.
pub(crate) fn log_level(
    given: Option<&str>,
    environment: &dyn Environment,
    warnings: &mut Vec<String>,
) -> Result<LogLevel, FlagError> {
    const LEVELS: &str = "use DEBUG, INFO, WARNING, ERROR or CRITICAL";
    if let Some(text) = given {
        return text.parse().map_err(|_| flag("--log-level", format!("unknown level {text:?}: {LEVELS}")));
    }
    let Some(text) = environment.variable("LOG_LEVEL") else { return Ok(LogLevel::default()) };
    Ok(text.parse().unwrap_or_else(|_| {
        warnings.push(format!("LOG_LEVEL: unknown level {text:?}, taking INFO: {LEVELS}"));
        LogLevel::default()
    }))
}

fn layout(
    arguments: &Arguments,
    env: &[(String, String)],
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Layout, FlagError> {
    if let Some(path) = &arguments.config {
        let file = ConfigFile::read(path)?;
        warnings
            .extend(file.unknown.iter().map(|problem| format!("config file {}, {problem}", path.display())));
        // The file was checked by the same function when it was read.
        let servers = file.resolve(env, limits.call_timeout).map_err(|message| flag("--config", message))?;
        let reload = arguments.hot_reload.then(|| Reload::new(path.clone(), env, limits.call_timeout));
        return Ok(Layout::Named { servers, reload });
    }
    let Some((first, rest)) = arguments.server.split_first() else {
        let dashes = arguments.dashes;
        return Err(if dashes { FlagError::NoCommand } else { FlagError::NoServer });
    };
    let mut entry = ServerEntry { kind: Some(arguments.server_type.clone()), ..ServerEntry::default() };
    if arguments.server_type.eq_ignore_ascii_case("stdio") {
        if first.starts_with("http://") || first.starts_with("https://") {
            let message = "that is a URL: add --type streamable-http (or --type sse for an older server)";
            return Err(flag("--", message.into()));
        }
        entry.command = Some(first.clone());
        entry.args = rest.to_vec();
    } else {
        if !rest.is_empty() {
            warnings.push(format!("--: {} words after the URL are not used", rest.len()));
        }
        entry.url = Some(first.clone());
        entry.headers = header_flag(arguments.header.as_deref())?;
    }
    let name = arguments.name.clone().unwrap_or_else(|| SINGLE_SERVER.into());
    let server = entry.resolve(&name, env, limits.call_timeout).map_err(|error| {
        let at = match error.path.first() {
            Some(super::position::Step::Key(key)) if key == "type" => "--type",
            Some(super::position::Step::Key(key)) if key == "headers" => "--header",
            _ => "--",
        };
        flag(at, error.message)
    })?;
    Ok(Layout::Single(Box::new(server)))
}

/// `--env` and `--env-path`. As in mcpo the file wins over the flags.
fn child_environment(arguments: &Arguments) -> Result<Vec<(String, String)>, FlagError> {
    let mut env = BTreeMap::new();
    for pair in &arguments.env {
        // The value may be a secret: it is not repeated in the message.
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            flag(
                "--env",
                format!("expected KEY=VALUE, found no '=' in a value of {} characters", pair.chars().count()),
            )
        })?;
        if key.is_empty() {
            return Err(flag("--env", "expected KEY=VALUE, found no KEY".into()));
        }
        env.insert(key.to_owned(), value.to_owned());
    }
    if let Some(file) = &arguments.env_path {
        env.extend(env_file(file)?);
    }
    Ok(env.into_iter().collect())
}

fn env_file(file: &Path) -> Result<Vec<(String, String)>, FlagError> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| FlagError::ReadEnv { file: file.to_owned(), source })?;
    dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(|error| {
        let broken = match &error {
            dotenvy::Error::LineParse(line, _) => line.as_str(),
            _ => "",
        };
        let line = text.lines().position(|line| line.contains(broken)).map_or(1, |index| index + 1);
        FlagError::ParseEnv { file: file.to_owned(), line }
    })
}

fn header_flag(given: Option<&str>) -> Result<BTreeMap<String, String>, FlagError> {
    given.map_or_else(
        || Ok(BTreeMap::new()),
        |text| {
            serde_json::from_str(text).map_err(|_| {
                flag(
                    "--header",
                    "expected one JSON object of strings, such as '{\"X-Key\": \"value\"}'".into(),
                )
            })
        },
    )
}

fn cors_origins(given: &[String]) -> Result<Vec<HeaderValue>, FlagError> {
    if given.iter().any(|origin| origin == "*") {
        return Ok(Vec::new());
    }
    given
        .iter()
        .map(|origin| {
            let parsed = url::Url::parse(origin).ok().filter(|url| url.has_host() && url.path() == "/");
            let value = HeaderValue::try_from(origin.trim_end_matches('/')).ok();
            parsed.and(value).ok_or_else(|| {
                flag(
                    "--cors-allow-origins",
                    format!("{origin:?} is not an origin such as https://chat.example.com"),
                )
            })
        })
        .collect()
}

/// `api/mcpo/` is `/api/mcpo`; `/` is nothing.
fn root_path(given: &str) -> String {
    match given.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

/// Starts and ends with a slash, whatever was typed.
fn path_prefix(given: &str) -> String {
    match given.trim_matches('/') {
        "" => "/".into(),
        path => format!("/{path}/"),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

fn flag(flag: &'static str, message: String) -> FlagError {
    FlagError::Flag { flag, message }
}

/// How the single server is called in logs; its documents carry its own name.
const SINGLE_SERVER: &str = "server";

#[cfg(test)]
mod tests;
