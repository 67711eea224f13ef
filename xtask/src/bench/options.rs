//! What can be chosen about a run.

use std::time::Duration;

/// The options of `cargo xtask bench`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// One short round: to see that everything works, not to compare
    #[arg(long)]
    quick: bool,

    /// Only our proxy, without mcpo and nginx
    #[arg(long)]
    pub(super) only_ours: bool,

    /// Connections, one after another
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32, 64])]
    pub(super) connections: Vec<usize>,

    /// Bytes of the argument, one after another
    #[arg(long, value_delimiter = ',', default_values_t = [100, 65536])]
    pub(super) sizes: Vec<usize>,

    /// Rounds; the median of them is shown
    #[arg(long)]
    rounds: Option<usize>,

    /// Seconds that each target is measured in each round
    #[arg(long)]
    seconds: Option<f64>,
}

impl Options {
    /// How many rounds.
    pub(super) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 5 }).clamp(1, MOST_ROUNDS)
    }

    /// How long a target is measured in a round.
    pub(super) fn measured(&self) -> Duration {
        let seconds = self.seconds.unwrap_or(if self.quick { 1.0 } else { 3.0 });
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

/// A run ends by itself, whatever was asked for.
const MOST_ROUNDS: usize = 20;
/// Seconds a round of one target may take.
const MOST_SECONDS: f64 = 60.0;
