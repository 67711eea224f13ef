use super::*;
use crate::config::{ApiFacts, ServerEntry};
use crate::registry::Presentation;

fn server(name: &str) -> Arc<Server> {
    let entry = ServerEntry { command: Some("x".into()), ..ServerEntry::default() };
    let settings = entry.resolve(name, &[], std::time::Duration::from_secs(1)).unwrap();
    Server::new(
        settings,
        Presentation { facts: ApiFacts::default(), base_path: String::new(), secured: false },
    )
}

fn named() -> Registry {
    Registry::named(["time", "a/b", "a", "ünï côde"].into_iter().map(server).collect())
}

/// A route in words.
fn read(path: &str, root_path: &str, prefix: &str, registry: &Registry, get: bool) -> String {
    match route(path, root_path, prefix, registry, get) {
        Route::Index => "index".into(),
        Route::Asset(name) => format!("asset {name}"),
        Route::Login(name) => format!("login {name}"),
        Route::RootDocument => "root document".into(),
        Route::RootPage(page) => format!("root {page:?}"),
        Route::Document(server) => format!("document of {}", server.settings.name),
        Route::Page(server, page) => format!("{page:?} of {}", server.settings.name),
        Route::Tool(server, tool) => format!("{tool} of {}", server.settings.name),
        Route::Unknown => "unknown".into(),
    }
}

#[test]
fn names_of_several_servers() {
    let registry = named();
    for (path, meant) in [
        ("/", "index"),
        ("/docs", "root Docs"),
        ("/redoc", "root Redoc"),
        ("/openapi.json", "root document"),
        ("/time/openapi.json", "document of time"),
        ("/time/docs", "Docs of time"),
        ("/time/redoc", "Redoc of time"),
        ("/a/b/docs", "Docs of a/b"),
        ("/a/docs", "Docs of a"),
        ("/%C3%BCn%C3%AF%20c%C3%B4de/docs", "Docs of ünï côde"),
        ("/nobody/docs", "unknown"),
        ("/time", "unknown"),
        ("/time/", "unknown"),
        ("/_mcpo/assets/swagger-ui.css", "asset swagger-ui.css"),
        ("/_mcpo/login/time", "login time"),
        ("/_mcpo/login/a%2Fb", "login a/b"),
        ("/_mcpo/x", "unknown"),
    ] {
        assert_eq!(read(path, "", "/", &registry, true), meant, "{path}");
    }
    assert_eq!(read("/time/get_current_time", "", "/", &registry, false), "get_current_time of time");
    assert_eq!(read("/time/files/read", "", "/", &registry, false), "files/read of time");
    assert_eq!(read("/time/files%2Fread", "", "/", &registry, false), "files/read of time");
    assert_eq!(read("/docs", "", "/", &registry, false), "root Docs");
    // A tool may be called as a page is.
    assert_eq!(read("/time/docs", "", "/", &registry, false), "docs of time");
    assert_eq!(read("/time/%FF", "", "/", &registry, false), "unknown");
}

#[test]
fn one_server_at_the_root() {
    let registry = Registry::single(server("server"));
    for (path, get, meant) in [
        ("/", true, "index"),
        ("/docs", true, "Docs of server"),
        ("/openapi.json", true, "document of server"),
        ("/get_current_time", false, "get_current_time of server"),
        ("/openapi.json", false, "openapi.json of server"),
        ("/", false, "unknown"),
    ] {
        assert_eq!(read(path, "", "/", &registry, get), meant, "{path}");
    }
}

/// A reverse proxy may strip the root path or leave it.
#[test]
fn under_a_root_path_and_a_prefix() {
    let registry = named();
    for path in ["/api/mcpo/tools/time/docs", "/tools/time/docs"] {
        assert_eq!(read(path, "/api/mcpo", "/tools/", &registry, true), "Docs of time", "{path}");
    }
    assert_eq!(read("/api/mcpo", "/api/mcpo", "/tools/", &registry, true), "index");
    assert_eq!(read("/time/docs", "/api/mcpo", "/tools/", &registry, true), "unknown");
    assert_eq!(read("/api/mcpoX/tools/time/docs", "/api/mcpo", "/tools/", &registry, true), "unknown");
}
