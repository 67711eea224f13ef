use axum::body::to_bytes;

use super::*;

async fn get(name: &str, headers: &[(header::HeaderName, &str)]) -> (Response, Bytes) {
    let request = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    let (parts, body) = asset(name).unwrap().respond(&request).into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (Response::from_parts(parts, axum::body::Body::empty()), body)
}

/// Every file is there, in both encodings, and is what its name says.
#[tokio::test]
async fn defect_36_the_files_are_in_the_program() {
    let begins = [
        ("swagger-ui-bundle.js", "/*! For license information"),
        ("swagger-ui.css", ".swagger-ui"),
        ("redoc.standalone.js", "/*! For license information"),
        ("start-swagger-ui.js", "// Starts Swagger UI."),
        ("start-redoc.js", "// Starts Redoc."),
        ("page.css", "body {"),
    ];
    for (name, begin) in begins {
        let (response, plain) = get(name, &[]).await;
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), None);
        assert!(plain.starts_with(begin.as_bytes()), "{name}");
        let (response, packed) = get(name, &[(header::ACCEPT_ENCODING, "gzip, deflate, br")]).await;
        if response.headers().get(header::CONTENT_ENCODING).is_some() {
            let mut inflated = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut inflated).unwrap();
            assert_eq!(inflated, plain);
        }
    }
    let (response, icon) = get("favicon.png", &[]).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "image/png");
    assert!(icon.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn encodings_are_negotiated() {
    let encoded = async |accept: &str| {
        let (response, _) = get("swagger-ui.css", &[(header::ACCEPT_ENCODING, accept)]).await;
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        response.headers().get(header::CONTENT_ENCODING).is_some()
    };
    assert!(encoded("gzip").await);
    assert!(encoded("br;q=1.0, GZIP;q=0.8").await);
    assert!(encoded("*").await);
    assert!(!encoded("identity").await);
    assert!(!encoded("gzip;q=0, *").await);
    assert!(!encoded("br").await);
}

#[tokio::test]
async fn a_known_file_is_not_sent_again() {
    let (first, _) = get("swagger-ui.css", &[(header::ACCEPT_ENCODING, "gzip")]).await;
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
        let headers = [(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, known.as_str())];
        let (response, body) = get("swagger-ui.css", &headers).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(body.is_empty());
        assert_eq!(response.headers()[header::ETAG], tag);
    }
    // The other encoding is another representation.
    let (response, _) = get("swagger-ui.css", &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[test]
fn nothing_else_is_served() {
    for name in ["", "..", "../asset.rs", "swagger-ui.css.gz", "/swagger-ui.css"] {
        assert!(asset(name).is_none(), "{name}");
    }
}
