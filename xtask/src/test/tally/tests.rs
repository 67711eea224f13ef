use super::Tally;

#[test]
fn counts_a_good_run_of_nextest() {
    let line = "     Summary [   0.004s] 2 tests run: 2 passed (1 slow), 3 skipped";
    assert_eq!(Tally::of_nextest(line), Some(Tally { passed: 2, failed: 0, skipped: 3 }));
}

#[test]
fn counts_every_kind_of_failure() {
    let line = "Summary [ 9.1s] 6/10 tests run: 1 passed, 2 failed, 1 exec failed, 2 timed out, 0 skipped";
    assert_eq!(Tally::of_nextest(line), Some(Tally { passed: 1, failed: 5, skipped: 0 }));
}

#[test]
fn counts_doctests() {
    let line =
        "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 4 filtered out; finished in 0.10s";
    assert_eq!(Tally::of_doctests(line), Some(Tally { passed: 3, failed: 1, skipped: 2 }));
}

#[test]
fn other_lines_count_nothing() {
    for line in ["", "running 3 tests", "PASS [ 0.01s] mcpo 2 passed", "Summary of the day"] {
        assert_eq!(Tally::of_nextest(line), None, "{line}");
        assert_eq!(Tally::of_doctests(line), None, "{line}");
    }
}

/// nextest shows what a failed test printed, the closing line of its own harness among it.
#[test]
fn the_output_of_a_failed_test_counts_nothing() {
    let line = "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 53 filtered out";
    assert_eq!(Tally::of_nextest(line), None);
}
