//! What a proxy weighs when nobody calls.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::goals::Report;
use super::options::{Options, Part};
use super::proc;
use super::programs::Programs;
use super::startup::many;
use super::target::{Group, Target};

/// Measures both proxies with ten remote servers, and ours with more.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Idle) {
        return Ok(());
    }
    let echo = programs.echo(Group::Http, &[])?;
    let remote = json!({ "type": "streamable-http", "url": format!("http://{}/mcp", echo.address) });
    println!(
        "\nidle memory (PSS) after {UNTIL_IDLE:?} without a call, every server connected and asked once"
    );
    let (few, lots) = (many(FEW, |_| remote.clone()), many(LOTS, |_| remote.clone()));
    for (build, name) in programs.ours.iter().map(|build| &build.name).enumerate() {
        let with_few = idle(programs.ours(build, Group::Http, &few)?, FEW).await?;
        let with_lots = idle(programs.ours(build, Group::Http, &lots)?, LOTS).await?;
        #[expect(clippy::cast_precision_loss, reason = "a hundred")]
        let each = (with_lots - with_few) * 1024.0 / (LOTS - FEW) as f64;
        println!(
            "{name}: {with_few:.1} MB with {FEW} remote servers, {with_lots:.1} MB with {LOTS}: {each:.0} KB each"
        );
        report.at_most("idle with ten remote servers", 12.0, "MB", build, with_few);
        report.at_most("idle, each further remote server", 60.0, "KB", build, each);
    }
    if let Some(mcpo) = programs.mcpo(Group::Http, &few)? {
        println!("mcpo: {:.1} MB with {FEW} remote servers", idle(mcpo, FEW).await?);
    }
    Ok(())
}

/// Megabytes.
async fn idle(mut target: Target, servers: usize) -> io::Result<f64> {
    for server in 0..servers {
        target.path = format!("/s{server}/echo");
        target.answers().await?;
    }
    tokio::time::sleep(UNTIL_IDLE).await;
    Ok(proc::memory_mb(&proc::same_program(target.server.pid())))
}

const FEW: usize = 10;
const LOTS: usize = 110;
const UNTIL_IDLE: Duration = Duration::from_secs(2);
