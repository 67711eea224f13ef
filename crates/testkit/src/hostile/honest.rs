//! What everybody else would answer.

use serde_json::{Value, json};
use url::Url;

use super::answer::Answer;
use super::peer::{Asked, PUSHED, Place, form};

pub(super) fn answer(name: &str, place: Place, asked: &Asked) -> Answer {
    match place {
        Place::Mcp => call(asked),
        Place::Resource => Answer::json(200, &resource(asked)),
        Place::Server => Answer::json(200, &server(name, asked)),
        Place::Register => register(name, asked),
        Place::Authorize => redirect(&asked.parameter("redirect_uri"), &callback(name, asked)),
        Place::Token => Answer::json(200, &tokens(name, asked)),
        Place::Push => Answer::json(201, &pushed(asked)),
        Place::Device => Answer::json(200, &device(asked)),
        Place::Manage => manage(asked),
        Place::Revoke => Answer::status(200),
    }
}

/// The metadata of the resource is where only the challenge tells.
pub(super) fn challenge(asked: &Asked) -> String {
    format!("Bearer resource_metadata=\"{}/prm\", scope=\"a\"", asked.base)
}

fn call(asked: &Asked) -> Answer {
    match &asked.authorization {
        Some(value) if value.starts_with("Bearer access-") => Answer::json(200, &json!({ "ok": true })),
        _ => Answer::status(401).header("www-authenticate", challenge(asked)),
    }
}

fn resource(asked: &Asked) -> Value {
    json!({ "resource": format!("{}/mcp", asked.base), "authorization_servers": [asked.base] })
}

fn server(name: &str, asked: &Asked) -> Value {
    let at = |place: &str| format!("{}/{place}", asked.base);
    let mut document = json!({
        "issuer": asked.base,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("register"),
        "pushed_authorization_request_endpoint": at("par"),
        "require_pushed_authorization_requests": name.starts_with("push-"),
        "revocation_endpoint": at("revoke"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if name.starts_with("device-") {
        document["device_authorization_endpoint"] = at("device").into();
        document["grant_types_supported"] =
            json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
    }
    document
}

fn register(name: &str, asked: &Asked) -> Answer {
    let mut answer: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    if !answer.is_object() {
        return Answer::status(400);
    }
    answer["client_id"] = "a-client".into();
    answer["client_secret"] = "client-s3cr3t".into();
    answer["client_secret_expires_at"] = 0.into();
    if name.starts_with("manage-") {
        answer["registration_client_uri"] = format!("{}/manage", asked.base).into();
        answer["registration_access_token"] = "management-s3cr3t".into();
    }
    Answer::json(201, &answer)
}

/// RFC 7592 §2, for whoever has the token.
fn manage(asked: &Asked) -> Answer {
    if asked.authorization.as_deref() != Some("Bearer management-s3cr3t") {
        return Answer::status(401);
    }
    if asked.method == "DELETE" {
        return Answer::status(204);
    }
    let mut answer: Value = serde_json::from_slice(&asked.body).unwrap_or_else(|_| json!({}));
    answer["client_id"] = "a-client".into();
    answer["client_secret"] = "client-s3cr3t".into();
    answer["client_secret_expires_at"] = 0.into();
    Answer::json(200, &answer)
}

/// RFC 8628 §3.2. The person agrees at once.
fn device(asked: &Asked) -> Value {
    json!({
        "device_code": "device-code-s3cr3t",
        "user_code": "WDJB-MJHT",
        "verification_uri": format!("{}/verify", asked.base),
        "expires_in": 60,
        "interval": 0,
    })
}

/// The parameters of the answer to an authorization request.
pub(super) fn callback(name: &str, asked: &Asked) -> Vec<(String, String)> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    vec![
        pair("code", format!("code-{name}-{}-s3cr3t", asked.before)),
        pair("state", asked.parameter("state")),
        pair("iss", asked.base.clone()),
    ]
}

/// Sends the browser back.
pub(super) fn redirect(redirect_uri: &str, parameters: &[(String, String)]) -> Answer {
    match Url::parse(redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(parameters);
            Answer::redirect(302, url.as_str())
        }
        Err(_) => Answer::status(400),
    }
}

/// RFC 9126 §2.2.
fn pushed(asked: &Asked) -> Value {
    let request = String::from_utf8_lossy(&asked.body);
    json!({ "request_uri": format!("{PUSHED}{request}"), "expires_in": 60 })
}

fn tokens(name: &str, asked: &Asked) -> Value {
    let scope = form(&asked.body).into_iter().find(|(known, _)| known == "scope").map(|(_, value)| value);
    let mut answer = json!({
        "access_token": format!("access-{name}-{}-s3cr3t", asked.before),
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": format!("refresh-{name}-{}-s3cr3t", asked.before),
    });
    if let Some(scope) = scope {
        answer["scope"] = scope.into();
    }
    answer
}
