//! The authorization server: metadata, registration, authorization, tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::clients;
use super::peer::Shared;
use super::script::{MetadataPlace, Script, merge};
use super::state::{Access, Client, Code, Refresh, State};
use super::{Reply, Seen, dpop, unattended};

pub(super) fn answer(shared: &Shared, script: &Script, seen: &Seen) -> Option<Reply> {
    let path = &script.issuer_path;
    let metadata = match script.metadata_place {
        MetadataPlace::OAuth => format!("/.well-known/oauth-authorization-server{path}"),
        MetadataPlace::OpenIdInserted => format!("/.well-known/openid-configuration{path}"),
        MetadataPlace::OpenIdAppended => format!("{path}/.well-known/openid-configuration"),
        MetadataPlace::Nowhere => String::new(),
    };
    if seen.path == metadata {
        return Some(document(shared, script));
    }
    match (seen.method.as_str(), seen.path.strip_prefix(path.as_str())?) {
        ("POST", "/register") => Some(register(shared, script, seen)),
        (_, managed) if managed.starts_with("/register/") => Some(clients::manage(shared, seen, managed)),
        ("POST", "/par") if script.pushed_requests => {
            Some(clients::push(&mut shared.state(), seen).unwrap_or_else(refusal))
        }
        ("POST", "/revoke") if script.revocation => {
            Some(clients::revoke(&mut shared.state(), seen).unwrap_or_else(refusal))
        }
        ("GET", "/authorize") => Some(authorize(shared, script, seen)),
        ("POST", "/token") => {
            let issuer = shared.issuer(script);
            let mut state = shared.state();
            let answer = |state: &mut State| token(state, script, &issuer, seen);
            Some(match &script.dpop {
                Some(dpop) => dpop::token(&mut state, dpop, seen, answer),
                None => answer(&mut state).unwrap_or_else(refusal),
            })
        }
        ("POST", "/device_authorization") => {
            let issuer = shared.issuer(script);
            let mut state = shared.state();
            Some(match authenticate(&mut state, seen) {
                Ok(client) => unattended::device_authorization(&mut state, script, &issuer, seen, client),
                Err(error) => refusal(error),
            })
        }
        _ => None,
    }
}

fn document(shared: &Shared, script: &Script) -> Reply {
    let issuer = shared.issuer(script);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    });
    if script.iss {
        document["authorization_response_iss_parameter_supported"] = true.into();
    }
    if script.dpop.is_some() {
        document["dpop_signing_alg_values_supported"] = json!(["ES256"]);
    }
    clients::advertise(&mut document, &issuer, script);
    merge(&mut document, &script.metadata_patch);
    Reply::json(200, &document)
}

fn register(shared: &Shared, script: &Script, seen: &Seen) -> Reply {
    let issuer = shared.issuer(script);
    let state = &mut *shared.state();
    let mut answer = seen.json();
    state.counter += 1;
    let id = format!("client!+ID {}", state.counter);
    answer["client_id"] = id.clone().into();
    if answer["token_endpoint_auth_method"] != "none" {
        // Characters that show whether a client form-encodes before it makes a Basic header.
        answer["client_secret"] = format!("{}:+%&=", state.secret("client")).into();
        answer["client_secret_expires_at"] = 0.into();
    }
    if script.managed_registrations {
        clients::make_manageable(state, &issuer, &id, &mut answer);
    }
    merge(&mut answer, &script.registration_patch);
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let secret = text("client_secret");
    let unnamed = if secret.is_some() { "any" } else { "none" };
    let method = text("token_endpoint_auth_method").unwrap_or_else(|| unnamed.to_owned());
    state.secrets.extend(secret.clone());
    state.clients.insert(text("client_id").unwrap_or(id), Client { secret, method });
    Reply::json(201, &answer)
}

fn authorize(shared: &Shared, script: &Script, seen: &Seen) -> Reply {
    let Some(seen) = clients::request(&mut shared.state(), seen) else {
        return Reply::status(400).with_body("text/html", "unknown request");
    };
    let (Some(client_id), Some(redirect_uri)) = (seen.parameter("client_id"), seen.parameter("redirect_uri"))
    else {
        return Reply::status(400);
    };
    let mut state = shared.state();
    // Client ids that are URLs need no registration here.
    if !state.clients.contains_key(&client_id) && !client_id.starts_with("https://") {
        return Reply::status(400).with_body("text/html", "unknown client");
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    if let Some(error) = &script.refuse_login {
        parameters.push(("error".into(), error.clone()));
        parameters.push(("error_description".into(), "the person said no".into()));
    } else {
        let code = state.secret("code");
        let record = Code {
            client_id,
            redirect_uri: redirect_uri.clone(),
            challenge: seen.parameter("code_challenge").unwrap_or_default(),
            resource: seen.parameter("resource"),
            scope: seen.parameter("scope"),
        };
        state.codes.insert(code.clone(), record);
        if let Some(key) = seen.parameter("dpop_jkt") {
            state.dpop.codes.insert(code.clone(), key);
        }
        parameters.push(("code".into(), code));
    }
    parameters.extend(seen.parameter("state").map(|state| ("state".to_owned(), state)));
    if script.iss {
        parameters.push(("iss".into(), shared.issuer(script)));
    }
    for (name, value) in &script.callback_patch {
        parameters.retain(|(known, _)| known != name);
        parameters.extend(value.clone().map(|value| (name.clone(), value)));
    }
    parameters.extend(script.callback_extra.iter().cloned());
    match Url::parse(&redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(parameters);
            Reply::redirect(302, url.as_str())
        }
        Err(_) => Reply::status(400),
    }
}

