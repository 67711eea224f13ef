//! Replies as event streams beside JSON ones: the same call, the same proxy, another frame around the reply.

use std::io;

use super::goals::Report;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table};
use super::target::{Group, Who, all_answer};

/// Measures both kinds in turn.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Sse) {
        return Ok(());
    }
    let json = programs.echo(Group::Http, &[])?;
    let sse = programs.echo(Group::Sse, &["--sse"])?;
    let mut targets = Vec::new();
    for (group, echo) in [(Group::Http, &json), (Group::Sse, &sse)] {
        let upstream = Upstream::Http(echo.address);
        targets.extend(programs.every_ours(group, &upstream)?);
        targets.push(programs.bare_loop(group, &upstream)?);
    }
    targets.extend([json, sse]);
    all_answer(&mut targets).await?;
    for connections in [32, 64] {
        let title = format!("event streams beside JSON, 100 bytes, c={connections}");
        let table = Table::measure(&title, &targets, Case::small(connections), options, report).await?;
        let ratio = |who: Who| table.ratio((who, Group::Sse), (who, Group::Http), |sample| sample.per_second);
        for build in 0..programs.ours.len() {
            let goal = format!("event streams, c={connections}: over JSON replies");
            report.at_least(&goal, 0.80, "x", build, ratio(Who::Ours(build)).unwrap_or(f64::NAN));
        }
        let of_loop = ratio(Who::Loop).unwrap_or(f64::NAN);
        let of_none = ratio(Who::NoProxy).unwrap_or(f64::NAN);
        println!(
            "event streams over JSON replies: {of_loop:.2} of the bare loop, {of_none:.2} without a proxy"
        );
    }
    Ok(())
}
