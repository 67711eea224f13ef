//! The client that the official conformance suite judges: `cargo xtask conformance` runs it against every scenario.
//!
//! A thin program over the public APIs of mcp-upstream and mcp-oauth-client, with nothing of a scenario's name in it. It
//! reads the suite's variables, connects, lists what there is, and calls every tool once.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use http::header::LOCATION;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AssertionAudience, AuthorizationLayer, AuthorizationManager, Channel, ClientKey, EnterpriseManaged,
    PreregisteredClient, PrivateKey, Questions, SubjectToken, WorkloadIdentity,
};
use mcp_oauth_core::{
    Assertion, Challenges, ClientId, ClientSecret, GrantType, Issuer, RedirectUri, SigningAlgorithm,
};
use mcp_upstream::{
    Answering, CallError, CallOptions, HttpService, RpcError, ServerRequest, ServerRequests, Session,
    SessionOptions, StreamableTransport, Tool,
};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tower::Layer as _;

type AnyError = Box<dyn Error + Send + Sync>;
type Http = Client<HttpConnector, Full<Bytes>>;

/// The suite's constant: where the client's metadata document would be.
const METADATA_DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

/// What the suite says about a scenario (`MCP_CONFORMANCE_CONTEXT`).
#[derive(Default, Deserialize)]
struct Context {
    client_id: Option<ClientId>,
    client_secret: Option<ClientSecret>,
    issuer: Option<Issuer>,
    private_key_pem: Option<String>,
    signing_algorithm: Option<String>,
    idp_issuer: Option<Issuer>,
    idp_client_id: Option<ClientId>,
    idp_id_token: Option<Assertion>,
    valid_jwt: Option<Assertion>,
    #[serde(default, rename = "toolCalls")]
    tool_calls: Vec<ToolCall>,
}

#[derive(Clone, Deserialize)]
struct ToolCall {
    name: String,
    arguments: Map<String, Value>,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let server = std::env::args().nth(1).ok_or("usage: conformance-client URL")?;
    let context = variable("MCP_CONFORMANCE_CONTEXT").unwrap_or_else(|| "{}".to_owned());
    let context: Context = serde_json::from_str(&context)?;
    let mut options = SessionOptions::new("mcpo-conformance", "1.0.0");
    options.revision = variable("MCP_CONFORMANCE_PROTOCOL_VERSION").map(|text| text.parse()).transpose()?;
    options.requests = Some(Arc::new(Agreeable));
    let transport = StreamableTransport::new(server.parse()?, authorized(&server, &context).await?);
    let session = Session::connect(transport, options).await?;
    let tools = session.list_tools().await?.tools;
    for call in calls(&context, &tools) {
        let arguments = serde_json::to_vec(&call.arguments)?;
        match session.call_tool(&call.name, arguments.into(), CallOptions::default()).await {
            Ok(result) => println!("{}: {}", call.name, result.as_str()),
            // The server's own answer. Whether it should have come is the suite's to judge.
            Err(error @ CallError::Server(_)) => println!("{}: {error}", call.name),
            Err(error) => return Err(error.into()),
        }
    }
    session.close().await;
    Ok(())
}

/// An HTTP client that gets its tokens where the server asks for them, with the identity that the context gives.
async fn authorized(server: &str, context: &Context) -> Result<HttpService, AnyError> {
    let mut manager = AuthorizationManager::builder(server)
        .client_name("mcpo conformance client")
        .client_id_metadata_document(METADATA_DOCUMENT);
    if let Some(jwt) = context.valid_jwt.clone() {
        // A workload is no client: what its platform says about it is enough.
        let source =
            move |_: &AssertionAudience| -> BoxFuture<'static, _> { Box::pin(ready(Ok(jwt.clone()))) };
        manager = manager.workload_identity(WorkloadIdentity::new(source));
    } else if let Some(id) = context.client_id.clone() {
        manager = manager.preregistered(preregistered(id, context)?);
        if let Some(person) = context.idp_id_token.clone() {
            // The person's sign-in at their company.
            let issuer = context.idp_issuer.clone().ok_or("an ID token without its issuer")?;
            let client = context.idp_client_id.clone().ok_or("an ID token without its client")?;
            let client = PreregisteredClient::new(client);
            manager = manager.enterprise_managed(EnterpriseManaged::new(
                issuer,
                client,
                SubjectToken::IdToken(person),
            ));
        } else if acts_for_itself(server, context).await? {
            manager = manager.client_credentials();
        }
    }
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let (person, questions) = Channel::new(RedirectUri::loopback(3000));
    tokio::spawn(agree(questions, http.clone()));
    let layer = AuthorizationLayer::new(manager.build()?).interactive(person);
    Ok(HttpService::new(layer.layer(http)))
}

