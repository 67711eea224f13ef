//! The npm server server-everything, over each of the three transports.

use serde_json::{Value, json};

use crate::support::{Installed, LOCAL, Mode, NodeServer, Proxy, command_line};

fn installed() -> Option<Installed> {
    command_line("MCPO_TEST_EVERYTHING")
}

async fn stdio(everything: &Installed) -> Proxy {
    let proxy = Proxy::start(["--"].into_iter().chain(everything.words()).chain(["stdio"])).await;
    proxy.ready("/openapi.json").await;
    proxy
}

async fn remote(everything: &Installed, mode: Mode) -> (Proxy, NodeServer) {
    let server = NodeServer::start(everything, mode).await;
    let kind = match mode {
        Mode::Sse => "sse",
        Mode::StreamableHttp => "streamable-http",
    };
    let proxy = Proxy::start(["--type", kind, "--", &server.url()]).await;
    proxy.ready("/openapi.json").await;
    (proxy, server)
}

/// What has to be the same whatever lies between the proxy and the server.
async fn serves_its_tools(proxy: &Proxy) {
    let document = proxy.get("/openapi.json").await.json();
    assert_eq!(document["info"]["title"], "mcp-servers/everything");
    assert_eq!(document["info"]["version"], "2.0.0");
    for tool in ["echo", "get-sum", "get-tiny-image", "get-structured-content", "get-resource-links"] {
        assert!(document["paths"].get(format!("/{tool}")).is_some(), "{tool} is missing");
    }
    let sum = &document["paths"]["/get-sum"]["post"];
    assert_eq!(sum["operationId"], "tool_get_sum_post");
    let schema = &document["components"]["schemas"]["get-sum_form_model"];
    let schema =
        if schema.is_null() { &document["components"]["schemas"]["get_sum_form_model"] } else { schema };
    assert_eq!(schema["required"], json!(["a", "b"]), "{document}");

    let reply = proxy.post("/echo", &json!({ "message": "Grüße, \"Welt\"\n" })).await;
    assert_eq!((reply.status, reply.json()), (200, json!("Echo: Grüße, \"Welt\"\n")));
    let reply = proxy.post("/get-sum", &json!({ "a": 2, "b": 40 })).await;
    assert_eq!((reply.status, reply.json()), (200, json!("The sum of 2 and 40 is 42.")));
    let reply = proxy.post("/get-sum", &json!({ "a": "two" })).await;
    assert_eq!(reply.status, 422, "{}", reply.text());
    assert_eq!(proxy.post("/no-such-tool", &json!({})).await.status, 404);
}

#[tokio::test]
async fn over_stdio() {
    let Some(everything) = installed() else { return };
    serves_its_tools(&stdio(&everything).await).await;
}

#[tokio::test]
async fn over_streamable_http() {
    let Some(everything) = installed() else { return };
    let (proxy, _server) = remote(&everything, Mode::StreamableHttp).await;
    serves_its_tools(&proxy).await;
}

#[tokio::test]
async fn over_sse() {
    let Some(everything) = installed() else { return };
    let (proxy, _server) = remote(&everything, Mode::Sse).await;
    serves_its_tools(&proxy).await;
}

/// A URL without a type: streamable HTTP first, then the older transport (MCP, "Backwards Compatibility").
#[tokio::test]
async fn a_url_without_a_type_is_tried_as_both() {
    let Some(everything) = installed() else { return };
    let modern = NodeServer::start(&everything, Mode::StreamableHttp).await;
    let legacy = NodeServer::start(&everything, Mode::Sse).await;
    let config =
        json!({ "mcpServers": { "modern": { "url": modern.url() }, "legacy": { "url": legacy.url() } } });
    let proxy = Proxy::with_config(&config).await;
    for name in ["modern", "legacy"] {
        proxy.ready(&format!("/{name}/openapi.json")).await;
        let reply = proxy.post(&format!("/{name}/echo"), &json!({ "message": name })).await;
        assert_eq!(reply.json(), json!(format!("Echo: {name}")));
    }
}

