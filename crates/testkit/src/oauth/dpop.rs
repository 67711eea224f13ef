//! Tokens that are bound to a key (RFC 9449), as careful servers check them: by another implementation than the one under
//! test. Only the time of a proof is not judged, since tests have clocks of their own.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::authority::{Refused, refusal};
use super::state::State;
use super::{Reply, Seen};

/// What the two servers do about proofs of possession.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Dpop {
    /// Whether bearer tokens are given and taken, too.
    pub bearer_too: bool,
    /// The nonce that the authorization server wants in proofs.
    pub authority_nonce: Option<String>,
    /// The nonce that the MCP server wants in proofs.
    pub resource_nonce: Option<String>,
}

/// What they remember about it.
#[derive(Default)]
pub(super) struct Bindings {
    /// By code: the thumbprint in its request.
    pub(super) codes: HashMap<String, String>,
    /// By login: the thumbprint that all of its tokens are bound to.
    families: HashMap<u64, String>,
    /// The ids of proofs, each good for once.
    proofs: HashSet<String>,
}

/// Answers a token request by `answer`, if its proof holds, and binds what comes of it.
pub(super) fn token(
    state: &mut State,
    dpop: &Dpop,
    seen: &Seen,
    answer: impl FnOnce(&mut State) -> Result<Reply, Refused>,
) -> Reply {
    let nonce = dpop.authority_nonce.as_deref();
    let outcome = match seen.headers.contains_key("dpop") {
        false if dpop.bearer_too => return answer(state).unwrap_or_else(refusal),
        false => Err("invalid_dpop_proof"),
        true => proof(state, seen, None, nonce).and_then(|key| {
            check_binding(state, seen, &key)?;
            let reply = answer(state)?;
            Ok(bind(state, &key, reply))
        }),
    };
    with_nonce(outcome.unwrap_or_else(refusal), nonce)
}

/// A code is bound by its request (§10), a refresh token by the login that it comes from (§5).
fn check_binding(state: &State, seen: &Seen, key: &str) -> Result<(), Refused> {
    let bound = |name: &str| seen.parameter(name);
    let code = bound("code").and_then(|code| state.dpop.codes.get(&code));
    let refresh = bound("refresh_token").and_then(|token| state.refresh_tokens.get(&token));
    let family = refresh.and_then(|token| state.dpop.families.get(&token.family));
    let same = [code, family].into_iter().flatten().all(|bound| bound == key);
    if same { Ok(()) } else { Err("invalid_grant") }
}

/// Binds the token of a good answer, unless the script has it of another type.
fn bind(state: &mut State, key: &str, reply: Reply) -> Reply {
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let family = body["access_token"].as_str().and_then(|token| state.access_tokens.get(token));
    let Some(family) = family.map(|access| access.family) else { return reply };
    let patched = state.script.token_patch.get("token_type").is_some();
    if patched {
        return reply;
    }
    state.dpop.families.insert(family, key.to_owned());
    body["token_type"] = json!("DPoP");
    Reply::json(200, &body)
}

/// Whether a request may use the token that it carries: the error if not.
pub(super) fn presented(
    state: &mut State,
    dpop: &Dpop,
    seen: &Seen,
    scheme: &str,
    token: &str,
) -> Result<(), Refused> {
    let family = state.access_tokens.get(token).map(|access| access.family);
    let bound = family.and_then(|family| state.dpop.families.get(&family).cloned());
    match bound {
        // A bound token is no bearer token (§7.1).
        Some(bound) if scheme == "DPoP" => {
            let key = proof(state, seen, Some(token), dpop.resource_nonce.as_deref())?;
            if key == bound { Ok(()) } else { Err("invalid_token") }
        }
        None if scheme == "Bearer" && dpop.bearer_too => Ok(()),
        _ => Err("invalid_token"),
    }
}

pub(super) fn with_nonce(reply: Reply, nonce: Option<&str>) -> Reply {
    match nonce {
        Some(nonce) => reply.with_header("dpop-nonce", nonce),
        None => reply,
    }
}

/// The thumbprint of the key that made the only proof of this request (§4.3).
fn proof(
    state: &mut State,
    seen: &Seen,
    token: Option<&str>,
    nonce: Option<&str>,
) -> Result<String, Refused> {
    let (claims, key) = signed(seen).ok_or("invalid_dpop_proof")?;
    let hash = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    let id = claims["jti"].as_str().filter(|id| id.len() >= 16);
    let right = claims["htm"].as_str() == Some(seen.method.as_str())
        && claims["htu"].as_str() == Some(&format!("{}{}", seen.origin, seen.path))
        && claims["ath"].as_str() == hash.as_deref()
        && claims["iat"].is_u64();
    // A proof is good for once, also where it lacks the nonce.
    let is_new = id.is_some_and(|id| state.dpop.proofs.insert(id.to_owned()));
    if !right || !is_new {
        return Err("invalid_dpop_proof");
    }
    if nonce.is_some() && claims["nonce"].as_str() != nonce {
        return Err("use_dpop_nonce");
    }
    Ok(key)
}

/// The claims, and the thumbprint of the key that signed them and stands beside them.
fn signed(seen: &Seen) -> Option<(Value, String)> {
    let mut all = seen.headers.get_all("dpop").iter();
    let proof = all.next().filter(|_| all.next().is_none())?.to_str().ok()?;
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').next()?).ok()?).ok()?;
    let is_public = header["jwk"].is_object() && header["jwk"].get("d").is_none();
    if header["typ"] != "dpop+jwt" || header["alg"] != "ES256" || !is_public {
        return None;
    }
    let jwk = jsonwebtoken::decode_header(proof).ok()?.jwk?;
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let claims = jsonwebtoken::decode::<Value>(proof, &key, &validation).ok()?.claims;
    Some((claims, jwk.thumbprint(ThumbprintHash::SHA256).ok()?))
}
