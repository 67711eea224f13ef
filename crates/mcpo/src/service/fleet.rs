//! The supervisors that run, by server: started, stopped and replaced as the configuration says.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use mcp_oauth_core::Entropy;
use mcp_upstream::HttpClient;

use crate::config::{ApiFacts, Limits, ServerSettings, Settings, UpstreamSettings};
use crate::lifecycle::Lifecycle;
use crate::openapi;
use crate::registry::{Presentation, Registry, Server};
use crate::upstream::{Backoff, Connector, LoginDesk, Supervisor};

use super::start::StartError;

/// What runs, and what is needed to run more.
pub(super) struct Fleet {
    pub(super) registry: Arc<ArcSwap<Registry>>,
    running: HashMap<String, Running>,
    http: HttpClient,
    desk: Arc<LoginDesk>,
    entropy: Arc<dyn Entropy>,
    limits: Limits,
    frame: Frame,
    lifecycle: Lifecycle,
}

#[derive(Debug)]
struct Running {
    server: Arc<Server>,
    lifecycle: Lifecycle,
}

/// What the servers' documents have in common.
#[derive(Debug)]
struct Frame {
    api: ApiFacts,
    root_path: String,
    path_prefix: String,
    secured: bool,
    single: bool,
}

/// What a change of the configuration did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
}

impl Fleet {
    /// Nothing runs yet.
    pub(super) fn new(
        settings: &Settings,
        single: bool,
        http: HttpClient,
        desk: Arc<LoginDesk>,
        entropy: Arc<dyn Entropy>,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            registry: Arc::new(ArcSwap::from_pointee(Registry::named(Vec::new()))),
            running: HashMap::new(),
            http,
            desk,
            entropy,
            limits: settings.limits.clone(),
            frame: Frame {
                api: settings.api.clone(),
                root_path: settings.root_path.clone(),
                path_prefix: settings.path_prefix.clone(),
                secured: settings.access.api_key.is_some(),
                single,
            },
            lifecycle,
        }
    }

    /// Makes what runs match `wanted`: first everything new is prepared, then the registry is swapped, then what is no longer
    /// wanted finishes its calls and ends. A server whose settings did not change is not touched.
    pub(super) fn apply(&mut self, wanted: &[ServerSettings]) -> Result<Changes, StartError> {
        let mut changes = Changes::default();
        let mut next = HashMap::with_capacity(wanted.len());
        let mut fresh = Vec::new();
        for settings in wanted {
            let name = &settings.name;
            let running = match self.running.get(name) {
                Some(running) if running.server.settings == *settings => {
                    Running { server: Arc::clone(&running.server), lifecycle: running.lifecycle.clone() }
                }
                known => {
                    let list = if known.is_some() { &mut changes.changed } else { &mut changes.added };
                    list.push(name.clone());
                    let server = Server::new(settings.clone(), self.frame.presentation(settings));
                    let lifecycle = self.lifecycle.child();
                    fresh.push((self.supervisor(&server)?, lifecycle.clone()));
                    Running { server, lifecycle }
                }
            };
            next.insert(name.clone(), running);
        }
        let order: Vec<_> = wanted
            .iter()
            .filter_map(|settings| next.get(&settings.name))
            .map(|running| Arc::clone(&running.server))
            .collect();
        let registry = match order.first() {
            Some(server) if self.frame.single => Registry::single(Arc::clone(server)),
            _ => Registry::named(order),
        };
        self.registry.store(Arc::new(registry));
        for (name, running) in std::mem::replace(&mut self.running, next) {
            let kept = self.running.get(&name).is_some_and(|now| Arc::ptr_eq(&now.server, &running.server));
            if !kept {
                running.lifecycle.soft.cancel();
                if !self.running.contains_key(&name) {
                    changes.removed.push(name);
                }
            }
        }
        changes.removed.sort();
        for (supervisor, lifecycle) in fresh {
            let runtime = self.lifecycle.workers.next();
            self.lifecycle.tasks.spawn_on(supervisor.run(lifecycle), &runtime);
        }
        Ok(changes)
    }

    fn supervisor(&self, server: &Arc<Server>) -> Result<Supervisor, StartError> {
        let manager = match &server.settings.upstream {
            UpstreamSettings::Remote(remote) => self.desk.manager(&server.settings.name, remote)?,
            UpstreamSettings::Stdio(_) => None,
        };
        let connector =
            Connector::new(&server.settings.upstream, &self.http, manager, self.limits.connect_timeout)
                .map_err(|source| StartError::Certificates {
                    server: server.settings.name.clone(),
                    source,
                })?;
        let backoff = Backoff::new(self.limits.retry_first, self.limits.retry_longest)?;
        Ok(Supervisor::new(
            Arc::clone(server),
            connector,
            Arc::clone(&self.desk),
            backoff,
            Arc::clone(&self.entropy),
        ))
    }
}

impl Frame {
    fn presentation(&self, server: &ServerSettings) -> Presentation {
        if self.single {
            return Presentation {
                facts: self.api.clone(),
                base_path: self.root_path.clone(),
                secured: self.secured,
            };
        }
        let facts = ApiFacts {
            title: server.name.clone(),
            description: String::new(),
            version: self.api.version.clone(),
        };
        let prefix = self.path_prefix.trim_end_matches('/');
        let base_path = format!("{}{prefix}/{}", self.root_path, openapi::server_path(&server.name));
        Presentation { facts, base_path, secured: self.secured }
    }
}
