//! What Linux tells about processes: processor time, memory, children. Elsewhere there is nothing to tell, and zeros are shown.

use std::fs;

/// Clock ticks per second in what /proc shows to programs (`USER_HZ`), the same on every Linux.
const TICKS: f64 = 100.0;

/// The processes under one, itself first.
pub(super) fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(tree));
    }
    all
}

/// The processes under one that are the same program, such as the workers of nginx.
pub(super) fn same_program(pid: u32) -> Vec<u32> {
    let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let own = name(pid);
    tree(pid).into_iter().filter(|other| name(*other) == own).collect()
}

/// Seconds of processor time that processes have used so far.
pub(super) fn cpu_seconds(pids: &[u32]) -> f64 {
    pids.iter().map(|pid| cpu_ticks(*pid)).sum::<f64>() / TICKS
}

fn cpu_ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // proc_pid_stat(5): the name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

/// Seconds of processor time that all programs of the machine have used so far.
pub(super) fn machine_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    // proc_stat(5): user, nice, system. Time in interrupts belongs to no program.
    let first = stat.lines().next().unwrap_or_default();
    first.split_whitespace().skip(1).take(3).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / TICKS
}

/// The memory of processes in megabytes: what is theirs, and their share of what they share (PSS).
pub(super) fn memory_mb(pids: &[u32]) -> f64 {
    let of_one = |pid: &u32| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default().to_owned();
        line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    pids.iter().map(of_one).sum()
}

/// What the machine is.
pub(super) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpuinfo.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(": "))
    };
    let model = field("model name").map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} cores, {model}")
}
