//! `Debug` of every public type that can hold a secret, with secrets in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AssertionAudience, AuthorizationLayer, AuthorizationManager, AuthorizationSession, AuthorizedHttpClient,
    Channel, ClientKey, Console, CredentialStore, DeviceLogin, DevicePrompt, DiscoveryError, EgressProxies,
    EnterpriseManaged, Error, FileStore, HyperClient, Lease, MemoryPendingStore, MemoryStore,
    PendingAuthorization, PendingStore, PreregisteredClient, PrivateKey, RefreshError, RequestError,
    Revocation, SealedStore, SealingKey, SealingKeys, SecretBytes, StoreError, StoreKey, SubjectToken,
    TransportOptions, WorkloadIdentity, create_authorized_streamable_transport, create_authorized_transport,
};
use mcp_oauth_core::{
    AccessToken, Assertion, AuthorizationCode, BasicCredentials, Challenges, ClientId, ClientInformation,
    ClientSecret, CodeVerifier, DeviceAuthorizationResponse, DeviceCode, DpopNonce, DpopProof, EndpointUrl,
    ExpectedProof, Issuer, PrivateJwk, ReceivedProof, RedactedUrl, RedirectUri, RefreshToken,
    SigningAlgorithm, State, SystemClock, SystemEntropy, TokenResponse, UnsignedJwt,
};
use serde_json::json;
use testkit::browser::Browser;
use testkit::mcp::Script;
use testkit::oauth::{OAuthPeer, Reply, TestKey};
use tower::{Layer as _, Service as _};
use url::Url;

use super::public;
use super::watch::Watch;
use crate::support::{Person, builder};

/// In every secret of this test that the test itself makes up; searched for by itself.
const MARK: &str = "5ecr3t-of-this-test";

/// C15.4: a new public type fails this test until somebody has looked at what it shows.
#[tokio::test]
async fn c15_4_debug_of_every_public_type() {
    let mut watch = Watch::begin();
    watch.wire.add("the test's own", MARK);
    words(&mut watch);
    keys(&mut watch);
    proofs(&mut watch);
    stores(&mut watch).await;
    whole_login(&mut watch).await;
    refusals(&mut watch).await;
    unattended(&mut watch).await;
    transports(&mut watch).await;
    public::are_all(watch.types());
    watch.end(&["mcp_oauth_client", "hyper"]);
}

fn pem() -> String {
    TestKey::generate("ES256").pem().to_owned()
}

/// Secrets by themselves, and the words of the protocol that have them in them. With each, why something is none.
fn words(watch: &mut Watch) {
    macro_rules! secrets {
        ($($kind:ident),*) => { $(
            watch.show(&$kind::parse(MARK).unwrap());
            watch.show(&$kind::parse(format!("{MARK}\n")).unwrap_err());
        )* };
    }
    secrets!(AccessToken, RefreshToken, ClientSecret, AuthorizationCode, State, Assertion, DeviceCode);
    let verifier = CodeVerifier::parse(format!("{MARK}-{MARK}-{MARK}")).unwrap();
    watch.show(&verifier);
    watch.show(&CodeVerifier::parse(MARK).unwrap_err());
    let basic = BasicCredentials::new(ClientId::parse("a").unwrap(), ClientSecret::parse(MARK).unwrap());
    watch.show(&basic);
    let no_basic = HeaderValue::from_str(&format!("Basic {MARK}")).unwrap();
    watch.show(&BasicCredentials::from_header_value(&no_basic).unwrap_err());
    let url = format!("https://user:{MARK}@as.test/cb?code={MARK}&x={MARK}#token={MARK}");
    watch.show(&RedactedUrl(&Url::parse(&url).unwrap()));
    watch.show(&EndpointUrl::parse(&url).unwrap_err());
    watch.show(&EndpointUrl::parse(&format!("https://as.test/t?key={MARK}")).unwrap());
    watch.show(&DpopNonce::parse(&format!("{MARK}\n")).unwrap_err());
    let token: TokenResponse = serde_json::from_value(json!({
        "access_token": MARK, "token_type": "Bearer", "refresh_token": MARK, "id_token": MARK, "more": MARK,
    }))
    .unwrap();
    watch.show(&token);
    let information: ClientInformation = serde_json::from_value(json!({
        "client_id": "a", "client_secret": MARK, "registration_access_token": MARK,
        "registration_client_uri": "https://as.test/register/a",
    }))
    .unwrap();
    watch.show(&information);
    let device: DeviceAuthorizationResponse = serde_json::from_value(json!({
        "device_code": MARK, "user_code": MARK, "verification_uri": "https://as.test/d", "expires_in": 60,
        "verification_uri_complete": format!("https://as.test/d?user_code={MARK}"),
    }))
    .unwrap();
    watch.show(&device);
}

