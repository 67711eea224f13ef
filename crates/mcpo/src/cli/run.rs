//! Runs what the command line asks for, and turns its outcome into an exit code.

use std::error::Error;
use std::ffi::OsString;
use std::io::Write as _;
use std::num::NonZero;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tokio::runtime::Builder;

use super::arguments::{Arguments, Command};
use super::environment::{Environment, ProcessEnvironment};
use crate::config::{self, FlagError};
use crate::demo;
use crate::lifecycle::{Lifecycle, Signals};
use crate::service::{Service, World};
use crate::telemetry::start_logs;
use crate::upstream::explain;
use crate::workers::Workers;

/// The program: 0 when it ended as it was asked to, 1 when it could not do its work, 2 when the command line makes no sense.
pub fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let mut arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => return mistyped(&error),
    };
    arguments.dashes = typed.iter().any(|word| word == "--");
    let command = arguments.command.take();
    let mut runtime = match command {
        // The proxy's other threads have runtimes of their own: see `workers`.
        None => Builder::new_current_thread(),
        Some(_) => Builder::new_multi_thread(),
    };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let environment = ProcessEnvironment;
    let outcome = runtime.block_on(async {
        match command {
            Some(Command::DemoServer) => demo::serve_stdio().await.map_err(Into::into),
            Some(Command::Demo(demo)) => demo::run(&demo, &environment).await.map_err(Into::into),
            None => serve(&arguments, &environment).await,
        }
    });
    // Tasks that are left only wait for things that no longer matter.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

async fn serve(arguments: &Arguments, environment: &dyn Environment) -> Result<(), Box<dyn Error>> {
    let (settings, warnings) = config::settings(arguments, environment)?;
    start_logs(settings.log_level);
    match &arguments.config {
        Some(file) => say(&format!("Starting MCP OpenAPI Proxy with config file: {}", file.display())),
        None => say(&format!(
            "Starting MCP OpenAPI Proxy on {}:{} with command: {}",
            arguments.host,
            arguments.port,
            arguments.server.join(" ")
        )),
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let (workers, threads) = Workers::start(std::thread::available_parallelism().map_or(1, NonZero::get))?;
    let lifecycle = Lifecycle { workers, ..Lifecycle::default() };
    let signals = Signals::catch();
    let grace = settings.limits.shutdown_grace;
    let started = Service::start(settings, World::real(), &lifecycle).await;
    if let Ok(service) = &started {
        say(&format!("Listening on {}", service.url()));
        lifecycle.run(signals, grace).await;
    }
    threads.stop();
    started?;
    Ok(())
}

/// A line on stdout. A reader that is gone is no reason to stop.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn mistyped(error: &clap::Error) -> ExitCode {
    // A word that is no flag is most likely the server's command.
    let stray = matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if !word.starts_with('-'));
    if error.kind() == ErrorKind::InvalidSubcommand || (error.kind() == ErrorKind::UnknownArgument && stray) {
        eprintln!("{error}\nThe server's command goes after `--`: mcpo --port 8000 -- your_mcp_command");
        return ExitCode::from(2);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    // mcpo says these two on stdout.
    if let Some(usage @ (FlagError::NoServer | FlagError::NoCommand)) = error.downcast_ref() {
        say(&usage.to_string());
        eprintln!("mcpo --help tells about every flag, mcpo demo shows the whole thing at work.");
    } else {
        eprintln!("mcpo: {}", explain(error));
    }
    ExitCode::FAILURE
}
