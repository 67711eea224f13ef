//! A server on a real socket with a clock that stands still, and what a client needs to talk to it.

use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_server::mcp_oauth_core::{
    BearerChallenge, Challenges, ClientId, ClientSecret, CodeVerifier, FakeClock, Issuer, RedirectUri,
    ResourceUri, ScopeSet, ScopeToken, SystemEntropy,
};
use mcp_oauth_server::{
    AccessClaims, AuthorizationServer, AuthorizationServerBuilder, Client, ClientAuthentication, Consent,
    LocalGuard, ProtectedResource, ToolScopes,
};
use serde_json::{Value, json};
use testkit::browser::{Browser, Page};
use url::form_urlencoded;

/// An id and a secret with characters that must be encoded in Basic credentials.
pub(crate) const BASIC: (&str, &str) = ("client!+ID", "se:cr&t +%");
/// A client that sends its secret in the body.
pub(crate) const POST: (&str, &str) = ("posting client", "post=secret");
/// Where the tests' client waits. Nothing listens there.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:1/callback";

/// One authorization server and one MCP endpoint at `/mcp`.
pub(crate) struct World {
    pub(crate) base: String,
    pub(crate) clock: FakeClock,
    pub(crate) server: AuthorizationServer,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A flow under way.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) verifier: String,
    pub(crate) parameters: Vec<(String, String)>,
}

pub(crate) fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

impl World {
    /// A server that approves everything, with one public and two confidential clients.
    pub(crate) async fn start() -> Self {
        Self::with(|builder| builder.consent(Consent::AutoApprove)).await
    }

    /// A server that asks.
    pub(crate) async fn asking() -> Self {
        Self::with(|builder| builder).await
    }

    /// A server as the test wants it.
    pub(crate) async fn with(
        describe: impl FnOnce(AuthorizationServerBuilder) -> AuthorizationServerBuilder,
    ) -> Self {
        Self::at("", describe).await
    }

