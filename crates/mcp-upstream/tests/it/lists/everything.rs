//! All that is no tool, with the real server-everything over stdio and streamable HTTP.
use std::time::Duration;

use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions, Event, LogLevel, Reference, Session, StdioTransport};
use tokio::sync::broadcast;

use crate::{
    kit::{limits, options, text},
    real::{
        everything::{free_port, listening},
        visit::{Remote, Visit, command, visitor},
    },
};

async fn use_all_but_the_tools(session: &Session) {
    use_prompts(session).await;
    use_resources(session).await;
    use_completion(session).await;
    use_subscriptions_and_the_log(session).await;
    // Its tasks are an extension to us.
    let tasks = session.call("tasks/list", Bytes::from_static(b"{}"), CallOptions::default()).await.unwrap();
    assert!(tasks.starts_with(br#"{"tasks":[]"#), "{tasks:?}");
    session.close().await;
}

async fn use_prompts(session: &Session) {
    let list = session.list_prompts().await.unwrap();
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
    let prompt = list.prompts.iter().find(|prompt| prompt.name == "args-prompt").unwrap();
    assert_eq!(prompt.title(), Some("Arguments Prompt"));
    let arguments: Vec<(&str, bool)> =
        prompt.arguments().iter().map(|argument| (&*argument.name, argument.required)).collect();
    assert_eq!(arguments, [("city", true), ("state", false)]);

    let get = async |name, arguments: &'static str| {
        session.get_prompt(name, Bytes::from_static(arguments.as_bytes()), CallOptions::default()).await
    };
    let prompt = get("args-prompt", r#"{"city":"K\u00f6ln"}"#).await.unwrap();
    assert!(prompt.parts().unwrap().messages[0].get().contains("Köln"), "{}", prompt.as_str());
    let prompt = get("resource-prompt", r#"{"resourceType":"Blob","resourceId":"7"}"#).await.unwrap();
    assert_eq!(prompt.parts().unwrap().messages.len(), 2, "{}", prompt.as_str());
    get("simple-prompt", "").await.unwrap();
    for wrong in [get("args-prompt", "{}").await, get("no-such-prompt", "{}").await] {
        assert!(matches!(&wrong, Err(CallError::Server(error)) if error.code == -32602), "{wrong:?}");
    }
}

async fn use_resources(session: &Session) {
    let list = session.list_resources().await.unwrap();
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
    let resource = list.resources.iter().find(|resource| resource.name() == Some("architecture.md")).unwrap();
    assert_eq!(resource.mime_type(), Some("text/markdown"));
    let contents = session.read_resource(&resource.uri, CallOptions::default()).await.unwrap();
    let parts = contents.parts().unwrap();
    assert_eq!(parts.contents.len(), 1);
    assert!(parts.contents[0].get().len() > 1000 && parts.contents[0].get().contains(&resource.uri));

    let list = session.list_resource_templates().await.unwrap();
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
    let template = list.templates.iter().find(|template| template.uri_template.contains("/blob/")).unwrap();
    let uri = template.uri_template.replace("{resourceId}", "7");
    let contents = session.read_resource(&uri, CallOptions::default()).await.unwrap();
    assert!(contents.parts().unwrap().contents[0].get().contains(r#""blob":""#), "{}", contents.as_str());
    let read = session.read_resource("demo://no/such/thing", CallOptions::default()).await;
    assert!(
        matches!(&read, Err(CallError::Server(error)) if [-32602, -32002].contains(&error.code)),
        "{read:?}"
    );

    let mut changed = session.resources_changed();
    changed.mark_unchanged();
    let new = r#"{"name":"hello.gz","data":"data:text/plain,hello"}"#;
    let result = session
        .call_tool("gzip-file-as-resource", Bytes::from_static(new.as_bytes()), CallOptions::default())
        .await
        .unwrap();
    assert!(!result.parts().unwrap().is_error, "{}", result.as_str());
    soon(changed.changed()).await.unwrap();
    let list = session.list_resources().await.unwrap();
    assert!(list.resources.iter().any(|resource| resource.name() == Some("hello.gz")), "{list:?}");
}

async fn use_completion(session: &Session) {
    let complete = async |reference, argument, value, known: &'static str| {
        let known = Bytes::from_static(known.as_bytes());
        session.complete(reference, argument, value, known, CallOptions::default()).await.unwrap().values
    };
    let prompt = Reference::Prompt("completable-prompt");
    assert_eq!(complete(prompt, "department", "S", "").await, ["Sales", "Support"]);
    assert_eq!(complete(prompt, "name", "", r#"{"department":"Sales"}"#).await, ["David", "Eve", "Frank"]);
    assert_eq!(complete(prompt, "name", "", "").await, [""; 0]);
    let template = Reference::Template("demo://resource/dynamic/text/{resourceId}");
    assert_eq!(complete(template, "resourceId", "3", "").await, ["3"]);
}

async fn use_subscriptions_and_the_log(session: &Session) {
    let mut events = session.events();
    session.set_log_level(LogLevel::Info).await.unwrap();
    let uri = "demo://resource/dynamic/text/7";
    session.subscribe_resource(uri).await.unwrap();
    let Event::Log(record) = event(&mut events, |event| matches!(event, Event::Log(_))).await else { return };
    let parts = record.parts();
    assert_eq!(parts.level, Some(LogLevel::Info));
    assert!(parts.data.unwrap().get().contains(uri), "{record:?}");

    text(session, "toggle-subscriber-updates", "{}").await.unwrap();
    let updated = event(&mut events, |event| matches!(event, Event::ResourceUpdated { .. })).await;
    assert!(
        matches!(&updated, Event::ResourceUpdated { uri: updated, .. } if **updated == *uri),
        "{updated:?}"
    );
    text(session, "toggle-subscriber-updates", "{}").await.unwrap();
    session.unsubscribe_resource(uri).await.unwrap();
}

async fn event(events: &mut broadcast::Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Event {
    let wait = async {
        loop {
            let event = events.recv().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    soon(wait).await
}

async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap()
}

#[tokio::test]
async fn all_but_the_tools_over_stdio() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    use_all_but_the_tools(&session).await;
}

#[tokio::test]
async fn all_but_the_tools_over_streamable_http() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let port = free_port();
    let _server = listening(command, Remote::Streamable, port);
    let visit = Visit::to(port, Remote::Streamable, visitor(None)).await;
    use_all_but_the_tools(&visit.session).await;
}
