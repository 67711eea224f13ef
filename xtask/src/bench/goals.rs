//! What the proxy is meant to reach, what it reached in this run, and whether that is enough.

/// Everything that was found out.
#[derive(Debug, Default)]
pub(super) struct Report {
    goals: Vec<Goal>,
    /// Whether replies were wrong or did not come.
    pub(super) bad: bool,
}

/// One goal and one build of our proxy.
#[derive(Debug)]
struct Goal {
    what: String,
    limit: String,
    build: usize,
    reached: f64,
    unit: &'static str,
    is_met: bool,
}

impl Report {
    /// A goal that is a least value, such as a ratio of throughput. What could not be measured is NaN.
    pub(super) fn at_least(
        &mut self,
        what: &str,
        least: f64,
        unit: &'static str,
        build: usize,
        reached: f64,
    ) {
        let limit = format!("at least {}", with_unit(least, unit));
        self.goals.push(Goal {
            what: what.to_owned(),
            limit,
            build,
            reached,
            unit,
            is_met: reached >= least,
        });
    }

    /// A goal that is a most value, such as a latency. What could not be measured is NaN.
    pub(super) fn at_most(&mut self, what: &str, most: f64, unit: &'static str, build: usize, reached: f64) {
        let limit = format!("at most {}", with_unit(most, unit));
        self.goals.push(Goal { what: what.to_owned(), limit, build, reached, unit, is_met: reached <= most });
    }

    /// How many goals were reached of how many; what was not measured was not reached. Each build has its own.
    pub(super) fn tally(&self) -> String {
        let met = self.goals.iter().filter(|goal| goal.is_met).count();
        format!("{met}/{} goals reached", self.goals.len())
    }

    /// Prints one line for each goal, with a column for each build.
    pub(super) fn print(&self, builds: &[String]) {
        if self.goals.is_empty() {
            return;
        }
        println!(
            "\nGoals (performance of the whole proxy: API key, validation and logging as they are by default)"
        );
        print!("{:<58}{:>20}", "", "goal");
        for build in builds {
            print!("{build:>20}");
        }
        println!();
        let mut seen: Vec<&str> = Vec::new();
        for goal in &self.goals {
            if seen.contains(&goal.what.as_str()) {
                continue;
            }
            seen.push(&goal.what);
            print!("{:<58}{:>20}", goal.what, goal.limit);
            for build in 0..builds.len() {
                let reached = self.goals.iter().find(|other| other.what == goal.what && other.build == build);
                let cell = reached.map_or_else(|| "-".to_owned(), Goal::cell);
                print!("{cell:>20}");
            }
            println!();
        }
    }
}

impl Goal {
    fn cell(&self) -> String {
        if self.reached.is_nan() {
            return "not measured".to_owned();
        }
        format!("{} {}", with_unit(self.reached, self.unit), if self.is_met { "yes" } else { "NO" })
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    let space = if unit.is_empty() { "" } else { " " };
    format!("{}{space}{unit}", short(value))
}

/// Three digits that matter.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests;
