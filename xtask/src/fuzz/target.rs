//! One target: run for a while, and what came of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::checkout::Checkout;
use crate::program::{Program, ProgramError};

/// One input may take this long, in seconds, and this much memory, in megabytes: texts of peers are short, and what reads
/// them is quick.
const LONGEST: u64 = 5;
const LARGEST: u64 = 512;

/// A fuzz target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target(String);

/// When a run ends that finds nothing, and where chance begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) seconds: u64,
    pub(super) seed: Option<u32>,
    pub(super) inputs: Option<u64>,
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Inputs that were tried.
    pub(super) tried: u64,
    /// What was wrong with the one that broke it, if one did.
    pub(super) broken: Option<Broken>,
}

/// An input that broke the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Broken {
    /// Where it is; unknown where the target failed by itself.
    pub(super) input: Option<PathBuf>,
    /// The assertion, or what libFuzzer says of it.
    pub(super) why: String,
}

impl Target {
    /// All of them, by name.
    pub(super) fn all(checkout: &Checkout) -> io::Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(checkout.root().join("fuzz/fuzz_targets"))? {
            let file = entry?.path();
            names.extend(file.file_stem().map(|name| Self(name.to_string_lossy().into_owned())));
        }
        names.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(names)
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Tries inputs: first the seeds, then what earlier runs found, then what comes of both.
    pub(super) fn run(
        &self,
        checkout: &Checkout,
        programs: &Path,
        effort: Effort,
    ) -> Result<Report, ProgramError> {
        let Self(name) = self;
        let corpus = checkout.work("fuzz/corpus").join(name);
        let log = checkout.work("fuzz").join(format!("{name}.log"));
        let failed = |source| ProgramError::Output { program: name.clone(), source };
        fs::create_dir_all(&corpus).map_err(failed)?;
        let _ = fs::remove_file(&log);
        let crashes = checkout.work("fuzz").join(format!("{name}-"));
        let ended = Program::new(programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .arg(corpus)
            .arg(checkout.root().join("fuzz/seeds").join(name))
            .arg(format!("-max_total_time={}", effort.seconds))
            .args(effort.seed.map(|seed| format!("-seed={seed}")))
            .args(effort.inputs.map(|inputs| format!("-runs={inputs}")))
            .arg(format!("-timeout={LONGEST}"))
            .arg(format!("-rss_limit_mb={LARGEST}"))
            .arg(format!("-artifact_prefix={}", crashes.display()))
            .arg("-print_final_stats=1")
            .run_into(&log);
        match ended {
            Ok(()) | Err(ProgramError::Exit { .. }) => {}
            Err(error) => return Err(error),
        }
        let said = fs::read(&log).map_err(failed)?;
        Ok(Report::read(&String::from_utf8_lossy(&said), ended.is_ok()))
    }
}

impl Report {
    /// What libFuzzer printed, and whether it was content.
    fn read(said: &str, content: bool) -> Self {
        let after = |text: &str| said.lines().find_map(|line| Some(line.split_once(text)?.1.trim()));
        let tried = after("stat::number_of_executed_units:").and_then(|count| count.parse().ok());
        // The panic's message is on the lines after the one with its place.
        let panic = said.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
        let why = panic.or_else(|| after("ERROR: libFuzzer: ")).unwrap_or("it ended with a failure");
        let input = after("Test unit written to ").map(PathBuf::from);
        Self {
            tried: tried.unwrap_or_default(),
            broken: (!content).then(|| Broken { input, why: why.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests;
