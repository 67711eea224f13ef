//! The corpus, played to the engine by every way.
use std::io::Write as _;

use bytes::Bytes;
use mcp_upstream::{CallOptions, Command, ProtocolVersion, Session, SessionOptions, StdioTransport};
use testkit::mcp::{Era, Script, ScriptedServer, reply};

use super::{Case, Said, generated, recorded, special};
use crate::{
    kit::{ANY, Way, chain, limits, options},
    scan,
};

/// What the corpus must have at least.
const ENOUGH: usize = 200;

#[tokio::test]
async fn what_servers_say_comes_out_byte_for_byte_over_stdio() {
    by(Way::Stdio).await;
}

#[tokio::test]
async fn what_servers_say_comes_out_byte_for_byte_as_json() {
    by(Way::Json).await;
}

#[tokio::test]
async fn what_servers_say_comes_out_byte_for_byte_as_events() {
    by(Way::Events).await;
}

#[tokio::test]
async fn what_servers_say_comes_out_byte_for_byte_over_legacy_sse() {
    by(Way::Legacy).await;
}

async fn by(way: Way) {
    let (recorded, special, generated) = (recorded(), special::cases(), generated::cases());
    let counts =
        format!("{} recorded, {} by hand, {} generated", recorded.len(), special.len(), generated.len());
    assert!(recorded.len() >= ENOUGH, "{counts}");
    let cases = [recorded, special, generated].concat();
    // The legacy transport has no stateless revision.
    let revisions = if way == Way::Legacy { &REVISIONS[..1] } else { &REVISIONS[..] };
    for revision in revisions {
        play(&cases, way, *revision).await;
        println!("corpus: {0} of {0} ({counts}), {way:?} at {revision}", cases.len());
    }
}

const REVISIONS: [ProtocolVersion; 2] = [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28];

/// Plays every case to one session, in order.
async fn play(cases: &[Case], way: Way, revision: ProtocolVersion) {
    let cases: Vec<Case> = cases.iter().map(|case| framed(case, way)).collect();
    let script = script(&cases);
    let (session, _server, _file) = connect(&script, way, revision).await;
    assert_eq!(session.server().protocol_version, revision);
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let exact = match &case.said {
            Said::List(pages) => list_is_exact(&session, pages).await,
            Said::Result(text) => result_is_exact(&session, number, text).await,
        };
        if let Err(why) = exact {
            wrong.push(format!("{}: {why:.300}", case.origin));
        }
    }
    assert!(
        wrong.is_empty(),
        "{way:?} at {revision}: {} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

async fn list_is_exact(session: &Session, pages: &[String]) -> Result<(), String> {
    let list = session.list_tools().await.map_err(|error| chain(&error))?;
    if !list.rejected.is_empty() || list.incomplete.is_some() {
        return Err(format!("rejected {:?}, {:?}", list.rejected, list.incomplete));
    }
    let sent: Vec<&str> =
        pages.iter().flat_map(|page| scan::elements(scan::member(page, "tools").unwrap())).collect();
    let listed: Vec<&str> = list.tools.iter().map(|tool| tool.raw.get()).collect();
    if listed != sent {
        return Err(format!("{listed:?}"));
    }
    for tool in &list.tools {
        if scan::member(tool.raw.get(), "inputSchema") != Some(tool.input_schema().get())
            || scan::member(tool.raw.get(), "outputSchema").filter(|schema| *schema != "null")
                != tool.output_schema().map(serde_json::value::RawValue::get)
        {
            return Err(format!("schemas of {:?}", tool.name));
        }
    }
    Ok(())
}

async fn result_is_exact(session: &Session, number: usize, text: &str) -> Result<(), String> {
    let arguments = Bytes::from_static(b"{}");
    let result = session.call_tool(&name(number), arguments, CallOptions::default()).await;
    let result = result.map_err(|error| chain(&error))?;
    if result.as_bytes() == text.as_bytes() { Ok(()) } else { Err(result.as_str().to_owned()) }
}

fn name(number: usize) -> String {
    format!("case-{number}")
}

/// The case as it can be sent this way: a line of stdio has no line ends.
fn framed(case: &Case, way: Way) -> Case {
    let framed = |text: &String| if way == Way::Stdio { text.replace('\n', " ") } else { text.clone() };
    let said = match &case.said {
        Said::List(pages) => Said::List(pages.iter().map(framed).collect()),
        Said::Result(text) => Said::Result(framed(text)),
    };
    Case { origin: case.origin.clone(), said }
}

/// A server that says all this: its n-th list is that of the n-th case that is a list.
fn script(cases: &[Case]) -> Script {
    let mut script = Script::new().speaks(Era::Both).without_result_types();
    let mut pages = 0;
    for (number, case) in cases.iter().enumerate() {
        match &case.said {
            Said::List(list) => {
                for page in list {
                    script = script.rule("tools/list", pages, 1, reply::result(literal(page)));
                    pages += 1;
                }
            }
            Said::Result(text) => script = script.tool(&name(number), ANY, reply::result(literal(text))),
        }
    }
    script
}

/// A script would put something else in the place of these.
fn literal(text: &str) -> &str {
    for mark in ["$ID", "$TOKEN", "$RESPONSES", "$REQUESTS", "$RECEIVED", "$TEXT", "$ARGUMENTS"] {
        assert!(!text.contains(mark), "{mark} in {text:.200}");
    }
    text
}

/// Connects. The script is too long for a command line, so it goes into a file.
async fn connect(
    script: &Script,
    way: Way,
    revision: ProtocolVersion,
) -> (Session, Option<ScriptedServer>, tempfile::NamedTempFile) {
    let options = SessionOptions { revision: Some(revision), ..options(limits()) };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    if way != Way::Stdio {
        let (session, server) = way.connect_by(script, options).await;
        return (session.unwrap_or_else(|error| panic!("{way:?}: {}", chain(&error))), server, file);
    }
    file.write_all(&serde_json::to_vec(script).unwrap()).unwrap();
    let mut argument = std::ffi::OsString::from("@");
    argument.push(file.path());
    let server = Command::new(testkit::programs::program("scripted-mcp")).args([argument]);
    (Session::connect(StdioTransport::new(server), options).await.unwrap(), None, file)
}