    /// A server whose issuer has a path.
    pub(crate) async fn at(
        path: &str,
        describe: impl FnOnce(AuthorizationServerBuilder) -> AuthorizationServerBuilder,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Issuer::parse(&format!("{base}{path}")).unwrap();
        let resource = ResourceUri::parse(&format!("{base}/mcp")).unwrap();
        let clock = FakeClock::default();
        let confidential = |(id, secret): (&str, &str), method: fn(&ClientSecret) -> ClientAuthentication| {
            Client::new(
                ClientId::parse(id).unwrap(),
                [RedirectUri::parse("https://app.test/callback").unwrap()],
            )
            .with_authentication(method(&ClientSecret::parse(secret).unwrap()))
        };
        let public = Client::new(
            ClientId::parse("public").unwrap(),
            [RedirectUri::parse("http://127.0.0.1/callback").unwrap()],
        )
        .with_name("Tester & <Co>");
        let builder = AuthorizationServer::builder(issuer.clone())
            .name("Test server")
            .resource(resource.clone())
            .scope(ScopeToken::parse("mcp:read").unwrap(), "Read <things>")
            .scope(ScopeToken::parse("mcp:write").unwrap(), "Change things")
            .default_scopes(scopes("mcp:read"))
            .client(public)
            .client(confidential(BASIC, ClientAuthentication::basic))
            .client(confidential(POST, ClientAuthentication::post))
            .clock(clock.clone());
        let server = describe(builder).build().unwrap();
        let protected = ProtectedResource::new(resource, &issuer, scopes("mcp:read"), server.verifier())
            .with_name("Test things")
            .with_tool_scopes(ToolScopes::new(scopes("mcp:read")).tool("wipe", scopes("mcp:write")));
        let mcp = async |headers: HeaderMap, Extension(claims): Extension<AccessClaims>, body: Bytes| {
            let token_is_gone = !headers.contains_key(AUTHORIZATION);
            axum::Json(json!({
                "subject": claims.subject, "client": claims.client_id, "scopes": claims.scopes,
                "token_is_gone": token_is_gone, "bytes": body.len(),
            }))
        };
        let app: Router = Router::new()
            .route("/mcp", post(mcp))
            .layer(protected.layer())
            .merge(protected.metadata_router())
            .merge(server.router())
            .layer(LocalGuard::new().allow_origin("https://inspector.test").layer());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, clock, server }
    }

    pub(crate) fn resource(&self) -> String {
        format!("{}/mcp", self.base)
    }

    /// A browser that stops where the client would wait.
    pub(crate) fn browser() -> Browser {
        Browser::new().stop_at(CALLBACK).stop_at("https://app.test")
    }

    /// The request of the public client, as it should be.
    pub(crate) fn flow(&self) -> Flow {
        let verifier = CodeVerifier::generate(&SystemEntropy);
        let flow = Flow { verifier: verifier.expose().to_owned(), parameters: Vec::new() };
        flow.set("response_type", "code")
            .set("client_id", "public")
            .set("redirect_uri", CALLBACK)
            .set("scope", "mcp:read")
            .set("state", "st&te=1 ü")
            .set("code_challenge", verifier.challenge().as_str())
            .set("code_challenge_method", "S256")
            .set("resource", &self.resource())
    }

    /// The request of a confidential client.
    pub(crate) fn flow_of(&self, (id, _): (&str, &str)) -> Flow {
        self.flow().set("client_id", id).set("redirect_uri", "https://app.test/callback")
    }

    pub(crate) fn authorize_url(&self, flow: &Flow) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&flow.parameters).finish();
        format!("{}/authorize?{query}", self.base)
    }

    /// Opens the authorization URL in a new browser.
    pub(crate) async fn open(&self, flow: &Flow) -> Page {
        Self::browser().open(&self.authorize_url(flow)).await.unwrap()
    }

    /// The code that an approving server gives at once.
    pub(crate) async fn code(&self, flow: &Flow) -> String {
        let page = self.open(flow).await;
        page.query("code").unwrap_or_else(|| panic!("no code at {}: {}", page.url, page.text()))
    }

    /// The token request of the public client for a code.
    pub(crate) fn exchange(&self, flow: &Flow, code: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", "public".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("code_verifier", flow.verifier.clone()),
            ("resource", self.resource()),
        ]
    }

    /// Tokens of the public client.
    pub(crate) async fn tokens(&self) -> Value {
        self.tokens_for("mcp:read").await
    }

    /// Tokens of the public client for these scopes.
    pub(crate) async fn tokens_for(&self, scope: &str) -> Value {
        let flow = self.flow().set("scope", scope);
        let code = self.code(&flow).await;
        let answer = self.token(&self.exchange(&flow, &code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn token(&self, form: &[(&'static str, String)]) -> Answer {
        self.form("/token", form, None).await
    }

    /// A refresh of the public client.
    pub(crate) async fn refresh(&self, token: &Value, more: &[(&'static str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", "public".to_owned()),
            ("refresh_token", token.as_str().unwrap().to_owned()),
        ];
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.token(&form).await
    }

    /// Posts a form.
    pub(crate) async fn form(
        &self,
        path: &str,
        form: &[(&'static str, String)],
        authorization: Option<&str>,
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = vec![(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|value| (AUTHORIZATION.as_str(), value)));
        self.send(Method::POST, path, &headers, body).await
    }

    /// Posts JSON.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/json")], body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Sends an MCP message, with a token or without.
    pub(crate) async fn mcp(&self, token: Option<&str>, message: &Value) -> Answer {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![(CONTENT_TYPE.as_str(), "application/json")];
        headers.extend(authorization.as_deref().map(|value| (AUTHORIZATION.as_str(), value)));
        self.send(Method::POST, "/mcp", &headers, message.to_string()).await
    }

    /// Sends anything.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let client = HttpClient::builder(TokioExecutor::new()).build_http();
        let response = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

impl Flow {
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self.and(name, value)
    }

    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the OAuth error code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or("none").to_owned())
    }

    pub(crate) fn challenge(&self) -> BearerChallenge {
        Challenges::from_headers(&self.headers).bearer().unwrap_or_else(|| panic!("no challenge: {self:?}"))
    }
}

/// `Authorization: Basic`, form-encoded first as RFC 6749 §2.3.1 asks.
pub(crate) fn basic((id, secret): (&str, &str)) -> String {
    let credentials = mcp_oauth_server::mcp_oauth_core::BasicCredentials::new(
        ClientId::parse(id).unwrap(),
        ClientSecret::parse(secret).unwrap(),
    );
    credentials.to_header_value().to_str().unwrap().to_owned()
}
