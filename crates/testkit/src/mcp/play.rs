//! From a message to the steps that answer it: the part of a server that is the same over every transport.
use std::sync::Mutex;

use serde_json::{Value, value::RawValue};

use super::{Script, Step};

/// A script being played: it counts what came.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) script: Script,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many requests each rule has seen.
    seen: Vec<usize>,
    /// Notifications and answers.
    received: Vec<String>,
}

/// A message and what to do about it.
pub(super) struct Turn {
    pub(super) method: Option<String>,
    pub(super) steps: Vec<Step>,
}

impl Play {
    pub(super) fn new(script: Script) -> Self {
        let state = State { seen: vec![0; script.rules.len()], received: Vec::new() };
        Self { script, state: Mutex::new(state) }
    }

    /// What to do about a message; nothing but taking note if it is no request.
    pub(super) fn turn(&self, text: &str) -> Turn {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return Turn { method: None, steps: Vec::new() };
        };
        let method = message.get("method").and_then(Value::as_str).map(ToOwned::to_owned);
        let ruled = method.as_deref().and_then(|method| self.by_rule(method));
        let steps = if let (Some(method), Some(_)) = (&method, message.get("id")) {
            ruled.unwrap_or_else(|| self.usual(method, &message))
        } else {
            self.lock().received.push(text.to_owned());
            ruled.unwrap_or_default()
        };
        let steps = steps.into_iter().flat_map(|step| self.fill(step, text, &message)).collect();
        Turn { method, steps }
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

    fn fill(&self, step: Step, text: &str, message: &Value) -> Vec<Step> {
        let fill = |template: String| {
            if !template.contains('$') {
                return template;
            }
            let arguments = arguments(text).unwrap_or_else(|| "{}".to_owned());
            let received = self.lock().received.join("\n");
            template
                .replace("$ID", &message["id"].to_string())
                .replace("$TOKEN", &message["params"]["_meta"]["progressToken"].to_string())
                .replace("$RECEIVED", &Value::from(received).to_string())
                .replace("$TEXT", &Value::from(&*arguments).to_string())
                .replace("$ARGUMENTS", &arguments)
        };
        vec![match step {
            Step::Send(template) => Step::Send(fill(template)),
            Step::Push(template) => Step::Push(fill(template)),
            Step::Raw(template) => Step::Raw(fill(template)),
            Step::Padded(template, bytes) => Step::Send(fill(template).replace("$PAD", &"x".repeat(bytes))),
            Step::Repeat(times, steps) => {
                let steps: Vec<Step> =
                    steps.into_iter().flat_map(|step| self.fill(step, text, message)).collect();
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
