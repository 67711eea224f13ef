//! The streams of `subscriptions/listen` that are open.
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    http::{Cut, Events, event},
    stdio::Said,
};

/// `_meta`'s member that says which subscription a message belongs to.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<Vec<Listener>>);

#[derive(Debug)]
struct Listener {
    id: Value,
    /// The filter as it was acknowledged.
    takes: Value,
    sink: Sink,
}

/// Where a subscription's messages go.
#[derive(Debug)]
pub(super) enum Sink {
    /// One line each, among all others.
    Lines(mpsc::UnboundedSender<Said>),
    /// Events on the request's own stream.
    Stream(Events),
}

impl Listeners {
    /// Opens the subscription that `request` asks for, as far as the server's `capabilities` go, and says so.
    pub(super) fn open(&self, request: &str, capabilities: &str, sink: Sink) {
        let Ok(request) = serde_json::from_str::<Value>(request) else { return };
        let capabilities: Value = serde_json::from_str(capabilities).unwrap_or_default();
        let mut takes = request["params"]["notifications"].clone();
        if let Some(takes) = takes.as_object_mut() {
            takes.retain(|kind, wanted| *wanted != Value::Bool(false) && capability(&capabilities, kind));
        }
        let listener = Listener { id: request["id"].clone(), takes, sink };
        let takes = &listener.takes;
        listener.say(&json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
            "params": {"_meta": {SUBSCRIPTION: listener.id}, "notifications": takes}}));
        self.lock().push(listener);
    }

    /// Sends a notification to those who take it; how many do.
    pub(super) fn push(&self, message: &str) -> usize {
        let mut listeners = self.lock();
        listeners.retain(|listener| !listener.sink.is_closed());
        let Ok(message) = serde_json::from_str::<Value>(message) else { return 0 };
        let takers = listeners.iter().filter(|listener| listener.takes(&message));
        let told = takers.map(|listener| {
            let mut message = message.clone();
            message["params"]["_meta"][SUBSCRIPTION] = listener.id.clone();
            listener.say(&message);
        });
        told.count()
    }

    /// How many are open.
    pub(super) fn open_count(&self) -> usize {
        self.lock().iter().filter(|listener| !listener.sink.is_closed()).count()
    }

    /// Ends all with their result.
    pub(super) fn finish(&self) {
        for listener in self.lock().drain(..) {
            listener.say(&json!({"jsonrpc": "2.0", "id": listener.id,
                "result": {"resultType": "complete", "_meta": {SUBSCRIPTION: listener.id}}}));
        }
    }

    /// Ends all without a word; cuts the connection under them if there is one for each.
    pub(super) fn cut(&self) {
        for listener in self.lock().drain(..) {
            if let Sink::Stream(events) = listener.sink {
                let _ = events.send(Err(Cut));
            }
        }
    }

    /// Ends all without a word, but in the way of the transport.
    pub(super) fn end(&self) {
        self.lock().clear();
    }

    /// The client wants no more of this one.
    pub(super) fn cancel(&self, id: &Value) {
        self.lock().retain(|listener| listener.id != *id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Listener>> {
        self.0.lock().expect("no test panics while it holds this")
    }
}

impl Listener {
    fn takes(&self, message: &Value) -> bool {
        let kind = match message["method"].as_str() {
            Some("notifications/tools/list_changed") => "toolsListChanged",
            Some("notifications/prompts/list_changed") => "promptsListChanged",
            Some("notifications/resources/list_changed") => "resourcesListChanged",
            Some("notifications/resources/updated") => {
                let wanted = self.takes["resourceSubscriptions"].as_array();
                return wanted.is_some_and(|uris| uris.contains(&message["params"]["uri"]));
            }
            // What has no business here comes for the sake of the test.
            _ => return true,
        };
        self.takes[kind] == true
    }

    fn say(&self, message: &Value) {
        let _ = match &self.sink {
            Sink::Lines(lines) => lines.send(Said::Line(message.to_string())).is_ok(),
            Sink::Stream(events) => events.send(Ok(event(&message.to_string()))).is_ok(),
        };
    }
}

impl Sink {
    fn is_closed(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.is_closed(),
            Self::Stream(events) => events.is_closed(),
        }
    }
}

/// Whether the server can tell of this.
fn capability(capabilities: &Value, kind: &str) -> bool {
    match kind {
        "toolsListChanged" => capabilities["tools"]["listChanged"] == true,
        "promptsListChanged" => capabilities["prompts"]["listChanged"] == true,
        "resourcesListChanged" => capabilities["resources"]["listChanged"] == true,
        "resourceSubscriptions" => capabilities["resources"]["subscribe"] == true,
        _ => false,
    }
}