fn keys(watch: &mut Watch) {
    let pem = pem();
    pem.lines().filter(|line| !line.starts_with("---")).for_each(|line| watch.wire.add("private key", line));
    let key = PrivateKey::from_pem(pem.as_bytes(), SigningAlgorithm::Es256).unwrap();
    watch.show(&key);
    watch.show(&PrivateKey::from_pem(MARK.as_bytes(), SigningAlgorithm::Es256).unwrap_err());
    let public = key.public_key().unwrap();
    let client = ClientKey::new(key);
    watch.show(&client);
    watch.show(&PreregisteredClient::new(ClientId::parse("a").unwrap()).with_key(client));
    let private = MARK.as_bytes().iter().copied().cycle().take(32).collect::<Vec<_>>();
    watch.show(&PrivateJwk::new(public.clone(), &private).unwrap());
    watch.show(&PrivateJwk::new(public, MARK.as_bytes()).unwrap_err());
    let key = SealingKey::generate(&SystemEntropy);
    watch.wire.add("sealing key", &key.to_text());
    watch.show(&key);
    watch.show(&SealingKeys::new(key));
    watch.show(&SealingKey::parse(MARK).unwrap_err());
    watch.show(&UnsignedJwt::new(&json!({ "alg": MARK }), &json!({ "jti": MARK })).unwrap());
}

fn proofs(watch: &mut Watch) {
    let (method, uri) = (Method::POST, Uri::from_static("https://h.test/mcp"));
    let token = AccessToken::parse(MARK).unwrap();
    watch.show(&DpopProof::new(&method, &uri).with_token(&token));
    let now = SystemTime::UNIX_EPOCH;
    let tolerance = Duration::from_secs(60);
    let expected = ExpectedProof {
        method: &method,
        uri: &uri,
        token: Some(&token),
        key: None,
        nonce: None,
        now,
        tolerance,
    };
    watch.show(&expected);
    watch.show(&ReceivedProof::parse(MARK).unwrap_err());
    let seed = include_str!("../../../../../fuzz/seeds/proof/rfc9449-4.1");
    watch.wire.add("proof", seed);
    watch.wire.add("signature", seed.rsplit('.').next().unwrap());
    watch.show(&ReceivedProof::parse(seed).unwrap());
}

/// Stores, what is in them, and why one does not give it out.
async fn stores(watch: &mut Watch) {
    let directory = tempfile::tempdir().unwrap();
    let files = FileStore::open(directory.path()).unwrap();
    let key = StoreKey::Server { server: "https://h.test".into(), subject: "default".into() };
    let bytes = SecretBytes::new(MARK.as_bytes().to_vec());
    watch.show(&(&bytes, Lease::new(MARK)));
    let memory = MemoryStore::new();
    memory.replace(&key, Some(bytes.clone()), None).await.unwrap();
    watch.show(&memory);
    let sealed = |files: &FileStore| {
        SealedStore::new(files.clone(), SealingKeys::new(SealingKey::generate(&SystemEntropy)))
    };
    let store = sealed(&files);
    store.replace(&key, Some(bytes), None).await.unwrap();
    watch.show(&(&store, &files));
    let error = sealed(&files).load(&key).await.unwrap_err();
    watch.show(&error);
    let StoreError::Sealed { source, .. } = error else { panic!("another key") };
    watch.show(&source);
}

/// Keeps logins under way, for all to see.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<PendingAuthorization>>>);

impl PendingStore for Kept {
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.lock().unwrap().push(pending);
        Box::pin(async { Ok(()) })
    }

    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
        let found = self.0.lock().unwrap().iter().find(|kept| kept.state() == state).cloned();
        Box::pin(async { Ok(found) })
    }
}

