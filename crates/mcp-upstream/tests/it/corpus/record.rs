//! Records the corpus anew: `cargo xtask record` runs this with every real server there.
use std::path::Path;

use mcp_upstream::{Command, ProtocolVersion};
use serde_json::{Value, json};

use super::folder;
use crate::real::{
    fetch::web_server,
    git::git,
    visit::{Visit, command, visitor},
};

#[tokio::test]
#[ignore = "it rewrites tests/corpus: cargo xtask record"]
async fn the_corpus_is_recorded_anew() {
    std::fs::create_dir_all(folder()).unwrap();
    everything().await;
    memory().await;
    filesystem().await;
    git_server().await;
    time().await;
    fetch().await;
    for (revision, suffix) in REVISIONS {
        let options = || visitor(Some(revision));
        let server = installed("MCPO_TEST_FASTMCP").args(["stdio"]);
        let visit = Visit::over_stdio_by(server, options()).await;
        record(visit, &format!("fastmcp-{suffix}"), fastmcp_calls()).await;
        let rmcp = Command::new(testkit::programs::program("rmcp-server")).args(["stdio"]);
        for (name, server, reveals) in [
            ("python-sdk", installed("MCPO_TEST_PYTHON_SDK").args(["stdio"]), true),
            ("typescript-sdk", installed("MCPO_TEST_TYPESCRIPT_SDK").args(["stdio"]), true),
            ("rmcp", rmcp, false),
        ] {
            let visit = Visit::over_stdio_by(server, options()).await;
            let reveals =
                if reveals { vec![("reveal", json!({})), ("hidden", json!({}))] } else { Vec::new() };
            record(visit, &format!("{name}-{suffix}"), [sdk_calls(), reveals].concat()).await;
        }
    }
}

const REVISIONS: [(ProtocolVersion, &str); 2] =
    [(ProtocolVersion::V2025_11_25, "legacy"), (ProtocolVersion::V2026_07_28, "stateless")];

