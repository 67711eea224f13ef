//! Lists of every kind, page by page, from servers of both kinds.
use mcp_upstream::{CallError, Incomplete, Limits, RejectReason, Rejected, Session};
use testkit::mcp::{Era, Script, Step, reply};

use crate::kit::{Way, limits};

/// The method of each list, where its items are, and one of them.
const LISTS: [(&str, &str, &str); 3] = [
    ("prompts/list", "prompts", r#"{"name":"$KEY","x": 1.10}"#),
    ("resources/list", "resources", r#"{"uri":"$KEY","x": 1.10}"#),
    ("resources/templates/list", "resourceTemplates", r#"{"uriTemplate":"$KEY","x": 1.10}"#),
];

/// A list of any kind: the texts of its items, how many were set apart, and why it is not whole.
async fn list(
    session: &Session,
    method: &str,
) -> Result<(Vec<String>, Vec<Rejected>, Option<Incomplete>), CallError> {
    Ok(match method {
        "prompts/list" => {
            let list = session.list_prompts().await?;
            (list.prompts.iter().map(|item| item.raw.get().into()).collect(), list.rejected, list.incomplete)
        }
        "resources/list" => {
            let list = session.list_resources().await?;
            (
                list.resources.iter().map(|item| item.raw.get().into()).collect(),
                list.rejected,
                list.incomplete,
            )
        }
        _ => {
            let list = session.list_resource_templates().await?;
            (
                list.templates.iter().map(|item| item.raw.get().into()).collect(),
                list.rejected,
                list.incomplete,
            )
        }
    })
}

fn item(text: &str, key: &str) -> String {
    text.replace("$KEY", key)
}

/// A server with three pages of each list, which it gives only to who asks with the right cursor.
fn three_pages(script: Script) -> Script {
    LISTS.into_iter().fold(script, |script, (method, member, text)| {
        let page = |keys: &[&str], next: &str| {
            let items: Vec<String> = keys.iter().map(|key| item(text, key)).collect();
            reply::result(&format!(r#"{{"{member}":[{}]{next}}}"#, items.join(",")))
        };
        script
            .rule(method, 0, 1, page(&["a:1", "a:2"], r#","nextCursor":"two \"of\" 3/3""#))
            .rule(method, 1, 1, page(&[], r#","nextCursor":"""#))
            .rule(method, 2, 1, page(&["a:3"], r#","nextCursor":null"#))
    })
}

#[tokio::test]
async fn every_list_is_read_to_its_end_and_kept_to_the_byte() {
    let requests = Script::new().tool("requests", "{}", reply::requests());
    for (era, ways) in [(Era::Legacy, &Way::ALL[..]), (Era::Modern, &Way::ALL[..3])] {
        for way in ways {
            let (session, _server) = way.session(&three_pages(requests.clone().speaks(era))).await;
            for (method, _, text) in LISTS {
                let (items, rejected, incomplete) = list(&session, method).await.unwrap();
                assert_eq!(items, ["a:1", "a:2", "a:3"].map(|key| item(text, key)), "{way:?} {method}");
                assert!(rejected.is_empty() && incomplete.is_none());
            }
            let requests = crate::kit::text(&session, "requests", "{}").await.unwrap();
            for (method, ..) in LISTS {
                let method = format!(r#""method":"{method}""#);
                let cursors: Vec<Option<String>> = requests
                    .lines()
                    .filter(|request| request.contains(&method))
                    .map(|request| {
                        let request: serde_json::Value = serde_json::from_str(request).unwrap();
                        request["params"]["cursor"].as_str().map(ToOwned::to_owned)
                    })
                    .collect();
                let expected = [None, Some(r#"two "of" 3/3"#.to_owned()), Some(String::new())];
                assert_eq!(cursors, expected, "{way:?} {method}");
            }
        }
    }
}

#[tokio::test]
async fn every_list_has_an_end() {
    for (method, member, text) in LISTS {
        let page = |key: &str, next: &str| {
            reply::result(&format!(r#"{{"{member}":[{}],"nextCursor":{next}}}"#, item(text, key)))
        };
        let again = Script::new().always(method, page("a:1", r#""more""#));
        let numbered = Script::new().always(method, page("a:1", "2"));
        let pages = (0..9).fold(Script::new(), |script, n| {
            script.rule(method, n, 1, page(&format!("a:{n}"), &format!(r#""{n}""#)))
        });
        for (script, limits, kept, reason) in [
            (&again, limits(), 1, Incomplete::RepeatedCursor),
            (&numbered, limits(), 1, Incomplete::CursorNotAString),
            (&pages, Limits { pages: 4, ..limits() }, 4, Incomplete::TooManyPages { limit: 4 }),
            (&pages, Limits { items: 2, ..limits() }, 2, Incomplete::TooManyItems { limit: 2 }),
            (&pages, Limits { list_bytes: 150, ..limits() }, 2, Incomplete::TooLarge { limit: 150 }),
        ] {
            let (session, _server) = Way::Json.connect_with(script, limits).await;
            let (items, rejected, incomplete) = list(&session.unwrap(), method).await.unwrap();
            assert_eq!((items.len(), rejected.len(), incomplete), (kept, 0, Some(reason)), "{method}");
        }
    }
}

#[tokio::test]
async fn one_bad_definition_is_rejected_alone() {
    let long = "x".repeat(200);
    for (method, member, text) in LISTS {
        let key = text.split('"').nth(1).unwrap();
        let items = [
            item(text, "a:1"),
            "3".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"{key}":7}}"#),
            format!(r#"{{"{key}":""}}"#),
            format!(r#"{{"{key}":"long","x":"{long}"}}"#),
            format!(
                r#"{{"{key}":"odd","title":5,"description":[],"size":-1,"mimeType":{{}},"arguments":"x","annotations":0}}"#
            ),
            item(text, "a:1"),
            item(text, "a:2"),
        ];
        let script =
            Script::new().always(method, reply::result(&format!(r#"{{"{member}":[{}]}}"#, items.join(","))));
        let (session, _server) =
            Way::Stdio.connect_with(&script, Limits { item_bytes: 150, ..limits() }).await;
        let (kept, rejected, incomplete) = list(&session.unwrap(), method).await.unwrap();
        assert_eq!(incomplete, None);
        let missing = match key {
            "name" => RejectReason::NoName,
            "uri" => RejectReason::NoUri,
            _ => RejectReason::NoUriTemplate,
        };
        let duplicate = match key {
            "name" => Some(RejectReason::DuplicateName),
            "uri" => Some(RejectReason::DuplicateUri),
            // Nothing says that a template is there only once.
            _ => None,
        };
        let first = [&items[0], &items[6]];
        let again = if duplicate.is_none() { vec![&items[7]] } else { vec![] };
        let expected: Vec<&String> = [&first[..], &again, &[&items[8]]].concat();
        assert_eq!(kept.iter().collect::<Vec<_>>(), expected, "{method}");
        let found: Vec<(Option<&str>, &RejectReason)> =
            rejected.iter().map(|item| (item.name.as_deref(), &item.reason)).collect();
        let too_large = RejectReason::TooLarge { limit: 150 };
        let mut expected = vec![
            (None, &RejectReason::NotAnObject),
            (None, &missing),
            (None, &missing),
            (None, &missing),
            (Some("long"), &too_large),
        ];
        expected.extend(duplicate.as_ref().map(|duplicate| (Some("a:1"), duplicate)));
        assert_eq!(found, expected, "{method}");
    }
}

#[tokio::test]
async fn a_server_without_such_a_thing_has_none() {
    let nothing = Script::new().capabilities("{}");
    // The methods are not there at all; a stateless server answers so with 404.
    for (era, ways) in [(Era::Legacy, &Way::ALL[..]), (Era::Modern, &Way::ALL[..3])] {
        for way in ways {
            let (session, _server) = way.session(&nothing.clone().speaks(era)).await;
            for (method, ..) in LISTS {
                let (items, rejected, incomplete) = list(&session, method).await.unwrap();
                assert!(items.is_empty() && rejected.is_empty() && incomplete.is_none(), "{way:?} {method}");
            }
        }
    }
    // Who declares prompts and resources has to list them, but nobody has to have templates.
    let declared = Script::new().capabilities(r#"{"prompts":{},"resources":{}}"#);
    let (session, _server) = Way::Stdio.session(&declared).await;
    for (method, ..) in LISTS {
        let found = list(&session, method).await;
        if method == "resources/templates/list" {
            assert!(found.unwrap().0.is_empty());
        } else {
            assert!(matches!(&found, Err(CallError::Server(error)) if error.code == -32601), "{found:?}");
        }
    }
    // Another error is one, whatever is declared.
    let script = nothing.always("prompts/list", reply::error(-32603, "Oops"));
    let (session, _server) = Way::Stdio.session(&script).await;
    assert!(matches!(session.list_prompts().await, Err(CallError::Server(error)) if error.code == -32603));
}

#[tokio::test]
async fn a_list_that_is_none_is_malformed() {
    for (method, ..) in LISTS {
        for result in ["{}", r#"{"prompts":{},"resources":{},"resourceTemplates":{}}"#, "[]", "null"] {
            let script = Script::new().always(method, reply::result(result));
            let (session, _server) = Way::Stdio.session(&script).await;
            assert!(
                matches!(list(&session, method).await, Err(CallError::Malformed { .. })),
                "{method} {result}"
            );
        }
    }
}

#[tokio::test]
async fn changes_of_each_list_are_counted_apart() {
    let changed = |list: &str| {
        Step::Send(format!(r#"{{"jsonrpc":"2.0","method":"notifications/{list}/list_changed"}}"#))
    };
    let steps = [
        vec![
            changed("prompts"),
            changed("resources"),
            changed("tools"),
            changed("prompts"),
            changed("prompts"),
        ],
        reply::text("done"),
    ]
    .concat();
    let script = Script::new().tool("change", "{}", steps);
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut events = session.events();
        let (mut prompts, resources) = (session.prompts_changed(), session.resources_changed());
        assert_eq!(*prompts.borrow_and_update(), 0);
        crate::kit::text(&session, "change", "{}").await.unwrap();
        prompts.changed().await.unwrap();
        assert_eq!(
            (*prompts.borrow(), *resources.borrow(), *session.tools_changed().borrow()),
            (3, 1, 1),
            "{way:?}"
        );
        assert!(events.try_recv().is_err(), "what is counted is not told twice");
    }
}
