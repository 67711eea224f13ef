//! `tools/list`: pages, bad tools, limits; below, the other lists and what they lead to.
mod everything;
mod pages;
mod prompts;
mod resources;
mod utilities;

use mcp_upstream::{CallError, Incomplete, Limits, RejectReason};
use testkit::mcp::{Script, reply};

use crate::kit::{ANY, Way, limits};

#[tokio::test]
async fn all_pages_are_read_in_order() {
    for way in Way::ALL {
        let script = (0..23)
            .fold(Script::new(), |script, n| script.tool(&format!("tool-{n:02}"), ANY, reply::echo()))
            .page_size(5);
        let (session, _server) = way.session(&script).await;
        let list = session.list_tools().await.unwrap();
        let names: Vec<&str> = list.tools.iter().map(|tool| &*tool.name).collect();
        let expected: Vec<String> = (0..23).map(|n| format!("tool-{n:02}")).collect();
        assert_eq!(names, expected, "{way:?}");
        assert!(list.rejected.is_empty() && list.incomplete.is_none());
    }
}

#[tokio::test]
async fn a_definition_is_kept_to_the_byte() {
    let definition = r#"{"zeta": 1, "name":"exact","inputSchema":{"type":"object","properties":{"z":{"const":18446744073709551616},"a":{"default":1.10}}},
        "outputSchema":true,"title":"Exakt \u00e4","description":"d","annotations":{"readOnlyHint":"yes","x":[1 ,2]},"execution":{"taskSupport":"optional"}}"#;
    for way in [Way::Json, Way::Events, Way::Legacy] {
        // Over the wire the line end becomes what the framing makes of it.
        let definition = if way == Way::Json { definition.to_owned() } else { definition.replace('\n', "") };
        let (session, _server) = way.session(&Script::new().defined_tool("exact", &definition, vec![])).await;
        let list = session.list_tools().await.unwrap();
        let [tool] = &list.tools[..] else { panic!("{list:?}") };
        assert_eq!(tool.raw.get(), definition);
        assert_eq!(
            tool.input_schema().get(),
            r#"{"type":"object","properties":{"z":{"const":18446744073709551616},"a":{"default":1.10}}}"#
        );
        assert_eq!(tool.output_schema().unwrap().get(), "true");
        assert_eq!(tool.annotations().unwrap().get(), r#"{"readOnlyHint":"yes","x":[1 ,2]}"#);
        assert_eq!((tool.title(), tool.description()), (Some("Exakt ä"), Some("d")));
    }
}

#[tokio::test]
async fn one_bad_tool_is_rejected_alone() {
    let script = Script::new()
        .tool("good", ANY, reply::echo())
        .listed("3")
        .listed(r#"{"inputSchema":{}}"#)
        .listed(r#"{"name":7,"inputSchema":{}}"#)
        .listed(r#"{"name":"no-schema"}"#)
        .listed(r#"{"name":"null-schema","inputSchema":null}"#)
        .listed(r#"{"name":"boolean-schema","inputSchema":true}"#)
        .listed(r#"{"name":"good","inputSchema":{}}"#)
        .listed(r#"{"name":"odd","description":5,"title":[],"annotations":"x","inputSchema":{}}"#)
        .tool("last", ANY, reply::echo());
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        let list = session.list_tools().await.unwrap();
        let names: Vec<&str> = list.tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ["good", "odd", "last"]);
        let rejected: Vec<(Option<&str>, &RejectReason)> =
            list.rejected.iter().map(|tool| (tool.name.as_deref(), &tool.reason)).collect();
        assert_eq!(
            rejected,
            [
                (None, &RejectReason::NotAnObject),
                (None, &RejectReason::NoName),
                (None, &RejectReason::NoName),
                (Some("no-schema"), &RejectReason::NoInputSchema),
                (Some("null-schema"), &RejectReason::NoInputSchema),
                (Some("boolean-schema"), &RejectReason::InputSchemaNotAnObject),
                (Some("good"), &RejectReason::DuplicateName),
            ]
        );
        assert_eq!(list.rejected[0].definition.as_str(), "3");
    }
}

#[tokio::test]
async fn a_list_has_an_end() {
    let tools = |script| (0..9).fold(script, |script: Script, n| script.tool(&format!("t{n}"), ANY, vec![]));
    let endless = tools(Script::new()).page_size(3).repeat_pages();
    let list = Way::Json.session(&endless).await.0.list_tools().await.unwrap();
    assert_eq!(list.incomplete, Some(Incomplete::RepeatedCursor));
    assert_eq!(list.tools.len(), 9);

    let script = tools(Script::new()).page_size(2);
    let limited = async |limits| {
        let (session, _server) = Way::Json.connect_with(&script, limits).await;
        session.unwrap().list_tools().await.unwrap()
    };
    let list = limited(Limits { pages: 2, ..limits() }).await;
    assert_eq!((list.tools.len(), list.incomplete), (4, Some(Incomplete::TooManyPages { limit: 2 })));
    let list = limited(Limits { tools: 5, ..limits() }).await;
    assert_eq!((list.tools.len(), list.incomplete), (5, Some(Incomplete::TooManyTools { limit: 5 })));
    let list = limited(Limits { list_bytes: 300, ..limits() }).await;
    assert_eq!((list.tools.len(), list.incomplete), (2, Some(Incomplete::TooLarge { limit: 300 })));
    let list = limited(Limits { tool_bytes: 20, ..limits() }).await;
    assert!(list.rejected.iter().all(|tool| tool.reason == RejectReason::TooLarge { limit: 20 }));
    assert_eq!(list.rejected.len(), 9);
}

#[tokio::test]
async fn a_server_without_tools_has_none() {
    let script =
        Script::new().capabilities("{}").always("tools/list", reply::error(-32601, "Method not found"));
    let (session, _server) = Way::Stdio.session(&script).await;
    assert!(session.list_tools().await.unwrap().tools.is_empty());
    // One that declares them has to list them.
    let script = script.capabilities(r#"{"tools":{}}"#);
    let (session, _server) = Way::Stdio.session(&script).await;
    assert!(matches!(session.list_tools().await, Err(CallError::Server(_))));
}

#[tokio::test]
async fn a_list_that_is_none_is_malformed() {
    let script = Script::new().always("tools/list", reply::result(r#"{"tools":{}}"#));
    let (session, _server) = Way::Stdio.session(&script).await;
    assert!(matches!(session.list_tools().await, Err(CallError::Malformed { .. })));
}
