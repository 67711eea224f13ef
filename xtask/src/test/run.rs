//! The order of the steps, and what is said at the end.

use std::thread;

use super::peers::LeftOut;
use super::tally::Tally;
use super::{checks, peers};
use crate::checkout::{Checkout, in_ci};
use crate::conformance;
use crate::fuzz::{self, FuzzError};
use crate::program::{Program, ProgramError, Stream};
use crate::setup::{self, Missing, Part, chain};

/// The options of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the tests that need nothing installed; no lints, no doctests, no conformance suite
    #[arg(long)]
    quick: bool,
}

/// The profile of `.config/nextest.toml` for the inner loop.
const QUICK: &str = "quick";

/// Runs the tests; true if all is well.
pub(crate) fn run(checkout: &Checkout, options: &Options) -> bool {
    let mut report = Report::default();
    let steps = if options.quick { quick } else { whole };
    steps(checkout, &mut report);
    report.close()
}

fn quick(checkout: &Checkout, report: &mut Report) {
    if !Part::Nextest.is_present(checkout) {
        report.step("tests", &Outcome::Failed("cargo-nextest is missing: cargo xtask setup".to_owned()));
        return;
    }
    nextest(checkout, Some(QUICK), &[], &peers::all(), report);
    report.note(
        "quick: no lints, no doctests, no conformance suite, and none of the tests with real peers or a browser, or that do \
         something a great many times",
    );
}

fn whole(checkout: &Checkout, report: &mut Report) {
    let missing = thread::scope(|scope| {
        let setup = scope.spawn(|| setup::install(checkout, &Part::OF_TESTS));
        report.step("format", &checks::format(checkout).into());
        report.step("lints", &checks::lints(checkout).into());
        report.step("without features", &checks::without_features(checkout).into());
        report.step("documentation", &checks::documentation(checkout).into());
        report.step("build", &checks::build(checkout).into());
        setup.join().unwrap_or_default()
    });
    let is_missing = |part: Part| missing.iter().any(|missing| missing.part == part);
    report.missing(&missing);

    if is_missing(Part::Deny) {
        report.note("left out: the checks of dependencies");
    } else {
        report.step("dependencies", &checks::dependencies(checkout).into());
        match checks::advisories(checkout) {
            Some(result) => report.step("advisories", &result.into()),
            None => report.note("left out: advisories, since their database cannot be reached from here"),
        }
    }
    if is_missing(Part::Nextest) {
        report.step("tests", &Outcome::Failed("cargo-nextest is missing".to_owned()));
    } else {
        let left_out = peers::left_out(&missing);
        nextest(checkout, None, &missing, &left_out, report);
        for module in left_out {
            report.note(&format!("left out: the tests {module}"));
        }
    }
    doctests(checkout, report);
    fuzz(checkout, report);
    if is_missing(Part::Conformance) {
        report.note("left out: the conformance suite");
    } else {
        conformance(checkout, report);
    }
}

fn nextest(
    checkout: &Checkout,
    profile: Option<&str>,
    missing: &[Missing],
    left_out: &[LeftOut],
    report: &mut Report,
) {
    let mut program = Program::cargo(checkout)
        .args(["nextest", "run", "--workspace", "--no-fail-fast"])
        .envs(peers::environment(checkout, missing));
    if let Some(profile) = profile {
        // Most of these wait more than they compute.
        let at_once = thread::available_parallelism().map_or(2, |cores| 2 * cores.get());
        program = program.args(["--profile", profile, "--test-threads", &at_once.to_string()]);
    }
    if let Some(filter) = peers::filter(left_out) {
        program = program.args(["--filterset", &filter]);
    }
    report.tests("tests", program, Stream::Err, Tally::of_nextest);
}

fn doctests(checkout: &Checkout, report: &mut Report) {
    let program = Program::cargo(checkout).args(["test", "--workspace", "--doc"]);
    report.tests("doctests", program, Stream::Out, Tally::of_doctests);
}

/// Without a C++ compiler, whose absence was told already, they still have to compile.
fn fuzz(checkout: &Checkout, report: &mut Report) {
    let (name, outcome) = match fuzz::judge(checkout, &fuzz::Options::gate()) {
        Ok(tally) if tally.is_good() => (format!("fuzz targets: {tally}"), Outcome::Passed),
        Ok(tally) => ("fuzz targets".to_owned(), Outcome::Failed(tally.to_string())),
        Err(FuzzError::NoCompiler) => {
            report.note("left out: the fuzz targets are only compiled, not run");
            ("fuzz targets compile".to_owned(), checks::fuzz_targets(checkout).into())
        }
        Err(error) => ("fuzz targets".to_owned(), Outcome::Failed(chain(&error))),
    };
    report.step(&name, &outcome);
}

fn conformance(checkout: &Checkout, report: &mut Report) {
    let judged = conformance::judge(checkout, &conformance::Options::default());
    let (name, outcome) = match judged {
        Ok(tally) if tally.is_good() => (format!("conformance: {tally}"), Outcome::Passed),
        Ok(tally) => ("conformance".to_owned(), Outcome::Failed(tally.to_string())),
        Err(error) => ("conformance".to_owned(), Outcome::Failed(chain(&error))),
    };
    report.step(&name, &outcome);
}

/// How a step ended.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
}

impl From<Result<(), ProgramError>> for Outcome {
    fn from(result: Result<(), ProgramError>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// What is said at the end.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<String>,
    tally: Tally,
    /// Steps that failed without a failed test to count.
    failures: u64,
}

impl Report {
    fn step(&mut self, name: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.lines.push(format!("ok      {name}")),
            Outcome::Failed(why) => {
                self.failures += 1;
                self.lines.push(format!("FAILED  {name}: {why}"));
            }
        }
    }

    fn note(&mut self, note: &str) {
        self.lines.push(format!("        {note}"));
    }

    /// Continuous integration has to have everything; a person is told what is left out.
    fn missing(&mut self, missing: &[Missing]) {
        for Missing { part, why } in missing {
            if in_ci() {
                self.step(part.name(), &Outcome::Failed(format!("missing: {why}")));
            } else {
                self.note(&format!("missing: {}: {why}", part.name()));
            }
        }
    }

    /// Runs a test runner and counts what it says on one of its streams.
    fn tests(&mut self, name: &str, program: Program, stream: Stream, count: fn(&str) -> Option<Tally>) {
        let mut tally = Tally::default();
        let outcome = Outcome::from(program.watch(stream, |line| {
            if let Some(counted) = count(line) {
                tally += counted;
            }
        }));
        self.tally += tally;
        match outcome {
            Outcome::Failed(why) if tally.failed > 0 => {
                self.lines.push(format!("FAILED  {name}: {tally} ({why})"));
            }
            Outcome::Passed => self.lines.push(format!("ok      {name}: {tally}")),
            Outcome::Failed(_) => self.step(name, &outcome),
        }
    }

    /// Prints the summary, the plain count of tests last; true if all is well. A step that failed counts as one failed
    /// test, so that the last line never looks better than the run was.
    fn close(mut self) -> bool {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        self.tally.failed += self.failures;
        println!("\n{}", self.tally);
        self.tally.failed == 0
    }
}
