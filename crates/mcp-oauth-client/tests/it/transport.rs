//! C13.1: rmcp's client over our transports, with real servers behind real tokens.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationManager, AuthorizationRequired, BoxError, DpopPolicy, HyperClient, LoginObstacle, Policy,
    PreregisteredClient, Resolver, TransportError, TransportOptions, create_authorized_streamable_transport,
    create_authorized_transport,
};
use mcp_oauth_core::{ClientId, ClientSecret, PlainHttp};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};
use testkit::oauth::OAuthPeer;
use tower::service_fn;

use crate::support::{Person, login, manager};

type Http = Client<HttpConnector, Full<Bytes>>;

/// What a request carried: its method, its path, its token.
type Trail = Arc<Mutex<Vec<(Method, String, Option<HeaderValue>)>>>;

/// A scripted MCP server that lets in who the peer's MCP server lets in. To the client, both are one.
async fn pass(
    http: Http,
    check: Uri,
    server: String,
    trail: Trail,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, BoxError> {
    let token = request.headers().get(AUTHORIZATION).cloned();
    let path = request.uri().path().to_owned();
    trail.lock().unwrap().push((request.method().clone(), path, token.clone()));
    let mut question = Request::post(check).body(Full::default())?;
    question.headers_mut().extend(token.map(|token| (AUTHORIZATION, token)));
    let answer = http.request(question).await?;
    if answer.status() != 200 {
        return Ok(answer);
    }
    let mut request = request;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("{server}{path}").parse()?;
    Ok(http.request(request).await?)
}

fn options(peer: &OAuthPeer, server: &ScriptedServer, trail: &Trail) -> TransportOptions {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let check: Uri = peer.mcp_url().parse().unwrap();
    let server = server.url().origin().ascii_serialization();
    let trail = Arc::clone(trail);
    TransportOptions::new().http(service_fn(move |request| -> BoxFuture<'static, _> {
        Box::pin(pass(http.clone(), check.clone(), server.clone(), Arc::clone(&trail), request))
    }))
}

fn script() -> Script {
    Script::new().tool("echo", r#"{"type":"object"}"#, reply::echo())
}

/// Lists and calls with rmcp's client; `transport` is either.
async fn use_it<T, E, A>(transport: T)
where
    T: rmcp::transport::IntoTransport<rmcp::RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let client = ClientConfig::default().serve(transport).await.unwrap();
    let tools = client.peer().list_all_tools().await.unwrap();
    assert_eq!(tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>(), ["echo"]);
    let arguments = serde_json::json!({ "said": "hello" }).as_object().cloned().unwrap();
    let call = CallToolRequestParams::new("echo").with_arguments(arguments);
    let result = client.peer().call_tool(call).await.unwrap();
    assert!(serde_json::to_string(&result).unwrap().contains("hello"));
    client.cancel().await.unwrap();
}

fn assert_tokens(trail: &Trail, without: usize) {
    let trail = trail.lock().unwrap();
    let bare: Vec<_> = trail.iter().filter(|(_, _, token)| token.is_none()).collect();
    assert_eq!(bare.len(), without, "{trail:?}");
    assert!(trail.iter().all(|(_, path, _)| !path.contains("access-")));
}

/// C13.1, C1.6: streamable HTTP, answers as JSON and as events; the first refused request logs in; GET and DELETE too.
#[tokio::test]
async fn c13_1_streamable_http() {
    for framing in [Framing::Json, Framing::Sse] {
        let peer = OAuthPeer::start(|_| {}).await;
        let server = script().serve_streamable(framing).await;
        let manager = Arc::new(manager(&peer));
        let trail = Trail::default();
        let options = options(&peer, &server, &trail).interactive(Person::default().interaction());
        let url = format!("{}/mcp", peer.resource_origin());
        let transport =
            create_authorized_streamable_transport(&url, manager.clone(), Some(options)).await.unwrap();
        use_it(transport).await;
        assert_eq!(peer.count("/authorize"), 1);
        assert_tokens(&trail, 1);
        let methods: Vec<_> = trail.lock().unwrap().iter().map(|(method, ..)| method.clone()).collect();
        assert!(methods.contains(&Method::GET) && methods.contains(&Method::DELETE), "{methods:?}");
    }
}

/// C13.1: the legacy transport: the stream and the messages.
#[tokio::test]
async fn c13_1_legacy_sse() {
    let peer = OAuthPeer::start(|_| {}).await;
    let server = script().serve_sse().await;
    let manager = Arc::new(manager(&peer));
    let trail = Trail::default();
    let options = options(&peer, &server, &trail).interactive(Person::default().interaction());
    let url = format!("{}/sse", peer.resource_origin());
    let transport = create_authorized_transport(&url, manager.clone(), Some(options)).await.unwrap();
    use_it(transport).await;
    assert_eq!(peer.count("/authorize"), 1);
    assert_tokens(&trail, 1);
    assert!(
        trail.lock().unwrap().iter().any(|(method, path, _)| method == Method::POST && path == "/messages")
    );
}

