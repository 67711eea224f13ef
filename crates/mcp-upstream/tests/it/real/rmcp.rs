//! A server made with rmcp, which speaks 2026-07-28 and what came before it. It is a program of the testkit.
use mcp_upstream::{Command, ProtocolVersion};

use super::{
    sdk::{REVISIONS, TOOLS, be_greeted, use_it},
    visit::{Remote, Visit, visitor},
};

fn server(transport: &str) -> Command {
    Command::new(testkit::programs::program("rmcp-server")).args([transport])
}

async fn at_each_revision(visit: &Visit, revision: ProtocolVersion) {
    visit.tools_named(&TOOLS).await;
    use_it(visit, revision).await;
    // What it needs to know it says in a result, which older revisions do not have.
    if revision == ProtocolVersion::V2026_07_28 {
        be_greeted(visit).await;
    }
}

#[tokio::test]
async fn over_stdio() {
    for revision in REVISIONS {
        let visit = Visit::over_stdio_by(server("stdio"), visitor(Some(revision))).await;
        at_each_revision(&visit, revision).await;
        visit.close().await;
    }
}

#[tokio::test]
async fn over_streamable_http() {
    for revision in REVISIONS {
        let visit = Visit::over_http(server("http"), Remote::Streamable, visitor(Some(revision))).await;
        at_each_revision(&visit, revision).await;
        visit.close().await;
    }
}

#[tokio::test]
async fn its_newest_revision_is_found_out() {
    let visit = Visit::over_stdio(server("stdio")).await;
    use_it(&visit, ProtocolVersion::V2026_07_28).await;
    visit.close().await;
    let visit = Visit::over_http(server("http"), Remote::Streamable, visitor(None)).await;
    use_it(&visit, ProtocolVersion::V2026_07_28).await;
    visit.close().await;
}
