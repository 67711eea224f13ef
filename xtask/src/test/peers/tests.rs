use super::{all, command_line, filter, left_out};
use crate::setup::{Missing, Part};

fn missing(parts: &[Part]) -> Vec<Missing> {
    parts.iter().map(|part| Missing { part: *part, why: "a test".to_owned() }).collect()
}

#[test]
fn nothing_missing_leaves_nothing_out() {
    assert!(left_out(&[]).is_empty());
    assert_eq!(filter(&[]), None);
}

#[test]
fn a_missing_part_leaves_out_every_test_that_needs_it() {
    let left_out = |parts| left_out(&missing(parts)).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(left_out(&[Part::Chromium]), ["browser::*, of mcpo"]);
    assert_eq!(
        left_out(&[Part::PythonSdk, Part::Chromium]),
        ["browser::*, of mcpo", "real::python_sdk::*, of mcp-upstream", "real::fastmcp::*, of mcp-upstream"]
    );
    // What the tests do not need leaves nothing out.
    assert!(left_out(&[Part::Mcpo, Part::Deny]).is_empty());
}

#[test]
fn the_quick_run_leaves_out_all_that_need_something() {
    let filter = filter(&all()).expect("a filter");
    for (package, module) in
        [("mcpo", "peers::everything::"), ("mcpo", "browser::"), ("mcp-upstream", "real::everything::")]
    {
        assert!(filter.contains(&format!("(package({package}) and test(/^{module}/))")), "{filter}");
    }
}

#[test]
fn a_command_line_may_hold_spaces_and_quotes() {
    let words = ["node".as_ref(), r#"/a b/"c".js"#.as_ref()];
    let read: Vec<String> = serde_json::from_str(&command_line(&words).to_string_lossy()).expect("JSON");
    assert_eq!(read, ["node", r#"/a b/"c".js"#]);
}
