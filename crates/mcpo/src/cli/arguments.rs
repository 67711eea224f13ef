//! The command line as it was typed: the flags of open-webui/mcpo 0.0.20, and ours beside them.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Exposes any MCP server as OpenAPI, and logs in to protected ones.
///
/// Everything after the first `--` is the server's command, or its URL with `--type sse` or `--type streamable-http`.
#[derive(Debug, Parser)]
#[command(
    name = "mcpo",
    about = concat!("mcpo ", env!("CARGO_PKG_VERSION"), " - exposes any MCP server as OpenAPI, and logs in to protected ones."),
    override_usage = "mcpo [OPTIONS] -- COMMAND [ARG...]\n       mcpo [OPTIONS] --type streamable-http -- URL\n       mcpo [OPTIONS] --config FILE\n       mcpo demo",
    disable_help_flag = true,
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// Address to listen on
    #[arg(long, short = 'h', default_value = "0.0.0.0")]
    pub host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, short, default_value_t = 8000)]
    pub port: u16,

    /// An origin that browsers may call from; repeatable
    #[arg(long, value_name = "ORIGIN", default_value = "*")]
    pub cors_allow_origins: Vec<String>,

    /// Key that callers of tools must send as `Authorization: Bearer KEY` [env: `MCPO_API_KEY`]
    #[arg(long, short = 'k', value_name = "KEY")]
    pub api_key: Option<String>,

    /// The API key protects the documents and pages too
    #[arg(long)]
    pub strict_auth: bool,

    /// Environment variable for the servers started as commands; repeatable
    #[arg(long, short, value_name = "KEY=VALUE")]
    pub env: Vec<String>,

    /// File of environment variables (dotenv) for the servers started as commands
    #[arg(long, value_name = "FILE")]
    pub env_path: Option<PathBuf>,

    /// How the single server speaks: stdio, sse or streamable-http
    #[arg(long = "type", visible_alias = "server-type", value_name = "TYPE", default_value = "stdio")]
    pub server_type: String,

    /// File that names the servers (JSON, comments allowed); wins over `-- COMMAND`
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Title of the API
    #[arg(long, short)]
    pub name: Option<String>,

    /// Description of the API
    #[arg(long, short)]
    pub description: Option<String>,

    /// Version of the API
    #[arg(long, short)]
    pub version: Option<String>,

    /// Certificate chain (PEM), to serve HTTPS
    #[arg(long, short = 't', value_name = "FILE", requires = "ssl_keyfile")]
    pub ssl_certfile: Option<PathBuf>,

    /// Private key (PEM) of the certificate
    #[arg(long, short = 'K', value_name = "FILE", requires = "ssl_certfile")]
    pub ssl_keyfile: Option<PathBuf>,

    /// Path under which a reverse proxy serves this one
    #[arg(long, value_name = "PATH", default_value = "")]
    pub root_path: String,

    /// Path before the servers' names
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub path_prefix: String,

    /// HTTP headers for the single sse or streamable-http server, as one JSON object
    #[arg(long, short = 'H', value_name = "JSON")]
    pub header: Option<String>,

    /// Follow changes of the config file
    #[arg(long, requires = "config")]
    pub hot_reload: bool,

    /// DEBUG, INFO, WARNING, ERROR or CRITICAL [env: `LOG_LEVEL`] [default: INFO]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Print this help
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: Option<bool>,

    /// The server's command and its arguments, or its URL
    #[arg(last = true, value_name = "COMMAND")]
    pub server: Vec<String>,

    /// Whether `--` was typed at all; clap does not tell when nothing follows it.
    #[arg(skip)]
    pub dashes: bool,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do besides serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole thing at once: a protected MCP server, a local one, and the proxy in front of both
    Demo(DemoArguments),
    /// The demo's local MCP server, on stdin and stdout
    DemoServer,
}

/// The options of `mcpo demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArguments {
    /// Port of the proxy; 0 takes a free one
    #[arg(long, short, default_value_t = 8000)]
    pub port: u16,

    /// Do not open a browser
    #[arg(long)]
    pub no_open: bool,

    /// Approve the login without a person
    #[arg(long)]
    pub auto_approve: bool,

    /// DEBUG, INFO, WARNING, ERROR or CRITICAL [env: `LOG_LEVEL`] [default: INFO]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Print this help
    #[arg(long, short = 'h', action = clap::ArgAction::Help)]
    pub help: Option<bool>,
}
