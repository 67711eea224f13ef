//! From a message to the steps that answer it: the part of a server that is the same over every transport.
use std::sync::Mutex;

use http::HeaderMap;
use serde_json::{Value, value::RawValue};

use super::{
    EarlyRequest, Era, Script, Step,
    listen::Listeners,
    modern,
    rounds::{self, Asked},
};

/// A script being played: it counts what came.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) script: Script,
    /// The open streams of `subscriptions/listen`.
    pub(super) listeners: Listeners,
    /// Whether a step tells of the requests; they are not kept for nothing.
    tells_requests: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many requests each rule has seen.
    seen: Vec<usize>,
    /// Notifications and answers.
    received: Vec<String>,
    requests: Vec<String>,
    asked: Vec<Asked>,
    initialized: bool,
}

/// A message and what to do about it.
pub(super) struct Turn {
    pub(super) method: Option<String>,
    pub(super) steps: Vec<Step>,
    /// Whether the script says itself what to do about this method.
    pub(super) ruled: bool,
    /// Whether it is one of a stateless revision.
    pub(super) modern: bool,
}

impl Play {
    pub(super) fn new(script: Script) -> Self {
        let state = State { seen: vec![0; script.rules.len()], ..State::default() };
        let tells_requests = serde_json::to_string(&script).is_ok_and(|text| text.contains("$REQUESTS"));
        Self { script, listeners: Listeners::default(), tells_requests, state: Mutex::new(state) }
    }

