use http_body_util::BodyExt as _;
use mcp_oauth_core::{OAuthError, OAuthErrorCode};

use super::*;

async fn text(response: Response<Full<Bytes>>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// C8.10, C10.7: escaped, never stored, nothing loaded.
#[tokio::test]
async fn c8_10_pages_are_escaped_and_closed() {
    let refusal =
        OAuthError::new(OAuthErrorCode::AccessDenied).with_description("<script>alert('x')</script>");
    let error = Error::Callback(CallbackError::Refused(refusal));
    let return_to = Url::parse("http://127.0.0.1:8000/?a=\"><b>").unwrap();
    let response = failure(&error, Some(&return_to));
    let headers = response.headers().clone();
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-")
            && policy.contains("frame-ancestors 'none'")
    );
    let html = text(response).await;
    assert!(!html.contains("<script>") && !html.contains("\"><b>"), "{html}");
    assert!(html.contains("http://127.0.0.1:8000/?a="));
}

#[tokio::test]
async fn only_web_pages_are_linked_to() {
    let javascript = Url::parse("javascript:alert(1)").unwrap();
    let error = Error::Callback(CallbackError::UnknownState);
    assert!(!text(failure(&error, Some(&javascript))).await.contains("javascript"));
    assert_eq!(not_found().status(), StatusCode::NOT_FOUND);
    assert_eq!(cancelled().status(), StatusCode::GONE);
}

#[test]
fn the_style_in_the_page_is_the_one_whose_hash_is_allowed() {
    let page = Page {
        style: STYLE,
        kind: "ok",
        title: "t",
        message: "m",
        resource: "",
        detail: None,
        scopes: Vec::new(),
        return_to: None,
    };
    let html = page.render().unwrap();
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = STANDARD.encode(Sha256::digest(style));
    assert!(content_security_policy().contains(&hash));
}
