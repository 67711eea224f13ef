use std::collections::HashMap;
use std::io::Write as _;

use clap::Parser as _;

use super::*;
use crate::config::{HttpKind, UpstreamSettings};

struct Variables(HashMap<&'static str, &'static str>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}

fn resolve_in(
    words: &[&str],
    variables: &[(&'static str, &'static str)],
) -> Result<(Settings, Vec<String>), FlagError> {
    let typed = std::iter::once("mcpo").chain(words.iter().copied());
    let mut arguments = Arguments::try_parse_from(typed).unwrap();
    arguments.dashes = words.contains(&"--");
    settings(&arguments, &Variables(variables.iter().copied().collect()))
}

fn resolve(words: &[&str]) -> Result<Settings, FlagError> {
    resolve_in(words, &[]).map(|(settings, _)| settings)
}

fn single(settings: &Settings) -> &UpstreamSettings {
    match &settings.layout {
        Layout::Single(server) => &server.upstream,
        Layout::Named { .. } => panic!("several servers"),
    }
}

#[test]
fn nothing_to_serve_is_said_as_mcpo_says_it() {
    assert_eq!(
        resolve(&[]).unwrap_err().to_string(),
        "Usage: mcpo --host 0.0.0.0 --port 8000 -- your_mcp_command"
    );
    assert_eq!(
        resolve(&["--"]).unwrap_err().to_string(),
        "Error: You must specify the MCP server command after '--'"
    );
}

#[test]
fn the_command_keeps_its_own_flags() {
    let settings =
        resolve(&["-p", "9", "-h", "127.0.0.1", "--", "uvx", "mcp-server-time", "--port", "3", "--", "x"])
            .unwrap();
    assert_eq!((settings.listen.port, settings.listen.host.as_str()), (9, "127.0.0.1"));
    let UpstreamSettings::Stdio(server) = single(&settings) else { panic!("not stdio") };
    assert_eq!(server.program, "uvx");
    assert_eq!(server.args, ["mcp-server-time", "--port", "3", "--", "x"]);
}

#[test]
fn every_short_flag_of_mcpo() {
    let settings = resolve(&[
        "-h", "::1", "-p", "1", "-k", "key", "-e", "A=b=c", "-n", "N", "-d", "D", "-v", "2", "-t", "c", "-K",
        "k", "--", "x",
    ])
    .unwrap();
    assert_eq!(
        (settings.api.title.as_str(), settings.api.description.as_str(), settings.api.version.as_str()),
        ("N", "D", "2")
    );
    assert!(settings.access.api_key.is_some() && settings.listen.tls.is_some());
    let UpstreamSettings::Stdio(server) = single(&settings) else { panic!("not stdio") };
    assert_eq!(server.env, [("A".into(), "b=c".into())]);
}

