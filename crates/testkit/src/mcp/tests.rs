//! That a scripted server of the stateless revisions is as strict as a real one.
use std::{process::Stdio, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};

use super::*;

const TOOL: &str = r#"{"name":"t","inputSchema":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"},"deep":{"properties":{"s":{"type":"string","x-mcp-header":"Deep"}}}}}}"#;

fn request(method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {}});
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// Sends a message with the headers that it needs, and those that are given in place of them; empty ones are left out.
async fn send(server: &ScriptedServer, message: &Value, headers: &[(&str, &str)]) -> Response<Incoming> {
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let params = &message["params"];
    let usual = [
        ("mcp-protocol-version", text(&params["_meta"]["io.modelcontextprotocol/protocolVersion"])),
        ("mcp-method", text(&message["method"])),
        ("mcp-name", text(&params["name"])),
    ];
    let mut request = Request::post(server.url().as_str());
    for (name, value) in usual {
        if !headers.iter().any(|(given, _)| *given == name) && !value.is_empty() {
            request = request.header(name, value);
        }
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    client.request(request.body(Full::from(message.to_string())).unwrap()).await.unwrap()
}

async fn ask(server: &ScriptedServer, message: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let response = send(server, message, headers).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn code(server: &ScriptedServer, message: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let (status, answer) = ask(server, message, headers).await;
    (status, answer["error"]["code"].clone())
}

#[tokio::test]
async fn headers_and_members_are_demanded() {
    let script = Script::new().speaks(Era::Modern).defined_tool("t", TOOL, reply::echo());
    let server = script.serve_streamable(Framing::Json).await;
    let mismatch = (400, json!(-32020));
    let list = request("tools/list", json!({}));
    assert_eq!(code(&server, &list, &[("mcp-method", "")]).await, mismatch);
    assert_eq!(code(&server, &list, &[("mcp-method", "tools/call")]).await, mismatch);
    assert_eq!(code(&server, &list, &[("mcp-protocol-version", "")]).await, mismatch);
    assert_eq!(code(&server, &list, &[("mcp-protocol-version", "2025-11-25")]).await, mismatch);
    let (status, answer) = ask(&server, &list, &[]).await;
    assert_eq!((status, &answer["result"]["resultType"]), (200, &json!("complete")));
    assert_eq!(answer["result"]["ttlMs"], 0);

    let call = request("tools/call", json!({"name": "t", "arguments": {"n": 42, "deep": {"s": " é"}}}));
    let deep = ("mcp-param-deep", "=?base64?IMOp?=");
    assert_eq!(ask(&server, &call, &[deep, ("mcp-param-n", "42.0")]).await.0, 200);
    assert_eq!(code(&server, &call, &[deep]).await, mismatch);
    assert_eq!(code(&server, &call, &[deep, ("mcp-param-n", "43")]).await, mismatch);
    assert_eq!(code(&server, &call, &[deep, ("mcp-param-n", "42"), ("mcp-name", "")]).await, mismatch);
    let absent = request("tools/call", json!({"name": "t", "arguments": {"n": null}}));
    assert_eq!(ask(&server, &absent, &[]).await.0, 200);
    assert_eq!(code(&server, &absent, &[("mcp-param-n", "1")]).await, mismatch);

    let version = [("mcp-protocol-version", "2026-07-28")];
    let mut bare = list.clone();
    bare["params"] = json!({});
    assert_eq!(code(&server, &bare, &version).await, (400, json!(-32602)));
    let mut incapable = list.clone();
    let meta = incapable["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    assert_eq!(code(&server, &incapable, &[]).await, (400, json!(-32602)));
    let mut future = list;
    future["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let (status, answer) = ask(&server, &future, &[]).await;
    let data = json!({"supported": ["2026-07-28"], "requested": "2099-01-01"});
    assert_eq!((status, &answer["error"]["data"]), (400, &data));
    assert_eq!(code(&server, &request("ping", json!({})), &[]).await, (404, json!(-32601)));
}

#[tokio::test]
async fn each_era_answers_as_it_must() {
    let discover = request("server/discover", json!({}));
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}});
    for (era, found, started) in
        [(Era::Legacy, false, true), (Era::Modern, true, false), (Era::Both, true, true)]
    {
        let server = Script::new().speaks(era).serve_streamable(Framing::Json).await;
        let (status, answer) = ask(&server, &discover, &[]).await;
        assert_eq!(status == 200 && answer["result"]["supportedVersions"].is_array(), found, "{era:?}");
        assert_eq!(ask(&server, &initialize, &[]).await.0 == 200, started, "{era:?}");
        assert_eq!((server.probes().len(), server.recorded().len()), (1, 1));
    }
    let server = Script::new().without_sessions().serve_streamable(Framing::Json).await;
    assert_eq!(code(&server, &discover, &[]).await, (200, json!(-32601)));
    let server = Script::new()
        .always("server/discover", reply::status(400, &[], "Bad Request"))
        .serve_streamable(Framing::Json)
        .await;
    assert_eq!(ask(&server, &discover, &[]).await, (400, Value::Null));
}

#[tokio::test]
async fn input_is_asked_for_in_rounds() {
    let first = r#"{"who":{"method":"elicitation/create","params":{}}}"#;
    let unable = r#"{"x":{"method":"sampling/createMessage","params":{}}}"#;
    let last = Ask { state: Some("two".into()), ..Ask::default() };
    let steps = [reply::ask(first, "one-$ID"), vec![Step::Ask(last)], reply::text("done")].concat();
    let server = Script::new()
        .speaks(Era::Modern)
        .tool("ask", "{}", steps)
        .tool("unable", "{}", reply::ask(unable, "s"))
        .serve_streamable(Framing::Json)
        .await;
    let round = |id: u64, more: Value| {
        let mut message = request("tools/call", json!({"name": "ask", "arguments": {"a": 1}}));
        message["id"] = json!(id);
        for (name, value) in more.as_object().unwrap() {
            message["params"][name] = value.clone();
        }
        message
    };
    let (_, answer) = ask(&server, &round(7, json!({})), &[]).await;
    assert_eq!(answer["result"]["resultType"], "input_required");
    assert_eq!(answer["result"]["requestState"], "one-7");
    let answers = json!({"who": {"action": "decline"}});
    let malformed = (400, json!(-32602));
    let right = json!({"requestState": "one-7", "inputResponses": answers});
    assert_eq!(code(&server, &round(7, right.clone()), &[]).await, malformed, "the same id");
    assert_eq!(
        code(&server, &round(8, json!({"requestState": "one-7"})), &[]).await,
        malformed,
        "no answers"
    );
    let stateless = json!({"inputResponses": answers});
    assert_eq!(code(&server, &round(8, stateless), &[]).await, malformed, "no state");
    let mut other = round(8, right.clone());
    other["params"]["arguments"]["a"] = json!(2);
    assert_eq!(code(&server, &other, &[]).await, malformed, "another request");
    let (_, answer) = ask(&server, &round(8, right), &[]).await;
    assert_eq!(answer["result"], json!({"resultType": "input_required", "requestState": "two"}));
    let (_, answer) = ask(&server, &round(9, json!({"requestState": "two"})), &[]).await;
    assert_eq!(answer["result"]["content"][0]["text"], "done");
    let (status, answer) = ask(&server, &request("tools/call", json!({"name": "unable"})), &[]).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32021)));
    assert_eq!(answer["error"]["data"]["requiredCapabilities"], json!({"sampling": {}}));
}