/// A login with everything that takes part in it, then its end.
async fn whole_login(watch: &mut Watch) {
    let peer = OAuthPeer::start(|script| {
        script.revocation = true;
        script.managed_registrations = true;
    })
    .await;
    let kept = Kept::default();
    let building = builder(&peer).http(watch.wire.clone()).pending_store(kept.clone());
    watch.show(&building);
    let manager = building.build().unwrap();
    let proxies = HashMap::from([("HTTPS_PROXY", format!("http://user:{MARK}@proxy.test:3128"))]);
    let proxies = EgressProxies::from_variables(|name| proxies.get(name).cloned());
    watch.show(&proxies);
    watch.show(&HyperClient::new().with_proxies(proxies));

    let redirect = RedirectUri::loopback(3030);
    let (channel, mut questions) = Channel::new(redirect.clone());
    let asking = manager.clone();
    let asked = channel.clone();
    let login = tokio::spawn(async move { asking.authorize(&asked, &Challenges::default()).await });
    let question = questions.next().await.unwrap();
    let url = question.prompt().url.clone();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    watch.wire.add("state", &state);
    watch.show(&(&channel, &questions, question.prompt(), &question));
    let refusal = question.answer(format!("?code={MARK}&state={MARK}")).await.unwrap_err();
    watch.show(&refusal);
    let question = questions.next().await.unwrap();
    drop(question);
    folded(watch, &login.await.unwrap().unwrap_err());

    let session: AuthorizationSession = manager.begin(&Challenges::default(), redirect).await.unwrap();
    watch.show(&session);
    let pending = kept.0.lock().unwrap().pop().unwrap();
    watch.wire.add("state", pending.state().expose());
    watch.show(&pending);
    let store = MemoryPendingStore::new(SystemClock);
    store.put(pending).await.unwrap();
    watch.show(&store);
    folded(watch, &session.handle_callback(&format!("?code={MARK}&state={MARK}")).await.unwrap_err());

    let session = manager.begin(&Challenges::default(), RedirectUri::loopback(3030)).await.unwrap();
    let browser = Browser::new().stop_at("http://127.0.0.1:3030");
    let page = browser.open(session.authorization_url().as_str()).await.unwrap();
    let credentials = session.handle_callback(page.url.as_str()).await.unwrap();
    watch.show(&(&credentials, &credentials.access_token));

    let person = Person::default().interaction();
    watch.show(&(&person, Console::new(), DeviceLogin::on_terminal()));
    let grant = manager.authorize(&person, &Challenges::default()).await.unwrap();
    watch.show(&(&*grant, grant.client(), grant.client().authentication(), &manager));
    watch.show(&manager.client_registration().await.unwrap().unwrap());

    let client = AuthorizedHttpClient::new(&manager, None);
    let request = client.post(peer.mcp_url()).header("x-key", MARK).body(MARK);
    watch.show(&(&client, &request));
    watch.show(&request.send().await.unwrap());
    let layer = AuthorizationLayer::new(manager.clone());
    let mut service = layer.layer(Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>());
    watch.show(&(&layer, &service));
    let call = service.call(Request::post(peer.mcp_url()).body(Full::default()).unwrap());
    watch.show(&call);
    call.await.unwrap();

    peer.change(|script| {
        script.reply("/revoke", Reply::json(500, &json!({ "token": MARK })));
    });
    let forgotten = manager.forget().await.unwrap();
    watch.show(&(&forgotten, &forgotten.logout, &forgotten.logout.refresh_token));
    let Revocation::Failed(error) = &forgotten.logout.refresh_token else { panic!("{forgotten:?}") };
    watch.show(error);
    peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
}

/// An error that folds others, and the one that it folds.
fn folded(watch: &mut Watch, error: &Error) {
    watch.show_error(error);
    watch.show(error);
    match error {
        Error::Build(error) => watch.show(error),
        Error::Discovery(error) => watch.show(error),
        Error::Registration(error) => watch.show(error),
        Error::Interaction(error) => watch.show(error),
        Error::Callback(error) => watch.show(error),
        Error::Token(error) => watch.show(error),
        Error::Refresh(error) => watch.show(error),
        Error::Store(error) => watch.show(error),
        Error::Push(error) => watch.show(error),
        Error::Management(error) => watch.show(error),
        Error::Device(error) => watch.show(error),
        other => panic!("a new kind of error: {other:?}"),
    }
}

