//! Says in the log where the servers stand, once, after the start.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::Server;
use crate::upstream::Status;

/// Logs where the servers stand, once each has answered, failed or asked for a login, or after `limit`.
pub(super) async fn summary(servers: &[Arc<Server>], limit: Duration) {
    let settled = async {
        for server in servers {
            let mut changes = server.subscribe();
            while matches!(server.state().status, Status::Connecting) && changes.changed().await.is_ok() {}
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
            tracing::warn!("  {name}: {}", state.status.sentence());
        }
    }
}

/// The summary waits no longer than this for a slow server.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
