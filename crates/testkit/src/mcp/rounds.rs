//! Requests that take several rounds: which [`Ask`] a request answers, and whether it does so rightly.
use serde_json::{Value, json};

use super::{Ask, Step, modern};

/// What was asked, and of which request.
#[derive(Debug)]
pub(super) struct Asked {
    round: usize,
    id: Value,
    state: Option<String>,
    /// The request's parameters without those of the rounds.
    request: Value,
}

/// The steps that this request has come to: the question of its round, or what comes after the last one.
pub(super) fn resolve(steps: Vec<Step>, message: &Value, asked: &mut Vec<Asked>) -> Vec<Step> {
    let asks: Vec<Ask> = steps
        .iter()
        .map_while(|step| if let Step::Ask(ask) = step { Some(ask.clone()) } else { None })
        .collect();
    if asks.is_empty() {
        return steps;
    }
    let round = match answered(&asks, message, asked) {
        Ok(round) => round,
        Err(why) => return vec![modern::malformed(&why)],
    };
    let Some(ask) = asks.get(round) else {
        return steps.into_iter().skip(asks.len()).collect();
    };
    if !ask.undeclared
        && let Some(missing) = undeclared(ask, message)
    {
        return vec![modern::missing_capabilities(&missing)];
    }
    let state = ask.state.as_ref().map(|state| state.replace("$ID", &message["id"].to_string()));
    let mut result = String::from(r#"{"resultType":"input_required""#);
    if let Some(requests) = &ask.requests {
        result.extend([r#","inputRequests":"#, requests]);
    }
    if let Some(state) = &state {
        result.extend([r#","requestState":"#, &json!(state).to_string()]);
    }
    result.push('}');
    asked.push(Asked { round, id: message["id"].clone(), state, request: request(message) });
    super::reply::result(&result)
}

/// Which round comes next.
fn answered(asks: &[Ask], message: &Value, asked: &[Asked]) -> Result<usize, String> {
    let params = &message["params"];
    let (responses, state) = (params.get("inputResponses"), params.get("requestState"));
    if responses.is_none() && state.is_none() {
        return Ok(0);
    }
    let request = request(message);
    let mine = || asked.iter().rev().filter(|asked| asked.request == request);
    let Some(last) = mine().find(|asked| asked.state.as_deref() == state.and_then(Value::as_str)) else {
        let known: Vec<_> = mine().map(|asked| &asked.state).collect();
        return Err(format!("requestState is {state:?}, these were given for this request: {known:?}"));
    };
    if mine().any(|asked| asked.id == message["id"]) {
        return Err(format!("the id {} is that of an earlier round", message["id"]));
    }
    let ask = asks.get(last.round).ok_or("a round that is not there")?;
    let wanted: Value =
        ask.requests.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let given = responses.unwrap_or(&Value::Null);
    if !given.is_null() && !given.is_object() {
        return Err("inputResponses are no object".to_owned());
    }
    if let Some(missing) =
        wanted.as_object().and_then(|wanted| wanted.keys().find(|key| given.get(key.as_str()).is_none()))
    {
        return Err(format!("inputResponses have no {missing}: {given}"));
    }
    if let Some(expect) = &ask.expect
        && serde_json::from_str::<Value>(expect).ok().as_ref() != Some(given)
    {
        return Err(format!("inputResponses are {given}, not {expect}"));
    }
    Ok(if ask.again { last.round } else { last.round + 1 })
}

/// The parameters that stay the same in all rounds.
fn request(message: &Value) -> Value {
    let mut params = message["params"].clone();
    if let Some(params) = params.as_object_mut() {
        params.retain(|name, _| !matches!(&**name, "_meta" | "inputResponses" | "requestState"));
    }
    json!([message["method"], params])
}

/// What the client would have to be able to do.
fn undeclared(ask: &Ask, message: &Value) -> Option<Value> {
    let requests: Value = ask.requests.as_deref().and_then(|text| serde_json::from_str(text).ok())?;
    let mut missing = json!({});
    for request in requests.as_object()?.values() {
        let capability = match request["method"].as_str() {
            Some("elicitation/create") => "elicitation",
            Some("sampling/createMessage") => "sampling",
            Some("roots/list") => "roots",
            _ => continue,
        };
        if !modern::capabilities(message)[capability].is_object() {
            missing[capability] = json!({});
        }
    }
    (missing != json!({})).then_some(missing)
}
