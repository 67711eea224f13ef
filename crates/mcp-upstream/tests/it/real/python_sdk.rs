//! A server made with the newest Python SDK, which speaks 2026-07-28 and what came before it.
use mcp_upstream::{Command, ProtocolVersion};

use super::{
    sdk::{REVISIONS, TOOLS, be_greeted, reveal, use_it},
    visit::{Remote, Visit, command, visitor},
};

fn installed() -> Option<Command> {
    command("MCPO_TEST_PYTHON_SDK")
}

async fn at_each_revision(visit: &Visit, revision: ProtocolVersion) {
    let tools = [&TOOLS[..], &["reveal"]].concat();
    visit.tools_named(&tools).await;
    use_it(visit, revision).await;
}

#[tokio::test]
async fn over_stdio() {
    let Some(command) = installed() else { return };
    for revision in REVISIONS {
        let visit = Visit::over_stdio_by(command.clone().args(["stdio"]), visitor(Some(revision))).await;
        at_each_revision(&visit, revision).await;
        be_greeted(&visit).await;
        // At older revisions it does not say that its tools changed.
        if revision == ProtocolVersion::V2026_07_28 {
            reveal(&visit).await;
        }
        visit.close().await;
    }
}

#[tokio::test]
async fn over_streamable_http() {
    let Some(command) = installed() else { return };
    for revision in REVISIONS {
        let command = command.clone().args(["http"]);
        let visit = Visit::over_http(command, Remote::Streamable, visitor(Some(revision))).await;
        at_each_revision(&visit, revision).await;
        if revision == ProtocolVersion::V2026_07_28 {
            be_greeted(&visit).await;
            reveal(&visit).await;
        }
        visit.close().await;
    }
}

#[tokio::test]
async fn its_newest_revision_is_found_out() {
    let Some(command) = installed() else { return };
    let visit = Visit::over_stdio(command.clone().args(["stdio"])).await;
    use_it(&visit, ProtocolVersion::V2026_07_28).await;
    visit.close().await;
    let visit = Visit::over_http(command.args(["http"]), Remote::Streamable, visitor(None)).await;
    use_it(&visit, ProtocolVersion::V2026_07_28).await;
    visit.close().await;
}