#[tokio::test]
async fn three_kinds_in_one_configuration() {
    let Some(everything) = installed() else { return };
    let streamable = NodeServer::start(&everything, Mode::StreamableHttp).await;
    let sse = NodeServer::start(&everything, Mode::Sse).await;
    let mut arguments = everything.arguments().to_vec();
    arguments.push("stdio".to_owned());
    let config = json!({ "mcpServers": {
        "local": { "command": everything.program(), "args": arguments },
        "remote": { "type": "streamable-http", "url": streamable.url() },
        "older": { "type": "sse", "url": sse.url() },
    } });
    let proxy = Proxy::with_config(&config).await;
    for name in ["local", "remote", "older"] {
        proxy.ready(&format!("/{name}/openapi.json")).await;
        let reply = proxy.post(&format!("/{name}/echo"), &json!({ "message": name })).await;
        assert_eq!(reply.json(), json!(format!("Echo: {name}")));
    }
}

#[tokio::test]
async fn every_kind_of_content_arrives() {
    let Some(everything) = installed() else { return };
    let proxy = stdio(&everything).await;

    let image = proxy.post("/get-tiny-image", &json!({})).await.json();
    let blocks = image.as_array().expect("text, image, text");
    assert!(
        blocks.iter().any(|block| block.as_str().is_some_and(|b| b.starts_with("data:image/png;base64,"))),
        "{image}"
    );

    let weather = proxy.post("/get-structured-content", &json!({ "location": "Chicago" })).await.json();
    assert!(weather["temperature"].is_number() && weather["conditions"].is_string(), "{weather}");

    let links = proxy.post("/get-resource-links", &json!({ "count": 2 })).await.json();
    let links = links.as_array().expect("a text and two links").clone();
    assert_eq!(links.len(), 3, "{links:?}");
    assert!(links[1].to_string().contains("demo://resource/"), "{links:?}");

    let embedded = proxy
        .post("/get-resource-reference", &json!({ "resourceType": "Text", "resourceId": 1 }))
        .await
        .json();
    assert!(embedded.to_string().contains("Resource 1"), "{embedded}");

    // The whole result, as the server gave it.
    let client = proxy.client().with_header("accept", "application/vnd.mcp.tool-result+json");
    let whole = client.post("/echo", &json!({ "message": "hi" })).await.json();
    assert_eq!(whole, json!({ "content": [{ "type": "text", "text": "Echo: hi" }] }));
}

#[tokio::test]
async fn an_argument_outside_its_schema_never_reaches_the_server() {
    let Some(everything) = installed() else { return };
    let proxy = stdio(&everything).await;
    for (tool, arguments) in [
        ("get-structured-content", json!({ "location": "Atlantis" })),
        ("get-resource-links", json!({ "count": 11 })),
        ("echo", json!({ "message": { "not": "text" } })),
        ("echo", json!([])),
    ] {
        let reply = proxy.post(&format!("/{tool}"), &arguments).await;
        assert_eq!(reply.status, 422, "{tool} {arguments}: {}", reply.text());
        assert!(reply.json()["detail"][0]["msg"].is_string(), "{}", reply.text());
    }
}

/// mcpo gives every server its whole environment, and so every other server's secrets.
#[tokio::test]
async fn a_server_gets_no_more_of_the_environment_than_it_needs() {
    let Some(everything) = installed() else { return };
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL).args(["--env", "MINE=given", "--"]).args(everything.words()).arg("stdio");
        command.env("SOMEBODYS_SECRET", "hunter2");
    })
    .await;
    proxy.ready("/openapi.json").await;
    let environment = proxy.post("/get-env", &json!({})).await.json();
    assert_eq!(environment["MINE"], "given", "{environment}");
    assert!(environment["PATH"].is_string(), "{environment}");
    assert_eq!(environment["SOMEBODYS_SECRET"], Value::Null);
}

