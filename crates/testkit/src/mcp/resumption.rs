//! Event streams that are resumed: what a GET with `Last-Event-ID` gets.
use serde_json::json;

use super::{
    Recorded, Script, Step,
    play::{Play, Turn},
};

impl Script {
    /// Does `steps` whenever a stream is resumed after the event `<place>-$ID`. `$ID` means the same in the steps, so
    /// that the reply to a call can come on the stream that continues the call's own.
    #[must_use]
    pub fn resumed(self, place: &str, steps: Vec<Step>) -> Self {
        self.resumed_times(place, 0, usize::MAX, steps)
    }

    /// Does `steps` for `times` resumptions after `<place>-$ID`, after the first `skip`.
    #[must_use]
    pub fn resumed_times(self, place: &str, skip: usize, times: usize, steps: Vec<Step>) -> Self {
        self.rule(&rule(place), skip, times, steps)
    }
}

/// What to do about a GET, if it resumes a stream that the script knows.
pub(super) fn turn(play: &Play, request: &Recorded) -> Option<Turn> {
    let last = request.headers.get("last-event-id")?.to_str().ok()?;
    let (place, id) = last.rsplit_once('-')?;
    let (method, id): (_, u64) = (rule(place), id.parse().ok()?);
    let known = play.script.rules.iter().any(|rule| rule.method == method);
    known.then(|| play.turn(&json!({ "id": id, "method": method }).to_string(), None))
}

fn rule(place: &str) -> String {
    format!("Last-Event-ID: {place}")
}
