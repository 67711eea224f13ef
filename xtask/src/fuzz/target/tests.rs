//! What libFuzzer says is understood.

use super::*;

const GOOD: &str = "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb
Done 1200 runs in 3 second(s)
stat::number_of_executed_units: 1200
stat::average_exec_per_sec:     400
";

const PANIC: &str = "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb

thread '<unnamed>' panicked at fuzz/src/words.rs:200:9:
https://h.test/cb?x
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
==1234== ERROR: libFuzzer: deadly signal
artifact_prefix='/w/redacted-'; Test unit written to /w/redacted-crash-41e6
stat::number_of_executed_units: 45
";

const SLOW: &str = "ALARM: working on the last Unit for 6 seconds
==1234== ERROR: libFuzzer: timeout after 6 seconds
artifact_prefix='/w/scopes-'; Test unit written to /w/scopes-timeout-41e6
";

#[test]
fn what_was_tried_is_counted() {
    assert_eq!(Report::read(GOOD, true), Report { tried: 1200, broken: None });
}

#[test]
fn what_broke_it_is_told() {
    let Report { tried: 45, broken: Some(broken) } = Report::read(PANIC, false) else { panic!("a failure") };
    assert_eq!(broken.why, "https://h.test/cb?x");
    assert_eq!(broken.input, Some(PathBuf::from("/w/redacted-crash-41e6")));
    let broken = Report::read(SLOW, false).broken.unwrap();
    assert_eq!(broken.why, "timeout after 6 seconds");
    assert_eq!(broken.input, Some(PathBuf::from("/w/scopes-timeout-41e6")));
    assert_eq!(Report::read("", false).broken.unwrap().input, None);
}
