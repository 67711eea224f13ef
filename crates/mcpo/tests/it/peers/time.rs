//! The Python server mcp-server-time.

use serde_json::json;

use crate::support::{Proxy, command_line};

async fn proxy() -> Option<Proxy> {
    let time = command_line("MCPO_TEST_TIME")?;
    let words = ["--"].into_iter().chain(time.words()).chain(["--local-timezone", "Europe/Zurich"]);
    let proxy = Proxy::start(words).await;
    proxy.ready("/openapi.json").await;
    Some(proxy)
}

#[tokio::test]
async fn its_tools_are_documented() {
    let Some(proxy) = proxy().await else { return };
    let document = proxy.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "mcp-time");
    let operation = &document["paths"]["/get_current_time"]["post"];
    assert_eq!(operation["operationId"], "tool_get_current_time_post");
    assert_eq!(operation["summary"], "Get Current Time");
    let schema = &document["components"]["schemas"]["get_current_time_form_model"];
    assert_eq!(schema["required"], json!(["timezone"]));
    // The server's own words, which depend on the zone it was started with.
    let described = schema["properties"]["timezone"]["description"].as_str().unwrap_or_default();
    assert!(described.contains("Europe/Zurich"), "{schema}");
}

#[tokio::test]
async fn a_call_gives_its_json() {
    let Some(proxy) = proxy().await else { return };
    let reply = proxy.post("/get_current_time", &json!({ "timezone": "Asia/Tokyo" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["timezone"], "Asia/Tokyo");
    let arguments = json!({ "source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo" });
    let reply = proxy.post("/convert_time", &arguments).await;
    assert_eq!(reply.json()["time_difference"], "+9.0h", "{}", reply.text());
}

#[tokio::test]
async fn its_own_error_arrives_in_its_words() {
    let Some(proxy) = proxy().await else { return };
    let reply = proxy.post("/get_current_time", &json!({ "timezone": "Atlantis/Capital" })).await;
    assert_eq!(reply.status, 500);
    let message = reply.json()["detail"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("Atlantis/Capital"), "{message}");
}

#[tokio::test]
async fn arguments_are_checked_before_they_are_sent() {
    let Some(proxy) = proxy().await else { return };
    let reply = proxy.post("/get_current_time", &json!({})).await;
    assert_eq!(reply.status, 422);
    let detail = &reply.json()["detail"][0];
    assert_eq!(detail["loc"][0], "body", "{detail}");
    assert!(detail.to_string().contains("timezone"), "{detail}");
}
