//! How long until the first answer, and what a proxy weighs when nobody calls.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::options::Options;
use super::proc;
use super::rounds::median;
use super::targets::{Programs, Target, Upstream, answers, mcpo, ours};

/// Measures both and prints the table.
pub(super) async fn run(programs: &Programs, echo: SocketAddr, options: &Options) -> io::Result<()> {
    println!("\nstart-up (from the start of the process to the first answered call) and idle memory");
    println!("{:<36}{:>24}{:>10}", "", "ms [least-most]", "idle MB");
    for (upstream, what) in [
        (Upstream::Stdio, "one stdio server"),
        (Upstream::Http, "one remote server"),
        (Upstream::TenHttp, "ten remote servers"),
    ] {
        let start = || ours(programs, upstream, echo);
        report(&format!("ours, {what}"), options, start).await?;
        if let Some(others) = &programs.others {
            let start = || mcpo(programs, &others.mcpo, upstream, echo);
            report(&format!("mcpo, {what}"), options, start).await?;
        }
    }
    Ok(())
}

async fn report(name: &str, options: &Options, start: impl Fn() -> io::Result<Target>) -> io::Result<()> {
    let (mut millis, mut memory) = (Vec::new(), 0.0);
    for turn in 0..options.starts() {
        let mut target = start()?;
        millis.push(answers(&mut target).await?.as_secs_f64() * 1000.0);
        if turn == 0 {
            tokio::time::sleep(UNTIL_IDLE).await;
            memory = proc::memory_mb(&proc::same_program(target.server.pid()));
        }
    }
    let least = millis.iter().copied().fold(f64::INFINITY, f64::min);
    let most = millis.iter().copied().fold(0.0, f64::max);
    let range = format!("{:.0} [{least:.0}-{most:.0}]", median(millis.iter().copied()));
    println!("{name:<36}{range:>24}{memory:>10.1}");
    Ok(())
}

const UNTIL_IDLE: Duration = Duration::from_secs(2);
