//! The pages: there, embedded, and the same under any path.

use std::path::Path;

use crate::support::{LOCAL, Proxy, Reply};

async fn proxy(flags: &[&str]) -> Proxy {
    let server = ["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"];
    let proxy = Proxy::start(flags.iter().chain(&server)).await;
    proxy.ready("/openapi.json").await;
    proxy
}

/// The scripts and styles that a page loads.
fn loaded(page: &Reply) -> Vec<String> {
    let html = page.text();
    let is_file = |part: &&str| {
        let path = part.split_once('?').map_or(*part, |(path, _)| path);
        Path::new(path).extension().is_some_and(|extension| extension == "js" || extension == "css")
    };
    html.split(['"', '\'']).filter(is_file).map(str::to_owned).collect()
}

/// mcpo loads both from a content delivery network, so they are blank without the internet.
#[tokio::test]
async fn the_documentation_pages_load_nothing_from_elsewhere() {
    let proxy = proxy(&[]).await;
    for path in ["/docs", "/redoc"] {
        let page = proxy.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        let files = loaded(&page);
        assert!(!files.is_empty(), "{path} loads no script: {}", page.text());
        for file in files {
            assert!(!file.contains("//"), "{path} loads {file}");
            let reply = proxy.get(&format!("/{}", file.trim_start_matches(['.', '/']))).await;
            assert_eq!(reply.status, 200, "{file}");
            assert!(reply.body.len() > 100, "{file}");
        }
    }
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get_without_its_body() {
    let proxy = proxy(&[]).await;
    for path in ["/", "/docs", "/openapi.json"] {
        let reply = proxy.client().send("HEAD", path, hyper::body::Bytes::new()).await.expect("an answer");
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_as_fastapi_says_it() {
    let proxy = proxy(&[]).await;
    let reply = proxy.get("/no/such/page").await;
    assert_eq!((reply.status, reply.text().as_str()), (404, r#"{"detail":"Not Found"}"#));
    let reply = proxy.get("/text_statistics").await;
    assert_eq!((reply.status, reply.text().as_str()), (405, r#"{"detail":"Method Not Allowed"}"#));
    assert_eq!(reply.header("allow"), "POST");
}

#[tokio::test]
async fn a_root_path_may_be_stripped_by_the_reverse_proxy_or_not() {
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL).args(["--root-path", "/api", "--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"]);
    })
    .await;
    let stripped = proxy.ready("/openapi.json").await;
    let whole = proxy.get("/api/openapi.json").await.json();
    assert_eq!(stripped, whole);
    assert_eq!(stripped["servers"][0]["url"], "/api");
    assert_eq!(proxy.get("/api/docs").await.status, 200);
}
