//! Calls under load: every target in turn, round after round, and the table of what came of it.

use std::io;
use std::time::Duration;

use super::goals::{Report, short};
use super::load::Load;
use super::message::Payload;
use super::options::Options;
use super::proc;
use super::target::{Group, Target, Who};

/// One measurement of one target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) cpu_us: f64,
    pub(super) memory_mb: f64,
    bad: u64,
    /// Processor time of the load generator per call: it has to be small beside the target's.
    load_us: f64,
    /// How many processors unrelated programs kept busy.
    others: f64,
}

/// How a target is loaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) payload: Payload,
    pub(super) connections: usize,
    /// Whether each call has a connection of its own.
    pub(super) close: bool,
    /// Over how long the connections begin, one after another.
    pub(super) spread: Duration,
    /// How long it is measured at least.
    pub(super) least: Duration,
}

impl Case {
    /// A hundred bytes on this many connections.
    pub(super) fn small(connections: usize) -> Self {
        Self {
            payload: Payload::SMALL,
            connections,
            close: false,
            spread: Duration::ZERO,
            least: Duration::ZERO,
        }
    }
}

/// What was measured.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    who: Who,
    group: Group,
    samples: Vec<Sample>,
}

impl Table {
    /// Measures, prints the table under this title, and notes wrong replies.
    pub(super) async fn measure(
        title: &str,
        targets: &[Target],
        case: Case,
        options: &Options,
        report: &mut Report,
    ) -> io::Result<Self> {
        let mut rows: Vec<Row> = targets
            .iter()
            .map(|target| Row {
                name: target.name.clone(),
                who: target.who,
                group: target.group,
                samples: Vec::new(),
            })
            .collect();
        for _ in 0..options.rounds() {
            for (target, row) in targets.iter().zip(&mut rows) {
                row.samples.push(measure(targets, target, case, options).await?);
            }
        }
        let table = Self { rows };
        table.print(title);
        report.bad |= table.rows.iter().flat_map(|row| &row.samples).any(|sample| sample.bad > 0);
        Ok(table)
    }

    /// The median of the rounds' ratios of one target to another; none if one of them was not measured.
    pub(super) fn ratio(
        &self,
        one: (Who, Group),
        other: (Who, Group),
        value: fn(&Sample) -> f64,
    ) -> Option<f64> {
        self.paired(one, other, |a, b| value(a) / value(b))
    }

    /// The median of what a function makes of the two targets' samples of the same round.
    pub(super) fn paired(
        &self,
        one: (Who, Group),
        other: (Who, Group),
        combine: impl Fn(&Sample, &Sample) -> f64,
    ) -> Option<f64> {
        let (one, other) = (self.row(one)?, self.row(other)?);
        Some(median(one.samples.iter().zip(&other.samples).map(|(a, b)| combine(a, b))))
    }

    /// The median of one target's samples.
    pub(super) fn value(&self, of: (Who, Group), value: fn(&Sample) -> f64) -> Option<f64> {
        self.row(of).map(|row| median(row.samples.iter().map(value)))
    }

    fn row(&self, (who, group): (Who, Group)) -> Option<&Row> {
        self.rows.iter().find(|row| row.who == who && row.group == group)
    }

    fn print(&self, title: &str) {
        let several = self.rows.iter().any(|row| row.who == Who::Ours(1));
        println!("\n{title}");
        println!(
            "{:<20}{:>24}{:>8}{:>8}{:>8}{}{:>9}{:>9}{:>9}{:>8}{:>7}{:>6}{:>8}",
            "",
            "calls/s [least-most]",
            "x mcpo",
            "x loop",
            "x nginx",
            if several { " x first" } else { "" },
            "p50 ms",
            "p99 ms",
            "CPU us",
            "MB",
            "bad",
            "load",
            "others"
        );
        for row in &self.rows {
            let own = (row.who, row.group);
            let ratio = |other: Who, group: Group| {
                let ratio =
                    (other != row.who).then(|| self.ratio(own, (other, group), |sample| sample.per_second));
                ratio.flatten().map_or_else(|| "-".to_owned(), short)
            };
            let is_ours = matches!(row.who, Who::Ours(_));
            let mcpo =
                if is_ours || row.who == Who::Loop { ratio(Who::Mcpo, row.group) } else { "-".to_owned() };
            let bare = if is_ours { ratio(Who::Loop, row.group) } else { "-".to_owned() };
            let nginx = if row.who == Who::Mcpo { "-".to_owned() } else { ratio(Who::Nginx, Group::Http) };
            let first = if is_ours { ratio(Who::Ours(0), row.group) } else { "-".to_owned() };
            let first = if several { format!("{first:>8}") } else { String::new() };
            let of = |value: fn(&Sample) -> f64| median(row.samples.iter().map(value));
            let least = row.samples.iter().map(|sample| sample.per_second).fold(f64::INFINITY, f64::min);
            let most = row.samples.iter().map(|sample| sample.per_second).fold(0.0, f64::max);
            println!(
                "{:<20}{:>24}{mcpo:>8}{bare:>8}{nginx:>8}{first}{:>9.3}{:>9.3}{:>9.1}{:>8.1}{:>7}{:>6.1}{:>8.2}",
                row.name,
                format!("{:.0} [{least:.0}-{most:.0}]", of(|sample| sample.per_second)),
                of(|sample| sample.p50_ms),
                of(|sample| sample.p99_ms),
                of(|sample| sample.cpu_us),
                of(|sample| sample.memory_mb),
                row.samples.iter().map(|sample| sample.bad).sum::<u64>(),
                of(|sample| sample.load_us),
                of(|sample| sample.others),
            );
        }
    }
}

async fn measure(targets: &[Target], target: &Target, case: Case, options: &Options) -> io::Result<Sample> {
    let measured = options.measured().max(case.least);
    let load = Load {
        address: target.address,
        template: target.template(case.payload, case.close),
        connections: case.connections,
        close: case.close,
        spread: case.spread,
        warm_up: options.warm_up().max(case.spread * 2),
        measured,
    };
    let own = proc::same_program(target.server.pid());
    let mut everybody: Vec<u32> = targets.iter().flat_map(|target| proc::tree(target.server.pid())).collect();
    let generator = [std::process::id()];
    everybody.extend(generator);
    let snapshot = || Used {
        own: proc::cpu_seconds(&own),
        everybody: proc::cpu_seconds(&everybody),
        load: proc::cpu_seconds(&generator),
        machine: proc::machine_seconds(),
    };
    let open = load.open().await?;
    let (counted, before, after) = load.run(open, snapshot).await;
    if let Some(trouble) = &counted.trouble {
        println!("{}: {trouble}", target.name);
    }
    let seconds = measured.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
    let calls = counted.calls().max(1) as f64;
    let memory_mb = proc::memory_mb(&own);
    // Let what is still under way in the target end before the next one's turn.
    tokio::time::sleep(BETWEEN).await;
    Ok(Sample {
        per_second: calls / seconds,
        p50_ms: counted.percentile_ms(50),
        p99_ms: counted.percentile_ms(99),
        cpu_us: (after.own - before.own) * 1e6 / calls,
        memory_mb,
        bad: counted.bad(),
        load_us: (after.load - before.load) * 1e6 / calls,
        others: (((after.machine - before.machine) - (after.everybody - before.everybody)) / seconds)
            .max(0.0),
    })
}

/// Seconds of processor time so far.
struct Used {
    own: f64,
    everybody: f64,
    load: f64,
    machine: f64,
}

/// The middle one.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const BETWEEN: Duration = Duration::from_millis(100);
