//! C8.8 to C8.10: how a person is reached.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    BrowserLoopback, BuildError, CallbackError, Channel, Console, Error, InteractionError, LoopbackOptions,
    MemoryStore,
};
use mcp_oauth_core::{Challenges, RedirectUri};
use testkit::browser::Browser;
use testkit::oauth::OAuthPeer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

use crate::support::{Person, builder, manager, only, policy};

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// C8.7, C8.10: 127.0.0.1 with a port of its own; the browser ends at a page that says so and is never stored.
#[tokio::test]
async fn c8_10_success_page() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:read".into())).await;
    let person = Person::default();
    let interaction = person.interaction().return_to("http://127.0.0.1:8000/done".parse().unwrap());
    let challenges = crate::support::challenges(&peer).await;
    manager(&peer).authorize(&interaction, &challenges).await.unwrap();
    let page = person.page().await;
    assert_eq!(page.status, 200);
    assert!(page.url.as_str().starts_with("http://127.0.0.1:") && page.url.path() == "/callback");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let text = page.text();
    assert!(text.contains("You are logged in") && text.contains("mcp:read"), "{text}");
    assert!(page.html().contains("href=\"http://127.0.0.1:8000/done\""));
}

/// C10.7, C8.10: a refusal reaches the page, escaped; one from elsewhere does not (C10.3).
#[tokio::test]
async fn c10_7_failure_page() {
    let evil = "<script>alert(1)</script>";
    let shown = async |iss: Option<&str>| {
        let peer = OAuthPeer::start(|script| script.refuse_login = Some("access_denied".into())).await;
        let mut patch = vec![("error_description".to_owned(), Some(evil.to_owned()))];
        patch.extend(iss.map(|iss| ("iss".to_owned(), Some(iss.to_owned()))));
        peer.change(|script| script.callback_patch = patch);
        let person = Person::default();
        let error =
            manager(&peer).authorize(&person.interaction(), &Challenges::default()).await.unwrap_err();
        assert!(matches!(error, Error::Callback(_)));
        let page = person.page().await;
        assert_eq!(page.status, 400);
        page.html()
    };
    let told = shown(None).await;
    assert!(
        told.contains("access_denied") && told.contains("alert(1)") && !told.contains("<script>"),
        "{told}"
    );
    let untold = shown(Some("https://evil.test")).await;
    assert!(!untold.contains("denied") && !untold.contains("alert"), "{untold}");
}

/// C8.10, C10.6: only its own path with its own state; everything else is a 404 and changes nothing.
#[tokio::test]
async fn c8_10_only_its_own_path_and_state() {
    let peer = OAuthPeer::start(|_| {}).await;
    let (show, mut shown) = mpsc::unbounded_channel();
    let interaction = BrowserLoopback::announced(move |prompt| drop(show.send(prompt.clone())));
    let manager = manager(&peer);
    let login = tokio::spawn(async move { manager.authorize(&interaction, &Challenges::default()).await });
    let prompt = shown.recv().await.unwrap();
    let base = prompt.redirect_uri.as_str().strip_suffix("/callback").unwrap().to_owned();
    let browser = Browser::new();
    let state = prompt.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    for other in [
        "/".to_owned(),
        "/favicon.ico".to_owned(),
        "/callback".to_owned(),
        "/callback?code=x".to_owned(),
        "/callback?code=x&state=wrong".to_owned(),
        format!("/other?code=x&state={state}"),
    ] {
        assert_eq!(browser.open(&format!("{base}{other}")).await.unwrap().status, 404, "{other}");
    }
    assert!(!login.is_finished());
    assert_eq!(browser.open(prompt.url.as_str()).await.unwrap().status, 200);
    login.await.unwrap().unwrap();
    assert!(TcpStream::connect(base.strip_prefix("http://").unwrap()).await.is_err(), "it is gone");
}

