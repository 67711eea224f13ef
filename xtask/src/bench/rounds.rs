//! Calls under load: every target in turn, round after round, and the table of what came of it.

use std::time::Duration;

use super::load::Load;
use super::options::Options;
use super::proc;
use super::targets::{Role, Target, Upstream};

/// One measurement of one target.
#[derive(Debug, Clone, Copy)]
struct Sample {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
    memory_mb: f64,
    bad: u64,
    /// How many processors unrelated programs kept busy.
    others: f64,
}

/// Measures one size with one number of connections, and prints its table. False if a reply was wrong or did not come.
pub(super) async fn run(targets: &[Target], size: usize, connections: usize, options: &Options) -> bool {
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); targets.len()];
    for _ in 0..options.rounds() {
        for (target, samples) in targets.iter().zip(&mut samples) {
            samples.push(measure(targets, target, size, connections, options).await);
        }
    }
    println!("\n{size} bytes, {connections} connections");
    println!(
        "{:<18}{:>24}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}{:>7}{:>8}",
        "", "calls/s [least-most]", "x mcpo", "x nginx", "p50 ms", "p99 ms", "CPU us", "MB", "bad", "others"
    );
    for (target, own) in targets.iter().zip(&samples) {
        let ratio = |to: fn(Role) -> Option<Role>| {
            let other = targets.iter().position(|other| Some(other.role) == to(target.role));
            let other = other.and_then(|at| samples.get(at));
            let ratio =
                other.map(|other| median(own.iter().zip(other).map(|(a, b)| a.per_second / b.per_second)));
            ratio.map_or_else(
                || "-".to_owned(),
                |ratio| if ratio < 9.995 { format!("{ratio:.2}") } else { format!("{ratio:.0}") },
            )
        };
        let of = |value: fn(&Sample) -> f64| median(own.iter().map(value));
        let least = own.iter().map(|sample| sample.per_second).fold(f64::INFINITY, f64::min);
        let most = own.iter().map(|sample| sample.per_second).fold(0.0, f64::max);
        println!(
            "{:<18}{:>24}{:>9}{:>9}{:>9.3}{:>9.3}{:>9.1}{:>8.1}{:>7}{:>8.2}",
            target.name,
            format!("{:.0} [{least:.0}-{most:.0}]", of(|sample| sample.per_second)),
            ratio(mcpo_of),
            ratio(nginx_of),
            of(|sample| sample.p50_ms),
            of(|sample| sample.p99_ms),
            of(|sample| sample.cpu_us),
            of(|sample| sample.memory_mb),
            own.iter().map(|sample| sample.bad).sum::<u64>(),
            of(|sample| sample.others),
        );
    }
    samples.iter().flatten().all(|sample| sample.bad == 0)
}

/// The mcpo with the same upstream as one of ours.
fn mcpo_of(role: Role) -> Option<Role> {
    match role {
        Role::Ours(upstream) => Some(Role::Mcpo(upstream)),
        _ => None,
    }
}

/// nginx knows HTTP only, so only what does the same hop is compared with it.
fn nginx_of(role: Role) -> Option<Role> {
    matches!(role, Role::Ours(Upstream::Http) | Role::NoProxy).then_some(Role::Nginx)
}

async fn measure(
    targets: &[Target],
    target: &Target,
    size: usize,
    connections: usize,
    options: &Options,
) -> Sample {
    let measured = options.measured();
    let load = Load {
        address: target.address,
        template: target.template(size),
        connections,
        warm_up: options.warm_up(),
        measured,
    };
    let own = proc::same_program(target.server.pid());
    let mut everybody: Vec<u32> = targets.iter().flat_map(|target| proc::tree(target.server.pid())).collect();
    everybody.push(std::process::id());
    let snapshot = || (proc::cpu_seconds(&own), proc::cpu_seconds(&everybody), proc::machine_seconds());
    let (counted, before, after) = load.run(snapshot).await;
    let seconds = measured.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
    let calls = counted.calls().max(1) as f64;
    let memory_mb = proc::memory_mb(&own);
    // Let what is still under way in the target end before the next one's turn.
    tokio::time::sleep(BETWEEN).await;
    Sample {
        per_second: calls / seconds,
        p50_ms: counted.percentile_ms(50),
        p99_ms: counted.percentile_ms(99),
        cpu_us: (after.0 - before.0) * 1e6 / calls,
        memory_mb,
        bad: counted.wrong + counted.broken,
        others: (((after.2 - before.2) - (after.1 - before.1)) / seconds).max(0.0),
    }
}

/// The middle one.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const BETWEEN: Duration = Duration::from_millis(100);
