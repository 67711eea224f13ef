//! `prompts/get` and what `prompts/list` says.
use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions};
use serde_json::value::RawValue;
use testkit::mcp::{Era, Script, reply};

use crate::kit::{Way, text};

const PROMPT: &str = r#"{"z":{"n":18446744073709551616},"messages":[{"content":{"type":"text","text":"Gr\u00fc\u00dfe 1.10"},"role":"user"},{"role":"narrator","content":{"type":"smell","data":[1.10]}}],"description":"d\u00e4","_meta":{"a":1},"resultType":"complete"}"#;

#[tokio::test]
async fn a_prompt_comes_to_the_byte() {
    let script =
        Script::new().always("prompts/get", reply::result(PROMPT)).tool("requests", "{}", reply::requests());
    for (era, ways) in [(Era::Legacy, &Way::ALL[..]), (Era::Modern, &Way::ALL[..3])] {
        for way in ways {
            let (session, server) = way.session(&script.clone().speaks(era)).await;
            let arguments = Bytes::from_static(br#"{"z": "1.10","city":"K\u00f6ln"}"#);
            let prompt = session.get_prompt("a\"b", arguments, CallOptions::default()).await.unwrap();
            assert_eq!(prompt.as_str(), PROMPT, "{way:?}");
            let parts = prompt.parts().unwrap();
            assert_eq!(parts.description().as_deref(), Some("dä"));
            let messages: Vec<&str> = parts.messages.iter().map(|message| message.get()).collect();
            assert_eq!(messages[1], r#"{"role":"narrator","content":{"type":"smell","data":[1.10]}}"#);
            assert_eq!((messages.len(), parts.meta.map(RawValue::get)), (2, Some(r#"{"a":1}"#)));
            assert_eq!(prompt.clone().into_bytes(), prompt.as_bytes());

            let requests = text(&session, "requests", "{}").await.unwrap();
            let request = requests.lines().find(|request| request.contains("prompts/get")).unwrap();
            let expected = r#""params":{"name":"a\"b","arguments":{"z": "1.10","city":"K\u00f6ln"}"#;
            assert!(request.contains(expected), "{way:?}: {request}");
            if let (Era::Modern, Some(server)) = (era, server) {
                let request = server.wait_for(|request| request.body.contains("prompts/get")).await;
                assert_eq!(request.headers["mcp-name"], "a\"b");
            }
        }
    }
}

#[tokio::test]
async fn without_arguments_none_are_sent() {
    let script = Script::new().always("prompts/get", reply::result(r#"{"messages":[]}"#)).tool(
        "requests",
        "{}",
        reply::requests(),
    );
    let (session, _server) = Way::Stdio.session(&script).await;
    let prompt = session.get_prompt("p", Bytes::new(), CallOptions::default()).await.unwrap();
    let parts = prompt.parts().unwrap();
    assert!(parts.messages.is_empty() && parts.meta.is_none() && parts.description().is_none());
    let requests = text(&session, "requests", "{}").await.unwrap();
    assert!(requests.contains(r#""method":"prompts/get","params":{"name":"p"}}"#), "{requests}");
}

#[tokio::test]
async fn arguments_that_would_break_the_message_are_not_sent() {
    let script = Script::new().tool("requests", "{}", reply::requests());
    let (session, _server) = Way::Stdio.session(&script).await;
    for arguments in ["[]", r#"{"a":"b"}},"method":"tools/call""#, "{", "null", r#"{"a":"b"}{}"#] {
        let got =
            session.get_prompt("p", Bytes::from_static(arguments.as_bytes()), CallOptions::default()).await;
        let error = got.unwrap_err();
        assert!(matches!(error, CallError::InvalidParams(_)) && !error.was_sent(), "{arguments}: {error:?}");
    }
    let requests = text(&session, "requests", "{}").await.unwrap();
    assert!(!requests.contains("prompts/get"), "{requests}");
}

#[tokio::test]
async fn what_goes_wrong_with_a_prompt_is_told() {
    let script = Script::new().first("prompts/get", reply::error(-32602, "Unknown prompt")).rule(
        "prompts/get",
        1,
        1,
        reply::result(r#"{"messages":"none"}"#),
    );
    let (session, _server) = Way::Events.session(&script).await;
    let got = session.get_prompt("p", Bytes::new(), CallOptions::default()).await;
    assert!(matches!(got, Err(CallError::Server(error)) if error.code == -32602));
    let prompt = session.get_prompt("p", Bytes::new(), CallOptions::default()).await.unwrap();
    assert!(matches!(prompt.parts(), Err(CallError::Malformed { .. })));
}

#[tokio::test]
async fn what_a_prompt_says_about_itself() {
    let definition = r#"{"arguments":[{"name":"code","title":"Code","description":"What to \u0072eview","required":true,"x":1.10},{"name":"style"},{"name":"odd","required":"yes"},{"description":"nameless"},7],"title":"Review","description":"Asks for a review","name":"code_review","icons":[]}"#;
    let list = reply::result(&format!(r#"{{"prompts":[{definition}]}}"#));
    let (session, _server) = Way::Stdio.session(&Script::new().always("prompts/list", list)).await;
    let list = session.list_prompts().await.unwrap();
    let [prompt] = &list.prompts[..] else { panic!("{list:?}") };
    assert_eq!(prompt.raw.get(), definition);
    assert_eq!((prompt.title(), prompt.description()), (Some("Review"), Some("Asks for a review")));
    let arguments: Vec<(&str, bool)> =
        prompt.arguments().iter().map(|argument| (&*argument.name, argument.required)).collect();
    assert_eq!(arguments, [("code", true), ("style", false), ("odd", false)]);
    let code = &prompt.arguments()[0];
    assert_eq!((code.title.as_deref(), code.description.as_deref()), (Some("Code"), Some("What to review")));
    assert!(code.raw.get().ends_with(r#""required":true,"x":1.10}"#));
}
