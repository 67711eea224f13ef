//! C12.9: logins that nobody finished. The person went away, or the server forgot the client and showed them an error
//! page: nobody can tell, so the registration is neither thrown away nor trusted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_oauth_client::{
    AuthorizationManager, BrowserLoopback, Error, FileStore, Interaction, InteractionError, ManagementError,
};
use mcp_oauth_core::{Challenges, RedirectUri};
use testkit::oauth::{OAuthPeer, Reply};

use crate::support::{Person, builder};

/// A person with one registration: always the same port, as it is kept for one redirect URI.
struct Someone {
    peer: OAuthPeer,
    manager: AuthorizationManager,
    redirect_uri: RedirectUri,
    _directory: tempfile::TempDir,
}

impl Someone {
    async fn new(can_manage: bool) -> Self {
        let peer = OAuthPeer::start(|script| script.managed_registrations = can_manage).await;
        let directory = tempfile::tempdir().unwrap();
        let manager = builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let redirect_uri = RedirectUri::loopback(socket.local_addr().unwrap().port());
        Self { peer, manager, redirect_uri, _directory: directory }
    }

    async fn try_with(&self, interaction: BrowserLoopback) -> Result<(), Error> {
        let interaction = interaction.redirect_uri(self.redirect_uri.clone());
        let interaction: &dyn Interaction = &interaction;
        self.manager.authorize(interaction, &Challenges::default()).await.map(drop)
    }

    async fn logs_in(&self) {
        self.try_with(Person::default().interaction()).await.unwrap();
    }

    async fn goes_away(&self) {
        let never = BrowserLoopback::announced(|_| {}).time_limit(Duration::from_millis(50));
        let error = self.try_with(never).await.unwrap_err();
        assert!(matches!(error, Error::Interaction(InteractionError::TimedOut { .. })), "{error:?}");
    }

    fn registrations(&self) -> usize {
        self.peer.count("/register")
    }

    fn managed(&self, method: &str) -> usize {
        self.peer
            .seen()
            .iter()
            .filter(|seen| seen.method == method && seen.path != "/register")
            .filter(|seen| seen.path.starts_with("/register/"))
            .count()
    }
}

/// C12.9: a server that forgot the client never answers the first login; the next one gets there by a new registration.
#[tokio::test]
async fn c12_9_a_forgotten_registration_heals() {
    let someone = Someone::new(false).await;
    someone.logs_in().await;
    someone.peer.forget_clients();
    someone.peer.change(|script| {
        let forgot = AtomicBool::new(true);
        script.intercept(move |seen| {
            forgot.fetch_and(seen.path != "/register", Ordering::SeqCst);
            let error_page = || Reply::status(400).with_body("text/html", "who is this?");
            (seen.path == "/authorize" && forgot.load(Ordering::SeqCst)).then(error_page)
        });
    });
    let looks = Person::default().interaction().time_limit(Duration::from_millis(300));
    let error = someone.try_with(looks).await.unwrap_err();
    assert!(matches!(error, Error::Interaction(InteractionError::TimedOut { .. })), "{error:?}");
    assert_eq!(someone.registrations(), 1);
    someone.logs_in().await;
    assert_eq!(someone.registrations(), 2);
    // The new one is as good as any.
    someone.logs_in().await;
    assert_eq!(someone.registrations(), 2);
}

/// C12.9: a registration of a moment ago is not one that was forgotten.
#[tokio::test]
async fn c12_9_a_new_registration_is_not_doubted() {
    let someone = Someone::new(false).await;
    someone.goes_away().await;
    someone.logs_in().await;
    assert_eq!(someone.registrations(), 1);
}