fn token(state: &mut State, script: &Script, own: &str, seen: &Seen) -> Result<Reply, Refused> {
    let grant_type = seen.parameter("grant_type");
    let is_bearer = grant_type.as_deref() == Some("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let anonymous = is_bearer
        && seen.header("authorization").is_none()
        && ["client_id", "client_assertion"].iter().all(|name| seen.parameter(name).is_none());
    let client = if anonymous { None } else { Some(authenticate(state, seen)?) };
    let client_id = client.clone().unwrap_or_default();
    let (scope, resource, family) = match grant_type.as_deref() {
        Some("authorization_code") => redeem(state, seen, &client_id)?,
        Some("refresh_token") => refresh(state, script, seen, &client_id)?,
        Some("client_credentials") => unattended::client_credentials(state, seen, &client_id)?,
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            unattended::jwt_bearer(state, own, seen, client.as_deref())?
        }
        Some("urn:ietf:params:oauth:grant-type:device_code") => {
            unattended::device_code(state, script, seen, &client_id)?
        }
        Some("urn:ietf:params:oauth:grant-type:token-exchange") => {
            return unattended::token_exchange(state, script, own, seen, &client_id);
        }
        _ => return Err("unsupported_grant_type"),
    };
    let scope = script.granted_scope.clone().or(scope);
    if resource.is_some() && seen.parameter("resource") != resource {
        return Err("invalid_target");
    }
    let access = state.secret("access");
    state.access_tokens.insert(access.clone(), Access { scope: scope.clone(), family, valid: true });
    let mut answer =
        json!({ "access_token": access, "token_type": "Bearer", "expires_in": script.expires_in });
    if let Some(scope) = &scope {
        answer["scope"] = scope.clone().into();
    }
    let renews = grant_type.as_deref() == Some("refresh_token");
    if script.refresh_tokens && (script.rotate || !renews) {
        let token = state.secret("refresh");
        answer["refresh_token"] = token.clone().into();
        let issued = state.counter;
        state
            .refresh_tokens
            .insert(token, Refresh { client_id, resource, scope, family, used: false, issued });
    }
    merge(&mut answer, &script.token_patch);
    Ok(Reply::json(200, &answer).with_header("cache-control", "no-store"))
}

/// The error code of a refusal.
pub(super) type Refused = &'static str;

/// Scope, resource and family.
pub(super) type Granted = (Option<String>, Option<String>, u64);

fn redeem(state: &mut State, seen: &Seen, client_id: &str) -> Result<Granted, Refused> {
    let code = seen.parameter("code").and_then(|code| state.codes.remove(&code)).ok_or("invalid_grant")?;
    let verifier = seen.parameter("code_verifier").unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let same = code.client_id == client_id
        && code.challenge == challenge
        && seen.parameter("redirect_uri").is_some_and(|uri| uri == code.redirect_uri);
    if !same {
        return Err("invalid_grant");
    }
    state.secrets.push(verifier);
    state.counter += 1;
    Ok((code.scope, code.resource, state.counter))
}

fn refresh(state: &mut State, script: &Script, seen: &Seen, client_id: &str) -> Result<Granted, Refused> {
    let token = seen.parameter("refresh_token").unwrap_or_default();
    let Some(known) = state.refresh_tokens.get_mut(&token).filter(|known| known.client_id == client_id)
    else {
        return Err("invalid_grant");
    };
    let was_used = std::mem::replace(&mut known.used, script.rotate);
    let known = known.clone();
    let newer_is_used = state
        .refresh_tokens
        .values()
        .any(|other| other.family == known.family && other.issued > known.issued && other.used);
    if was_used && (newer_is_used || !script.rotation_grace) {
        // RFC 9700 §4.14.2: somebody has a copy, so everything from that login ends.
        state.revoked_families.push(known.family);
    }
    if state.revoked_families.contains(&known.family) {
        return Err("invalid_grant");
    }
    Ok((known.scope, known.resource, known.family))
}

/// By exactly the registered method, as a strict server does.
pub(super) fn authenticate(state: &mut State, seen: &Seen) -> Result<String, Refused> {
    if seen.parameter("client_assertion").is_some() {
        return unattended::assertion_client(state, seen);
    }
    let basic =
        seen.header("authorization").and_then(|value| value.strip_prefix("Basic ")).and_then(decode_basic);
    let (id, secret, used) = match basic {
        Some((id, secret)) => (id, Some(secret), "client_secret_basic"),
        None => match (seen.parameter("client_id"), seen.parameter("client_secret")) {
            (Some(id), Some(secret)) => (id, Some(secret), "client_secret_post"),
            (Some(id), None) => (id, None, "none"),
            (None, _) => return Err("invalid_client"),
        },
    };
    if id.starts_with("https://") && secret.is_none() {
        return Ok(id);
    }
    let client = state.clients.get(&id).ok_or("invalid_client")?;
    let right_method = client.method == used || (client.method == "any" && used != "none");
    if right_method && client.secret == secret { Ok(id) } else { Err("invalid_client") }
}

fn decode_basic(encoded: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decode =
        |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
    Some((decode(id)?, decode(secret)?))
}

/// RFC 6749 §5.2.
pub(super) fn refusal(error: Refused) -> Reply {
    let body = json!({ "error": error, "error_description": "the script says no" });
    match error {
        "invalid_client" => Reply::json(401, &body).with_header("www-authenticate", "Basic"),
        _ => Reply::json(400, &body),
    }
}