#[test]
fn a_url_with_headers() {
    for name in ["--type", "--server-type"] {
        let words = [name, "sse", "-H", r#"{"Authorization": "Bearer t"}"#, "--", "http://127.0.0.1:1/sse"];
        let settings = resolve(&words).unwrap();
        let UpstreamSettings::Remote(server) = single(&settings) else { panic!("not remote") };
        assert_eq!(server.kind, HttpKind::Sse);
        assert_eq!(server.headers["authorization"], "Bearer t");
    }
    let error = resolve(&["--type", "sse", "-H", "nonsense", "--", "http://127.0.0.1:1/sse"]).unwrap_err();
    assert!(error.to_string().starts_with("--header: expected one JSON object"));
    let error = resolve(&["--", "https://mcp.example/mcp"]).unwrap_err();
    assert!(error.to_string().contains("add --type streamable-http"), "{error}");
    let error = resolve(&["--type", "carrier-pigeon", "--", "x"]).unwrap_err();
    assert!(error.to_string().starts_with("--type: unknown type"), "{error}");
}

/// Defect 17: a value without `=` is said, not swallowed; and it may be a secret, so it is not repeated.
#[test]
fn defect_17_env_without_an_equals_sign() {
    let error = resolve(&["--env", "hush", "--", "x"]).unwrap_err().to_string();
    assert!(error.starts_with("--env: expected KEY=VALUE") && !error.contains("hush"), "{error}");
}

/// Defect 18: `LOG_LEVEL=WARN` and Python's other names.
#[test]
fn defect_18_log_levels() {
    for (text, level) in
        [("WARN", LogLevel::Warning), ("warning", LogLevel::Warning), ("CRITICAL", LogLevel::Error)]
    {
        let (settings, warnings) = resolve_in(&["--", "x"], &[("LOG_LEVEL", text)]).unwrap();
        assert_eq!(settings.log_level, level);
        assert!(warnings.is_empty());
    }
    let (settings, warnings) = resolve_in(&["--", "x"], &[("LOG_LEVEL", "verbose")]).unwrap();
    assert_eq!(settings.log_level, LogLevel::Info);
    assert_eq!(warnings.len(), 1);
    assert!(resolve(&["--log-level", "verbose", "--", "x"]).is_err());
}

/// Defect 16: the variable does something.
#[test]
fn defect_16_connection_timeout() {
    let (settings, _) = resolve_in(&["--", "x"], &[("CONNECTION_TIMEOUT", "2.5")]).unwrap();
    assert_eq!(settings.limits.connect_timeout, Duration::from_millis(2500));
    assert!(resolve_in(&["--", "x"], &[("CONNECTION_TIMEOUT", "soon")]).is_err());
}

#[test]
fn paths_are_normalised() {
    for (typed, prefix) in
        [("/", "/"), ("", "/"), ("tools", "/tools/"), ("/tools/", "/tools/"), ("a/b", "/a/b/")]
    {
        assert_eq!(resolve(&["--path-prefix", typed, "--", "x"]).unwrap().path_prefix, prefix);
    }
    for (typed, root) in [("", ""), ("/", ""), ("/api/mcpo", "/api/mcpo"), ("api/mcpo/", "/api/mcpo")] {
        assert_eq!(resolve(&["--root-path", typed, "--", "x"]).unwrap().root_path, root);
    }
}

#[test]
fn origins_are_checked() {
    assert!(resolve(&["--", "x"]).unwrap().cors_origins.is_empty());
    let words = [
        "--cors-allow-origins",
        "https://a.example",
        "--cors-allow-origins",
        "http://localhost:3000",
        "--",
        "x",
    ];
    assert_eq!(resolve(&words).unwrap().cors_origins.len(), 2);
    assert!(resolve(&["--cors-allow-origins", "a.example", "--", "x"]).is_err());
}

#[test]
fn a_file_of_variables() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "# comment\nA=file\nB='quoted value'").unwrap();
    let path = &file.path().to_str().unwrap().to_owned();
    let settings = resolve(&["--env", "A=from flag", "--env-path", path, "--", "x"]).unwrap();
    let UpstreamSettings::Stdio(server) = single(&settings) else { panic!("not stdio") };
    assert_eq!(server.env, [("A".into(), "file".into()), ("B".into(), "quoted value".into())]);
    let error = resolve(&["--env-path", "/nowhere.env", "--", "x"]).unwrap_err();
    assert!(error.to_string().contains("/nowhere.env"));
    writeln!(file, "C=hush hush").unwrap();
    let error = resolve(&["--env-path", path, "--", "x"]).unwrap_err().to_string();
    assert!(error.contains("line 4: expected KEY=VALUE") && !error.contains("hush"), "{error}");
}

#[test]
fn the_key_may_come_from_the_environment() {
    let (settings, _) = resolve_in(&["--", "x"], &[("MCPO_API_KEY", "k")]).unwrap();
    assert!(settings.access.api_key.is_some());
    assert!(!format!("{settings:?}").contains("\"k\""));
}

#[test]
fn the_key_for_tokens_comes_from_one_place() {
    let one = |name| resolve_in(&["--", "x"], &[(name, "k")]).unwrap().0.token_key;
    assert!(matches!(one("MCPO_TOKEN_KEY"), Some(TokenKey::Given(_))));
    assert!(!format!("{:?}", one("MCPO_TOKEN_KEY")).contains("\"k\""));
    assert!(matches!(one("MCPO_TOKEN_KEY_FILE"), Some(TokenKey::File(path)) if path == Path::new("k")));
    assert!(resolve(&["--", "x"]).unwrap().token_key.is_none());
    let both = [("MCPO_TOKEN_KEY", "k"), ("MCPO_TOKEN_KEY_FILE", "f")];
    assert!(matches!(resolve_in(&["--", "x"], &both), Err(FlagError::Flag { flag: "MCPO_TOKEN_KEY", .. })));
}
