//! `subscriptions/listen`: how a stateless server tells of changes (2026-07-28, basic/patterns/subscriptions).
//!
//! One request asks for everything that the server offers, and stays open as long as the session. When it breaks, it is
//! made again, and what may have changed meanwhile counts as changed.
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::sync::watch;

use crate::{
    CallError, RpcError, ServerDescription,
    calls::Listener,
    message::{Params, Request, json},
    shared::Shared,
    transport::Outgoing,
};

/// What is listened for, and by which request.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    /// The resources to hear about.
    pub(crate) resources: watch::Sender<BTreeSet<Box<str>>>,
    /// The id of the request that is open; 0 is none.
    id: AtomicU64,
    /// When the next one is acknowledged, something may have changed of which nobody was told: an earlier one has broken
    /// off, or a list was asked for before the first one stood.
    gap: AtomicBool,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        Self { resources: watch::Sender::default(), id: AtomicU64::new(0), gap: AtomicBool::new(false) }
    }

    /// Whether `id` is the request that is open.
    pub(crate) fn is(&self, id: u64) -> bool {
        self.id.load(Relaxed) == id
    }

    /// A request of this method is about to be made.
    pub(crate) fn asked(&self, method: &str) {
        if method.ends_with("/list") {
            self.gap.store(true, Relaxed);
        }
    }

    /// From now on the server tells of changes. Whether there may have been some that nobody was told of.
    pub(crate) fn acknowledged(&self) -> bool {
        self.gap.swap(true, Relaxed)
    }

    /// The id of the request that was opened last.
    pub(crate) fn id(&self) -> u64 {
        self.id.load(Relaxed)
    }

    /// The request that is made next.
    pub(crate) fn opened(&self, id: u64) {
        self.id.store(id, Relaxed);
    }
}

/// The notifications that a server declares (`SubscriptionFilter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offered {
    tools: bool,
    prompts: bool,
    resources: bool,
    updates: bool,
}

impl Offered {
    pub(crate) fn by(server: &ServerDescription) -> Self {
        Self {
            tools: server.declares_feature("tools", "listChanged"),
            prompts: server.declares_feature("prompts", "listChanged"),
            resources: server.declares_feature("resources", "listChanged"),
            updates: server.declares_feature("resources", "subscribe"),
        }
    }

    fn filter(self, resources: &BTreeSet<Box<str>>) -> Filter<'_> {
        Filter {
            tools_list_changed: self.tools,
            prompts_list_changed: self.prompts,
            resources_list_changed: self.resources,
            resource_subscriptions: if self.updates {
                resources.iter().map(|uri| &**uri).collect()
            } else {
                Vec::new()
            },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    #[serde(skip_serializing_if = "is_false")]
    tools_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    prompts_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    resources_list_changed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_subscriptions: Vec<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Filter<'_> {
    fn is_empty(&self) -> bool {
        !self.tools_list_changed
            && !self.prompts_list_changed
            && !self.resources_list_changed
            && self.resource_subscriptions.is_empty()
    }
}

/// Listens until the session ends, or the server says that it offers no such thing.
pub(crate) async fn listen(shared: Arc<Shared>, offered: Offered) {
    let mut resources = shared.subscriptions.resources.subscribe();
    let mut pause = FIRST_PAUSE;
    // The server refused the resources that are wanted now.
    let mut refused = false;
    loop {
        let mut members = br#""notifications":"#.to_vec();
        let none = BTreeSet::new();
        let (nothing, bare) = {
            let wanted = resources.borrow_and_update();
            let filter = offered.filter(if refused { &none } else { &wanted });
            json(&mut members, &filter);
            (filter.is_empty(), filter.resource_subscriptions.is_empty())
        };
        let request = Request { method: "subscriptions/listen", params: Params::Members(&members) };
        let listening = async {
            if nothing {
                return std::future::pending().await;
            }
            let outgoing = Outgoing { subscribes: true, ..Outgoing::new(request, true) };
            shared.wire.request(&shared, outgoing, Listener::default()).await
        };
        let began = tokio::time::Instant::now();
        tokio::select! {
            _reason = shared.closed() => return,
            changed = resources.changed() => match changed {
                // The request that is dropped here tells the server that it is over; the next one asks for more, or less.
                Ok(()) => {
                    refused = false;
                    continue;
                }
                Err(_) => return,
            },
            ended = listening => match ended {
                Err(CallError::Closed { .. }) => return,
                // One resource that it does not know is no reason to hear nothing of the lists.
                Err(CallError::Server(RpcError { code: RpcError::INVALID_PARAMS, .. })) if !refused && !bare => {
                    tracing::warn!("the server refuses to tell of the resources that were subscribed to");
                    refused = true;
                    continue;
                }
                Err(CallError::Server(RpcError { code: RpcError::METHOD_NOT_FOUND | RpcError::INVALID_PARAMS, .. })) => {
                    return tracing::debug!("the server does not tell of changes, though it declares so");
                }
                Err(error) => tracing::debug!(%error, "the server's notifications broke off"),
                // "Signals that the subscription ended gracefully".
                Ok(_) => {}
            },
        }
        if began.elapsed() > shared.limits.listen_pause {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            _reason = shared.closed() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(shared.limits.listen_pause);
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
