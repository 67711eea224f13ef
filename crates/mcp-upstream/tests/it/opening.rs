//! How a session begins: which revision a server speaks is found out, whatever it makes of the question.
use std::time::Duration;

use mcp_upstream::{
    ConnectError, Limits, ProtocolVersion, Session, SessionOptions, SseTransport, StdioTransport,
    StreamableTransport,
};
use testkit::mcp::{EarlyRequest, Era, Framing, Script, Step, reply};

use crate::kit::{self, ANY, Way, chain, limits, options, text};

const STATELESS: [Way; 3] = [Way::Stdio, Way::Json, Way::Events];

fn echoes() -> Script {
    Script::new().tool("echo", ANY, reply::echo())
}

#[tokio::test]
async fn a_stateless_server_is_spoken_to_without_a_handshake() {
    for way in STATELESS {
        let (session, server) = way.session(&echoes().speaks(Era::Modern)).await;
        let described = session.server();
        assert_eq!(described.protocol_version, ProtocolVersion::V2026_07_28, "{way:?}");
        assert_eq!(described.name, "scripted");
        assert_eq!(described.instructions.as_deref(), Some("Use it in tests."));
        assert!(described.declares("tools"));
        assert_eq!(session.list_tools().await.unwrap().tools.len(), 1);
        assert_eq!(text(&session, "echo", r#"{"a":1}"#).await.unwrap(), r#"{"a":1}"#, "{way:?}");
        session.ping().await.unwrap();
        if let Some(server) = server {
            assert!(server.recorded().iter().all(|request| !request.body.contains("initialize")));
            assert!(server.recorded().iter().all(|request| request.method == "POST"));
        }
        session.close().await;
    }
}

#[tokio::test]
async fn a_server_of_both_eras_is_spoken_to_in_the_newer_way() {
    for way in STATELESS {
        let (session, _server) = way.session(&echoes().speaks(Era::Both)).await;
        assert_eq!(session.server().protocol_version, ProtocolVersion::V2026_07_28, "{way:?}");
        text(&session, "echo", "{}").await.unwrap();
    }
}

#[tokio::test]
async fn whatever_an_old_server_says_to_the_question_it_is_asked_to_initialize() {
    let answers = [
        reply::error(-32601, "Method not found"),
        reply::error(-32602, "Invalid request parameters"),
        reply::error(-32000, "Server not initialized"),
        reply::result("{}"),
        reply::result(r#"{"protocolVersion":"2025-06-18"}"#),
    ];
    for way in STATELESS {
        for answer in &answers {
            let (session, _server) = way.session(&echoes().always("server/discover", answer.clone())).await;
            assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_11_25, "{way:?}");
            text(&session, "echo", "{}").await.unwrap();
        }
    }
    for status in [400, 404, 405, 406, 415, 422, 500, 501] {
        let refused = reply::status(status, &[], "Bad Request: no valid session");
        let (session, _server) = Way::Json.session(&echoes().always("server/discover", refused)).await;
        assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_11_25, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_names_older_revisions_is_offered_the_newest_of_them() {
    let supported = r#"{"supported":["2025-03-26","2025-06-18","1999-01-01"],"requested":"2026-07-28"}"#;
    let refused = reply::refused(400, -32022, "Unsupported protocol version", supported);
    for way in STATELESS {
        let (session, server) = way.session(&echoes().always("server/discover", refused.clone())).await;
        assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_06_18, "{way:?}");
        if let Some(server) = server {
            let initialize = server.wait_for(|request| request.body.contains(r#""initialize""#)).await;
            assert!(initialize.body.contains(r#""protocolVersion":"2025-06-18""#));
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_revision_it_names_is_asked_once_more() {
    let supported = r#"{"supported":["2025-11-25","2026-07-28"],"requested":"2026-07-28"}"#;
    let refused = reply::refused(400, -32022, "Unsupported protocol version", supported);
    for way in STATELESS {
        let script = echoes().speaks(Era::Modern).first("server/discover", refused.clone());
        let (session, _server) = way.session(&script).await;
        assert_eq!(session.server().protocol_version, ProtocolVersion::V2026_07_28, "{way:?}");
        text(&session, "echo", "{}").await.unwrap();

        // And not for ever.
        let script = echoes().speaks(Era::Both).always("server/discover", refused.clone());
        let (session, _server) = way.session(&script).await;
        assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_11_25, "{way:?}");
    }
}

/// "If the body contains a recognized modern JSON-RPC error": a server that could not read the request knows no id.
#[tokio::test]
async fn a_modern_error_counts_without_an_id() {
    let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":["2025-06-18"]}}}"#;
    let refused = reply::status(400, &[("content-type", "application/json")], error);
    let (session, _server) = Way::Json.session(&echoes().always("server/discover", refused)).await;
    assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_06_18);
}

#[tokio::test]
async fn a_server_of_revisions_that_nobody_knows_is_refused_by_name() {
    let script = echoes().speaks(Era::Modern).stateless_versions(&["2099-01-01"]);
    for way in STATELESS {
        let (session, _server) = way.connect(&script).await;
        let error = session.unwrap_err();
        let ConnectError::UnsupportedVersion { offered: ProtocolVersion::V2026_07_28, answered } = &error
        else {
            panic!("{way:?}: {error:?}")
        };
        assert_eq!(answered.as_str(), "2099-01-01");
    }
}

#[tokio::test]
async fn a_server_that_is_overloaded_or_wants_a_login_is_not_asked_twice() {
    for status in [401, 403, 429, 502, 503] {
        let refused = reply::status(status, &[], "no");
        let server = echoes().always("server/discover", refused).serve_streamable(Framing::Json).await;
        let transport = StreamableTransport::new(server.url(), kit::http());
        let error = Session::connect(transport, options(limits())).await.unwrap_err();
        assert!(matches!(error, ConnectError::Http { status: s, .. } if s == status), "{error:?}");
        assert!(server.recorded().is_empty(), "{status}");
    }
}

/// A short patience, so that the scenario of a silent server ends soon.
fn impatient() -> Limits {
    Limits { discover_patience: Duration::from_millis(50), ..limits() }
}

#[tokio::test]
async fn an_old_server_that_ignores_the_question_is_asked_to_initialize_in_time() {
    let script = echoes().early_request(EarlyRequest::Ignored);
    let (session, _server) = Way::Stdio.connect_with(&script, impatient()).await;
    let session = session.unwrap();
    assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_11_25);
    text(&session, "echo", "{}").await.unwrap();
}

#[tokio::test]
async fn an_old_server_that_ends_over_the_question_is_started_again() {
    let script = echoes().early_request(EarlyRequest::Exit(1));
    let (session, _server) = Way::Stdio.session(&script).await;
    assert_eq!(session.server().protocol_version, ProtocolVersion::V2025_11_25);
    text(&session, "echo", "{}").await.unwrap();
}

#[tokio::test]
async fn a_slow_starter_is_not_taken_for_an_old_server() {
    for (era, version) in [
        (Era::Modern, ProtocolVersion::V2026_07_28),
        (Era::Legacy, ProtocolVersion::V2025_11_25),
        // It gets `initialize` as well, and that decides.
        (Era::Both, ProtocolVersion::V2025_11_25),
    ] {
        let script = echoes().speaks(era).before(Step::Wait(400));
        let (session, _server) = Way::Stdio.connect_with(&script, impatient()).await;
        let session = session.unwrap_or_else(|error| panic!("{era:?}: {}", chain(&error)));
        assert_eq!(session.server().protocol_version, version, "{era:?}");
        text(&session, "echo", "{}").await.unwrap();
    }
}

#[tokio::test]
async fn a_revision_that_is_chosen_is_spoken_without_a_question() {
    let chosen = |revision| SessionOptions { revision: Some(revision), ..options(limits()) };
    let server = echoes().speaks(Era::Both).serve_streamable(Framing::Json).await;
    let transport = || StreamableTransport::new(server.url(), kit::http());
    let session = Session::connect(transport(), chosen(ProtocolVersion::V2025_06_18)).await.unwrap();
    assert!(server.probes().is_empty());
    let initialize = server.wait_for(|request| request.body.contains(r#""initialize""#)).await;
    assert!(initialize.body.contains(r#""protocolVersion":"2025-06-18""#));
    assert!(!session.server().protocol_version.is_stateless());
    let session = Session::connect(transport(), chosen(ProtocolVersion::V2026_07_28)).await.unwrap();
    assert!(session.server().protocol_version.is_stateless());

    // One that is chosen is not given up for another.
    let command = kit::command(&echoes().speaks(Era::Legacy).always(
        "server/discover",
        reply::refused(400, -32022, "Unsupported", r#"{"supported":["2025-11-25"]}"#),
    ));
    let error = Session::connect(StdioTransport::new(command), chosen(ProtocolVersion::V2026_07_28)).await;
    assert!(matches!(error, Err(ConnectError::Refused(error)) if error.code == -32022));
}

#[tokio::test]
async fn a_stateless_server_need_not_describe_itself_when_its_revision_is_chosen() {
    let script = echoes()
        .speaks(Era::Modern)
        .always("server/discover", reply::refused(404, -32601, "Method not found", "null"));
    let server = script.serve_streamable(Framing::Json).await;
    let transport = StreamableTransport::new(server.url(), kit::http());
    let chosen = SessionOptions { revision: Some(ProtocolVersion::V2026_07_28), ..options(limits()) };
    let session = Session::connect(transport, chosen).await.unwrap();
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn the_oldest_transport_is_not_asked() {
    let server = echoes().serve_sse().await;
    let session = Session::connect(SseTransport::new(server.url(), kit::http()), options(limits())).await;
    text(&session.unwrap(), "echo", "{}").await.unwrap();
    assert!(server.probes().is_empty());
}

#[tokio::test]
async fn the_older_http_transport_is_taken_where_the_server_has_no_other() {
    let server = echoes().serve_sse().await;
    let strict = StreamableTransport::new(server.url(), kit::http());
    let error = Session::connect(strict.clone(), options(limits())).await.unwrap_err();
    assert!(error.may_be_legacy_sse(), "{error:?}");
    let session = Session::connect(strict.or_sse(), options(limits())).await.unwrap();
    text(&session, "echo", "{}").await.unwrap();

    // What is neither is told as it was the first time.
    let script = echoes().always("initialize", reply::status(404, &[], "nothing here"));
    let server = script.without_get_stream().serve_streamable(Framing::Json).await;
    let either = StreamableTransport::new(server.url(), kit::http()).or_sse();
    let error = Session::connect(either, options(limits())).await.unwrap_err();
    let ConnectError::NotMcp { status: Some(status), said, .. } = &error else { panic!("{error:?}") };
    assert_eq!((status.as_u16(), said.as_str()), (404, "nothing here"));
}
