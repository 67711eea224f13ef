//! Logs, on stderr: stdout is for what a person or a script asked for.

use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How much to log, by Python's names, which mcpo's users type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Everything, libraries too.
    Trace,
    /// What the program does.
    Debug,
    /// What a person who runs it wants to know.
    #[default]
    Info,
    /// What may need somebody's attention.
    Warning,
    /// What went wrong.
    Error,
}

/// The text is no level.
#[derive(Debug, thiserror::Error)]
#[error("unknown log level")]
pub struct UnknownLevel;

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_uppercase().as_str() {
            "TRACE" | "NOTSET" => Ok(Self::Trace),
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARN" | "WARNING" => Ok(Self::Warning),
            "ERROR" | "CRITICAL" | "FATAL" => Ok(Self::Error),
            _ => Err(UnknownLevel),
        }
    }
}

impl LogLevel {
    fn level(self) -> Level {
        match self {
            Self::Trace => Level::TRACE,
            Self::Debug => Level::DEBUG,
            Self::Info => Level::INFO,
            Self::Warning => Level::WARN,
            Self::Error => Level::ERROR,
        }
    }
}

/// Sends the logs of this process to stderr. Only the first call of a process counts.
pub fn start_logs(level: LogLevel) {
    let mut filter = EnvFilter::default().add_directive(LevelFilter::from(level.level()).into());
    let quiet = if level == LogLevel::Trace { &QUIET[..1] } else { &QUIET[..] };
    for directive in quiet.iter().filter_map(|quiet| quiet.parse().ok()) {
        filter = filter.add_directive(directive);
    }
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .try_init();
}

/// What libraries say too much: the first one logs the address of a login page, whole, and is never heard; the others narrate
/// connections at DEBUG, and rmcp logs the bodies of messages at INFO.
const QUIET: [&str; 6] =
    ["webbrowser=info", "hyper=info", "hyper_util=info", "rustls=info", "h2=info", "rmcp=error"];
