use super::parse;

#[test]
fn failures_and_warnings_are_told_with_their_ids() {
    let checks = parse(
        br#"[
            {"id":"a","name":"A","status":"SUCCESS","description":"fine","details":{}},
            {"id":"b","name":"B","status":"FAILURE","description":"what","errorMessage":"not so"},
            {"id":"c","name":"C","status":"WARNING","description":"should be"},
            {"id":"d","name":"D","status":"INFO","description":"seen"},
            {"id":"e","name":"E","status":"SKIPPED","description":"not now"}
        ]"#,
    )
    .expect("checks");
    let bad: Vec<String> = checks.iter().filter(|check| check.is_bad()).map(ToString::to_string).collect();
    assert_eq!(bad, ["b: not so", "warning: c: should be"]);
    assert_eq!(checks.iter().filter(|check| check.is_good()).count(), 1);
}

#[test]
fn a_new_kind_of_status_is_an_error() {
    parse(br#"[{"id":"a","status":"MAYBE"}]"#).expect_err("an unknown status");
}