    /// What to do about a message; nothing but taking note if it is no request. Over HTTP it has `headers`.
    pub(super) fn turn(&self, text: &str, headers: Option<&HeaderMap>) -> Turn {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return Turn { method: None, steps: Vec::new(), ruled: false, modern: false };
        };
        let method = message.get("method").and_then(Value::as_str).map(ToOwned::to_owned);
        let modern = modern::is_modern(&self.script, &message, headers);
        let (steps, ruled) = if let (Some(method), Some(_)) = (&method, message.get("id")) {
            if self.tells_requests {
                self.lock().requests.push(text.to_owned());
            }
            self.steps(method, &message, modern, headers)
        } else {
            self.note(&message, text);
            (method.as_deref().and_then(|method| self.by_rule(method)).unwrap_or_default(), false)
        };
        let steps = steps.into_iter().flat_map(|step| self.fill(step, text, &message, modern)).collect();
        Turn { method, steps, ruled, modern }
    }

    /// What to do about a request, and whether a rule says so.
    fn steps(
        &self,
        method: &str,
        message: &Value,
        modern: bool,
        headers: Option<&HeaderMap>,
    ) -> (Vec<Step>, bool) {
        // A rule may say something else about `initialize`, but not about what is wrong with a request.
        let is_start = method == "initialize";
        let refusal = || modern::refusal(&self.script, message, headers).filter(|_| modern && !is_start);
        if let Some(refusal) = refusal() {
            return (vec![refusal], false);
        }
        let ruled = self.by_rule(method);
        let is_ruled = ruled.is_some();
        let usual = || if modern { self.usual_modern(method, message) } else { self.usual(method, message) };
        let steps = ruled.unwrap_or_else(usual);
        (rounds::resolve(steps, message, &mut self.lock().asked), is_ruled)
    }

    /// Takes note of a notification or an answer.
    fn note(&self, message: &Value, text: &str) {
        if message["method"] == "notifications/cancelled" {
            self.listeners.cancel(&message["params"]["requestId"]);
        }
        self.lock().received.push(text.to_owned());
    }

    /// Whether the connection is one of the old revisions, over which a server says what it likes.
    pub(super) fn is_legacy(&self) -> bool {
        self.script.era == Era::Legacy || self.lock().initialized
    }

    /// Whether a message is one of a stateless revision.
    pub(super) fn is_modern(&self, text: &str, headers: &HeaderMap) -> bool {
        let message = serde_json::from_str::<Value>(text).unwrap_or_default();
        modern::is_modern(&self.script, &message, Some(headers))
    }

    /// What a server does about a request before `initialize`, if it does not answer it.
    pub(super) fn early(&self, turn: &Turn) -> Option<EarlyRequest> {
        let mut state = self.lock();
        state.initialized |= turn.method.as_deref() == Some("initialize") && !turn.modern;
        let early = !state.initialized && !turn.modern && turn.method.is_some();
        Some(self.script.early).filter(|does| early && *does != EarlyRequest::Answered)
    }

    /// The steps of the first rule that holds for this request.
    pub(super) fn by_rule(&self, method: &str) -> Option<Vec<Step>> {
        let mut state = self.lock();
        let mut found = None;
        for (rule, seen) in self.script.rules.iter().zip(&mut state.seen) {
            if rule.method != method {
                continue;
            }
            let holds = *seen >= rule.skip && *seen - rule.skip < rule.times;
            *seen += 1;
            if holds && found.is_none() {
                found = Some(rule.steps.clone());
            }
        }
        found
    }

    fn usual(&self, method: &str, message: &Value) -> Vec<Step> {
        let params = &message["params"];
        match method {
            "initialize" => {
                let asked = params["protocolVersion"].as_str().unwrap_or("2025-11-25");
                let version = self.script.protocol_version.as_deref().unwrap_or(asked);
                let capabilities = &self.script.capabilities;
                super::reply::result(&format!(
                    r#"{{"protocolVersion":"{version}","capabilities":{capabilities},"serverInfo":{{"name":"scripted","title":"A scripted server","version":"1.0"}},"instructions":"Use it in tests."}}"#
                ))
            }
            "ping" => super::reply::result("{}"),
            "tools/list" => super::reply::result(&self.page(params["cursor"].as_str())),
            "tools/call" => {
                let name = params["name"].as_str();
                let tool =
                    self.script.tools.iter().find(|tool| tool.name.as_deref() == name && name.is_some());
                tool.map_or_else(|| super::reply::error(-32602, "Unknown tool"), |tool| tool.steps.clone())
            }
            _ => super::reply::error(-32601, "Method not found"),
        }
    }

    /// What a stateless revision has that is not as it was, and what it has no longer.
    fn usual_modern(&self, method: &str, message: &Value) -> Vec<Step> {
        match method {
            "server/discover" => super::reply::result(&modern::discovered(&self.script)),
            "subscriptions/listen" => super::reply::listen(),
            "initialize" => modern::refusal(&self.script, message, None).into_iter().collect(),
            "tools/list" => {
                let page = self.page(message["params"]["cursor"].as_str());
                let page = page.strip_suffix('}').unwrap_or(&page);
                super::reply::result(&format!(r#"{page},"ttlMs":0,"cacheScope":"private"}}"#))
            }
            "tools/call" => self.usual(method, message),
            _ => vec![modern::unknown_method()],
        }
    }

    fn page(&self, cursor: Option<&str>) -> String {
        let from: usize = cursor.and_then(|cursor| cursor.strip_prefix("page-")?.parse().ok()).unwrap_or(0);
        let definitions: Vec<&str> = self
            .script
            .tools
            .iter()
            .skip(from)
            .take(self.script.page_size)
            .map(|tool| &*tool.definition)
            .collect();
        let next = from.saturating_add(self.script.page_size);
        let next = if next < self.script.tools.len() {
            format!(r#","nextCursor":"page-{next}""#)
        } else if self.script.repeat_pages {
            r#","nextCursor":"page-0""#.to_owned()
        } else {
            String::new()
        };
        format!(r#"{{"tools":[{}]{next}}}"#, definitions.join(","))
    }

    fn fill(&self, step: Step, text: &str, message: &Value, modern: bool) -> Vec<Step> {
        let typed = modern && self.script.result_types;
        let fill = |template: String| {
            if !template.contains('$') {
                return template;
            }
            let arguments = arguments(text).unwrap_or_else(|| "{}".to_owned());
            let received = self.lock().received.join("\n");
            let requests = self.lock().requests.join("\n");
            template
                .replace("$ID", &message["id"].to_string())
                .replace("$TOKEN", &message["params"]["_meta"]["progressToken"].to_string())
                .replace("$RESPONSES", &message["params"]["inputResponses"].to_string())
                .replace("$REQUESTS", &Value::from(requests).to_string())
                .replace("$RECEIVED", &Value::from(received).to_string())
                .replace("$TEXT", &Value::from(&*arguments).to_string())
                .replace("$ARGUMENTS", &arguments)
        };
        vec![match step {
            Step::Send(template) if typed => Step::Send(fill(with_result_type(template))),
            Step::Send(template) => Step::Send(fill(template)),
            Step::Answer { status, message } => Step::Answer { status, message: fill(message) },
            Step::Status { status, headers, body } => Step::Status { status, headers, body: fill(body) },
            Step::Bytes(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Step::Bytes(fill(text).into_bytes()),
                Err(not_text) => Step::Bytes(not_text.into_bytes()),
            },
            Step::Listen(_) => Step::Listen(text.to_owned()),
            Step::Push(template) => Step::Push(fill(template)),
            Step::Raw(template) => Step::Raw(fill(template)),
            Step::Padded(template, bytes) if typed => {
                Step::Send(fill(with_result_type(template)).replace("$PAD", &"x".repeat(bytes)))
            }
            Step::Padded(template, bytes) => Step::Send(fill(template).replace("$PAD", &"x".repeat(bytes))),
            Step::Repeat(times, steps) => {
                let steps: Vec<Step> =
                    steps.into_iter().flat_map(|step| self.fill(step, text, message, modern)).collect();
                return (1..=times).flat_map(|n| steps.iter().map(move |step| step.numbered(n))).collect();
            }
            step => step,
        }]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }
}

impl Step {
    fn numbered(&self, n: usize) -> Self {
        let number = |template: &String| template.replace("$N", &n.to_string());
        match self {
            Self::Send(template) => Self::Send(number(template)),
            Self::Push(template) => Self::Push(number(template)),
            Self::Raw(template) => Self::Raw(number(template)),
            step => step.clone(),
        }
    }
}

/// A result as the stateless revisions want it.
fn with_result_type(message: String) -> String {
    const UP_TO_RESULT: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":{"#;
    match message.strip_prefix(UP_TO_RESULT) {
        Some(rest) if !rest.contains(r#""resultType""#) => {
            let comma = if rest.starts_with('}') { "" } else { "," };
            format!(r#"{UP_TO_RESULT}"resultType":"complete"{comma}{rest}"#)
        }
        _ => message,
    }
}

/// The arguments as they came.
fn arguments(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Call<'a> {
        #[serde(borrow)]
        params: Params<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Params<'a> {
        #[serde(borrow)]
        arguments: &'a RawValue,
    }
    serde_json::from_str::<Call<'_>>(text).ok().map(|call| call.params.arguments.get().to_owned())
}