fn preregistered(id: ClientId, context: &Context) -> Result<PreregisteredClient, AnyError> {
    let mut client = PreregisteredClient::new(id);
    if let Some(secret) = context.client_secret.clone() {
        client = client.with_secret(secret);
    }
    if let Some(pem) = &context.private_key_pem {
        let name = context.signing_algorithm.as_deref().unwrap_or("ES256");
        let algorithm = SigningAlgorithm::from_name(name).ok_or("an unknown signing algorithm")?;
        client = client.with_key(ClientKey::new(PrivateKey::from_pem(pem.as_bytes(), algorithm)?));
    }
    Ok(match context.issuer.clone() {
        Some(issuer) => client.at_issuer(issuer),
        None => client,
    })
}

/// An id and a secret may be for a person's login or for the program itself. The authorization server tells: one that
/// grants client credentials and nothing else has no login.
async fn acts_for_itself(server: &str, context: &Context) -> Result<bool, AnyError> {
    if context.private_key_pem.is_some() {
        return Ok(true);
    }
    let manager = AuthorizationManager::builder(server).build()?;
    let found = manager.discover(&Challenges::default()).await;
    Ok(found.is_ok_and(|(_, server)| server.metadata().grant_types() == [GrantType::ClientCredentials]))
}

/// The person at the browser: the suite's authorization servers redirect at once, so one request is a whole login.
async fn agree(mut questions: Questions, http: Http) {
    while let Some(question) = questions.next().await {
        let Ok(uri) = question.prompt().url.as_str().parse() else { continue };
        let Ok(answer) = http.get(uri).await else { continue };
        if let Some(Ok(location)) = answer.headers().get(LOCATION).map(|location| location.to_str())
            && let Err(refusal) = question.answer(location).await
        {
            eprintln!("{refusal}");
        }
    }
}

/// What is called: what the suite says, or every tool with arguments made from its schema.
fn calls(context: &Context, tools: &[Tool]) -> Vec<ToolCall> {
    if !context.tool_calls.is_empty() {
        return context.tool_calls.clone();
    }
    let parsed = |tool: &Tool| serde_json::from_str(tool.input_schema().get()).unwrap_or(Value::Null);
    let first = tools.first().map(parsed).unwrap_or_default();
    tools
        .iter()
        .map(|tool| {
            let mut arguments = match example(&parsed(tool)) {
                Value::Object(arguments) => arguments,
                _ => Map::new(),
            };
            // The one thing that no data tells: who asks for a `schema` wants to see what became of the first tool's.
            if let Some(schema) = arguments.get_mut("schema") {
                schema.clone_from(&first);
            }
            ToolCall { name: tool.name.clone(), arguments }
        })
        .collect()
}

/// A value for a schema: its default, or the plainest one of its type.
fn example(schema: &Value) -> Value {
    if let Some(value) = schema.get("default").or_else(|| schema.pointer("/enum/0")) {
        return value.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), example(schema))).collect()
        }
        Some("array") => Value::Array(Vec::new()),
        Some("number" | "integer") => 1.into(),
        Some("boolean") => true.into(),
        Some("null") => Value::Null,
        _ => "example".into(),
    }
}

/// Accepts every elicitation, with what the requested schema has for defaults.
struct Agreeable;

impl ServerRequests for Agreeable {
    fn capabilities(&self) -> Box<RawValue> {
        to_raw_value(&json!({"elicitation": {}})).unwrap_or_default()
    }

    fn answer(&self, request: ServerRequest) -> Answering<'_> {
        Box::pin(async move {
            if &*request.method != "elicitation/create" {
                return Err(RpcError::method_not_found());
            }
            let params: Value = serde_json::from_slice(&request.params).unwrap_or_default();
            let content = example(params.get("requestedSchema").unwrap_or(&Value::Null));
            to_raw_value(&json!({"action": "accept", "content": content}))
                .map_err(|error| RpcError::internal(error.to_string()))
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite's own variables, read once at the start")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