#[tokio::test]
async fn changes_are_heard_by_those_who_listen() {
    let server = Script::new().speaks(Era::Modern).serve_streamable(Framing::Json).await;
    let wanted = json!({"notifications": {"toolsListChanged": true, "promptsListChanged": true}});
    let mut stream = send(&server, &request("subscriptions/listen", wanted), &[]).await.into_body();
    let mut next = async || {
        let frame = stream.frame().await?.ok()?.into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        Some(serde_json::from_str::<Value>(data).unwrap())
    };
    let acknowledged = next().await.unwrap();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["notifications"], json!({"toolsListChanged": true}));
    assert_eq!(server.push(r#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#), 0);
    assert_eq!(server.push(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#), 1);
    let changed = next().await.unwrap();
    assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    server.finish_listening();
    assert_eq!(next().await.unwrap()["result"]["resultType"], "complete");
    assert!(next().await.is_none());
    assert_eq!(server.listeners(), 0);
}

#[tokio::test]
async fn a_reply_that_is_not_waited_for_is_a_cancelled_request() {
    let script = Script::new().speaks(Era::Modern).tool("stuck", "{}", reply::hang());
    for framing in [Framing::Json, Framing::Sse] {
        let server = script.clone().serve_streamable(framing).await;
        let call = request("tools/call", json!({"name": "stuck"}));
        let sent = tokio::time::timeout(Duration::from_millis(50), ask(&server, &call, &[])).await;
        assert!(sent.is_err());
        while server.cancelled() != ["1"] {
            tokio::task::yield_now().await;
        }
    }
}

struct Process {
    child: tokio::process::Child,
    lines: Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Process {
    fn start(script: &Script) -> Self {
        let (program, arguments) = script.stdio_command();
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn say(&mut self, message: &Value) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.lines.next_line().await.unwrap().expect("a line")).unwrap()
    }
}

#[tokio::test]
async fn a_process_speaks_its_era_too() {
    let discover = request("server/discover", json!({}));
    let initialize = json!({"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": {}});
    let mut process = Process::start(&Script::new());
    process.say(&discover).await;
    assert_eq!(process.hear().await["error"]["code"], -32601);

    let mut process = Process::start(&Script::new().early_request(EarlyRequest::Ignored));
    process.say(&discover).await;
    process.say(&initialize).await;
    assert_eq!(process.hear().await["id"], 2);

    let mut process = Process::start(&Script::new().early_request(EarlyRequest::Exit(3)));
    process.say(&discover).await;
    assert_eq!(process.child.wait().await.unwrap().code(), Some(3));

    let end = [
        vec![Step::Push(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.into())],
        vec![Step::EndListening],
        reply::requests(),
    ]
    .concat();
    let mut process = Process::start(&Script::new().speaks(Era::Modern).tool("end", "{}", end));
    process.say(&initialize).await;
    assert_eq!(process.hear().await["error"]["data"]["supported"], json!(["2026-07-28"]));
    process.say(&request("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}))).await;
    assert_eq!(process.hear().await["method"], "notifications/subscriptions/acknowledged");
    let mut call = request("tools/call", json!({"name": "end"}));
    call["id"] = json!("x");
    process.say(&call).await;
    assert_eq!(process.hear().await["method"], "notifications/tools/list_changed");
    assert_eq!(process.hear().await["result"]["resultType"], "complete");
    let told = process.hear().await["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(told.lines().count(), 3);
}