/// Servers that need no token, through the client's own HTTP: `None`, as in the guide.
#[tokio::test]
async fn without_options() {
    let legacy = script().serve_sse().await;
    let manager = AuthorizationManager::new(legacy.url().as_str()).await.unwrap();
    use_it(create_authorized_transport(legacy.url(), &manager, None).await.unwrap()).await;
    let streamable = script().serve_streamable(Framing::Sse).await;
    let manager = AuthorizationManager::new(streamable.url().as_str()).await.unwrap();
    let transport = create_authorized_streamable_transport(streamable.url(), manager, None).await.unwrap();
    use_it(transport).await;
}

/// A token that dies in the middle of a session is renewed below rmcp, which notices nothing.
#[tokio::test]
async fn c1_9_renewal_within_a_session() {
    let peer = OAuthPeer::start(|_| {}).await;
    let server = script().serve_streamable(Framing::Json).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let trail = Trail::default();
    let url = format!("{}/mcp", peer.resource_origin());
    let options = options(&peer, &server, &trail);
    let transport = create_authorized_streamable_transport(&url, &manager, Some(options)).await.unwrap();
    let client = ClientConfig::default().serve(transport).await.unwrap();
    peer.expire_access_tokens();
    client.peer().list_all_tools().await.unwrap();
    assert_eq!(peer.count("/token"), 2);
    assert_tokens(&trail, 0);
    // And where nobody may be asked, the typed error comes through rmcp's.
    peer.revoke_everything();
    let error = client.peer().list_all_tools().await.unwrap_err();
    assert!(AuthorizationRequired::find(&error).is_some(), "{error:?}");
}

/// Without anybody to ask, connecting fails with what is needed.
#[tokio::test]
async fn a_login_is_required() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let server = script().serve_sse().await;
    let manager = manager(&peer);
    let trail = Trail::default();
    let url = format!("{}/sse", peer.resource_origin());
    let error = create_authorized_transport(&url, &manager, Some(options(&peer, &server, &trail))).await;
    let TransportError::Authorization(required) = error.unwrap_err() else { panic!("a login") };
    assert_eq!(required.scopes.to_string(), "mcp:basic");
    let server = script().serve_streamable(Framing::Json).await;
    let options = options(&peer, &server, &trail);
    let url = format!("{}/mcp", peer.resource_origin());
    let transport = create_authorized_streamable_transport(&url, &manager, Some(options)).await.unwrap();
    let error = ClientConfig::default().serve(transport).await.unwrap_err();
    assert!(AuthorizationRequired::find(&error).is_some(), "{error:?}");
}

/// C11.6: through both transports, too, the application is asked before a person is asked once more.
#[tokio::test]
async fn c11_6_the_application_is_asked_first() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    let server = script().serve_streamable(Framing::Json).await;
    let attended = || {
        options(&peer, &server, &Trail::default())
            .confirm(|_| Box::pin(async { false }))
            .interactive(Person::default().interaction())
    };
    let declined = |error: &(dyn std::error::Error + 'static)| {
        let required = AuthorizationRequired::find(error).expect("an authorization is required");
        assert!(matches!(
            required.obstacle,
            Some(LoginObstacle::Declined | LoginObstacle::RefusedLately { .. })
        ));
    };
    let url = format!("{}/sse", peer.resource_origin());
    declined(&create_authorized_transport(&url, &manager, Some(attended())).await.unwrap_err());
    let url = format!("{}/mcp", peer.resource_origin());
    let transport = create_authorized_streamable_transport(&url, &manager, Some(attended())).await.unwrap();
    declined(&ClientConfig::default().serve(transport).await.unwrap_err());
    assert_eq!(peer.count("/authorize"), 1);
}

