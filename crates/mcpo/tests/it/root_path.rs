//! Behind a reverse proxy, under a path that it strips or leaves (defect 36 under a root path too), and `--path-prefix`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use crate::support::{Client, Proxy};

/// A reverse proxy that serves another server under `/api`, and nothing else.
struct Reverse {
    target: String,
    strips: bool,
    pool: Pool<HttpConnector, Body>,
}

impl Reverse {
    async fn start(target: &str, strips: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        let reverse = Arc::new(Self { target: target.to_owned(), strips, pool });
        let app = Router::new().fallback(pass_on).with_state(reverse);
        tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        url
    }
}

async fn pass_on(State(reverse): State<Arc<Reverse>>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let Some(rest) = path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
        return StatusCode::IM_A_TEAPOT.into_response();
    };
    let path = if reverse.strips { rest } else { &path };
    *request.uri_mut() = format!("{}{path}", reverse.target).parse().expect("a URL");
    request.headers_mut().insert("x-forwarded-for", http::HeaderValue::from_static("192.0.2.1"));
    reverse.pool.request(request).await.expect("an answer").map(Body::new)
}

/// The addresses that a page names, as a browser resolves them.
fn links(page: &Url, html: &str) -> Vec<Url> {
    let attributes = ["href=\"", "src=\"", "data-spec-url=\"", "spec-url=\"", "data-url=\""];
    let found = attributes.iter().flat_map(|attribute| html.split(attribute).skip(1));
    let found = found.filter_map(|rest| rest.split('"').next());
    found.filter(|link| !link.starts_with('#')).map(|link| page.join(link).expect("an address")).collect()
}

/// Opens a page and everything that it names; all of it must be there.
async fn walk(base: &str, path: &str) -> Vec<String> {
    let client = Client::new(base);
    let mut at = Url::parse(&format!("{base}{path}")).expect("an address");
    let mut reply = client.get(at.path()).await;
    if (300..400).contains(&reply.status) {
        at = at.join(reply.header("location")).expect("an address");
        reply = client.get(at.path()).await;
    }
    assert_eq!(reply.status, 200, "{at}");
    let mut opened = Vec::new();
    for link in links(&at, &reply.text()) {
        assert_eq!(link.origin(), at.origin(), "{at} names another host: {link}");
        let part = client.get(link.path()).await;
        assert_eq!(part.status, 200, "{at} names {link}");
        opened.push(link.path().to_owned());
    }
    assert!(!opened.is_empty(), "{at} names nothing: {}", reply.text());
    opened
}

async fn proxy(flags: &[&str]) -> (Proxy, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("config.json");
    let server = json!({ "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] });
    let config = json!({ "mcpServers": { "one": server, "a/b": server, "with space": server } });
    std::fs::write(&file, config.to_string()).expect("a config file");
    let file = file.to_str().expect("text").to_owned();
    let proxy = Proxy::start(flags.iter().copied().chain(["--config", &file])).await;
    (proxy, folder)
}

#[tokio::test]
async fn d36_every_page_and_document_works_under_a_root_path() {
    for strips in [true, false] {
        let (proxy, _folder) = proxy(&["--root-path", "/api"]).await;
        let base = Reverse::start(proxy.url(), strips).await;
        for name in ["one", "a/b", "with%20space"] {
            proxy.ready(&format!("/{name}/openapi.json")).await;
            for page in ["docs", "redoc"] {
                let opened = walk(&base, &format!("/api/{name}/{page}")).await;
                assert!(opened.iter().all(|path| path.starts_with("/api/")), "{opened:?}");
            }
            // A client finds the tools by the document alone.
            let document = Client::new(&base).get(&format!("/api/{name}/openapi.json")).await.json();
            let server = document["servers"][0]["url"].as_str().expect("an address").to_owned();
            assert_eq!(server, format!("/api/{name}"));
            let path = format!("{server}/text_statistics");
            let reply = Client::new(&base).post(&path, &json!({ "text": "a b" })).await;
            assert_eq!(reply.json()["words"], 2);
        }
        for page in ["/api/", "/api", "/api/docs", "/api/redoc"] {
            for linked in walk(&base, page).await.iter().filter(|path| path.ends_with("/docs")) {
                walk(&base, linked).await;
            }
        }
    }
}

#[tokio::test]
async fn a_path_prefix_lies_between_the_root_and_the_servers() {
    for prefix in ["tools", "/tools/", "/deep/tools"] {
        let (proxy, _folder) = proxy(&["--path-prefix", prefix, "--root-path", "/api"]).await;
        let prefix = prefix.trim_matches('/');
        let base = Reverse::start(proxy.url(), true).await;
        proxy.ready(&format!("/{prefix}/one/openapi.json")).await;
        proxy.ready(&format!("/{prefix}/a/b/openapi.json")).await;
        proxy.ready(&format!("/{prefix}/with%20space/openapi.json")).await;
        assert_eq!(proxy.get("/one/openapi.json").await.status, 404);
        for page in [format!("/api/{prefix}/one/docs"), format!("/api/{prefix}/a/b/redoc"), "/api/".into()] {
            walk(&base, &page).await;
        }
        let document = proxy.get("/openapi.json").await.json();
        let listed = document["info"]["description"].as_str().expect("a description").to_owned();
        assert!(listed.contains(&format!("[one](/{prefix}/one/docs)")), "{listed}");
    }
}