/// The listener stands before anybody sees the address.
#[tokio::test]
async fn c8_10_listens_before_the_address_is_shown() {
    let peer = OAuthPeer::start(|_| {}).await;
    let connected = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&connected);
    let interaction = BrowserLoopback::new()
        .opener(move |url| {
            let redirect =
                url.query_pairs().find(|(name, _)| name == "redirect_uri").expect("one").1.into_owned();
            let port = Url::parse(&redirect).expect("a URL").port().expect("a port");
            *seen.lock().expect("a lock") = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            Err(io::Error::other("no browser here"))
        })
        .time_limit(Duration::from_secs(5));
    let error = manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::Open(_))), "{error:?}");
    assert!(*connected.lock().unwrap());
}

/// A browser that cannot be opened is no end when the address is shown elsewhere too.
#[tokio::test]
async fn an_announced_login_survives_without_a_browser() {
    let peer = OAuthPeer::start(|_| {}).await;
    let interaction = Person::default().interaction().opener(|_| Err(io::Error::other("no browser here")));
    manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap();
}

/// A configured `localhost` address is honoured as it is written, on both of its addresses.
#[tokio::test]
async fn c8_7_configured_localhost() {
    let peer = OAuthPeer::start(|_| {}).await;
    let port = free_port().await;
    let redirect_uri = RedirectUri::parse(&format!("http://localhost:{port}/callback")).unwrap();
    let person = Person::default();
    let interaction = person.interaction().redirect_uri(redirect_uri.clone());
    manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap();
    assert_eq!(person.page().await.status, 200);
    let sent = peer.seen_at("/token")[0].parameter("redirect_uri");
    assert_eq!(sent.as_deref(), Some(redirect_uri.as_str()));
}

/// A port that is taken: the error names it and says what to do, and nobody was asked anything.
#[tokio::test]
async fn port_in_use() {
    let peer = OAuthPeer::start(|_| {}).await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let redirect_uri = RedirectUri::parse(&format!("http://{host}:{port}/callback")).unwrap();
        let interaction = Person::default().interaction().redirect_uri(redirect_uri);
        let error = manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap_err();
        assert!(matches!(error, Error::Interaction(InteractionError::PortInUse { .. })), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&port.to_string()) && message.contains("callback port"), "{message}");
    }
    assert!(peer.paths().is_empty());
}

/// Several servers that need a login at the same time, with one configured port: each gets its own answer.
#[tokio::test]
async fn logins_share_a_fixed_port() {
    let peers = [OAuthPeer::start(|_| {}).await, OAuthPeer::start(|_| {}).await];
    let redirect_uri = RedirectUri::loopback(free_port().await);
    let (show, mut shown) = mpsc::unbounded_channel();
    let logins = peers.each_ref().map(|peer| {
        let (manager, show) = (manager(peer), show.clone());
        let interaction = BrowserLoopback::announced(move |prompt| drop(show.send(prompt.url.to_string())))
            .redirect_uri(redirect_uri.clone());
        tokio::spawn(async move { manager.authorize(&interaction, &Challenges::default()).await })
    });
    let urls = [shown.recv().await.unwrap(), shown.recv().await.unwrap()];
    // The second one first.
    for url in urls.iter().rev() {
        assert_eq!(Browser::new().open(url).await.unwrap().status, 200);
    }
    for (login, peer) in logins.into_iter().zip(&peers) {
        assert_eq!(login.await.unwrap().unwrap().issuer().as_str(), peer.issuer());
    }
}

/// Nobody answers: the login ends, and the listener with it.
#[tokio::test]
async fn c8_10_time_limit() {
    let peer = OAuthPeer::start(|_| {}).await;
    let interaction = BrowserLoopback::announced(|_| {}).time_limit(Duration::from_millis(50));
    let error = manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::TimedOut { .. })), "{error:?}");
}

/// C8.10: an address that is not this machine's cannot be listened on.
#[tokio::test]
async fn c8_10_loopback_only() {
    let peer = OAuthPeer::start(|_| {}).await;
    let elsewhere = RedirectUri::parse("https://app.test/callback").unwrap();
    let interaction = BrowserLoopback::new().options(LoopbackOptions::new(elsewhere));
    let error = manager(&peer).authorize(&interaction, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::RedirectUri { .. })));
}

