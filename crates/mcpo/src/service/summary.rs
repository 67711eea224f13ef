//! Says in the log where the servers stand, once, after the start.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::Server;
use crate::upstream::Status;

/// Logs where the servers stand, once each has answered, failed or asked for a login, or after `limit`. A login that needs
/// nobody, because they are signed in there already, gets a moment to end.
pub(super) async fn summary(servers: &[Arc<Server>], limit: Duration) {
    let connecting = |status: &Status| matches!(status, Status::Connecting);
    let logging_in = |status: &Status| matches!(status, Status::LoginNeeded(login) if !login.idle);
    let _ = tokio::time::timeout(limit.min(LONGEST_WAIT), until_none(servers, connecting)).await;
    let _ = tokio::time::timeout(LOGIN_WAIT, until_none(servers, logging_in)).await;
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

/// Waits until none of the servers stands like this.
async fn until_none(servers: &[Arc<Server>], stands: impl Fn(&Status) -> bool) {
    let stands = |server: &&Arc<Server>| stands(&server.state().status);
    while let Some(server) = servers.iter().find(stands) {
        let mut changes = server.subscribe();
        // It may have changed before the subscription.
        if stands(&server) && changes.changed().await.is_err() {
            return;
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

/// Nor longer than this for a login that is under way.
const LOGIN_WAIT: Duration = Duration::from_secs(2);
