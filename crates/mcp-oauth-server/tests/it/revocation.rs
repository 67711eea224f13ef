//! A4.3: RFC 7009.

use serde_json::json;

use crate::support::{BASIC, World, basic};

fn form(token: &str) -> Vec<(&'static str, String)> {
    vec![("token", token.to_owned()), ("client_id", "public".to_owned())]
}

/// Whichever token is revoked, both end.
#[tokio::test]
async fn a4_3_revocation_ends_the_grant() {
    let world = World::start().await;
    for kind in ["refresh_token", "access_token"] {
        let tokens = world.tokens().await;
        let access = tokens["access_token"].as_str().unwrap();
        let mut form = form(tokens[kind].as_str().unwrap());
        form.push(("token_type_hint", "wrong".to_owned()));
        assert_eq!(world.form("/revoke", &form, None).await.status, 200);
        let answer = world.mcp(Some(access), &json!({})).await;
        assert_eq!(answer.status, 401, "{kind}");
        assert_eq!(
            world.refresh(&tokens["refresh_token"], &[]).await.error(),
            (400, "invalid_grant".to_owned())
        );
        assert_eq!(world.form("/revoke", &form, None).await.status, 200, "revoked already");
    }
}

/// Unknown tokens are as good as revoked; other clients' tokens are not one's business.
#[tokio::test]
async fn a4_3_unknown_and_foreign_tokens() {
    let world = World::start().await;
    for token in ["unknown", "a.b.c", "ümlaut"] {
        assert_eq!(world.form("/revoke", &form(token), None).await.status, 200, "{token}");
    }
    let tokens = world.tokens().await;
    for kind in ["refresh_token", "access_token"] {
        let form = [("token", tokens[kind].as_str().unwrap().to_owned())];
        let answer = world.form("/revoke", &form, Some(&basic(BASIC))).await;
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(world.refresh(&tokens["refresh_token"], &[]).await.status, 200, "still there");
    let nobody = [("token", "x".to_owned()), ("client_id", "nobody".to_owned())];
    assert_eq!(world.form("/revoke", &nobody, None).await.error(), (401, "invalid_client".to_owned()));
    let none = [("client_id", "public".to_owned())];
    assert_eq!(world.form("/revoke", &none, None).await.error(), (400, "invalid_request".to_owned()));
}
