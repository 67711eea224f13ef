//! Ten thousand calls at once: what each of them costs in memory, and whether all are answered.

use std::io;
use std::time::Duration;

use super::goals::Report;
use super::load::{Counted, Load};
use super::message::Payload;
use super::open_files;
use super::options::{Options, Part};
use super::proc;
use super::programs::{Programs, Upstream};
use super::target::{Group, Target, all_answer};

/// Measures both upstreams, with a server that holds each call for a tenth of a second, and with one that holds it so long that all are
/// inside the proxy together.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Flight) {
        return Ok(());
    }
    // A socket on each side of the proxy, and what it has open besides.
    let calls = (open_files::allowed(2 * CALLS + SPARE).saturating_sub(SPARE) / 2).min(CALLS);
    println!("\n{calls} calls in flight: memory (PSS) over the idle proxy's");
    if calls < CALLS {
        println!("(the system allows {} open files, too few for {CALLS})", 2 * calls + SPARE);
    }
    println!(
        "{:<28}{:>9}{:>14}{:>9}{:>11}{:>16}{:>9}{:>8}{:>8}{:>8}{:>9}",
        "",
        "idle MB",
        "connected MB",
        "most MB",
        "KB a call",
        "its connection",
        "calls/s",
        "wrong",
        "broken",
        "silent",
        "p99 ms"
    );
    for delay in [Duration::from_millis(100), Duration::from_secs(2)] {
        let millis = delay.as_millis().to_string();
        let slow = ["--delay-ms", millis.as_str()];
        let echo = programs.echo(Group::Http, &slow)?;
        for (group, upstream) in
            [(Group::Stdio, Upstream::stdio(&slow)), (Group::Http, Upstream::Http(echo.address))]
        {
            for (build, target) in programs.every_ours(group, &upstream)?.into_iter().enumerate() {
                let seen = one(target, calls, delay, options).await?;
                let name =
                    |what: &str| format!("{}, {CALLS} calls in flight, {delay:?}: {what}", group.name());
                report.at_most(&name("memory a call"), 10.0, "KB", build, seen.kilobytes);
                report.at_most(&name("lost"), 0.0, "", build, seen.lost);
                report.bad |= seen.lost > 0.0;
            }
            report.bad |= one(programs.bare_loop(group, &upstream)?, calls, delay, options).await?.lost > 0.0;
        }
    }
    Ok(())
}

struct Seen {
    kilobytes: f64,
    lost: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
async fn one(target: Target, calls: usize, delay: Duration, options: &Options) -> io::Result<Seen> {
    let mut targets = [target];
    all_answer(&mut targets).await?;
    let [target] = targets;
    let own = proc::same_program(target.server.pid());
    tokio::time::sleep(UNTIL_IDLE).await;
    let idle = proc::memory_mb(&own);
    let measured = options.measured().max(delay * 3);
    let load = Load {
        address: target.address,
        template: target.template(Payload::SMALL, false),
        connections: calls,
        close: false,
        spread: RAMP,
        warm_up: RAMP + delay * 2,
        measured,
    };
    let open = load.open().await?;
    tokio::time::sleep(UNTIL_IDLE).await;
    let connected = proc::memory_mb(&own);
    let mut most = connected;
    let counted: Counted = {
        let running = load.run(open, || ());
        tokio::pin!(running);
        loop {
            tokio::select! {
                (counted, (), ()) = &mut running => break counted,
                () = tokio::time::sleep(EVERY) => most = most.max(proc::memory_mb(&own)),
            }
        }
    };
    let each = |memory: f64| (memory - idle) * 1024.0 / calls as f64;
    // A call's memory is counted with that of its connection, which is there before the call and after it.
    let (kilobytes, connection) = (each(most), each(connected));
    println!(
        "{:<28}{idle:>9.1}{connected:>14.1}{most:>9.1}{kilobytes:>11.2}{connection:>16.2}{:>9.0}{:>8}{:>8}{:>8}{:>9.0}",
        format!("{}, {delay:?}", target.name),
        counted.calls() as f64 / measured.as_secs_f64(),
        counted.wrong,
        counted.broken,
        counted.unanswered,
        counted.percentile_ms(99),
    );
    if let Some(trouble) = &counted.trouble {
        println!("{}: {trouble}", target.name);
    }
    let lost = counted.bad() as f64;
    Ok(Seen { kilobytes, lost })
}

const CALLS: usize = 10_000;
/// Files that a proxy has open besides, and whoever else counts.
const SPARE: usize = 200;
/// The calls begin over this long.
const RAMP: Duration = Duration::from_secs(2);
const UNTIL_IDLE: Duration = Duration::from_secs(1);
/// How often the memory is looked at.
const EVERY: Duration = Duration::from_millis(100);
