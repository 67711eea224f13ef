use super::{Report, short};

#[test]
fn a_goal_is_met_from_its_limit_on_and_never_by_what_was_not_measured() {
    let mut report = Report::default();
    for reached in [0.85, 0.8499, f64::NAN] {
        report.at_least("a", 0.85, "", 0, reached);
        report.at_most("b", 0.85, "", 0, reached);
    }
    let met: Vec<bool> = report.goals.iter().map(|goal| goal.is_met).collect();
    assert_eq!(met, [true, true, false, true, false, false]);
    assert_eq!(report.goals[4].cell(), "not measured");
    assert_eq!(report.tally(), "3/6 goals reached");
}

#[test]
fn three_digits_are_shown() {
    assert_eq!([0.704, 9.99, 12.34, 1234.5].map(short), ["0.70", "9.99", "12.3", "1234"]);
}