/// A terminal: mistyped pastes are asked for again, the right one ends it.
#[tokio::test]
async fn console_paste() {
    let peer = OAuthPeer::start(|_| {}).await;
    let printed = Arc::new(Mutex::new(String::new()));
    let lines = Arc::new(Mutex::new(vec![
        "nonsense with spaces \u{e4}",
        "http://127.0.0.1:3030/callback?code=a&state=other",
    ]));
    let (out, input) = (Arc::clone(&printed), Arc::clone(&printed));
    let runtime = tokio::runtime::Handle::current();
    let console = Console::with_terminal(
        move |text| {
            out.lock().expect("a lock").push_str(text);
            Ok(())
        },
        move || {
            if let Some(line) = lines.lock().expect("a lock").pop() {
                return Ok(line.to_owned());
            }
            let text = input.lock().expect("a lock").clone();
            let url = text
                .split_whitespace()
                .find(|word| word.contains("/authorize?"))
                .expect("an address")
                .to_owned();
            let browser = Browser::new().stop_at("http://127.0.0.1:3030/");
            let back = runtime.block_on(browser.open(&url)).expect("a redirect");
            Ok(format!("  {}\n", back.url))
        },
    );
    manager(&peer).authorize(&console, &Challenges::default()).await.unwrap();
    let text = printed.lock().unwrap().clone();
    assert_eq!(text.matches("That did not work").count(), 2, "{text}");
    assert!(text.contains("belongs to no login that is under way") && text.ends_with("mcp.\n"), "{text}");
}

/// A terminal that closes ends the login; one that only gets nonsense does so after some attempts.
#[tokio::test]
async fn console_gives_up() {
    let peer = OAuthPeer::start(|_| {}).await;
    let closed = Console::with_terminal(|_| Ok(()), || Err(io::ErrorKind::UnexpectedEof.into()));
    let error = manager(&peer).authorize(&closed, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::Console(_))));
    let nonsense = Console::with_terminal(|_| Ok(()), || Ok("?state=x".to_owned()));
    let error = manager(&peer).authorize(&nonsense, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Callback(CallbackError::NotAnAnswer)));
}

/// A terminal whose other end is read by nobody: the login ends in time, and nothing else waits for it.
#[tokio::test]
async fn a_terminal_that_takes_nothing() {
    let peer = OAuthPeer::start(|_| {}).await;
    let mut policy = policy();
    policy.limits.session_lifetime = Duration::from_millis(100);
    policy.limits.conclusion_time = Duration::from_millis(50);
    let manager = builder(&peer).policy(policy).build().unwrap();
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let print = move |_: &str| {
        let _ = wait.lock().unwrap().recv();
        Ok(())
    };
    let console = Console::with_terminal(print, || Err(io::ErrorKind::UnexpectedEof.into()));
    let none = Challenges::default();
    let login = tokio::time::timeout(Duration::from_secs(10), manager.authorize(&console, &none));
    let error = login.await.expect("an end").unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::TimedOut { .. })), "{error:?}");
    drop(end);
}

/// An application with a channel: the question, a mistaken answer and the question again, the right one.
#[tokio::test]
async fn channel() {
    let peer = OAuthPeer::start(|_| {}).await;
    let redirect_uri = RedirectUri::parse("https://app.test/oauth/callback").unwrap();
    let (channel, mut questions) = Channel::new(redirect_uri);
    let manager = manager(&peer);
    let login = tokio::spawn(async move { manager.authorize(&channel, &Challenges::default()).await });
    let question = questions.next().await.unwrap();
    assert_eq!(question.mistake(), None);
    let refused = question.answer("?code=x&state=another").await.unwrap_err();
    assert!(refused.reason.contains("no login that is under way"), "{refused}");
    let question = questions.next().await.unwrap();
    assert!(question.mistake().is_some());
    let url = question.prompt().url.to_string();
    let back = Browser::new().stop_at("https://app.test/").open(&url).await.unwrap();
    question.answer(back.url.to_string()).await.unwrap();
    assert_eq!(login.await.unwrap().unwrap().issuer().as_str(), peer.issuer());
    assert_eq!(peer.seen_at("/register")[0].json()["application_type"], "web", "C6.7: answered on a server");
}