#[tokio::test]
async fn a_slow_tool_is_waited_for_and_others_go_on() {
    let Some(everything) = installed() else { return };
    let proxy = stdio(&everything).await;
    let client = proxy.client();
    let slow = tokio::spawn(async move {
        client.post("/trigger-long-running-operation", &json!({ "duration": 1, "steps": 2 })).await
    });
    let quick = proxy.post("/echo", &json!({ "message": "meanwhile" })).await;
    assert_eq!(quick.json(), json!("Echo: meanwhile"));
    assert!(!slow.is_finished(), "the slow call was over before the quick one");
    let slow = slow.await.expect("the call");
    assert_eq!(slow.status, 200, "{}", slow.text());
    assert!(slow.text().contains("completed"), "{}", slow.text());
}

#[tokio::test]
async fn a_server_that_went_away_is_said_to_be_down_and_found_again() {
    let Some(everything) = installed() else { return };
    for mode in [Mode::StreamableHttp, Mode::Sse] {
        let (proxy, server) = remote(&everything, mode).await;
        assert_eq!(proxy.post("/echo", &json!({ "message": "1" })).await.status, 200);
        let port = server.kill().await;
        let reply = proxy.post("/echo", &json!({ "message": "2" })).await;
        assert!((502..=504).contains(&reply.status), "{mode:?} {} {}", reply.status, reply.text());
        assert!(reply.json()["detail"]["message"].is_string(), "{}", reply.text());
        proxy
            .eventually("the document says that the server is down", async || {
                let document = proxy.get("/openapi.json").await.json();
                (document["info"]["x-mcpo-status"] == "failed").then_some(())
            })
            .await;
        let _server = NodeServer::start_at(&everything, mode, port).await;
        proxy.ready("/openapi.json").await;
        let reply = proxy.post("/echo", &json!({ "message": "3" })).await;
        assert_eq!((reply.status, reply.json()), (200, json!("Echo: 3")), "{mode:?}");
    }
}

/// A server that is back before anybody asked has forgotten the session; the call that finds out is sent again on a new one.
#[tokio::test]
async fn a_server_that_was_restarted_between_two_calls() {
    let Some(everything) = installed() else { return };
    let (proxy, server) = remote(&everything, Mode::StreamableHttp).await;
    assert_eq!(proxy.post("/echo", &json!({ "message": "1" })).await.status, 200);
    let port = server.kill().await;
    let _server = NodeServer::start_at(&everything, Mode::StreamableHttp, port).await;
    proxy
        .eventually("a call is answered again", async || {
            (proxy.post("/echo", &json!({ "message": "2" })).await.status == 200).then_some(())
        })
        .await;
}

/// Each caller gets a clear error or, since the tool is marked read-only, a retried answer; the next call works.
#[cfg(unix)]
#[tokio::test]
async fn a_server_killed_under_its_calls_loses_none_of_them() {
    let Some(everything) = installed() else { return };
    let proxy = stdio(&everything).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = proxy.client();
            tokio::spawn(async move {
                client.post("/trigger-long-running-operation", &json!({ "duration": 1, "steps": 1 })).await
            })
        })
        .collect();
    // By the time this one is back, the others are on their way or at the server.
    assert_eq!(proxy.post("/echo", &json!({ "message": "1" })).await.status, 200);
    let server = crate::support::children(proxy.pid());
    assert_eq!(server.len(), 1, "{server:?}");
    crate::support::signal(server[0], rustix::process::Signal::KILL);
    for call in calls {
        let reply = call.await.expect("the call");
        let clear = reply.status == 200 || reply.json()["detail"]["message"].is_string();
        assert!(clear, "{} {}", reply.status, reply.text());
    }
    let reply = proxy.post("/echo", &json!({ "message": "next" })).await;
    assert_eq!((reply.status, reply.json()), (200, json!("Echo: next")));
}