type Calls = Vec<(&'static str, Value)>;

fn installed(variable: &str) -> Command {
    command(variable).unwrap_or_else(|| panic!("{variable} is not set: cargo xtask record sets it"))
}

/// Lists, makes all calls, lists again, and keeps what passed.
async fn record(visit: Visit, name: &str, calls: Calls) {
    visit.tools().await;
    for (tool, arguments) in calls {
        // Some are meant to fail, and an error is not part of the corpus.
        let _ = visit.call_with(tool, &arguments.to_string(), mcp_upstream::CallOptions::default()).await;
    }
    visit.tools().await;
    let file = visit.folder().join("wire.txt");
    visit.session.close().await;
    std::fs::copy(file, folder().join(format!("{name}.txt"))).unwrap();
}

async fn everything() {
    let mut calls: Calls = WORDS.iter().map(|word| ("echo", json!({ "message": word }))).collect();
    for (a, b) in [(1.0, 2.0), (0.1, 0.2), (-1e300, 1e300), (1e308, 1e308), (9_007_199_254_740_993.0, 0.0)] {
        calls.push(("get-sum", json!({ "a": a, "b": b })));
    }
    for kind in ["error", "success", "debug"] {
        calls
            .push(("get-annotated-message", json!({ "messageType": kind, "includeImage": kind == "debug" })));
    }
    for city in ["Chicago", "New York", "Los Angeles", "Atlantis"] {
        calls.push(("get-structured-content", json!({ "location": city })));
    }
    for number in 1..=4 {
        calls.push(("get-resource-links", json!({ "count": number })));
        let kind = if number % 2 == 0 { "Text" } else { "Blob" };
        calls.push(("get-resource-reference", json!({ "resourceType": kind, "resourceId": number })));
    }
    calls.push(("get-tiny-image", json!({})));
    calls.push(("trigger-long-running-operation", json!({ "duration": 0.1, "steps": 3 })));
    calls.push(("toggle-simulated-logging", json!({})));
    calls.push(("echo", json!({})));
    record(Visit::over_stdio(installed("MCPO_TEST_EVERYTHING").args(["stdio"])).await, "everything", calls)
        .await;
}

async fn memory() {
    let file = tempfile::tempdir().unwrap();
    let mut calls: Calls = Vec::new();
    for word in WORDS {
        let entity = json!({ "name": word, "entityType": "word", "observations": [word, ""] });
        calls.push(("create_entities", json!({ "entities": [entity] })));
        calls.push(("search_nodes", json!({ "query": word })));
    }
    let relation = json!({ "from": WORDS[0], "to": WORDS[1], "relationType": "before" });
    calls.push(("create_relations", json!({ "relations": [relation] })));
    let more = json!({ "entityName": WORDS[2], "contents": ["1.10", "é"] });
    calls.push(("add_observations", json!({ "observations": [more] })));
    calls.push(("read_graph", json!({})));
    calls.push(("open_nodes", json!({ "names": [WORDS[0], WORDS[3]] })));
    calls.push(("open_nodes", json!({ "names": ["nobody"] })));
    calls.push(("delete_relations", json!({ "relations": [relation] })));
    calls.push(("delete_entities", json!({ "entityNames": [WORDS[0]] })));
    calls.push(("read_graph", json!({})));
    calls.push(("create_entities", json!({ "entities": 7 })));
    let command = installed("MCPO_TEST_MEMORY").env("MEMORY_FILE_PATH", file.path().join("memory.jsonl"));
    record(Visit::over_stdio(command).await, "memory", calls).await;
}

async fn filesystem() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let at = |name: &str| root.join(name).to_string_lossy().into_owned();
    let mut calls: Calls = vec![("create_directory", json!({ "path": at("inner/most") }))];
    for (number, word) in WORDS.iter().enumerate() {
        let path = at(&format!("inner/file {number} é.txt"));
        let content = format!("{word}\r\n\t1.10\n{}", "line\n".repeat(number * 20));
        calls.push(("write_file", json!({ "path": path, "content": content })));
        calls.push(("read_text_file", json!({ "path": path })));
        calls.push(("read_text_file", json!({ "path": path, "head": 1 })));
        calls.push(("read_media_file", json!({ "path": path })));
    }
    let first = at("inner/file 0 é.txt");
    calls.push((
        "edit_file",
        json!({ "path": first, "edits": [{ "oldText": "1.10", "newText": "1.1" }], "dryRun": true }),
    ));
    calls.push(("read_multiple_files", json!({ "paths": [first, at("inner/file 1 é.txt"), at("none")] })));
    for sorted in ["name", "size"] {
        calls.push(("list_directory_with_sizes", json!({ "path": at("inner"), "sortBy": sorted })));
    }
    for tool in ["list_directory", "directory_tree", "get_file_info"] {
        calls.push((tool, json!({ "path": root })));
    }
    calls.push(("search_files", json!({ "path": root, "pattern": "**/*é*" })));
    calls.push(("move_file", json!({ "source": first, "destination": at("moved.txt") })));
    calls.push(("list_allowed_directories", json!({})));
    calls.push(("read_text_file", json!({ "path": at("../elsewhere") })));
    record(Visit::over_stdio(installed("MCPO_TEST_FILESYSTEM").args([&root])).await, "filesystem", calls)
        .await;
}

async fn git_server() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().canonicalize().unwrap();
    git(&repository, &["init", "-q"]);
    for (number, word) in WORDS.iter().enumerate() {
        commit(&repository, number, word);
    }
    std::fs::write(repository.join("file é.txt"), "changed\r\n\ttab \\ \"quote\"\n").unwrap();
    let with = |more: Value| {
        let mut arguments = json!({ "repo_path": repository });
        for (key, value) in more.as_object().unwrap() {
            arguments[key] = value.clone();
        }
        arguments
    };
    let mut calls: Calls = Vec::new();
    for number in 0..WORDS.len() {
        let revision = format!("HEAD~{number}");
        calls.push(("git_show", with(json!({ "revision": revision }))));
        calls.push(("git_diff", with(json!({ "target": revision, "context_lines": number }))));
    }
    for count in [1, 3, 100] {
        calls.push(("git_log", with(json!({ "max_count": count }))));
    }
    calls.push(("git_status", with(json!({}))));
    calls.push(("git_diff_unstaged", with(json!({}))));
    calls.push(("git_add", with(json!({ "files": ["file é.txt"] }))));
    calls.push(("git_diff_staged", with(json!({}))));
    calls.push(("git_create_branch", with(json!({ "branch_name": "zweig-ä" }))));
    calls.push(("git_branch", with(json!({ "branch_type": "local" }))));
    calls.push(("git_reset", with(json!({}))));
    calls.push(("git_checkout", with(json!({ "branch_name": "nowhere" }))));
    calls.push(("git_log", json!({ "repo_path": "/nowhere" })));
    let command = installed("MCPO_TEST_GIT").args(["--repository".as_ref(), repository.as_os_str()]);
    record(Visit::over_stdio(command).await, "git", calls).await;
}

