//! The MCP server: its metadata, its 401 and 403, and an answer for who may come in.

use serde_json::json;

use super::peer::Shared;
use super::script::{Challenge, ResourcePlace, Script, merge};
use super::{Reply, Seen, dpop};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

pub(super) fn answer(shared: &Shared, script: &Script, seen: &Seen) -> Option<Reply> {
    if metadata_path(script).is_some_and(|path| path == seen.path) {
        return Some(metadata(shared, script));
    }
    seen.path.starts_with(&script.resource_path).then(|| protected(shared, script, seen))
}

fn metadata_path(script: &Script) -> Option<String> {
    match &script.resource_place {
        ResourcePlace::Path => Some(format!("{WELL_KNOWN}{}", script.resource_path)),
        ResourcePlace::Root => Some(WELL_KNOWN.to_owned()),
        ResourcePlace::At(path) => Some(path.clone()),
        ResourcePlace::Nowhere => None,
    }
}

fn metadata(shared: &Shared, script: &Script) -> Reply {
    let mut document = json!({
        "resource": format!("{}{}", shared.resource_origin, script.resource_path),
        "authorization_servers": [shared.issuer(script)],
        "bearer_methods_supported": ["header"],
    });
    merge(&mut document, &script.resource_patch);
    Reply::json(200, &document)
}

fn protected(shared: &Shared, script: &Script, seen: &Seen) -> Reply {
    let Some(dpop) = &script.dpop else { return judged(shared, script, seen, "Bearer") };
    let credentials = seen.header("authorization").and_then(|value| value.split_once(' '));
    let refused = credentials.and_then(|(scheme, token)| {
        let outcome = dpop::presented(&mut shared.state(), dpop, seen, scheme, token);
        Some(challenge(shared, script, 401, Some(outcome.err()?), script.challenge_scope.as_deref()))
    });
    let scheme = credentials.map_or("DPoP", |(scheme, _)| scheme);
    let reply = refused.unwrap_or_else(|| judged(shared, script, seen, scheme));
    dpop::with_nonce(reply, dpop.resource_nonce.as_deref())
}

fn judged(shared: &Shared, script: &Script, seen: &Seen, scheme: &str) -> Reply {
    let token = seen.header("authorization").and_then(|value| value.split_once(' '));
    let token = token.filter(|(known, _)| *known == scheme).map(|(_, token)| token);
    let state = shared.state();
    let access = token.and_then(|token| state.access_tokens.get(token));
    let valid = access.filter(|access| access.valid && !state.revoked_families.contains(&access.family));
    let Some(access) = valid else {
        let error = token.map(|_| "invalid_token");
        return challenge(shared, script, 401, error, script.challenge_scope.as_deref());
    };
    let granted: Vec<_> = access.scope.as_deref().unwrap_or_default().split(' ').collect();
    match &script.required_scope {
        Some(scope) if !scope.split(' ').all(|scope| granted.contains(&scope)) => {
            challenge(shared, script, 403, Some("insufficient_scope"), Some(scope))
        }
        _ => Reply::json(200, &json!({ "ok": true })),
    }
}

fn challenge(
    shared: &Shared,
    script: &Script,
    status: u16,
    error: Option<&str>,
    scope: Option<&str>,
) -> Reply {
    let reply = Reply::status(status);
    let metadata =
        metadata_path(script).map(|path| format!("{}{path}", shared.resource_origin)).unwrap_or_default();
    let quoted = |name: &str, value: Option<&str>| value.map(|value| format!("{name}=\"{value}\""));
    let named = (script.challenge == Challenge::WithMetadata).then_some(metadata.as_str());
    let parameters = [quoted("error", error), quoted("scope", scope), quoted("resource_metadata", named)]
        .into_iter()
        .flatten();
    match &script.challenge {
        Challenge::Silent => reply,
        Challenge::Lines(lines) => lines.iter().fold(reply, |reply, line| {
            reply.with_header("www-authenticate", &line.replace("{metadata}", &metadata))
        }),
        Challenge::WithMetadata | Challenge::Bare => {
            let parameters = parameters.collect::<Vec<_>>().join(", ");
            let bearer = script.dpop.as_ref().is_none_or(|dpop| dpop.bearer_too);
            let dpop = script.dpop.as_ref().map(|_| format!("DPoP algs=\"ES256\", {parameters}"));
            let lines = bearer.then(|| format!("Bearer {parameters}")).into_iter().chain(dpop);
            lines.fold(reply, |reply, line| {
                reply.with_header("www-authenticate", line.trim_end_matches([' ', ',']))
            })
        }
    }
}
