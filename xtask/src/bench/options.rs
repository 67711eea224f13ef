//! What can be chosen about a run.

use std::path::PathBuf;
use std::time::Duration;

use super::message::{Kind, Payload};
use super::programs::Build;
use super::table::Case;

/// The options of `cargo xtask bench`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// One short round: to see that everything works, not to compare
    #[arg(long)]
    quick: bool,

    /// Only these parts
    #[arg(long, value_delimiter = ',', value_enum)]
    only: Vec<Part>,

    /// Only our proxy, the bare loops and no proxy: without mcpo and nginx
    #[arg(long)]
    pub(super) only_ours: bool,

    /// Measure this binary instead of building one; repeat it to compare several, with the first
    #[arg(long, value_name = "[NAME=]PATH")]
    ours: Vec<String>,

    /// Connections, one after another (stdio and http)
    #[arg(long, value_delimiter = ',')]
    connections: Vec<usize>,

    /// Bytes of the argument, one after another (stdio and http)
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<usize>,

    /// The argument is JSON as a text (stdio and http)
    #[arg(long)]
    json: bool,

    /// Rounds; the median of them is shown
    #[arg(long)]
    rounds: Option<usize>,

    /// Seconds that each target is measured in each round
    #[arg(long)]
    seconds: Option<f64>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Calls through a child process
    Stdio,
    /// Calls to a server over streamable HTTP
    Http,
    /// Replies as event streams beside JSON ones
    Sse,
    /// A tool that takes 100 ms
    Slow,
    /// A server with Nagle's algorithm on
    Nagle,
    /// A new connection for each call
    Connections,
    /// Ten thousand calls at once
    Flight,
    /// From the start of the process to the first answer
    Startup,
    /// What the proxy weighs when nobody calls
    Idle,
    /// The OpenAPI document of 150 tools
    Document,
    /// What a login's token costs each call
    Oauth,
}

impl Options {
    /// Whether a part is to be measured.
    pub(super) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The binaries given instead of the checkout's own build.
    pub(super) fn given_builds(&self) -> Vec<Build> {
        let build = |(at, given): (usize, &String)| {
            let unnamed = || if at == 0 { "ours".to_owned() } else { format!("ours {}", at + 1) };
            let (name, path) = given
                .split_once('=')
                .map_or_else(|| (unnamed(), given.as_str()), |(name, path)| (name.to_owned(), path));
            Build { name, program: PathBuf::from(path) }
        };
        self.ours.iter().enumerate().map(build).collect()
    }

    /// What is measured of calls through a child process and to a server over HTTP.
    pub(super) fn cases(&self) -> Vec<Case> {
        let kind = if self.json { Kind::Json } else { Kind::Text };
        let large = |kind| Case { payload: Payload { kind, size: LARGE }, ..Case::small(32) };
        if self.connections.is_empty() && self.sizes.is_empty() && !self.json {
            let small = [1, 32, 64].map(Case::small);
            return small.into_iter().chain([Kind::Text, Kind::Json].map(large)).collect();
        }
        let or = |chosen: &[usize], usual: &[usize]| {
            if chosen.is_empty() { usual.to_vec() } else { chosen.to_vec() }
        };
        let connections = or(&self.connections, &[1, 32, 64]);
        let with = |size| {
            let case =
                move |connections| Case { payload: Payload { kind, size }, ..Case::small(connections) };
            connections.clone().into_iter().map(case)
        };
        or(&self.sizes, &[100, LARGE]).into_iter().flat_map(with).collect()
    }

    /// The same with this many times the rounds.
    pub(super) fn more_rounds(mut self, times: usize) -> Self {
        self.rounds = Some(self.rounds() * times);
        self
    }

    /// How many rounds.
    pub(super) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 }).clamp(1, MOST_ROUNDS)
    }

    /// How long a target is measured in a round.
    pub(super) fn measured(&self) -> Duration {
        let seconds = self.seconds.unwrap_or(if self.quick { 0.4 } else { 1.5 });
        Duration::from_secs_f64(seconds.clamp(0.1, MOST_SECONDS))
    }

    /// How long it works before that.
    pub(super) fn warm_up(&self) -> Duration {
        self.measured() / 3
    }

    /// How often start-up is measured.
    pub(super) fn starts(&self) -> usize {
        if self.quick { 2 } else { 10 }
    }
}

/// The larger of the two usual sizes, in bytes.
const LARGE: usize = 64 * 1024;
/// A run ends by itself, whatever was asked for.
const MOST_ROUNDS: usize = 20;
/// Seconds a round of one target may take.
const MOST_SECONDS: f64 = 60.0;
