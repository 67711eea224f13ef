//! All runs, two at a time, and the table of what they came to.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use super::list::Run;
use super::open::{self, Open};
use super::suite::{Outcome, Suite, SuiteError};
use super::verdict::{Tally, Verdict};
use crate::checkout::Checkout;
use crate::program::{Program, ProgramError};
use crate::setup::{self, Part, chain};

/// Runs at once. Each is mostly the start of a Node; some measure time, so that more would disturb them.
const AT_ONCE: usize = 2;

/// How much of the suite's words the table shows of one check.
const SHOWN: usize = 200;

/// The options of `cargo xtask conformance`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only the runs of this scenario
    #[arg(long)]
    scenario: Option<String>,
    /// What is wrong in full, with the client's last words
    #[arg(long)]
    verbose: bool,
}

/// Why nothing could be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConformanceError {
    /// The client could not be built.
    #[error("the client could not be built")]
    Build(#[source] ProgramError),
    /// The suite does not work.
    #[error("the suite does not work")]
    Suite(#[source] Box<dyn Error + Send + Sync>),
    /// The list of what is open cannot be read.
    #[error("xtask/conformance-open.txt cannot be read")]
    Open(#[source] Box<dyn Error + Send + Sync>),
}

/// `cargo xtask conformance`; true if everything is as the list says. The last line is `N/M`.
pub(crate) fn run(checkout: &Checkout, options: &Options) -> bool {
    if let Some(missing) = setup::install(checkout, &[Part::Conformance]).first() {
        println!("setup: {} is missing: {}", missing.part.name(), missing.why);
        return false;
    }
    match judge(checkout, options) {
        Ok(tally) => tally.is_good(),
        Err(error) => {
            println!("conformance: {}", chain(&error));
            false
        }
    }
}

/// Builds the client, makes every run, and prints what they came to.
pub(crate) fn judge(checkout: &Checkout, options: &Options) -> Result<Tally, ConformanceError> {
    let text = fs::read_to_string(checkout.xtask("conformance-open.txt"))
        .map_err(|error| ConformanceError::Open(error.into()))?;
    let open = open::parse(&text).map_err(|error| ConformanceError::Open(error.into()))?;
    Program::cargo(checkout)
        .args(["build", "--release", "--package", "mcpo", "--example", "conformance-client"])
        .run()
        .map_err(ConformanceError::Build)?;
    let client = checkout.target("release/examples/conformance-client");

    let suite = Suite::new(checkout);
    let broken = |error: SuiteError| ConformanceError::Suite(error.into());
    let is_wanted = |scenario: &str| options.scenario.as_deref().is_none_or(|wanted| wanted == scenario);
    let mut runs = suite.runs().map_err(broken)?;
    runs.retain(|run| is_wanted(&run.scenario));
    println!("conformance: {} runs", runs.len());

    let mut tally = Tally::default();
    for (run, outcome) in runs.iter().zip(all(&suite, &runs, &client).map_err(broken)?) {
        let verdict = Verdict::of(run, outcome.passed, &open);
        show(run, &verdict, &outcome, options.verbose);
        tally.add(&verdict);
    }
    for Open { run, .. } in &open {
        if is_wanted(&run.scenario) && !runs.contains(run) {
            println!("{run} is listed as open, but the suite has no such run");
            tally.unexpected += 1;
        }
    }
    println!("\n{tally}");
    println!("apart, the skills extension: {}/{}", tally.apart_passed, tally.apart);
    println!("{}/{}", tally.passed, tally.total);
    Ok(tally)
}

/// Every run's outcome, in order.
fn all(suite: &Suite, runs: &[Run], client: &Path) -> Result<Vec<Outcome>, SuiteError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, run)) = {
            let index = next.fetch_add(1, Relaxed);
            runs.get(index).map(|run| (index, run))
        } {
            done.push((index, suite.run(run, client)));
        }
        done
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let outcomes = workers.into_iter().map(thread::ScopedJoinHandle::join);
        // What a worker that panicked had done is lost, and nothing can be said of the rest.
        outcomes.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    assert_eq!(done.len(), runs.len(), "each run has an outcome");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// The lines of the table for one run.
fn show(run: &Run, verdict: &Verdict, outcome: &Outcome, verbose: bool) {
    let note = match verdict {
        Verdict::Open(reason) => reason,
        Verdict::Closed => "remove its line from xtask/conformance-open.txt",
        _ => "",
    };
    let line = format!("{:<42} {:<11} {:<8} {note}", run.scenario, run.wire, verdict.word());
    println!("{}", line.trim_end());
    if outcome.passed {
        return;
    }
    for check in &outcome.bad {
        println!("    {}", if verbose { check.to_string() } else { shortened(&check.to_string()) });
    }
    if verbose {
        for words in &outcome.last_words {
            println!("    | {words}");
        }
        println!("    {}", outcome.folder.display());
    } else if let (true, Some(words)) = (outcome.bad.is_empty(), outcome.last_words.last()) {
        println!("    the client: {}", shortened(words));
    }
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}
