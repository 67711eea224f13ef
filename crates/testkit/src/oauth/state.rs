//! What the servers remember.

use std::collections::{HashMap, HashSet};

use super::dpop::Bindings;
use super::{Script, Seen, TestKey};

#[derive(Default)]
pub(super) struct State {
    pub(super) script: Script,
    /// Tells this peer's secrets from another's.
    pub(super) name: String,
    pub(super) seen: Vec<Seen>,
    /// For ids and tokens: each is new.
    pub(super) counter: u64,
    pub(super) clients: HashMap<String, Client>,
    /// By path: the client, the token that manages it, and what was registered.
    pub(super) registrations: HashMap<String, (String, String, serde_json::Value)>,
    /// By request URI: the client, and what it asked for.
    pub(super) pushed: HashMap<String, (String, Vec<(String, String)>)>,
    /// The public keys of clients, by their ids.
    pub(super) keys: HashMap<String, TestKey>,
    /// Whose assertions are taken as grants.
    pub(super) trusted: Vec<TestKey>,
    /// What an identity provider signs with.
    pub(super) signing: Option<TestKey>,
    /// Ids of assertions that were used.
    pub(super) jtis: HashSet<String>,
    pub(super) devices: HashMap<String, Device>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, Refresh>,
    pub(super) access_tokens: HashMap<String, Access>,
    pub(super) revoked_families: Vec<u64>,
    pub(super) dpop: Bindings,
    /// Everything secret that was ever given out.
    pub(super) secrets: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Client {
    pub(super) secret: Option<String>,
    pub(super) method: String,
}

pub(super) struct Device {
    pub(super) client_id: String,
    pub(super) resource: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) polls: usize,
}

#[derive(Clone)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) resource: Option<String>,
    pub(super) scope: Option<String>,
}

#[derive(Clone)]
pub(super) struct Refresh {
    pub(super) client_id: String,
    pub(super) resource: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) family: u64,
    pub(super) used: bool,
    /// Counts up with every one that is issued.
    pub(super) issued: u64,
}

#[derive(Clone)]
pub(super) struct Access {
    pub(super) scope: Option<String>,
    pub(super) family: u64,
    pub(super) valid: bool,
}

impl State {
    /// A new secret that says what it is, so that a leak can be recognized.
    pub(super) fn secret(&mut self, kind: &str) -> String {
        self.counter += 1;
        let secret = format!("{kind}-{}-{}-s3cr3t", self.name, self.counter);
        self.secrets.push(secret.clone());
        secret
    }
}
