//! A1 and the protected resource's document.

use http::Method;
use serde_json::json;

use crate::support::World;
use mcp_oauth_server::Registration;

/// A1.1, A1.2, A1.3, A1.4, A1.5, A1.7: both documents, with the issuer byte for byte.
#[tokio::test]
async fn a1_1_both_documents() {
    let world = World::start().await;
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let document = answer.json();
        let base = &world.base;
        assert_eq!(document["issuer"], **base);
        assert_eq!(document["authorization_endpoint"], format!("{base}/authorize"));
        assert_eq!(document["token_endpoint"], format!("{base}/token"));
        assert_eq!(document["registration_endpoint"], format!("{base}/register"));
        assert_eq!(document["revocation_endpoint"], format!("{base}/revoke"));
        assert_eq!(document["jwks_uri"], format!("{base}/jwks"));
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["scopes_supported"], json!(["mcp:read", "mcp:write", "offline_access"]));
        assert_eq!(document["protected_resources"], json!([world.resource()]));
        assert_eq!(
            document["token_endpoint_auth_methods_supported"],
            json!(["none", "client_secret_basic", "client_secret_post"])
        );
        for later in [
            "introspection_endpoint",
            "client_id_metadata_document_supported",
            "dpop_signing_alg_values_supported",
        ] {
            assert!(document.get(later).is_none(), "{later} does not work yet");
        }
        assert_eq!(
            document.get("subject_types_supported").is_some(),
            path.contains("openid"),
            "OIDC requires it"
        );
    }
}

/// A1.8: a path issuer has its documents at the inserted and at the appended place, and its endpoints below itself.
#[tokio::test]
async fn a1_8_a_path_issuer() {
    for (path, issuer_end) in [("/tenant/1", "/tenant/1"), ("/tenant/1/", "/tenant/1/")] {
        let world = World::at(path, |builder| builder).await;
        for place in [
            "/.well-known/oauth-authorization-server/tenant/1",
            "/.well-known/openid-configuration/tenant/1",
            "/tenant/1/.well-known/openid-configuration",
        ] {
            let document = world.get(place).await.json();
            assert_eq!(document["issuer"], format!("{}{issuer_end}", world.base));
            assert_eq!(document["token_endpoint"], format!("{}/tenant/1/token", world.base));
        }
        assert_eq!(world.get("/.well-known/oauth-authorization-server").await.status, 404);
        let refused = world.send(Method::POST, "/tenant/1/token", &[], "").await;
        assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    }
}

/// A1.9: pages of other origins may read what programs read, and learn the challenge.
#[tokio::test]
async fn a1_9_cors() {
    let world = World::start().await;
    let origin = ("origin", "https://inspector.test");
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource/mcp",
        "/jwks",
    ] {
        let answer = world.send(Method::GET, path, &[origin], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-allow-origin")),
            (200, "*"),
            "{path}"
        );
    }
    for path in ["/token", "/register", "/revoke"] {
        let answer = world.send(Method::POST, path, &[origin], "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let asked = [
            origin,
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = world.send(Method::OPTIONS, path, &asked, "").await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("access-control-allow-headers").contains("authorization"), "{path}");
    }
    let page = world.send(Method::GET, "/authorize", &[origin], "").await;
    assert_eq!(page.header("access-control-allow-origin"), "", "the pages are for people");
}

/// A1.7: what is switched off is not advertised.
#[tokio::test]
async fn a1_7_closed_registration_is_not_advertised() {
    let world = World::with(|builder| builder.registration(Registration::Closed)).await;
    assert!(
        world
            .get("/.well-known/oauth-authorization-server")
            .await
            .json()
            .get("registration_endpoint")
            .is_none()
    );
    assert_eq!(world.post_json("/register", &json!({})).await.status, 404);
}

/// R1, R8: the resource's document names itself, its server and its scopes, and not `offline_access`.
#[tokio::test]
async fn r1_protected_resource_metadata() {
    let world = World::start().await;
    let document = world.get("/.well-known/oauth-protected-resource/mcp").await.json();
    assert_eq!(
        document,
        json!({
            "resource": world.resource(),
            "authorization_servers": [world.base],
            "scopes_supported": ["mcp:read"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Test things",
        })
    );
    assert_eq!(
        world.get("/.well-known/oauth-protected-resource").await.status,
        404,
        "MCP is not at the root"
    );
}

/// R1: a resource at the root has its document at the root.
#[tokio::test]
async fn r1_a_resource_at_the_root() {
    use mcp_oauth_server::ProtectedResource;
    use mcp_oauth_server::mcp_oauth_core::{ResourceUri, ScopeSet};
    use tower::ServiceExt as _;

    let world = World::start().await;
    for resource in ["https://h.test", "https://h.test/"] {
        let resource = ResourceUri::parse(resource).unwrap();
        let protected = ProtectedResource::new(
            resource,
            world.server.issuer(),
            ScopeSet::empty(),
            world.server.verifier(),
        );
        let request = http::Request::get("/.well-known/oauth-protected-resource")
            .body(axum::body::Body::empty())
            .unwrap();
        assert_eq!(protected.metadata_router::<()>().oneshot(request).await.unwrap().status(), 200);
        let refused = protected.insufficient_scope(&ScopeSet::parse("a b").unwrap());
        assert_eq!(
            refused.headers()["www-authenticate"],
            "Bearer error=\"insufficient_scope\", error_description=\"the request needs the scopes a b\", scope=\"a b\", \
             resource_metadata=\"https://h.test/.well-known/oauth-protected-resource\""
        );
    }
}
