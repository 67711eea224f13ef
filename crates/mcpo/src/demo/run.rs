//! Puts the demo together and says what is where.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::protected::{Protected, ProtectedError};
use crate::cli::{DemoArguments, Environment, say};
use crate::config::{
    self, Access, ApiFacts, FlagError, HeaderForwarding, HttpKind, Layout, Limits, Listen, LoginChannel,
    OAuthSettings, RemoteServer, ServerSettings, Settings, StdioServer, TokenStorage, UpstreamSettings,
    log_level,
};
use crate::lifecycle::{Lifecycle, Signals};
use crate::service::{Service, StartError, World};
use crate::telemetry::start_logs;
use crate::upstream::{Browser, NoBrowser, RedirectFollower, SystemBrowser};

/// Why the demo does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A flag makes no sense.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// The protected server does not start.
    #[error(transparent)]
    Protected(#[from] ProtectedError),
    /// The proxy does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The local server is this very program, which cannot be found.
    #[error("cannot find this program's own file, to run it as the local server")]
    Program(#[source] std::io::Error),
}

/// Runs the demo until a signal.
///
/// # Errors
/// When something does not start; most likely the port is taken.
pub async fn run(arguments: &DemoArguments, environment: &dyn Environment) -> Result<(), DemoError> {
    let mut warnings = Vec::new();
    let level = log_level(arguments.log_level.as_deref(), environment, &mut warnings)?;
    start_logs(level);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let lifecycle = Lifecycle::default();
    let signals = Signals::catch();
    let mut world = World::real();
    world.browser =
        if arguments.auto_approve { Arc::new(RedirectFollower::new()) } else { Arc::new(NoBrowser) };
    let protected = Protected::start(arguments.auto_approve, &lifecycle).await?;
    let program = std::env::current_exe().map_err(DemoError::Program)?;
    let settings = settings(arguments, level, protected.mcp_url.clone(), program);
    let grace = settings.limits.shutdown_grace;
    let service = match Service::start(settings, world, &lifecycle).await {
        Ok(service) => service,
        Err(error) => {
            lifecycle.soft.cancel();
            return Err(error.into());
        }
    };
    introduce(service.url(), &protected, arguments.auto_approve);
    if !arguments.no_open && !arguments.auto_approve {
        let page = service.url().parse().ok();
        if page.is_none_or(|page: Url| SystemBrowser.open(&page).is_err()) {
            say("No browser could be opened: open the page yourself.");
        }
    }
    lifecycle.run(signals, grace).await;
    Ok(())
}

fn settings(
    arguments: &DemoArguments,
    log_level: crate::telemetry::LogLevel,
    mcp_url: Url,
    program: PathBuf,
) -> Settings {
    let limits = Limits::default();
    let notes = UpstreamSettings::Remote(Box::new(RemoteServer {
        url: mcp_url,
        kind: HttpKind::Streamable,
        headers: axum::http::HeaderMap::new(),
        certificates: config::Certificates::default(),
        oauth: Some(OAuthSettings {
            // The demo's authorization server forgets everything when it ends; so do we.
            storage: TokenStorage::Memory,
            callback_port: 0,
            channel: if arguments.auto_approve { LoginChannel::Browser } else { LoginChannel::Page },
            client: config::named("mcpo demo"),
            ..OAuthSettings::default()
        }),
    }));
    let text = UpstreamSettings::Stdio(StdioServer {
        program: program.into(),
        args: vec!["demo-server".into()],
        env: Vec::new(),
        inherit_env: false,
        cwd: None,
    });
    let server = |name: &str, upstream| ServerSettings {
        name: name.into(),
        upstream,
        disabled_tools: std::collections::BTreeSet::new(),
        forwarding: HeaderForwarding::default(),
        call_timeout: limits.call_timeout,
    };
    Settings {
        listen: Listen { host: "127.0.0.1".into(), port: arguments.port, tls: None },
        access: Access::default(),
        cors_origins: Vec::new(),
        api: ApiFacts {
            title: "mcpo demo".into(),
            description: "A protected MCP server and a local one, as OpenAPI.".into(),
            ..ApiFacts::default()
        },
        root_path: String::new(),
        path_prefix: "/".into(),
        layout: Layout::Named { servers: vec![server(NOTES, notes), server(TEXT, text)], reload: None },
        token_directory: None,
        token_key: None,
        limits,
        log_level,
    }
}

fn introduce(url: &str, protected: &Protected, auto_approve: bool) {
    let login = if auto_approve {
        format!("\"{NOTES}\" is protected; its login is approved without asking anybody.")
    } else {
        format!("\"{NOTES}\" is protected: open the page and press \"Log in to {NOTES}\".")
    };
    say(&format!(
        "\
The proxy's page         {url}/
Documentation            {url}/{NOTES}/docs   {url}/{TEXT}/docs
OpenAPI documents        {url}/{NOTES}/openapi.json   {url}/{TEXT}/openapi.json
Protected MCP server     {mcp}   (authorization server {issuer})
Local MCP server         mcpo demo-server, a child process

Try a tool:
  curl {url}/{TEXT}/text_statistics -H 'Content-Type: application/json' -d '{{\"text\": \"to be or not to be\"}}'
  curl {url}/{NOTES}/search_notes -H 'Content-Type: application/json' -d '{{\"query\": \"walk\"}}'

{login} Ctrl-C ends everything.",
        mcp = protected.mcp_url,
        issuer = protected.issuer,
    ));
}

const NOTES: &str = "notes";
const TEXT: &str = "text";
