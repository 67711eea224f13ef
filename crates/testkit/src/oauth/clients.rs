//! What an authorization server may offer its clients besides tokens: registrations that they manage (RFC 7592), pushed
//! requests (RFC 9126), revocation (RFC 7009).

use serde_json::{Value, json};

use super::authority::{Refused, authenticate};
use super::peer::Shared;
use super::script::{Script, merge};
use super::state::{Client, State};
use super::{Reply, Seen};

/// The members of the metadata that say what is offered.
pub(super) fn advertise(document: &mut Value, issuer: &str, script: &Script) {
    if script.revocation {
        document["revocation_endpoint"] = format!("{issuer}/revoke").into();
    }
    if script.pushed_requests {
        document["pushed_authorization_request_endpoint"] = format!("{issuer}/par").into();
    }
}

/// Adds where and with what a new registration is managed.
pub(super) fn make_manageable(state: &mut State, issuer: &str, id: &str, answer: &mut Value) {
    let token = state.secret("management");
    let number = state.counter;
    answer["registration_client_uri"] = format!("{issuer}/register/{number}").into();
    answer["registration_access_token"] = token.clone().into();
    state.registrations.insert(format!("/register/{number}"), (id.to_owned(), token, answer.clone()));
}

/// Reading, changing and ending a registration. Every answer has a new token, and the one before no longer works.
pub(super) fn manage(shared: &Shared, seen: &Seen, path: &str) -> Reply {
    let mut state = shared.state();
    let bearer = seen.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some((id, token, mut known)) = state.registrations.get(path).cloned() else {
        return Reply::status(401);
    };
    if bearer != Some(&token) {
        return Reply::status(401);
    }
    match seen.method.as_str() {
        "DELETE" => {
            state.registrations.remove(path);
            state.clients.remove(&id);
            return Reply::status(204);
        }
        "PUT" => {
            let wanted = seen.json();
            let forbidden =
                ["registration_access_token", "registration_client_uri", "client_secret_expires_at"];
            if wanted["client_id"] != *id || forbidden.iter().any(|name| wanted.get(name).is_some()) {
                return Reply::json(400, &json!({ "error": "invalid_request" }));
            }
            let kept = ["client_secret", "client_secret_expires_at", "registration_client_uri"];
            let before = std::mem::replace(&mut known, wanted);
            for name in kept {
                if let Some(value) = before.get(name) {
                    known[name] = value.clone();
                }
            }
        }
        _ => {}
    }
    let token = state.secret("management");
    known["registration_access_token"] = token.clone().into();
    merge(&mut known, &state.script.management_patch.clone());
    if let Some(secret) = known["client_secret"].as_str() {
        let method = known["token_endpoint_auth_method"].as_str().unwrap_or("any").to_owned();
        state.clients.insert(id.clone(), Client { secret: Some(secret.to_owned()), method });
    }
    state.registrations.insert(path.to_owned(), (id, token, known.clone()));
    Reply::json(200, &known)
}

/// Keeps a request for the browser that will name it, once.
pub(super) fn push(state: &mut State, seen: &Seen) -> Result<Reply, Refused> {
    let client_id = authenticate(state, seen)?;
    if seen.parameter("client_id").is_some_and(|named| named != client_id) {
        return Err("invalid_request");
    }
    let uri = format!("urn:ietf:params:oauth:request_uri:{}", state.secret("request"));
    let mut parameters = seen.form();
    parameters.retain(|(name, _)| name != "client_secret");
    state.pushed.insert(uri.clone(), (client_id, parameters));
    Ok(Reply::json(201, &json!({ "request_uri": uri, "expires_in": 60 })))
}

/// The request that a browser brings: its own parameters, or those that were pushed.
pub(super) fn request(state: &mut State, seen: &Seen) -> Option<Seen> {
    let Some(uri) = seen.parameter("request_uri") else { return Some(seen.clone()) };
    let (client_id, parameters) = state.pushed.remove(&uri)?;
    let same = seen.parameter("client_id") == Some(client_id.clone()) && seen.query.len() == 2;
    let mut query = parameters;
    query.retain(|(name, _)| name != "client_id");
    query.push(("client_id".to_owned(), client_id));
    same.then(|| Seen { query, ..seen.clone() })
}

/// Ends a token and what came with it. Unknown ones have ended already.
pub(super) fn revoke(state: &mut State, seen: &Seen) -> Result<Reply, Refused> {
    let client_id = authenticate(state, seen)?;
    let token = seen.parameter("token").ok_or("invalid_request")?;
    if let Some(known) = state.refresh_tokens.get(&token).filter(|known| known.client_id == client_id) {
        let family = known.family;
        state.refresh_tokens.remove(&token);
        state.access_tokens.retain(|_, access| access.family != family);
    }
    state.access_tokens.remove(&token);
    Ok(Reply::status(200))
}
