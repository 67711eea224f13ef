//! Calls through a child process and to a server over HTTP, small and large, on few and many connections.

use std::io;

use super::goals::Report;
use super::message::Payload;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table};
use super::target::{Group, Target, Who, all_answer};

/// Measures what was asked for of both.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    let wanted = [(Part::Stdio, Group::Stdio), (Part::Http, Group::Http)];
    let groups: Vec<Group> =
        wanted.into_iter().filter(|(part, _)| options.wants(*part)).map(|(_, group)| group).collect();
    if groups.is_empty() {
        return Ok(());
    }
    let targets = start(programs, &groups).await?;
    for case in options.cases() {
        let title = format!("{}, c={}", case.payload.name(), case.connections);
        let table = Table::measure(&title, &targets, case, options, report).await?;
        for group in &groups {
            for build in 0..programs.ours.len() {
                judge(&table, *group, case, build, report);
            }
        }
    }
    Ok(())
}

/// Everything at once, each idle until its turn.
async fn start(programs: &Programs, groups: &[Group]) -> io::Result<Vec<Target>> {
    let echo = programs.echo(Group::Http, &[])?;
    let mut targets = Vec::new();
    for group in groups {
        let upstream =
            if *group == Group::Stdio { Upstream::stdio(&[]) } else { Upstream::Http(echo.address) };
        targets.extend(programs.mcpo(*group, &upstream)?);
        targets.extend(programs.every_ours(*group, &upstream)?);
        targets.push(programs.bare_loop(*group, &upstream)?);
    }
    targets.extend(programs.nginx(echo.address)?);
    targets.push(echo);
    all_answer(&mut targets).await?;
    Ok(targets)
}

/// What performance of calls is meant to be.
fn judge(table: &Table, group: Group, case: Case, build: usize, report: &mut Report) {
    let ours = (Who::Ours(build), group);
    let (bare, mcpo) = ((Who::Loop, group), (Who::Mcpo, group));
    let (nginx, no_proxy) = ((Who::Nginx, Group::Http), (Who::NoProxy, Group::Http));
    let is_stdio = group == Group::Stdio;
    let Case { payload, connections, .. } = case;
    let name = |what: &str| format!("{}, {}, c={connections}: {what}", group.name(), payload.name());
    let mut at_least = |what: &str, least: f64, other| {
        let ratio = table.ratio(ours, other, |sample| sample.per_second);
        report.at_least(&name(what), least, "x", build, ratio.unwrap_or(f64::NAN));
    };
    if payload.size >= 16 * 1024 {
        at_least("over mcpo", 12.0, mcpo);
        at_least("over the bare loop", 0.85, bare);
    } else if connections >= 32 {
        at_least("over mcpo", if is_stdio { 40.0 } else { 100.0 }, mcpo);
        if is_stdio {
            at_least("over the bare loop", 0.85, bare);
        } else {
            at_least("over nginx", 0.70, nginx);
        }
    }
    if [32, 64].contains(&connections) {
        let ratio = table.ratio(ours, bare, |sample| sample.p99_ms);
        report.at_most(&name("p99 over the bare loop's"), 1.5, "x", build, ratio.unwrap_or(f64::NAN));
    }
    if connections == 1 && payload == Payload::SMALL {
        let added = table.paired(ours, no_proxy, |one, other| one.p50_ms - other.p50_ms);
        let micros = added.unwrap_or(f64::NAN) * 1000.0;
        report.at_most(&name("p50 added to no proxy"), 60.0, "us", build, micros);
    }
}
