use super::StderrTail;

fn tail(lines: &[&str]) -> StderrTail {
    StderrTail(lines.iter().map(|line| Box::from(*line)).collect())
}

#[test]
fn the_last_words_are_the_error_and_not_what_follows_it() {
    let node = [
        "node:internal/modules/cjs/loader:1228",
        "  throw err;",
        "  ^",
        "",
        "Error: Cannot find module 'express'",
        "    at node:internal/errors:540:9",
        "    at Module._load (node:internal/modules/cjs/loader:1104:12) {",
        "  code: 'MODULE_NOT_FOUND',",
        "}",
        "",
        "Node.js v20.20.2",
    ];
    assert_eq!(tail(&node).last_words(), Some("Error: Cannot find module 'express'"));
    let python =
        ["Traceback (most recent call last):", "  File \"server.py\", line 3", "KeyError: 'API_KEY'"];
    assert_eq!(tail(&python).last_words(), Some("KeyError: 'API_KEY'"));
    assert_eq!(tail(&["[ERROR] no such file", "bye"]).last_words(), Some("[ERROR] no such file"));
}

#[test]
fn without_an_error_the_last_words_are_the_last_line() {
    assert_eq!(tail(&["listening", "Killed", " "]).last_words(), Some("Killed"));
    assert_eq!(tail(&["", " "]).last_words(), None);
    let mut long_ago = vec!["error: one request failed"];
    long_ago.extend(["served"; 20]);
    assert_eq!(tail(&long_ago).last_words(), Some("served"));
}

#[test]
fn the_last_lines_are_no_more_than_asked_for() {
    let tail = tail(&["1", "2", "3"]);
    assert_eq!(tail.last_lines(2).collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(tail.last_lines(20).len(), 3);
    assert_eq!(tail.last_lines(0).len(), 0);
}
