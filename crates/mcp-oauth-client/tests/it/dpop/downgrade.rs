//! C17.13: no way back to tokens that anybody can use.

use super::*;

/// C17.13: no way back to bearer tokens: not at the login where the MCP server takes no others, and not at a renewal.
#[tokio::test]
async fn c17_13_no_downgrade() {
    let bearer = json!({ "token_type": "Bearer" });
    let peer = peer(|_| {}).await;
    peer.change(|script| script.token_patch = bearer.clone());
    let refused = manager(&peer);
    let error = failure(post(&refused, &peer).await);
    assert!(matches!(*error, Error::Token(TokenError::NotBound)), "{error:?}");

    peer.change(|script| script.token_patch = json!({}));
    let manager = builder(&peer).build().unwrap();
    post(&manager, &peer).await.unwrap();
    peer.change(|script| {
        script.token_patch = bearer;
        dpop(script).bearer_too = true;
    });
    let error = manager.recover(Some(manager.grant().unwrap().access_token())).await.unwrap_err();
    assert!(matches!(&error, Error::Refresh(mcp_oauth_client::RefreshError::Token(error))
        if matches!(**error, TokenError::NotBound)));
}

/// C17.13: what the policy decides where the MCP server takes both kinds.
#[tokio::test]
async fn c17_13_policies() {
    let peer = peer(|dpop| dpop.bearer_too = true).await;
    let with = |policy| builder(&peer).policy(with_policy(policy)).build().unwrap();

    let off = with(DpopPolicy::Off);
    assert_eq!(post(&off, &peer).await.unwrap(), 200);
    assert!(off.grant().unwrap().dpop_key().is_none());
    assert!(peer.seen().iter().all(|seen| seen.header("dpop").is_none()));

    let store = MemoryStore::new();
    let offered = builder(&peer).store(store.clone()).build().unwrap();
    assert_eq!(post(&offered, &peer).await.unwrap(), 200);
    assert!(offered.grant().unwrap().dpop_key().is_some());
    let off = builder(&peer).store(store).policy(with_policy(DpopPolicy::Off)).build().unwrap();
    assert!(off.load().await.unwrap().is_none(), "a bound grant of before");

    // RFC 9449 §5: the client may go on with a bearer token, where one will do.
    peer.change(|script| script.token_patch = json!({ "token_type": "Bearer" }));
    let offered = with(DpopPolicy::WhenOffered);
    assert_eq!(post(&offered, &peer).await.unwrap(), 200);
    assert!(offered.grant().unwrap().dpop_key().is_none());
    let error = failure(post(&with(DpopPolicy::Required), &peer).await);
    assert!(matches!(*error, Error::Token(TokenError::NotBound)));
    let registration = peer.seen_at("/register").pop().unwrap().json();
    assert_eq!(registration["dpop_bound_access_tokens"], true);

    // A token of a type that was not asked for.
    peer.change(|script| script.token_patch = json!({ "token_type": "DPoP" }));
    assert!(matches!(
        *failure(post(&with(DpopPolicy::Off), &peer).await),
        Error::Token(TokenError::TokenType(_))
    ));
}

/// C17.13: servers that do not bind tokens: as before, unless the policy wants it.
#[tokio::test]
async fn c17_13_required_where_it_is_not_offered() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    let with = |policy| builder(&peer).store(store.clone()).policy(with_policy(policy)).build().unwrap();
    assert_eq!(post(&with(DpopPolicy::WhenOffered), &peer).await.unwrap(), 200);
    // A bearer token of before is not used.
    let required = with(DpopPolicy::Required);
    peer.clear();
    let error = failure(post(&required, &peer).await);
    assert!(matches!(*error, Error::Dpop(DpopError::NotOffered { .. })), "{error:?}");
    assert!(peer.seen().iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(peer.count("/authorize"), 0);

    // Only algorithms that the key is not for.
    peer.change(|script| {
        script.metadata_patch = json!({ "dpop_signing_alg_values_supported": ["EdDSA", "none"] });
    });
    let error = failure(post(&with(DpopPolicy::Required), &peer).await);
    assert!(matches!(*error, Error::Dpop(DpopError::Algorithm { .. })), "{error:?}");
}

/// C17.13: the metadata of the MCP server says it, and no challenge was seen before the login.
#[tokio::test]
async fn c17_13_the_metadata_demands_it() {
    let peer = peer(|_| {}).await;
    let no_signal = manager(&peer);
    // Without a challenge and without metadata nobody can know.
    assert!(matches!(login(&no_signal).await, Err(Error::Token(_))));
    peer.change(|script| script.resource_patch = json!({ "dpop_bound_access_tokens_required": true }));
    let grant = login(&manager(&peer)).await.unwrap();
    assert!(grant.dpop_key().is_some());
}
