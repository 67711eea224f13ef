//! C8.10: what several logins of one program share, its loopback ports and its terminal, and what they do not.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mcp_oauth_client::{BrowserLoopback, Console, Error, Grant, InteractionError};
use mcp_oauth_core::{Challenges, RedirectUri};
use testkit::browser::Browser;
use testkit::oauth::OAuthPeer;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::support::manager;

type Login = JoinHandle<Result<Arc<Grant>, Error>>;

/// Begins a login that is answered at `redirect_uri`, and returns it with the address to open.
async fn begin(peer: &OAuthPeer, redirect_uri: &str) -> (Login, Option<String>) {
    let (show, mut shown) = mpsc::unbounded_channel();
    let interaction = BrowserLoopback::announced(move |prompt| drop(show.send(prompt.url.to_string())))
        .redirect_uri(RedirectUri::parse(redirect_uri).unwrap());
    let manager = manager(peer);
    let login = tokio::spawn(async move { manager.authorize(&interaction, &Challenges::default()).await });
    (login, shown.recv().await)
}

async fn end(login: Login, url: Option<String>) {
    assert_eq!(Browser::new().open(&url.expect("an address")).await.unwrap().status, 200);
    login.await.unwrap().unwrap();
}

/// A browser may try either address of `localhost`. A login that is to be answered there does not make do with the one
/// address that another login has: the code would go to the program that has the other one.
#[tokio::test]
async fn c8_10_localhost_needs_both_addresses() {
    let peer = OAuthPeer::start(|_| {}).await;
    let stranger = TcpListener::bind("[::1]:0").await.unwrap();
    let port = stranger.local_addr().unwrap().port();
    let localhost = format!("http://localhost:{port}/callback");

    // This one makes do with its own address.
    let (first, first_url) = begin(&peer, &format!("http://127.0.0.1:{port}/callback")).await;
    let (refused, url) = begin(&peer, &localhost).await;
    assert_eq!(url, None, "nobody is shown an address");
    let error = refused.await.unwrap().unwrap_err();
    let Error::Interaction(InteractionError::PortInUse { address }) = error else { panic!("{error:?}") };
    assert!(address.is_ipv6(), "{address}");

    // With both to be had, the one of the other login and the free one will do.
    drop(stranger);
    let (second, second_url) = begin(&peer, &localhost).await;
    TcpListener::bind(("::1", port)).await.expect_err("held");
    end(second, second_url).await;
    end(first, first_url).await;
}

/// Logins share a port whichever of its addresses they name, and in whichever order they begin and end.
#[tokio::test]
async fn c8_10_every_spelling_shares() {
    let peer = OAuthPeer::start(|_| {}).await;
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let hosts = ["[::1]", "localhost", "127.0.0.1"];
    for turn in 0..hosts.len() {
        let mut logins = Vec::new();
        for host in hosts.iter().cycle().skip(turn).take(hosts.len()) {
            logins.push(begin(&peer, &format!("http://{host}:{port}/callback")).await);
        }
        for (login, url) in logins {
            end(login, url).await;
        }
    }
}

/// A terminal whose lines come from the test; each address that it prints is handed out.
fn terminal() -> (Console, std::sync::mpsc::Sender<String>, mpsc::UnboundedReceiver<String>) {
    let (type_line, lines) = std::sync::mpsc::channel::<String>();
    let (show, shown) = mpsc::unbounded_channel();
    let lines = Mutex::new(lines);
    let print = move |text: &str| {
        if let Some(url) = text.split_whitespace().find(|word| word.contains("/authorize?")) {
            let _ = show.send(url.to_owned());
        }
        Ok(())
    };
    let read = move || {
        let line = lines.lock().expect("a lock").recv();
        line.map_err(|_| io::ErrorKind::UnexpectedEof.into())
    };
    (Console::with_terminal(print, read), type_line, shown)
}

/// The first login at a terminal times out; what the person pastes after that is the answer to the next one, and is not
/// lost to whoever still reads for the first.
#[tokio::test]
async fn a_terminal_has_one_reader() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let (console, type_line, mut shown) = terminal();
    for _ in 0..2 {
        let none = Challenges::default();
        let login = manager.authorize(&console, &none);
        tokio::select! {
            ended = login => panic!("{ended:?}"),
            url = shown.recv() => assert!(url.is_some()),
        }
    }
    let login = tokio::spawn(async move { manager.authorize(&console, &Challenges::default()).await });
    let url = shown.recv().await.unwrap();
    let back = Browser::new().stop_at("http://127.0.0.1:3030/").open(&url).await.unwrap();
    type_line.send(format!("{}\n", back.url)).unwrap();
    login.await.unwrap().unwrap();
}

/// Whoever pastes quickly is done while the last word of the prompt is still being printed. The reader that an ended login
/// left behind has the line by then, and keeps it for the login that asked.
#[tokio::test]
async fn a_line_may_come_before_the_prompt_is_out() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let (type_line, typed) = std::sync::mpsc::channel::<String>();
    let (has_line, line_is_read) = std::sync::mpsc::channel::<()>();
    let (show, mut shown) = mpsc::unbounded_channel();
    let (wait, mut waits) = mpsc::unbounded_channel();
    let (typed, line_is_read) = (Mutex::new(typed), Mutex::new(line_is_read));
    let prompts = AtomicUsize::new(0);
    let print = move |text: &str| {
        let Some(url) = text.split_whitespace().find(|word| word.contains("/authorize?")) else {
            return Ok(());
        };
        let _ = show.send(url.to_owned());
        if prompts.fetch_add(1, Ordering::SeqCst) == 1 {
            line_is_read.lock().expect("a lock").recv().map_err(io::Error::other)?;
        }
        Ok(())
    };
    let read = move || {
        let _ = wait.send(());
        let line = typed.lock().expect("a lock").recv();
        let _ = has_line.send(());
        line.map_err(|_| io::ErrorKind::UnexpectedEof.into())
    };
    let console = Console::with_terminal(print, read);

    let none = Challenges::default();
    tokio::select! {
        ended = manager.authorize(&console, &none) => panic!("{ended:?}"),
        read = waits.recv() => assert!(read.is_some()),
    }
    shown.recv().await.unwrap();
    let login = tokio::spawn(async move { manager.authorize(&console, &Challenges::default()).await });
    let url = shown.recv().await.unwrap();
    let back = Browser::new().stop_at("http://127.0.0.1:3030/").open(&url).await.unwrap();
    type_line.send(format!("{}\n", back.url)).unwrap();
    login.await.unwrap().unwrap();
}