/// SEP-2133: the extensions that the manager is configured for are declared to the server, and no others.
#[tokio::test]
async fn c17_1_extensions_are_declared() {
    let peer = OAuthPeer::start(|_| {}).await;
    let plain = manager(&peer);
    assert!(plain.extensions().is_empty());
    assert_eq!(plain.declare(ClientCapabilities::default()), ClientCapabilities::default());

    let client = PreregisteredClient::new(ClientId::parse("nightly").unwrap())
        .with_secret(ClientSecret::parse("s3cr3t").unwrap());
    let mut policy = Policy::default();
    policy.dpop = DpopPolicy::Required;
    let server = script().serve_streamable(Framing::Json).await;
    let manager = AuthorizationManager::builder(server.url())
        .preregistered(client)
        .client_credentials()
        .policy(policy)
        .build()
        .unwrap();
    let capabilities = manager.declare(ClientCapabilities::default());
    let config = ClientConfig::new(capabilities, Implementation::new("nightly", "1"));
    let transport = create_authorized_streamable_transport(server.url(), manager, None).await.unwrap();
    let client = config.serve(transport).await.unwrap();
    client.peer().list_all_tools().await.unwrap();
    client.cancel().await.unwrap();
    let declared = concat!(
        r#""extensions":{"io.modelcontextprotocol/auth/dpop":{},"#,
        r#""io.modelcontextprotocol/oauth-client-credentials":{}}"#
    );
    let sent: Vec<_> = server.recorded().into_iter().map(|recorded| recorded.body).collect();
    assert!(sent.iter().any(|body| body.contains(declared)), "{sent:?}");
}

/// The only name in a network without a DNS.
struct OneName;

impl Resolver for OneName {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let found = (host == "mcp.test").then(|| vec![Ipv4Addr::LOCALHOST.into()]);
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

/// C16.6: without a client of their own, both go the manager's way; here, to the only resolver that knows the server.
#[tokio::test]
async fn c16_6_through_the_managers_client() {
    let http = Arc::new(HyperClient::new().with_resolver(OneName));
    let named = |server: &ScriptedServer| {
        let mut url = server.url().clone();
        url.set_host(Some("mcp.test")).unwrap();
        let mut policy = Policy::default();
        policy.plain_http = PlainHttp::Anywhere;
        let manager = AuthorizationManager::builder(url.as_str()).http(Arc::clone(&http)).policy(policy);
        (url, manager.build().unwrap())
    };
    let server = script().serve_sse().await;
    let (url, manager) = named(&server);
    use_it(create_authorized_transport(url, manager, None).await.unwrap()).await;
    let server = script().serve_streamable(Framing::Sse).await;
    let (url, manager) = named(&server);
    use_it(create_authorized_streamable_transport(url, manager, None).await.unwrap()).await;
}

/// C13.3: an endpoint at another origin is refused: messages would go there.
#[tokio::test]
async fn c13_3_an_endpoint_elsewhere() {
    let other = OAuthPeer::start(|_| {}).await;
    let server = script().endpoint(&other.mcp_url()).serve_sse().await;
    let manager = AuthorizationManager::new(server.url().as_str()).await.unwrap();
    let error = create_authorized_transport(server.url(), &manager, None).await.unwrap_err();
    assert!(matches!(error, TransportError::Endpoint));
    assert_eq!(other.seen().len(), 0);
}

/// rmcp shows an error's message and nothing that caused it, so the message says where and why.
#[tokio::test]
async fn an_error_says_where_and_why() {
    let (_nobody, address) = crate::support::nobody();
    let url = format!("http://{address}/mcp?api_key=s3cr3t");
    let manager = AuthorizationManager::new(&url).await.unwrap();
    let transport = create_authorized_streamable_transport(&url, &manager, None).await.unwrap();
    let error = ClientConfig::default().serve(transport).await.unwrap_err().to_string();
    assert!(error.contains(&format!("{address}/mcp")) && error.contains("refused"), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}

/// What a server says about a failure may never end: the failure is told all the same.
#[tokio::test]
async fn a_failure_that_is_never_said_to_the_end() {
    let http = service_fn(async |_: Request<Full<Bytes>>| {
        let begun = stream::once(async { Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"{"))) });
        let body = StreamBody::new(Box::pin(begun.chain(stream::pending())));
        Response::builder().status(503).body(body)
    });
    let mut policy = Policy::default();
    policy.limits.request_time = Duration::from_millis(50);
    let url = "http://127.0.0.1/mcp";
    let manager = AuthorizationManager::builder(url).policy(policy).build().unwrap();
    let options = TransportOptions::new().http(http);
    let transport = create_authorized_streamable_transport(url, &manager, Some(options)).await.unwrap();
    let session = ClientConfig::default().serve(transport);
    let error = tokio::time::timeout(Duration::from_secs(10), session).await.expect("an end").unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
}

/// A server of another kind says so.
#[tokio::test]
async fn no_event_stream() {
    let server = script().serve_sse().await;
    let manager = AuthorizationManager::new(server.url().as_str()).await.unwrap();
    let elsewhere = server.url().join("/elsewhere").unwrap();
    let error = create_authorized_transport(elsewhere, &manager, None).await.unwrap_err();
    assert!(matches!(error, TransportError::Status { status, .. } if status == 404));
    let error = create_authorized_transport("no address", &manager, None).await.unwrap_err();
    assert!(matches!(error, TransportError::Url(_)));
}
