//! What the servers do.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Dpop, Reply, Seen};

/// Where the protected resource metadata is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourcePlace {
    /// At the well-known address with the server's path.
    Path,
    /// At the well-known address at the root.
    Root,
    /// At this path, which only the challenge tells.
    At(String),
    /// Nowhere.
    Nowhere,
}

/// Where the authorization server's metadata is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataPlace {
    /// `/.well-known/oauth-authorization-server` with the issuer's path.
    OAuth,
    /// `/.well-known/openid-configuration` with the issuer's path.
    OpenIdInserted,
    /// The issuer's path with `/.well-known/openid-configuration`.
    OpenIdAppended,
    /// Nowhere.
    Nowhere,
}

/// What a 401 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// `Bearer` with the address of the metadata.
    WithMetadata,
    /// `Bearer` without it.
    Bare,
    /// Nothing.
    Silent,
    /// These header lines; `{metadata}` becomes the address of the metadata.
    Lines(Vec<String>),
}

type Intercept = dyn Fn(&Seen) -> Option<Reply> + Send + Sync;

/// What the servers do. Change what a test needs; the rest is as it should be.
#[derive(Clone)]
#[non_exhaustive]
pub struct Script {
    /// The MCP server's path. Default: `/mcp`.
    pub resource_path: String,
    /// The issuer's path. Default: none.
    pub issuer_path: String,
    /// Whether both are one server, as in the 2025-03-26 revision. Default: no.
    pub same_origin: bool,
    /// What a 401 says.
    pub challenge: Challenge,
    /// The scope in the challenge.
    pub challenge_scope: Option<String>,
    /// Where the protected resource metadata is.
    pub resource_place: ResourcePlace,
    /// Merged into the protected resource metadata (RFC 7396: null removes).
    pub resource_patch: Value,
    /// Where the authorization server's metadata is.
    pub metadata_place: MetadataPlace,
    /// Merged into the authorization server's metadata.
    pub metadata_patch: Value,
    /// Merged into the answer to a registration.
    pub registration_patch: Value,
    /// Whether clients can manage their registrations (RFC 7592). Default: no.
    pub managed_registrations: bool,
    /// Merged into answers about a registration that is managed.
    pub management_patch: Value,
    /// Whether requests can be pushed (RFC 9126). Default: no.
    pub pushed_requests: bool,
    /// Whether tokens can be revoked (RFC 7009). Default: no.
    pub revocation: bool,
    /// Whether answers to authorization requests carry `iss`, and metadata says so. Default: yes.
    pub iss: bool,
    /// Parameters of the redirect to set, or to leave out.
    pub callback_patch: Vec<(String, Option<String>)>,
    /// Parameters to append to the redirect, whatever stands there already.
    pub callback_extra: Vec<(String, String)>,
    /// The person refuses, with this error.
    pub refuse_login: Option<String>,
    /// Merged into token answers.
    pub token_patch: Value,
    /// How long access tokens live, in seconds.
    pub expires_in: u64,
    /// Whether refresh tokens are issued.
    pub refresh_tokens: bool,
    /// Whether a refresh token is good for one use; a second one revokes all that came from the same login.
    pub rotate: bool,
    /// Whether a spent refresh token is taken again as long as nobody has used the one that was given for it: the answer
    /// may have been lost. Default: no.
    pub rotation_grace: bool,
    /// Whether every connection is closed after its first answer.
    pub closes: bool,
    /// The scope that the MCP server wants a token to have; without it, 403.
    pub required_scope: Option<String>,
    /// The scope that a token has, whatever was asked for.
    pub granted_scope: Option<String>,
    /// As an identity provider: the client that its assertions are for (`client_id` of an ID-JAG).
    pub id_jag_client: String,
    /// As an identity provider: ID tokens that expire before this time, in seconds since 1970, are refused.
    pub id_tokens_expire_before: u64,
    /// Merged into the answer to a token exchange.
    pub exchange_patch: Value,
    /// Merged into the answer to a device authorization request.
    pub device_patch: Value,
    /// The errors that a device gets before its token, one for each time it asks.
    pub device_polls: Vec<&'static str>,
    /// Whether tokens are bound to keys, and how strictly. Default: not at all; proofs are ignored.
    pub dpop: Option<Dpop>,
    intercepts: Vec<Arc<Intercept>>,
    gate: Option<(String, Arc<Semaphore>)>,
}

impl Script {
    /// Has requests wait until they get a permit of `gate`: those with `part` in their path.
    pub fn hold(&mut self, part: &str, gate: &Arc<Semaphore>) {
        self.gate = Some((part.to_owned(), Arc::clone(gate)));
    }

    /// What this request has to wait for.
    pub(super) fn gate(&self, seen: &Seen) -> Option<Arc<Semaphore>> {
        let (part, gate) = self.gate.as_ref()?;
        seen.path.contains(part.as_str()).then(|| Arc::clone(gate))
    }

    /// Answers what `intercept` answers, and goes on as usual where it gives `None`. Requests are recorded in any case.
    pub fn intercept(
        &mut self,
        intercept: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> &mut Self {
        self.intercepts.push(Arc::new(intercept));
        self
    }

    /// Answers requests for `path` with `reply`.
    pub fn reply(&mut self, path: &str, reply: Reply) -> &mut Self {
        let path = path.to_owned();
        self.intercept(move |seen| (seen.path == path).then(|| reply.clone()))
    }

    pub(super) fn intercepted(&self, seen: &Seen) -> Option<Reply> {
        self.intercepts.iter().find_map(|intercept| intercept(seen))
    }
}

impl Default for Script {
    fn default() -> Self {
        Self {
            resource_path: "/mcp".to_owned(),
            issuer_path: String::new(),
            same_origin: false,
            challenge: Challenge::WithMetadata,
            challenge_scope: None,
            resource_place: ResourcePlace::Path,
            resource_patch: json!({}),
            metadata_place: MetadataPlace::OAuth,
            metadata_patch: json!({}),
            registration_patch: json!({}),
            managed_registrations: false,
            management_patch: json!({}),
            pushed_requests: false,
            revocation: false,
            iss: true,
            callback_patch: Vec::new(),
            callback_extra: Vec::new(),
            refuse_login: None,
            token_patch: json!({}),
            expires_in: 3600,
            refresh_tokens: true,
            rotate: true,
            rotation_grace: false,
            closes: false,
            required_scope: None,
            granted_scope: None,
            id_jag_client: String::new(),
            id_tokens_expire_before: 0,
            exchange_patch: json!({}),
            device_patch: json!({}),
            device_polls: Vec::new(),
            dpop: None,
            intercepts: Vec::new(),
            gate: None,
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

/// JSON merge patch (RFC 7396).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}
