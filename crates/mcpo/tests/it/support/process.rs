//! Processes by their ids.
#![cfg(unix)]

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal to a process, which must be there.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(raw(pid), signal).expect("the process is there");
}

/// Whether there is such a process, and not only its exit code that nobody has asked for yet.
pub(crate) fn is_running(pid: u32) -> bool {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .expect("ps runs");
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

/// The direct children of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let output = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().expect("ps runs");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows = table.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
    rows.filter(|(_, parent)| parent.trim().parse() == Ok(pid))
        .filter_map(|(child, _)| child.parse().ok())
        .collect()
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).expect("a process id")
}
