//! A new connection for each call, as clients without a pool make them.

use std::io;

use super::goals::Report;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table};
use super::target::{Group, Who, all_answer};

/// Measures it beside nginx, which gets a new connection for each call too.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Connections) {
        return Ok(());
    }
    let echo = programs.echo(Group::Http, &[])?;
    let mut targets = Vec::new();
    let groups = [(Group::Stdio, Upstream::stdio(&[])), (Group::Http, Upstream::Http(echo.address))];
    for (group, upstream) in &groups {
        targets.extend(programs.mcpo(*group, upstream)?);
        targets.extend(programs.every_ours(*group, upstream)?);
        targets.push(programs.bare_loop(*group, upstream)?);
    }
    targets.extend(programs.nginx(echo.address)?);
    targets.push(echo);
    all_answer(&mut targets).await?;
    let case = Case { close: true, ..Case::small(32) };
    let table =
        Table::measure("a new connection for each call, c=32", &targets, case, options, report).await?;
    for (group, _) in groups {
        for build in 0..programs.ours.len() {
            let (ours, nginx) = ((Who::Ours(build), group), (Who::Nginx, Group::Http));
            let ratio = table.ratio(ours, nginx, |sample| sample.per_second).unwrap_or(f64::NAN);
            let goal = format!("{}, a new connection for each call: over nginx", group.name());
            report.at_least(&goal, 0.95, "x", build, ratio);
        }
    }
    Ok(())
}