fn commit(repository: &Path, number: usize, word: &str) {
    std::fs::write(repository.join("file é.txt"), format!("{word}\n{}", "line\n".repeat(number))).unwrap();
    git(repository, &["add", "."]);
    // An argument cannot hold NUL.
    let word = word.replace('\0', "");
    git(repository, &["commit", "-qm", &format!("{number}: {word}\n\nand more")]);
}

async fn time() {
    let mut calls: Calls = Vec::new();
    for zone in
        ["UTC", "Europe/Zurich", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Atlantis/Capital"]
    {
        calls.push(("get_current_time", json!({ "timezone": zone })));
        for time in ["00:00", "25:00"] {
            let arguments = json!({ "source_timezone": "UTC", "time": time, "target_timezone": zone });
            calls.push(("convert_time", arguments));
        }
    }
    record(Visit::over_stdio(installed("MCPO_TEST_TIME")).await, "time", calls).await;
}

async fn fetch() {
    let web = web_server().await;
    let mut calls: Calls = Vec::new();
    for path in ["/page", "/private/page", "/nowhere"] {
        for raw in [true, false] {
            calls.push(("fetch", json!({ "url": format!("{web}{path}"), "raw": raw })));
        }
    }
    for start in [0, 10, 1000] {
        calls.push((
            "fetch",
            json!({ "url": format!("{web}/page"), "raw": true, "max_length": 20, "start_index": start }),
        ));
    }
    calls.push(("fetch", json!({ "url": 7 })));
    record(
        Visit::over_stdio(installed("MCPO_TEST_FETCH").args(["--allow-private-ips"])).await,
        "fetch",
        calls,
    )
    .await;
}

fn fastmcp_calls() -> Calls {
    let mut calls: Calls = WORDS.iter().map(|word| ("shout", json!({ "text": word }))).collect();
    let mut part = json!({ "name": "innermost" });
    for depth in 1..=4 {
        calls.push(("assemble", json!({ "part": part, "depth": depth })));
        part = json!({ "name": format!("é{depth}"), "parts": [part, { "name": "1.10" }] });
    }
    calls.extend([("count", json!({ "steps": 2 })), ("fail", json!({})), ("shout", json!({}))]);
    calls
}

fn sdk_calls() -> Calls {
    let mut calls: Calls = WORDS.iter().map(|word| ("locate", json!({ "region": word }))).collect();
    for b in [1_i64, -1, 1 << 40] {
        calls.push(("add", json!({ "a": 9_007_199_254_740_991_i64 - b.abs(), "b": b })));
    }
    calls.extend([
        ("greet", json!({})),
        ("count", json!({ "steps": 2 })),
        ("fail", json!({})),
        ("add", json!({})),
    ]);
    calls
}

/// What servers are made to say.
const WORDS: [&str; 8] = [
    "plain",
    "Grüße, 世界",
    "\u{1f600} \u{1f468}\u{200d}\u{1f469} e\u{301}",
    "\"quoted\" \\ / \u{8}\u{c}",
    "\u{0}\u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{2029}\u{feff}",
    "<script>&amp;</script> %00 ${HOME} {{x}}",
    "{\"a\":1.10,\"z\":[1e400,-0],\"a\":2}",
    "first\r\nsecond\n\n\tthird",
];