/// Each operation refused by a server that repeats what it was sent, and more.
async fn refusals(watch: &mut Watch) {
    let leak = || json!({ "access_token": MARK, "client_secret": MARK, "code": MARK });
    for path in ["/register", "/par", "/token", "/device_authorization"] {
        let peer = OAuthPeer::start(|script| {
            script.pushed_requests = path == "/par";
            script.metadata_patch = json!({ "require_pushed_authorization_requests": path == "/par" });
            script.reply(path, Reply::json(500, &leak()));
        })
        .await;
        let manager = builder(&peer).http(watch.wire.clone()).build().unwrap();
        let login = if path == "/device_authorization" {
            let endpoint = format!("{}{path}", peer.issuer());
            peer.change(|script| script.metadata_patch["device_authorization_endpoint"] = endpoint.into());
            manager.authorize(&DeviceLogin::on_terminal(), &Challenges::default()).await
        } else {
            manager.authorize(&Person::default().interaction(), &Challenges::default()).await
        };
        folded(watch, &login.unwrap_err());
    }

    let peer = OAuthPeer::start(|script| {
        script.device_patch = json!({ "expires_in": 0, "verification_uri_complete": null });
    })
    .await;
    let endpoint = format!("{}/device_authorization", peer.issuer());
    peer.change(|script| script.metadata_patch["device_authorization_endpoint"] = endpoint.into());
    let manager = builder(&peer).http(watch.wire.clone()).build().unwrap();
    let (show, shown) = std::sync::mpsc::channel::<DevicePrompt>();
    let login = DeviceLogin::announced(move |prompt| drop(show.send(prompt.clone())));
    folded(watch, &manager.authorize(&login, &Challenges::default()).await.unwrap_err());
    let mut prompt = shown.recv().unwrap();
    prompt.verification_uri_complete = Some(format!("https://as.test/d?user_code={MARK}").parse().unwrap());
    prompt.user_code = MARK.into();
    watch.show(&prompt);

    let peer = OAuthPeer::start(|script| script.managed_registrations = true).await;
    let manager = builder(&peer).http(watch.wire.clone()).build().unwrap();
    manager.authorize(&Person::default().interaction(), &Challenges::default()).await.unwrap();
    let mut registration = manager.client_registration().await.unwrap().unwrap();
    peer.change(|script| {
        script.intercept(|seen| {
            seen.path.starts_with("/register/").then(|| Reply::json(500, &json!({ "s": MARK })))
        });
        script.reply("/token", Reply::json(400, &json!({ "error": "invalid_grant", "refresh_token": MARK })));
        script.refuse_login = Some("access_denied".into());
    });
    folded(watch, &registration.read().await.unwrap_err());
    let held = manager.grant().map(|grant| grant.access_token().clone());
    folded(watch, &manager.recover(held.as_ref()).await.unwrap_err());
    let client = AuthorizedHttpClient::new(&manager, None).interactive(Person::default().interaction());
    let error = client.post(peer.mcp_url()).header("x-key", MARK).body(MARK).send().await.unwrap_err();
    watch.show(&error);
    watch.show_error(&error);
    let RequestError::Authorization(required) = error else { panic!("a login is needed") };
    watch.show(&required);
    watch.show(required.obstacle.as_ref().unwrap());

    let url = format!("http://user:{MARK}@h.test/mcp?key={MARK}");
    let error = AuthorizationManager::builder(&url).build().unwrap_err();
    watch.show_error(&error);
    watch.show(&error);
    let closed =
        AuthorizationManager::builder("http://127.0.0.1:1/mcp").http(watch.wire.clone()).build().unwrap();
    let error = closed.discover(&Challenges::default()).await.unwrap_err();
    folded(watch, &error);
    let Error::Discovery(DiscoveryError::Http(error)) = error else { panic!("{error:?}") };
    watch.show(&error);
}

/// Grants without a person, refused.
async fn unattended(watch: &mut Watch) {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "grant_types_supported": ["client_credentials"] });
        script.reply("/token", Reply::json(500, &json!({ "access_token": MARK })));
    })
    .await;
    let issuer = Issuer::parse(&peer.issuer()).unwrap();
    let client = || {
        PreregisteredClient::new(ClientId::parse("a").unwrap())
            .with_secret(ClientSecret::parse(MARK).unwrap())
            .at_issuer(issuer.clone())
    };
    watch.show(&client());
    let building = builder(&peer).http(watch.wire.clone()).preregistered(client()).client_credentials();
    let error = building.build().unwrap().access_token().await.unwrap_err();
    watch.show_error(&error);
    watch.show(&error);
    let Error::Refresh(RefreshError::Unattended(error)) = error else { panic!("{error:?}") };
    watch.show(&error);
    let subject = SubjectToken::IdToken(Assertion::parse(MARK).unwrap());
    watch.show(&subject);
    watch.show(&EnterpriseManaged::new(issuer.clone(), client(), subject));
    let assertion = Assertion::parse(MARK).unwrap();
    let workload = WorkloadIdentity::new(move |_: &AssertionAudience| -> BoxFuture<'static, _> {
        Box::pin(std::future::ready(Ok(assertion.clone())))
    });
    watch.show(&workload.at_issuer(issuer));
}

/// What rmcp's clients get.
async fn transports(watch: &mut Watch) {
    let (name, value) = (HeaderName::from_static("x-key"), HeaderValue::from_static(MARK));
    let options = || TransportOptions::new().header(name.clone(), value.clone());
    watch.show(&options());
    let server = Script::new().serve_sse().await;
    let manager = AuthorizationManager::new(server.url().as_str()).await.unwrap();
    watch.show(&create_authorized_transport(server.url(), &manager, Some(options())).await.unwrap());
    let elsewhere = server.url().join("/elsewhere").unwrap();
    watch.show(&create_authorized_transport(elsewhere, &manager, Some(options())).await.unwrap_err());
    let transport = create_authorized_streamable_transport(server.url(), manager, Some(options())).await;
    drop(transport.unwrap());
}
