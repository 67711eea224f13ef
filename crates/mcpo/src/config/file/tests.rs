use super::*;
use crate::config::{HttpKind, UpstreamSettings};

fn problem(text: &str) -> String {
    ConfigFile::parse(text).unwrap_err().to_string()
}

/// Defect 10: the README's own example, with comments and a trailing comma.
#[test]
fn defect_10_comments_and_trailing_commas() {
    let file = ConfigFile::parse(
        r#"{
          "mcpServers": {
            "time": {
              "command": "uvx",
              "args": ["mcp-server-time", "--local-timezone=America/New_York"],
              "disabledTools": ["convert_time"] // Disable specific tools if needed
            },
            /* two kinds */
            "mcp_sse": { "type": "sse", "url": "http://127.0.0.1:8001/sse", "headers": { "Authorization": "Bearer token" } },
            "mcp_streamable_http": { "type": "streamable-http", "url": "http://127.0.0.1:8002/mcp", },
          },
        }"#,
    )
    .unwrap();
    let names: Vec<_> = file.servers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["time", "mcp_sse", "mcp_streamable_http"]);
    assert_eq!(file.servers[0].1.disabled_tools, ["convert_time"]);
    assert!(file.unknown.is_empty());
}

/// Defect 11: the words that Claude, Cursor and VS Code write.
#[test]
fn defect_11_other_programs_words_for_streamable_http() {
    for word in ["streamable-http", "streamable_http", "streamablehttp", "streamableHttp", "http"] {
        let text =
            format!(r#"{{"mcpServers": {{"a": {{"type": "{word}", "url": "http://127.0.0.1:1/mcp"}}}}}}"#);
        let file = ConfigFile::parse(&text).unwrap();
        let server = file.servers[0].1.resolve("a", &[], std::time::Duration::from_secs(1)).unwrap();
        assert!(
            matches!(server.upstream, UpstreamSettings::Remote(remote) if remote.kind == HttpKind::Streamable),
            "{word}"
        );
    }
}

#[test]
fn a_mistake_is_named_by_line_and_key() {
    assert_eq!(
        problem("{\n  \"mcpServers\": {\n    \"time\": {\n      \"command\": 7\n    }\n  }\n}"),
        "line 4, mcpServers.time.command: invalid type: number, expected a string"
    );
    assert_eq!(
        problem(
            "{\n  \"mcpServers\": {\n    \"time\": {\n      \"command\": \"x\",\n      \"args\": [\"a\",\n 5]\n    }\n  }\n}"
        ),
        "line 6, mcpServers.time.args[1]: invalid type: number, expected a string"
    );
    let message = problem(
        "{\n  \"mcpServers\": {\n    \"a\": {\n      \"type\": \"websocket\",\n \"url\": \"http://x/\"}}}",
    );
    assert!(message.starts_with("line 4, mcpServers.a.type: unknown type \"websocket\""), "{message}");
    let message = problem("{\n \"mcpServers\": {\n \"a\": {\n \"url\": \"ftp://x/\"}}}");
    assert_eq!(message, "line 4, mcpServers.a.url: expected an http:// or https:// URL");
    let message = problem("{\n \"mcpServers\": {\n \"a\": {}}}");
    assert!(message.starts_with("line 3, mcpServers.a: needs a \"command\""), "{message}");
    let message = problem(
        "{\n \"mcpServers\": {\n \"a\": {\"url\": \"http://x/\",\n \"oauth\": {\n \"storage_type\": \"disk\"}}}}",
    );
    assert!(message.starts_with("line 5, mcpServers.a.oauth.storage_type: unknown storage"), "{message}");
}

#[test]
fn broken_json_is_named_by_line() {
    let message = problem("{\n  \"mcpServers\": {\n    \"time\": {\n      \"command\" \"uvx\"\n");
    assert!(message.starts_with("line 4: "), "{message}");
    assert_eq!(problem(""), "line 1: the file is empty");
    assert!(problem("[]").contains("expected an object"));
    assert!(problem("{}").contains("no 'mcpServers' found"));
    assert!(problem("{\"mcpServers\": {}}").contains("no 'mcpServers' found"));
}

#[test]
fn unknown_keys_are_warned_about_not_refused() {
    let file = ConfigFile::parse(
        "{\n \"mcpServers\": {\n \"a\": {\"command\": \"x\",\n \"autoApprove\": [],\n \"env\": {\"any.key\": \"v\"}}},\n \"other\": 1}",
    )
    .unwrap();
    let unknown: Vec<_> = file.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(
        unknown,
        ["line 6, other: unknown key, ignored", "line 4, mcpServers.a.autoApprove: unknown key, ignored"]
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = ConfigFile::read(Path::new("/nowhere/at/all.json")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the config file /nowhere/at/all.json");
}

/// Comments and trailing commas are meant; the rest of JSON5 is a slip.
#[test]
fn slips_are_not_guessed_at() {
    for text in [
        "{\"mcpServers\": {\"a\": {\"command\": \"x\" \"args\": []}}}",
        "{'mcpServers': {'a': {'command': 'x'}}}",
        "{mcpServers: {a: {command: \"x\"}}}",
    ] {
        assert!(ConfigFile::parse(text).is_err(), "{text}");
    }
    let text = "{\"mcpServers\": {\n\"a\": {\"command\": \"x\"},\n\"a\": {\"command\": \"y\"}}}";
    assert_eq!(problem(text), "line 3, mcpServers.a: stands twice: which one is meant?");
}

#[test]
fn a_command_beside_a_url_is_warned_about_by_the_servers_name() {
    for (kind, unused, used) in [(r#""type": "stdio", "#, "url", "command"), ("", "command", "url")] {
        let text =
            format!(r#"{{"mcpServers": {{"time": {{{kind}"command": "uvx", "url": "http://x/mcp"}}}}}}"#);
        let file = ConfigFile::parse(&text).unwrap();
        let warned: Vec<_> = file.unknown.iter().map(ToString::to_string).collect();
        let expected =
            format!("line 1, mcpServers.time.{unused}: not used: the server is reached by its {used:?}");
        assert_eq!(warned, [expected]);
    }
}
