use super::*;

fn resolve(json: &str) -> Result<ServerSettings, EntryError> {
    let value: Value = serde_json::from_str(json).unwrap();
    let (entry, _) = ServerEntry::from_value(&value)?;
    entry.resolve("a", &[("SHARED".into(), "1".into())], Duration::from_secs(300))
}

fn stdio(json: &str) -> StdioServer {
    match resolve(json).unwrap().upstream {
        UpstreamSettings::Stdio(server) => server,
        UpstreamSettings::Remote(_) => panic!("not stdio"),
    }
}

fn remote(json: &str) -> RemoteServer {
    match resolve(json).unwrap().upstream {
        UpstreamSettings::Remote(server) => *server,
        UpstreamSettings::Stdio(_) => panic!("not remote"),
    }
}

#[test]
fn a_command_alone_is_stdio() {
    let server = stdio(r#"{"command": "uvx", "args": ["mcp-server-time"], "env": {"TZ": "UTC"}}"#);
    assert_eq!(server.program, "uvx");
    assert!(!server.inherit_env);
    assert_eq!(server.env, [("SHARED".into(), "1".into()), ("TZ".into(), "UTC".into())]);
}

#[test]
fn a_url_alone_is_found_out() {
    assert_eq!(remote(r#"{"url": "http://127.0.0.1:8001/sse"}"#).kind, HttpKind::Detect);
    assert_eq!(remote(r#"{"type": "sse", "url": "http://127.0.0.1:8001/sse"}"#).kind, HttpKind::Sse);
}

/// What `Debug` shows may end up in a log.
#[test]
fn secrets_do_not_print() {
    let server = resolve(
        r#"{"url": "https://x/mcp", "headers": {"Authorization": "Bearer hush"}, "oauth": {"client_id": "i", "client_secret": "hush"}}"#,
    )
    .unwrap();
    assert!(!format!("{server:?}").contains("hush"));
    let server = resolve(r#"{"command": "x", "args": ["--key=hush"], "env": {"KEY": "hush"}}"#).unwrap();
    assert!(!format!("{server:?}").contains("hush"));
}

#[test]
fn both_spellings_of_disabled_tools() {
    for key in ["disabledTools", "disabled_tools"] {
        let server = resolve(&format!(r#"{{"command": "x", "{key}": ["a", "b"]}}"#)).unwrap();
        assert_eq!(server.disabled_tools.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}

/// Among it an OAuth login for a process, which gets its credentials from its environment (C1.1).
#[test]
fn what_contradicts_itself_is_refused() {
    for (json, part) in [
        (r#"{"type": "stdio"}"#, "needs a \"command\""),
        (r#"{"type": "sse"}"#, "needs a \"url\""),
        (r#"{"command": ""}"#, "is empty"),
        (r#"{"command": "x", "oauth": {}}"#, "has no OAuth login"),
        (r#"{"url": "nonsense"}"#, "found no URL"),
        (r#"{"command": "https://x/mcp"}"#, "is a URL, not a program"),
        (r#"{"url": "http://x/", "headers": {"a b": "c"}}"#, "is not a header name"),
        (r#"{"url": "http://x/", "headers": {"a": "c\nd"}}"#, "no header can carry"),
        (r#"{"url": "http://x/", "timeout": -1}"#, "above 0"),
        (r#"{"url": "http://x/", "timeout": 0}"#, "above 0"),
        (r#"{"url": "http://x/", "oauth": {"client_secret": "s"}}"#, "needs a \"client_id\""),
        (r#"{"url": "http://x/", "oauth": {"server_url": "x"}}"#, "is not an http:// or https:// URL"),
        (
            r#"{"url": "http://x/", "oauth": {"grant_type": "client_credentials"}}"#,
            "needs a \"client_id\" and",
        ),
        (
            r#"{"url": "http://x/", "oauth": {"grant_type": "client_credentials", "client_id": "a"}}"#,
            "and a \"client_secret\"",
        ),
        (r#"{"url": "http://x/", "oauth": {"grant_type": "password"}}"#, "unknown grant \"password\""),
    ] {
        let error = resolve(json).unwrap_err();
        assert!(error.message.contains(part), "{json}: {}", error.message);
    }
}

/// Defect 30: the documented static client can carry a `client_id`, in either place.
#[test]
fn defect_30_a_static_client_carries_its_id() {
    for json in [
        r#"{"url": "http://x/mcp", "oauth": {"server_url": "http://x", "client_id": "me", "client_secret": "s"}}"#,
        r#"{"url": "http://x/mcp", "oauth": {"server_url": "http://x", "client_metadata": {"client_id": "me", "client_secret": "s"}}}"#,
    ] {
        let oauth = remote(json).oauth.unwrap();
        assert_eq!(oauth.client_id.as_deref(), Some("me"));
        assert!(oauth.client_secret.is_some());
    }
}

/// The static configuration of mcpo's guide, as it stands there.
#[test]
fn seed_static_client_configuration() {
    let oauth = remote(
        r#"{
      "type": "streamable-http",
      "url": "http://localhost:8000/mcp",
      "oauth": {
        "server_url": "http://localhost:8000",
        "storage_type": "file",
        "client_metadata": {
          "client_name": "My MCPO Client",
          "redirect_uris": ["http://localhost:3030/callback"],
          "grant_types": ["authorization_code", "refresh_token"],
          "response_types": ["code"]
        }
      }
    }"#,
    )
    .oauth
    .unwrap();
    assert_eq!(oauth.client.client_name.as_deref(), Some("My MCPO Client"));
    assert_eq!(oauth.redirect_uri.unwrap().as_str(), "http://localhost:3030/callback");
    assert_eq!(oauth.callback_port, 3030);
}

/// serde's own words are Rust's.
#[test]
fn wrong_types_are_told_in_words_of_json() {
    for (json, words) in [
        (r#"{"url": "http://x/", "timeout": "5"}"#, "expected a number"),
        (r#"{"command": "x", "args": "a"}"#, "expected a list"),
        (r#"{"command": "x", "env": []}"#, "expected an object"),
        (r#"{"url": "http://x/", "client_header_forwarding": true}"#, "expected an object"),
        (r#"{"url": "http://x/", "oauth": "yes"}"#, "expected an object"),
        (r#""npx""#, "expected an object"),
    ] {
        let error = resolve(json).unwrap_err();
        assert!(error.message.ends_with(words), "{json}: {}", error.message);
    }
}

#[test]
fn a_client_certificate_comes_with_its_key() {
    let server =
        remote(r#"{"url": "https://x/", "ca": "ca.pem", "clientCert": "me.pem", "client_key": "me.key"}"#);
    assert_eq!(server.certificates.authorities, Some("ca.pem".into()));
    assert_eq!(server.certificates.client, Some(("me.pem".into(), "me.key".into())));
    for (json, at) in [
        (r#"{"url": "https://x/", "client_cert": "me.pem"}"#, "clientCert"),
        (r#"{"url": "https://x/", "clientKey": "me.key"}"#, "clientKey"),
    ] {
        let error = resolve(json).unwrap_err();
        assert!(matches!(error.path.as_slice(), [Step::Key(key)] if key == at), "{json}: {error:?}");
    }
}

/// A program and a URL: the type decides, and without one the URL, as in mcpo.
#[test]
fn a_command_and_a_url() {
    let both = |kind: &str| format!(r#"{{{kind} "command": "uvx", "url": "http://127.0.0.1:1/mcp"}}"#);
    assert_eq!(stdio(&both(r#""type": "stdio","#)).program, "uvx");
    assert_eq!(remote(&both(r#""type": "sse","#)).kind, HttpKind::Sse);
    assert_eq!(remote(&both("")).kind, HttpKind::Detect);
}
