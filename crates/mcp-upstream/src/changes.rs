//! How often a server has said that one of its lists changed.
use tokio::sync::watch;

/// Counters, apart from the events, which drop what nobody keeps up with.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) tools: watch::Sender<u64>,
    pub(crate) prompts: watch::Sender<u64>,
    pub(crate) resources: watch::Sender<u64>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            tools: watch::Sender::new(0),
            prompts: watch::Sender::new(0),
            resources: watch::Sender::new(0),
        }
    }

    /// Nobody listened for a while, so that any of them may have changed.
    pub(crate) fn all(&self) {
        count(&self.tools);
        count(&self.prompts);
        count(&self.resources);
    }
}

/// One more change.
pub(crate) fn count(times: &watch::Sender<u64>) {
    times.send_modify(|times| *times = times.wrapping_add(1));
}
