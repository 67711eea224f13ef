//! `oauth.policy`: the exceptions that a server's authorization server needs, each by its name.

use std::collections::BTreeMap;

use mcp_oauth_client::{
    AddressPolicy, DpopPolicy, IssuerException, PkcePolicy, Policy, PushedRequests, ResourceParameter,
};
use mcp_oauth_core::{Issuer, PlainHttp, ResourceUri, ScopeSet};
use serde::Deserialize;

use super::oauth::error;
use super::server::EntryError;

/// `policy` as it is written. Every key has a default, which is what the specifications ask for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PolicySection {
    /// `require` (a server must say that it checks PKCE) or `assume`.
    pub pkce: Option<String>,
    /// What is sent as `resource`: `published`, `omit`, or a URL to send instead.
    pub resource: Option<String>,
    /// Authorization servers that name themselves otherwise than they are listed: from the one to the other.
    pub issuer_exceptions: BTreeMap<String, String>,
    /// Where metadata and endpoints may be: `public`, `loopback`, `private` or `any`; by the server's own address unless it is said.
    pub addresses: Option<String>,
    /// Whether http is used to other machines too: tokens then travel readable.
    pub plain_http: Option<bool>,
    /// Whether a server without any metadata is taken for one of the 2025-03-26 revision.
    pub legacy_servers: Option<bool>,
    /// Whether `offline_access` is asked for where it is offered.
    pub offline_access: Option<bool>,
    /// The most that is ever asked for.
    pub scopes_at_most: Option<String>,
    /// When requests are pushed (RFC 9126): where they are `required`, or wherever they are `offered`.
    pub pushed_requests: Option<String>,
    /// Whether tokens are bound to a key (`DPoP`, RFC 9449): `off`, `offered` or `required`.
    pub dpop: Option<String>,
    /// More parameters for the authorization request.
    pub authorization_parameters: BTreeMap<String, String>,
    /// How many redirects a metadata document may take.
    pub metadata_redirects: Option<u8>,
}

impl PolicySection {
    /// What the section comes to.
    ///
    /// # Errors
    /// When a word is unknown, or an address or a scope is none.
    pub(super) fn resolve(self) -> Result<Policy, EntryError> {
        let mut policy = Policy::default();
        policy.pkce = word("pkce", self.pkce.as_deref(), policy.pkce, &PKCE)?;
        policy.resource = match self.resource.as_deref() {
            None | Some("published") => ResourceParameter::Published,
            Some("omit") => ResourceParameter::Omit,
            Some(text) => ResourceUri::parse(text).map(ResourceParameter::Fixed).map_err(|_| {
                let known = "use \"published\", \"omit\", or the URL to send instead";
                wrong("resource", format!("{text:?} is not a resource: {known}"))
            })?,
        };
        for (listed, named) in &self.issuer_exceptions {
            let issuer = |text: &str| {
                Issuer::parse(text).map_err(|_| {
                    wrong("issuer_exceptions", format!("{text:?} is not an issuer: use its URL"))
                })
            };
            policy.issuer_exceptions.push(IssuerException { listed: issuer(listed)?, named: issuer(named)? });
        }
        if let Some(text) = self.addresses.as_deref() {
            policy.addresses = Some(word("addresses", Some(text), AddressPolicy::Public, &ADDRESSES)?);
        }
        if self.plain_http == Some(true) {
            policy.plain_http = PlainHttp::Anywhere;
        }
        policy.legacy_servers = self.legacy_servers.unwrap_or(policy.legacy_servers);
        policy.offline_access = self.offline_access.unwrap_or(policy.offline_access);
        policy.scopes_at_most = self
            .scopes_at_most
            .as_deref()
            .map(|text| {
                ScopeSet::parse(text)
                    .map_err(|_| wrong("scopes_at_most", format!("{text:?} is not a list of scopes")))
            })
            .transpose()?;
        policy.pushed_requests =
            word("pushed_requests", self.pushed_requests.as_deref(), policy.pushed_requests, &PUSHED)?;
        policy.dpop = word("dpop", self.dpop.as_deref(), policy.dpop, &DPOP)?;
        policy.authorization_parameters = self.authorization_parameters.into_iter().collect();
        if let Some((name, _)) = policy.own_parameter() {
            let message = format!("{name:?} is set by the proxy itself");
            return Err(wrong("authorization_parameters", message));
        }
        if let Some(redirects) = self.metadata_redirects {
            policy.limits.metadata_redirects = redirects.into();
        }
        Ok(policy)
    }
}

const PKCE: [(&str, PkcePolicy); 2] =
    [("require", PkcePolicy::RequireAdvertised), ("assume", PkcePolicy::AssumeSupported)];
const PUSHED: [(&str, PushedRequests); 2] =
    [("required", PushedRequests::WhereRequired), ("offered", PushedRequests::WhereOffered)];
const DPOP: [(&str, DpopPolicy); 3] =
    [("off", DpopPolicy::Off), ("offered", DpopPolicy::WhenOffered), ("required", DpopPolicy::Required)];
const ADDRESSES: [(&str, AddressPolicy); 4] = [
    ("public", AddressPolicy::Public),
    ("loopback", AddressPolicy::Loopback),
    ("private", AddressPolicy::Private),
    ("any", AddressPolicy::Any),
];

fn word<T: Copy>(key: &str, said: Option<&str>, default: T, known: &[(&str, T)]) -> Result<T, EntryError> {
    let Some(said) = said else { return Ok(default) };
    known.iter().find(|(word, _)| *word == said).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|(word, _)| format!("{word:?}")).collect();
        wrong(key, format!("unknown word {said:?}: use {}", words.join(" or ")))
    })
}

fn wrong(key: &str, message: String) -> EntryError {
    error(&["policy", key], message)
}

#[cfg(test)]
mod tests;
