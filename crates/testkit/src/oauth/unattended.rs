//! Grants without a redirect: client credentials, assertions, token exchange, device codes.

use serde_json::{Value, json};

use super::authority::{Granted, Refused};
use super::script::{Script, merge};
use super::state::{Device, State};
use super::{Reply, Seen};

const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";

/// RFC 6749 §4.4: for clients that have proved themselves.
pub(super) fn client_credentials(
    state: &mut State,
    seen: &Seen,
    client_id: &str,
) -> Result<Granted, Refused> {
    if state.clients.get(client_id).is_none_or(|client| client.method == "none") {
        return Err("unauthorized_client");
    }
    state.counter += 1;
    Ok((seen.parameter("scope"), seen.parameter("resource"), state.counter))
}

/// RFC 7523 §2.1: an assertion of someone who is trusted, for this server and not used before. One that names a client
/// (an ID-JAG) is good for that client only.
pub(super) fn jwt_bearer(
    state: &mut State,
    issuer: &str,
    seen: &Seen,
    client_id: Option<&str>,
) -> Result<Granted, Refused> {
    let assertion = seen.parameter("assertion").ok_or("invalid_request")?;
    let (typ, claims) = state.trusted.iter().find_map(|key| key.verify(&assertion)).ok_or("invalid_grant")?;
    let is_jag = typ.as_deref() == Some("oauth-id-jag+jwt");
    let right_client = if is_jag { claims["client_id"].as_str() == client_id } else { true };
    let right_resource = !is_jag || claims["resource"].as_str() == seen.parameter("resource").as_deref();
    if !right_client || !right_resource || !is_audience(&claims, issuer) {
        return Err("invalid_grant");
    }
    if is_jag && !state.jtis.insert(claims["jti"].to_string()) {
        return Err("invalid_grant");
    }
    state.counter += 1;
    Ok((seen.parameter("scope"), seen.parameter("resource"), state.counter))
}

/// RFC 8693 §2, as an identity provider does it for enterprise-managed authorization.
pub(super) fn token_exchange(
    state: &mut State,
    script: &Script,
    issuer: &str,
    seen: &Seen,
    client_id: &str,
) -> Result<Reply, Refused> {
    let wanted = |name: &str| seen.parameter(name).ok_or("invalid_request");
    if wanted("requested_token_type")? != ID_JAG {
        return Err("invalid_request");
    }
    let (audience, resource, subject) = (wanted("audience")?, wanted("resource")?, wanted("subject_token")?);
    let key = state.signing.clone().ok_or("unsupported_grant_type")?;
    let sub = match wanted("subject_token_type")?.as_str() {
        ID_TOKEN => {
            let (_, claims) = key.verify(&subject).ok_or("invalid_grant")?;
            let expired = claims["exp"].as_u64().is_none_or(|time| time < script.id_tokens_expire_before);
            if claims["aud"] != client_id || expired {
                return Err("invalid_grant");
            }
            claims["sub"].clone()
        }
        REFRESH_TOKEN if state.refresh_tokens.contains_key(&subject) => "of a refresh token".into(),
        _ => return Err("invalid_grant"),
    };
    state.counter += 1;
    let mut claims = json!({
        "iss": issuer, "sub": sub, "aud": audience, "resource": resource, "client_id": script.id_jag_client,
        "jti": state.counter.to_string(), "iat": 1_767_225_600, "exp": 4_102_444_800_u64,
    });
    if let Some(scope) = seen.parameter("scope") {
        claims["scope"] = scope.into();
    }
    let id_jag = key.sign("oauth-id-jag+jwt", &claims);
    state.secrets.push(id_jag.clone());
    let mut answer = json!({
        "access_token": id_jag, "issued_token_type": ID_JAG, "token_type": "N_A", "expires_in": 300,
    });
    merge(&mut answer, &script.exchange_patch);
    Ok(Reply::json(200, &answer).with_header("cache-control", "no-store"))
}

/// RFC 8628 §3.2.
pub(super) fn device_authorization(
    state: &mut State,
    script: &Script,
    issuer: &str,
    seen: &Seen,
    client_id: String,
) -> Reply {
    let device_code = state.secret("device");
    let user_code = format!("WDJB-{:04}", state.counter);
    let device =
        Device { client_id, resource: seen.parameter("resource"), scope: seen.parameter("scope"), polls: 0 };
    state.devices.insert(device_code.clone(), device);
    let mut answer = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": format!("{issuer}/device"),
        "verification_uri_complete": format!("{issuer}/device?user_code={user_code}"), "expires_in": 600,
        "interval": 5,
    });
    merge(&mut answer, &script.device_patch);
    Reply::json(200, &answer)
}

/// RFC 8628 §3.4: the script's answers first, then the token.
pub(super) fn device_code(
    state: &mut State,
    script: &Script,
    seen: &Seen,
    client_id: &str,
) -> Result<Granted, Refused> {
    let code = seen.parameter("device_code").ok_or("invalid_request")?;
    let device =
        state.devices.get_mut(&code).filter(|it| it.client_id == client_id).ok_or("invalid_grant")?;
    let answer = script.device_polls.get(device.polls);
    device.polls += 1;
    if let Some(error) = answer {
        return Err(error);
    }
    let device = state.devices.remove(&code).ok_or("invalid_grant")?;
    state.counter += 1;
    Ok((device.scope, device.resource, state.counter))
}

/// RFC 7523 §3: issuer and subject are the client, the audience is the server, and the id was not used before.
pub(super) fn assertion_client(state: &mut State, seen: &Seen) -> Result<String, Refused> {
    let issuer = format!("{}{}", seen.origin, state.script.issuer_path);
    if seen.parameter("client_assertion_type").as_deref()
        != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    {
        return Err("invalid_client");
    }
    // RFC 7521 §4.2: client_id is unnecessary, and what comes without it shows that it was left out.
    if seen.parameter("client_id").is_some() || seen.header("authorization").is_some() {
        return Err("invalid_request");
    }
    let assertion = seen.parameter("client_assertion").ok_or("invalid_client")?;
    let found = state.keys.iter().find_map(|(id, key)| Some((id.clone(), key.verify(&assertion)?.1)));
    let (id, claims) = found.ok_or("invalid_client")?;
    let lifetime =
        claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp.saturating_sub(iat));
    let right = claims["iss"] == id.as_str()
        && claims["sub"] == id.as_str()
        && claims["aud"] == issuer
        && lifetime.is_some_and(|seconds| (1..=600).contains(&seconds));
    let jti = claims["jti"].as_str().filter(|jti| jti.len() >= 16).ok_or("invalid_client")?;
    if right && state.jtis.insert(jti.to_owned()) { Ok(id) } else { Err("invalid_client") }
}

fn is_audience(claims: &Value, issuer: &str) -> bool {
    claims["aud"].as_str().is_some_and(|audience| audience == issuer)
}
