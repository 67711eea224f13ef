//! The handshake: revisions, refusals, and servers that are none.
use std::time::Duration;

use mcp_upstream::{
    Closed, Command, ConnectError, Limits, ProtocolVersion, Session, SessionOptions, SpawnError,
    StdioTransport, StreamableTransport,
};
use testkit::mcp::{Framing, Script, Step, reply};

use crate::kit::{self, ANY, Way, chain, limits, options};

#[tokio::test]
async fn every_known_revision_is_accepted() {
    for way in Way::ALL {
        for version in ProtocolVersion::ALL.into_iter().filter(|version| !version.is_stateless()) {
            let (session, server) = way.session(&Script::new().protocol_version(version.as_str())).await;
            assert_eq!(session.server().protocol_version, version);
            assert_eq!(session.server().name, "scripted");
            assert_eq!(session.server().title.as_deref(), Some("A scripted server"));
            assert_eq!(session.server().instructions.as_deref(), Some("Use it in tests."));
            assert!(session.server().declares("tools") && !session.server().declares("prompts"));
            session.ping().await.unwrap();
            let Some(server) = server else { continue };
            // MCP-Protocol-Version: on everything after initialize, from the revision on that demands it.
            let ping = server.wait_for(|request| request.body.contains(r#""ping""#)).await;
            let header = ping.headers.get("mcp-protocol-version").map(|value| value.to_str().unwrap());
            let demanded = version >= ProtocolVersion::V2025_06_18;
            assert_eq!(header, demanded.then_some(version.as_str()), "{way:?} {version}");
            let initialize = server.wait_for(|request| request.body.contains(r#""initialize""#)).await;
            assert!(initialize.headers.get("mcp-protocol-version").is_none());
            assert!(initialize.body.contains(r#""protocolVersion":"2025-11-25","capabilities":{}"#));
        }
    }
}

#[tokio::test]
async fn an_unknown_revision_is_refused() {
    for way in Way::ALL {
        let (session, _server) = way.connect(&Script::new().protocol_version("1999-01-01")).await;
        let error = session.unwrap_err();
        let ConnectError::UnsupportedVersion { offered: ProtocolVersion::V2025_11_25, answered } = &error
        else {
            panic!("{way:?}: {error:?}")
        };
        assert_eq!(answered.as_str(), "1999-01-01");
        assert_eq!(
            error.to_string(),
            "the server speaks revision 1999-01-01, which is none of those we know (2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28)"
        );
    }
}

#[tokio::test]
async fn the_server_is_told_who_we_are_and_that_we_are_ready() {
    for way in Way::ALL {
        let script = Script::new().tool("received", ANY, reply::received());
        let (session, _server) = way.session(&script).await;
        kit::wait_until_received(&session, r#""notifications/initialized""#).await;
    }
}

#[tokio::test]
async fn a_server_may_refuse_to_initialize() {
    for way in Way::ALL {
        let script = Script::new().always("initialize", reply::error(-32602, "Unsupported protocol version"));
        let (session, _server) = way.connect(&script).await;
        let Err(ConnectError::Refused(error)) = session else { panic!("{way:?}: {session:?}") };
        assert_eq!((error.code, &*error.message), (-32602, "Unsupported protocol version"));
        assert_eq!(error.data.unwrap().get(), r#"{"n":1.10}"#);
    }
}

#[tokio::test]
async fn a_hung_server_runs_into_the_deadline() {
    for way in Way::ALL {
        let after = Duration::from_millis(300);
        let limits = Limits { connect_deadline: after, ..limits() };
        let (session, _server) =
            way.connect_with(&Script::new().always("initialize", reply::hang()), limits).await;
        match session {
            Err(ConnectError::Timeout { after: passed, .. }) => assert_eq!(passed, after),
            other => panic!("{way:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn command_not_found_says_what_was_looked_for_and_where() {
    let command = Command::new("no-such-command").env("PATH", "/nowhere:/neither");
    let error = Session::connect(StdioTransport::new(command), SessionOptions::default()).await.unwrap_err();
    let ConnectError::Spawn(SpawnError::NotFound { program, path }) = &error else { panic!("{error:?}") };
    assert_eq!((program.to_str(), path.to_str()), (Some("no-such-command"), Some("/nowhere:/neither")));
    assert_eq!(error.to_string(), "command not found: no-such-command (PATH searched: /nowhere:/neither)");
}

#[cfg(unix)]
#[tokio::test]
async fn other_reasons_why_nothing_starts() {
    use std::os::unix::fs::PermissionsExt as _;

    let connect = async |command| {
        Session::connect(StdioTransport::new(command), SessionOptions::default()).await.unwrap_err()
    };
    let error = connect(Command::new("sh").current_dir("/no/such/directory")).await;
    assert!(matches!(error, ConnectError::Spawn(SpawnError::NoDirectory { .. })), "{error:?}");

    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("server");
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    let error = connect(Command::new(&script)).await;
    assert!(matches!(error, ConnectError::Spawn(SpawnError::NotExecutable { .. })), "{error:?}");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = connect(Command::new(&script)).await;
    assert!(matches!(error, ConnectError::Spawn(SpawnError::InterpreterMissing { .. })), "{error:?}");
}

#[tokio::test]
async fn a_server_that_dies_at_once_leaves_its_last_words() {
    let script = Script::new()
        .before(Step::Stderr("loading".into()))
        .before(Step::Stderr("Error: API_KEY is not set".into()))
        .before(Step::Raw("usage: server KEY".into()))
        // Long enough for the line to be written.
        .before(Step::Wait(50))
        .before(Step::Break(3));
    let (session, _) = Way::Stdio.connect(&script).await;
    let error = session.unwrap_err();
    let ConnectError::Closed { reason: Closed::Exited { status, stderr }, said } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(status.code(), Some(3));
    assert_eq!(stderr.lines().collect::<Vec<_>>(), ["loading", "Error: API_KEY is not set"]);
    assert_eq!(said.as_ref().unwrap().as_str(), "usage: server KEY");
    assert!(chain(&error).contains("Error: API_KEY is not set"), "{}", chain(&error));
    assert!(error.stderr().is_some());
}

#[tokio::test]
async fn garbage_until_the_deadline_is_no_mcp() {
    let script = Script::new()
        .before(Step::Raw("Welcome to the calculator!".into()))
        .before(Step::Raw("> ".into()))
        .always("initialize", reply::hang());
    let limits = Limits { connect_deadline: Duration::from_millis(500), ..limits() };
    let (session, _) = Way::Stdio.connect_with(&script, limits).await;
    let Err(ConnectError::NotMcp { status: None, said, .. }) = session else { panic!("{session:?}") };
    assert_eq!(said.as_str(), "Welcome to the calculator!");
}

#[tokio::test]
async fn a_web_server_is_no_mcp_server() {
    let page = "<!DOCTYPE html>\n<title>It works!</title>";
    for status in [200, 400, 404, 405] {
        let script = Script::new()
            .always("initialize", reply::status(status, &[("content-type", "text/html")], page))
            .always("GET", reply::status(status, &[("content-type", "text/html")], page));
        for way in [Way::Json, Way::Legacy] {
            let (session, _server) = way.connect(&script).await;
            match session {
                Err(ConnectError::NotMcp { status: said_status, said, .. }) => {
                    assert_eq!(said.as_str(), "<!DOCTYPE html> <title>It works!</title>");
                    assert!(said_status.is_none_or(|said| said.as_u16() == status));
                }
                other => panic!("{way:?} {status}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_older_server_can_be_told_from_a_wrong_address() {
    let server = Script::new().serve_sse().await;
    let transport = StreamableTransport::new(server.url(), kit::http());
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(error.may_be_legacy_sse(), "{error:?}");
}

#[tokio::test]
async fn unauthorized_and_broken_servers_keep_their_status() {
    for status in [401, 403, 500, 502] {
        for way in [Way::Json, Way::Legacy] {
            let (session, _server) =
                way.connect(&Script::new().always("initialize", reply::status(status, &[], "no"))).await;
            let Err(ConnectError::Http { status: got, body }) = session else {
                panic!("{way:?}: {session:?}")
            };
            assert_eq!((got.as_u16(), body.as_str()), (status, "no"));
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_a_transport_error_with_its_source() {
    let server = Script::new().serve_streamable(Framing::Json).await;
    let url = server.url();
    server.stop();
    drop(server);
    // The port may linger for a moment; a refused connection is what is waited for.
    let error = loop {
        let transport = StreamableTransport::new(url.clone(), kit::http());
        match Session::connect(transport, options(limits())).await {
            Err(error @ ConnectError::Transport { .. }) => break error,
            Ok(_) | Err(_) => tokio::task::yield_now().await,
        }
    };
    let found = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
        .any(<dyn std::error::Error>::is::<std::io::Error>);
    assert!(found, "{error:?}");
}