/// C12.9: where the server can be asked whether it knows the client (RFC 7592 §2.1), it is, and nothing is registered for
/// nothing. The login before goes on all the while.
#[tokio::test]
async fn c12_9_a_registration_that_can_be_asked_about() {
    let someone = Someone::new(true).await;
    someone.logs_in().await;
    someone.goes_away().await;
    let token = someone.manager.access_token().await.unwrap();
    someone.manager.recover(Some(&token)).await.unwrap();
    assert!(someone.manager.client_registration().await.unwrap().is_some(), "it can still be managed");
    someone.logs_in().await;
    assert_eq!((someone.registrations(), someone.managed("GET")), (1, 1));
    // The doubt is over, and the token that the answer brought is the one that is kept.
    someone.logs_in().await;
    assert_eq!((someone.registrations(), someone.managed("GET")), (1, 1));
    someone.manager.client_registration().await.unwrap().unwrap().read().await.unwrap();
    someone.goes_away().await;
    let forgotten = someone.manager.forget().await.unwrap();
    assert!(matches!(forgotten.registration, Some(Ok(()))), "{forgotten:?}");
    assert_eq!(someone.managed("DELETE"), 1);
}

/// C12.9: what the server says when it is asked: unknown, or nothing that would help, means a new registration; a server
/// that is down says nothing.
#[tokio::test]
async fn c12_9_what_the_server_says() {
    for (status, registrations) in [(401, 2), (403, 2), (404, 2), (503, 1)] {
        let someone = Someone::new(true).await;
        someone.logs_in().await;
        someone.goes_away().await;
        someone.peer.change(|script| {
            script.intercept(move |seen| {
                (seen.method == "GET" && seen.path.starts_with("/register/")).then(|| Reply::status(status))
            });
        });
        someone.logs_in().await;
        assert_eq!((someone.registrations(), someone.managed("GET")), (registrations, 1), "{status}");
    }
    // An answer about another client is no answer.
    let someone = Someone::new(true).await;
    someone.logs_in().await;
    someone.goes_away().await;
    someone.peer.change(|script| script.management_patch = serde_json::json!({ "client_id": "other" }));
    someone.logs_in().await;
    assert_eq!(someone.registrations(), 2);
}

/// RFC 7592 §2.3: after a logout, and after the server ended the grant, there is still a registration to be ended, and it
/// is found.
#[tokio::test]
async fn forget_after_the_login_has_ended() {
    for logs_out in [true, false] {
        let someone = Someone::new(true).await;
        someone.logs_in().await;
        if logs_out {
            someone.manager.logout().await.unwrap();
        } else {
            someone.peer.revoke_everything();
            let token = someone.manager.grant().unwrap().access_token().clone();
            assert!(someone.manager.recover(Some(&token)).await.unwrap_err().needs_authorization());
        }
        assert!(someone.manager.load().await.unwrap().is_none());
        assert!(someone.manager.client_registration().await.unwrap().is_some());
        let forgotten = someone.manager.forget().await.unwrap();
        assert!(matches!(forgotten.registration, Some(Ok(()))), "{forgotten:?}");
        assert_eq!(someone.managed("DELETE"), 1);
        // Nothing of it is left, neither here nor there.
        let again = someone.manager.forget().await.unwrap();
        assert!(again.registration.is_none(), "{again:?}");
        assert!(someone.manager.client_registration().await.unwrap().is_none());
        someone.logs_in().await;
        assert_eq!(someone.registrations(), 2);
    }
}

/// After a logout, one that cannot be ended at the server is forgotten here; and logging in again takes the one that was
/// kept.
#[tokio::test]
async fn forget_what_cannot_be_ended() {
    for can_manage in [true, false] {
        let someone = Someone::new(can_manage).await;
        someone.logs_in().await;
        someone.manager.logout().await.unwrap();
        someone.logs_in().await;
        assert_eq!(someone.registrations(), 1, "a logout leaves the registration");
        someone.manager.logout().await.unwrap();
        someone.peer.change(|script| {
            script.intercept(|seen| (seen.method == "DELETE").then(|| Reply::status(500)));
        });
        let forgotten = someone.manager.forget().await.unwrap();
        match forgotten.registration {
            Some(Err(ManagementError::Unexpected { .. })) => assert!(can_manage),
            None => assert!(!can_manage),
            other => panic!("{other:?}"),
        }
        someone.logs_in().await;
        assert_eq!(someone.registrations(), 2);
    }
}
