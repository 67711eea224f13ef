use super::{Tally, Verdict};
use crate::conformance::list::{Run, Wire};
use crate::conformance::open::parse;

fn run(scenario: &str) -> Run {
    Run { scenario: scenario.to_owned(), wire: Wire::Extension }
}

#[test]
fn the_list_can_only_shrink() {
    let open = parse("listed extension not done\n").expect("a list");
    let verdict = |scenario: &str, passed| Verdict::of(&run(scenario), passed, &open);
    assert_eq!(verdict("other", true), Verdict::Passed);
    assert_eq!(verdict("other", false), Verdict::Failed);
    assert_eq!(verdict("listed", false), Verdict::Open("not done".to_owned()));
    assert_eq!(verdict("listed", true), Verdict::Closed);
    assert_eq!(verdict("sep-2640-client-x", false), Verdict::Apart { passed: false });
}

#[test]
fn a_listed_run_that_passes_is_as_bad_as_one_that_fails_unlisted() {
    let tally = |verdicts: &[Verdict]| {
        let mut tally = Tally::default();
        for verdict in verdicts {
            tally.add(verdict);
        }
        tally
    };
    let open = Verdict::Open("not done".to_owned());
    assert!(tally(&[Verdict::Passed, open.clone(), Verdict::Apart { passed: false }]).is_good());
    assert!(!tally(&[Verdict::Passed, Verdict::Failed]).is_good());
    assert!(!tally(&[Verdict::Passed, Verdict::Closed]).is_good());
    assert!(!tally(&[Verdict::Apart { passed: true }]).is_good());
    let all = tally(&[Verdict::Passed, Verdict::Closed, open, Verdict::Failed]);
    assert_eq!((all.passed, all.total, all.open, all.unexpected), (2, 4, 1, 2));
}