/// An application that drops the question, or never asks for it, has ended the login.
#[tokio::test]
async fn channel_cancelled() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let (channel, mut questions) = Channel::new(RedirectUri::loopback(3030));
    let login = {
        let (manager, channel) = (manager.clone(), channel.clone());
        tokio::spawn(async move { manager.authorize(&channel, &Challenges::default()).await })
    };
    drop(questions.next().await);
    let error = login.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::Cancelled)), "{error:?}");
    drop(questions);
    let error = manager.authorize(&channel, &Challenges::default()).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::Cancelled)), "{error:?}");
}

/// C8.6: an address with a scheme of its own needs the exception.
#[tokio::test]
async fn c8_6_private_use_schemes() {
    let peer = OAuthPeer::start(|_| {}).await;
    let redirect_uri = RedirectUri::parse("com.example.app:/callback").unwrap();
    let refused = manager(&peer).begin(&Challenges::default(), redirect_uri.clone()).await.unwrap_err();
    assert!(matches!(refused, Error::Build(BuildError::RedirectUri(_))), "{refused:?}");
    assert_eq!(peer.count("/register"), 0);
    let mut policy = crate::support::policy();
    policy.private_use_redirects = true;
    let open = crate::support::builder(&peer).policy(policy).build().unwrap();
    open.begin(&Challenges::default(), redirect_uri).await.unwrap();
}

/// Remembers when records were put in.
struct Watched(mcp_oauth_client::MemoryPendingStore, Arc<Mutex<Vec<String>>>);

impl mcp_oauth_client::PendingStore for Watched {
    fn put(
        &self,
        pending: mcp_oauth_client::PendingAuthorization,
    ) -> BoxFuture<'_, Result<(), mcp_oauth_client::StoreError>> {
        self.1.lock().expect("a lock").push(format!("kept for {}", pending.issuer()));
        self.0.put(pending)
    }

    fn take<'a>(
        &'a self,
        state: &'a mcp_oauth_core::State,
    ) -> BoxFuture<'a, Result<Option<mcp_oauth_client::PendingAuthorization>, mcp_oauth_client::StoreError>>
    {
        self.0.take(state)
    }
}

/// C8.5: the issuer that must answer is on record before anybody sees the address.
#[tokio::test]
async fn c8_5_recorded_before_it_is_shown() {
    let peer = OAuthPeer::start(|_| {}).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let store = mcp_oauth_client::MemoryPendingStore::new(mcp_oauth_core::SystemClock);
    let manager =
        crate::support::builder(&peer).pending_store(Watched(store, Arc::clone(&events))).build().unwrap();
    let shown = Arc::clone(&events);
    let interaction = BrowserLoopback::announced(move |_| shown.lock().expect("a lock").push("shown".into()))
        .time_limit(Duration::from_millis(50));
    manager.authorize(&interaction, &Challenges::default()).await.unwrap_err();
    assert_eq!(*events.lock().unwrap(), [format!("kept for {}", peer.issuer()), "shown".to_owned()]);
}

/// A free port is used again: most servers register a redirect URI with its port.
#[tokio::test]
async fn c6_8_one_registration_for_several_logins() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let interaction = Person::default().interaction();
    for _ in 0..3 {
        manager.authorize(&interaction, &Challenges::default()).await.unwrap();
    }
    assert_eq!((peer.count("/authorize"), peer.count("/register")), (3, 1));
}

/// The next start of the program, too.
#[tokio::test]
async fn c6_8_one_registration_for_several_starts() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    for _ in 0..3 {
        let manager = builder(&peer).store(store.clone()).build().unwrap();
        manager.authorize(&Person::default().interaction(), &Challenges::default()).await.unwrap();
        manager.logout().await.unwrap();
    }
    assert_eq!((peer.count("/authorize"), peer.count("/register")), (3, 1));
}

/// And where another program has taken it in the meantime, another one.
#[tokio::test]
async fn a_free_port_that_is_taken_meanwhile() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let interaction = Person::default().interaction();
    manager.authorize(&interaction, &Challenges::default()).await.unwrap();
    let used = only(&peer, "/authorize").parameter("redirect_uri").unwrap();
    let port = used.parse::<Url>().unwrap().port().unwrap();
    let _taken = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    manager.authorize(&interaction, &Challenges::default()).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}
