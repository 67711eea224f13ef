//! A server that leaves Nagle's algorithm on and writes its event streams in pieces: each piece waits for the acknowledgement of the one
//! before, and a system that delays acknowledgements makes that 40 ms a call, unless the proxy sees to it.

use std::io;

use super::goals::Report;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table};
use super::target::{Group, Who, all_answer};

/// Measures such a server.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Nagle) {
        return Ok(());
    }
    let echo = programs.echo(Group::Sse, &["--sse", "--nagle"])?;
    let upstream = Upstream::Http(echo.address);
    let mut targets = Vec::new();
    targets.extend(programs.mcpo(Group::Sse, &upstream)?);
    targets.extend(programs.every_ours(Group::Sse, &upstream)?);
    targets.push(programs.bare_loop(Group::Sse, &upstream)?);
    targets.push(echo);
    all_answer(&mut targets).await?;
    for connections in [1, 32] {
        let title = format!("a server with Nagle's algorithm on, event streams in pieces, c={connections}");
        let table = Table::measure(&title, &targets, Case::small(connections), options, report).await?;
        for build in (0..programs.ours.len()).filter(|_| connections == 1) {
            let ours = (Who::Ours(build), Group::Sse);
            let ratio = table.ratio(ours, (Who::Mcpo, Group::Sse), |sample| sample.per_second);
            let ratio = ratio.unwrap_or(f64::NAN);
            report.at_least("Nagle's algorithm on, c=1: over mcpo", 10.0, "x", build, ratio);
            let p50 = table.value(ours, |sample| sample.p50_ms).unwrap_or(f64::NAN);
            report.at_most("Nagle's algorithm on, c=1: p50", 20.0, "ms", build, p50);
        }
    }
    Ok(())
}
