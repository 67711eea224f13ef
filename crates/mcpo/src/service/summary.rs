//! Says in the log where the servers stand, once, after the start.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::Server;
use crate::upstream::Status;

/// Logs where the servers stand, once each has answered, failed or asked for a login, or after `limit`.
pub(super) async fn summary(servers: &[Arc<Server>], limit: Duration) {
    let connecting = |server: &&Arc<Server>| matches!(server.state().status, Status::Connecting);
    let settled = async {
        while let Some(server) = servers.iter().find(connecting) {
            let mut changes = server.subscribe();
            // It may have changed before the subscription.
            if connecting(&server) && changes.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(limit.min(LONGEST_WAIT), settled).await;
    let ready = servers.iter().filter(|server| matches!(server.state().status, Status::Ready { .. })).count();
    tracing::info!("--- Server Startup Summary: {ready} of {} ready ---", servers.len());
    for server in servers {
        let state = server.state();
        let name = &server.settings.name;
        if let Some(exposed) = &state.exposed {
            tracing::info!("  {name}: {} tools", exposed.tools.len());
        } else {
            tracing::warn!("  {name}: {}", told(&state.status));
        }
    }
}

/// All that is known was logged when it went down.
fn told(status: &Status) -> String {
    match status {
        Status::Retrying { outage, .. } => format!("down: {}", outage.summary),
        other => other.sentence(),
    }
}

/// The summary waits no longer than this for a slow server.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
