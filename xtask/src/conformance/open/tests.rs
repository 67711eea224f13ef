use super::parse;

#[test]
fn a_line_has_a_scenario_a_wire_and_a_reason() {
    let open = parse("# why\n\nauth/dpop   extension   no DPoP in the client\n").expect("a list");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].run.to_string(), "auth/dpop at extension");
    assert_eq!(open[0].reason, "no DPoP in the client");
}

#[test]
fn a_line_without_a_reason_or_wire_is_refused() {
    for line in
        ["auth/dpop", "auth/dpop extension", "auth/dpop soon it is not done", "a extension x\na extension y"]
    {
        parse(line).expect_err(line);
    }
}

#[test]
fn the_list_in_the_tree_can_be_read() {
    parse(include_str!("../../../conformance-open.txt")).expect("a list");
}
