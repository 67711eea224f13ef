//! Tools that take time: how many calls are carried at once without any of them waiting for another.

use std::io;
use std::time::Duration;

use super::goals::Report;
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table};
use super::target::{Group, Who, all_answer};

/// Measures a tool of a tenth of a second on many connections.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Slow) {
        return Ok(());
    }
    let delay = DELAY.as_millis().to_string();
    let slow = ["--delay-ms", delay.as_str()];
    let echo = programs.echo(Group::Http, &slow)?;
    let mut targets = Vec::new();
    for (group, upstream) in
        [(Group::Stdio, Upstream::stdio(&slow)), (Group::Http, Upstream::Http(echo.address))]
    {
        targets.extend(programs.mcpo(group, &upstream)?);
        targets.extend(programs.every_ours(group, &upstream)?);
    }
    targets.push(echo);
    all_answer(&mut targets).await?;
    for connections in [64, 256] {
        let title = format!("a tool of {DELAY:?}, c={connections}");
        // Calls spread over the time that one takes: in step, a round would have one more burst of them or one fewer.
        let case = Case { spread: DELAY, least: DELAY * 20, ..Case::small(connections) };
        let table = Table::measure(&title, &targets, case, options, report).await?;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let limit = connections as f64 / DELAY.as_secs_f64();
        let share =
            |who, group| table.value((who, group), |sample| sample.per_second).unwrap_or(f64::NAN) / limit;
        println!(
            "no proxy reaches {:.3} of the limit of {limit:.0} calls/s",
            share(Who::NoProxy, Group::Http)
        );
        for group in [Group::Stdio, Group::Http] {
            for build in 0..programs.ours.len() {
                let goal = format!("{}, a tool of 100 ms, c={connections}: over the limit", group.name());
                report.at_least(&goal, 0.98, "x", build, share(Who::Ours(build), group));
            }
        }
    }
    Ok(())
}

const DELAY: Duration = Duration::from_millis(100);
