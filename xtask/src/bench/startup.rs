//! How long until the first answer, and until all servers answer.

use std::io;

use serde_json::{Map, Value, json};

use super::goals::Report;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::median;
use super::target::{Group, Target};

/// Measures both proxies and prints the table.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Startup) {
        return Ok(());
    }
    let echo = programs.echo(Group::Http, &[])?;
    println!("\nstart-up: from the start of the process until these servers have answered a call");
    println!("{:<52}{:>26}", "", "ms [least-most]");
    let stdio = Upstream::stdio(&[]);
    let of_one = every(programs, options, "one stdio server", &stdio, 1).await?;
    for (build, millis) in of_one.into_iter().enumerate() {
        report.at_most("first answer after start, one stdio server", 20.0, "ms", build, millis);
    }
    every(programs, options, "one remote server", &Upstream::Http(echo.address), 1).await?;
    let remote = json!({ "type": "streamable-http", "url": format!("http://{}/mcp", echo.address) });
    every(programs, options, "ten remote servers", &ten(|_| remote.clone()), 10).await?;
    let slow = |at: usize| {
        let start = (SLOWEST_MS * (at + 1) / 10).to_string();
        json!({ "command": programs.echo, "args": ["stdio", "--start-ms", start] })
    };
    let of_slow = every(programs, options, "ten stdio servers that need 0.1 to 1 s", &ten(slow), 10).await?;
    for (build, millis) in of_slow.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a thousand")]
        let more = millis - SLOWEST_MS as f64;
        report.at_most("ten slow servers: over the slowest one's own time", 50.0, "ms", build, more);
    }
    Ok(())
}

/// A configuration of ten servers, the first of which is asked.
pub(super) fn ten(server: impl Fn(usize) -> Value) -> Upstream {
    many(10, server)
}

/// A configuration of many servers, the first of which is asked.
pub(super) fn many(count: usize, server: impl Fn(usize) -> Value) -> Upstream {
    let servers: Map<String, Value> = (0..count).map(|at| (format!("s{at}"), server(at))).collect();
    Upstream::File { servers: Value::Object(servers), path: "/s0/echo".to_owned() }
}

/// Starts every build of ours and mcpo; the medians of ours, in milliseconds.
async fn every(
    programs: &Programs,
    options: &Options,
    what: &str,
    upstream: &Upstream,
    servers: usize,
) -> io::Result<Vec<f64>> {
    let mut medians = Vec::new();
    for (build, name) in programs.ours.iter().map(|build| &build.name).enumerate() {
        let start = || programs.ours(build, Group::Stdio, upstream).map(Some);
        medians.extend(one(&format!("{name}, {what}"), options.starts(), servers, start).await?);
    }
    let start = || programs.mcpo(Group::Stdio, upstream);
    one(&format!("mcpo, {what}"), options.starts().min(MCPO_STARTS), servers, start).await?;
    Ok(medians)
}

/// Starts one program several times; the median in milliseconds, if there is such a program.
async fn one(
    name: &str,
    times: usize,
    servers: usize,
    start: impl Fn() -> io::Result<Option<Target>>,
) -> io::Result<Option<f64>> {
    let mut millis = Vec::new();
    for _ in 0..times {
        let Some(mut target) = start()? else { return Ok(None) };
        let mut taken = target.answers().await?;
        for server in 1..servers {
            target.path = format!("/s{server}/echo");
            taken = target.answers().await?;
        }
        millis.push(taken.as_secs_f64() * 1000.0);
    }
    let least = millis.iter().copied().fold(f64::INFINITY, f64::min);
    let most = millis.iter().copied().fold(0.0, f64::max);
    let median = median(millis.iter().copied());
    println!("{name:<52}{:>26}", format!("{median:.0} [{least:.0}-{most:.0}]"));
    Ok(Some(median))
}

/// How long the slowest of the slow servers needs by itself.
const SLOWEST_MS: usize = 1000;
/// mcpo starts its servers one after another, which takes too long to be done often.
const MCPO_STARTS: usize = 2;
