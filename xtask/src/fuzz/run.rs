//! All targets, two at a time, and what they came to.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::build::{build, compiler};
use super::target::{Broken, Effort, Report, Target};
use crate::checkout::Checkout;
use crate::program::ProgramError;
use crate::setup::{self, Part, chain};

/// Targets that run at once.
const AT_ONCE: usize = 2;

/// The options of `cargo xtask fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this target
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Optimized: slower to build, several times as many inputs tried
    #[arg(long)]
    release: bool,
    /// Where chance begins; another one each time unless given
    #[arg(long)]
    seed: Option<u32>,
    /// How many inputs each target tries at most
    #[arg(long)]
    inputs: Option<u64>,
}

impl Options {
    /// What a test run asks: of a fresh checkout, the same each time.
    pub(crate) fn gate() -> Self {
        Self { target: None, seconds: 30, release: false, seed: Some(1), inputs: Some(100_000) }
    }

    fn effort(&self) -> Effort {
        Effort { seconds: self.seconds, seed: self.seed, inputs: self.inputs }
    }
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FuzzError {
    /// libFuzzer cannot be built.
    #[error("there is no C++ compiler (c++), which libFuzzer needs")]
    NoCompiler,
    /// No target has this name.
    #[error("there is no such target; there are {known}")]
    NoTarget {
        /// All there are.
        known: String,
    },
    /// The targets cannot be found.
    #[error("fuzz/fuzz_targets cannot be read")]
    Targets(#[source] io::Error),
    /// They do not compile.
    #[error("the targets could not be built")]
    Build(#[source] ProgramError),
    /// One could not be run.
    #[error("a target could not be run")]
    Run(#[source] ProgramError),
}

/// What all targets came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    targets: usize,
    tried: u64,
    broken: Vec<String>,
}

impl Tally {
    pub(crate) fn is_good(&self) -> bool {
        self.broken.is_empty()
    }

    fn add(&mut self, target: &Target, report: &Report) {
        self.targets += 1;
        self.tried += report.tried;
        let name = target.name();
        match &report.broken {
            None => println!("fuzz: {name}: {} inputs", report.tried),
            Some(Broken { input: Some(input), why }) => {
                println!("fuzz: {name}: BROKEN: {why}\nfuzz: {name}: the input is {}", input.display());
                self.broken.push(format!("{name} by {}", input.display()));
            }
            Some(Broken { input: None, why }) => {
                println!("fuzz: {name}: FAILED: {why}, see .work/fuzz/{name}.log");
                self.broken.push(name.to_owned());
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} targets, {} inputs", self.targets, self.tried)?;
        if self.broken.is_empty() { Ok(()) } else { write!(f, ", broken: {}", self.broken.join(", ")) }
    }
}

/// `cargo xtask fuzz`; true if nothing broke.
pub(crate) fn run(checkout: &Checkout, options: &Options) -> bool {
    if let Some(missing) = setup::install(checkout, &[Part::Cxx]).first() {
        println!("setup: {} is missing: {}", missing.part.name(), missing.why);
    }
    match judge(checkout, options) {
        Ok(tally) => {
            println!("\n{tally}");
            tally.is_good()
        }
        Err(error) => {
            println!("fuzz: {}", chain(&error));
            false
        }
    }
}

/// Builds the targets and runs them.
pub(crate) fn judge(checkout: &Checkout, options: &Options) -> Result<Tally, FuzzError> {
    let mut targets = Target::all(checkout).map_err(FuzzError::Targets)?;
    if let Some(wanted) = &options.target {
        let known: Vec<_> = targets.iter().map(|target| target.name().to_owned()).collect();
        targets.retain(|target| target.name() == wanted);
        if targets.is_empty() {
            return Err(FuzzError::NoTarget { known: known.join(", ") });
        }
    }
    if compiler().is_none() {
        return Err(FuzzError::NoCompiler);
    }
    let programs = build(checkout, options.release).map_err(FuzzError::Build)?;
    println!("fuzz: {} targets, at most {} s each", targets.len(), options.seconds);
    all(checkout, &programs, targets, options.effort()).map_err(FuzzError::Run)
}

fn all(
    checkout: &Checkout,
    programs: &Path,
    targets: Vec<Target>,
    effort: Effort,
) -> Result<Tally, ProgramError> {
    let waiting = Mutex::new(targets.into_iter());
    let tally = Mutex::new(Tally::default());
    let work = || {
        while let Some(target) = lock(&waiting).next() {
            let report = target.run(checkout, programs, effort)?;
            lock(&tally).add(&target, &report);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let mut ended = workers.into_iter().map(thread::ScopedJoinHandle::join);
        ended.try_for_each(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(tally.into_inner().unwrap_or_default())
}

/// Nothing is done under these locks that could be left half done.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
