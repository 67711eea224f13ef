use super::{Wire, runs};

const LISTING: &str = "Client scenarios (test against a client):
  - initialize [2025-06-18,2025-11-25]
  - auth/dpop [extension]
  - sep-2640-client-no-prefetch [extension]
";

#[test]
fn a_scenario_is_run_at_every_wire_it_names() {
    let runs = runs(LISTING).expect("a list");
    let names: Vec<String> = runs.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "initialize at 2025-06-18",
            "initialize at 2025-11-25",
            "auth/dpop at extension",
            "sep-2640-client-no-prefetch at extension"
        ]
    );
    assert_eq!(runs.iter().filter(|run| run.is_apart()).count(), 1);
}

#[test]
fn a_line_written_otherwise_is_an_error_and_no_gap() {
    for line in ["  - new-scenario", "  - new [2026-07-28,soon]", "  * new [2026-07-28]", "  - new [ ]"] {
        let error = runs(&format!("{LISTING}{line}\n")).expect_err(line);
        assert!(error.to_string().contains("new"), "{error}");
    }
    runs("Client scenarios (test against a client):\n").expect_err("an empty list");
}

#[test]
fn a_wire_is_a_date_or_an_extension() {
    assert_eq!(Wire::parse("2026-07-28"), Some(Wire::Revision("2026-07-28".to_owned())));
    assert_eq!(Wire::parse("extension"), Some(Wire::Extension));
    assert_eq!(Wire::parse("latest"), None);
}
