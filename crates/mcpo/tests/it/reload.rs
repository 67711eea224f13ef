//! `--hot-reload` (defect 14): what changed is changed, what did not is not touched, what is broken changes nothing.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::mcp::{Framing, Script, reply};

use crate::support::{Proxy, is_running};

/// A folder with a configuration and what its servers write down.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, config: &Value) {
        fs::write(self.path().join("config.json"), config.to_string()).expect("a config file");
    }

    async fn proxy(&self) -> Proxy {
        let file = self.path().join("config.json");
        Proxy::start(["--hot-reload".as_ref(), "--config".as_ref(), file.as_os_str()]).await
    }

    /// A server that writes its process id down when it starts.
    fn server(&self, name: &str) -> Value {
        let pids = self.path().join(format!("{name}.pids"));
        let command = format!("echo $$ >> '{}'; exec '{MCPO}' demo-server", pids.display());
        json!({ "command": "sh", "args": ["-c", command] })
    }

    fn pids(&self, name: &str) -> Vec<u32> {
        let text = fs::read_to_string(self.path().join(format!("{name}.pids"))).unwrap_or_default();
        text.lines().filter_map(|line| line.trim().parse().ok()).collect()
    }
}

fn servers(servers: &Value) -> Value {
    json!({ "mcpServers": servers })
}

fn local() -> Value {
    json!({ "command": MCPO, "args": ["demo-server"] })
}

async fn is_gone(proxy: &Proxy, name: &str) {
    let gone = async || (proxy.get(&format!("/{name}/openapi.json")).await.status == 404).then_some(());
    proxy.eventually(&format!("{name} is gone"), gone).await;
    let reply = proxy.post(&format!("/{name}/text_statistics"), &json!({ "text": "a" })).await;
    assert_eq!(reply.status, 404, "{}", reply.text());
}

#[tokio::test]
async fn d14_added_removed_and_changed_servers_and_one_that_stays() {
    let folder = Folder::new();
    let (keep, change, remove) = (folder.server("keep"), folder.server("change"), folder.server("remove"));
    folder.write(&servers(&json!({ "keep": keep, "change": change, "remove": remove })));
    let proxy = folder.proxy().await;
    for name in ["keep", "change", "remove"] {
        proxy.ready(&format!("/{name}/openapi.json")).await;
    }
    let before = ["keep", "change", "remove"].map(|name| folder.pids(name));
    assert!(before.iter().all(|pids| pids.len() == 1), "{before:?}");

    let mut changed = folder.server("change");
    changed["env"] = json!({ "NEW": "1" });
    changed["disabledTools"] = json!(["sort_lines"]);
    folder.write(&servers(&json!({ "keep": keep, "change": changed, "add": local() })));
    proxy.ready("/add/openapi.json").await;
    is_gone(&proxy, "remove").await;
    let anew = async || (folder.pids("change").len() == 2).then_some(());
    proxy.eventually("the changed server has a new process", anew).await;
    let document = proxy.ready("/change/openapi.json").await;
    assert!(document["paths"].get("/sort_lines").is_none(), "{document}");
    let ended = async || (!is_running(before[1][0]) && !is_running(before[2][0])).then_some(());
    proxy.eventually("the old processes are gone", ended).await;
    assert_eq!(folder.pids("keep"), before[0], "a server that did not change is not touched");
    assert!(is_running(before[0][0]));
    let listed = proxy.get("/openapi.json").await.text();
    assert!(listed.contains("[add]") && !listed.contains("[remove]"), "{listed}");
    proxy.logged("the configuration changed").await;
}

#[tokio::test]
async fn d14_a_remote_server_that_did_not_change_keeps_its_session() {
    let remote = Script::new()
        .tool("echo", r#"{"type":"object"}"#, reply::echo())
        .serve_streamable(Framing::Json)
        .await;
    let folder = Folder::new();
    let entry = json!({ "type": "streamable-http", "url": remote.url(), "headers": { "X-Key": "k" } });
    folder.write(&servers(&json!({ "remote": entry })));
    let proxy = folder.proxy().await;
    proxy.ready("/remote/openapi.json").await;
    // The same in another order and with another neighbour.
    let same = json!({ "headers": { "X-Key": "k" }, "url": remote.url(), "type": "streamable-http" });
    folder.write(&servers(&json!({ "first": local(), "remote": same })));
    proxy.ready("/first/openapi.json").await;
    assert_eq!(proxy.post("/remote/echo", &json!({})).await.status, 200);
    let begun = remote.recorded().iter().filter(|request| request.body.contains("\"initialize\"")).count();
    assert_eq!(begun, 1);
}

#[tokio::test]
async fn d14_a_broken_file_changes_nothing_and_is_named_once() {
    let folder = Folder::new();
    let slow = Script::new().tool("slow", r#"{"type":"object"}"#, reply::slow(1500));
    let slow = slow.serve_streamable(Framing::Json).await;
    let entry = json!({ "type": "streamable-http", "url": slow.url() });
    folder.write(&servers(&json!({ "keep": folder.server("keep"), "slow": entry })));
    let proxy = folder.proxy().await;
    proxy.ready("/keep/openapi.json").await;
    proxy.ready("/slow/openapi.json").await;
    let file = folder.path().join("config.json");
    fs::write(&file, "{\"mcpServers\": {\n  \"keep\": {\"command\": \"x\",\n    \"args\": [1]}\n}}\n")
        .expect("a config file");
    let line = proxy.logged("the configuration is not changed").await;
    for told in ["config.json", "line 3", "mcpServers.keep.args"] {
        assert!(line.contains(told), "{told} is not told: {line}");
    }
    // As long as this takes, nobody writes to the file, so nothing more is to be said.
    assert_eq!(proxy.post("/slow/slow", &json!({})).await.status, 200);
    let told = proxy.log().matches("the configuration is not changed").count();
    assert_eq!(told, 1, "{}", proxy.log());

    fs::write(&file, "{").expect("a config file");
    proxy.logged("line 1").await;
    fs::remove_file(&file).expect("the file is there");
    proxy.logged("cannot read the config file").await;
    let reply = proxy.post("/keep/text_statistics", &json!({ "text": "one two" })).await;
    assert_eq!(reply.json()["words"], 2);
    assert_eq!(folder.pids("keep").len(), 1);

    folder.write(&servers(&json!({ "keep": folder.server("keep"), "add": local() })));
    proxy.ready("/add/openapi.json").await;
    assert_eq!(folder.pids("keep").len(), 1);
}

#[tokio::test]
async fn d14_a_file_that_is_replaced_by_renaming_another_over_it() {
    let folder = Folder::new();
    folder.write(&servers(&json!({ "one": local() })));
    let proxy = folder.proxy().await;
    proxy.ready("/one/openapi.json").await;
    for name in ["two", "three"] {
        let beside = folder.path().join(".config.json.swp");
        fs::write(&beside, servers(&json!({ name: local() })).to_string()).expect("a file");
        fs::rename(&beside, folder.path().join("config.json")).expect("renamed");
        proxy.ready(&format!("/{name}/openapi.json")).await;
    }
    is_gone(&proxy, "one").await;
    is_gone(&proxy, "two").await;
}

/// Kubernetes: `config.json -> ..data/config.json`, `..data -> ..2026_01`; an update is a new directory and a new `..data`.
#[tokio::test]
async fn d14_a_kubernetes_config_map() {
    let folder = Folder::new();
    let version = |number: u32, name: &str| {
        let directory = folder.path().join(format!("..{number}"));
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("config.json"), servers(&json!({ name: local() })).to_string())
            .expect("a file");
        let new = folder.path().join("..data_tmp");
        symlink(format!("..{number}"), &new).expect("a link");
        fs::rename(new, folder.path().join("..data")).expect("renamed");
    };
    version(1, "one");
    symlink("..data/config.json", folder.path().join("config.json")).expect("a link");
    let proxy = folder.proxy().await;
    proxy.ready("/one/openapi.json").await;
    for (number, name) in [(2, "two"), (3, "three")] {
        version(number, name);
        fs::remove_dir_all(folder.path().join(format!("..{}", number - 1))).expect("the old one is removed");
        proxy.ready(&format!("/{name}/openapi.json")).await;
    }
    is_gone(&proxy, "one").await;
    is_gone(&proxy, "two").await;
}

/// A link to a file somewhere else, as dotfile managers make them: changed in place, then pointed to another file.
#[tokio::test]
async fn d14_a_link_to_a_file_in_another_folder() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    elsewhere.write(&servers(&json!({ "one": local() })));
    symlink(elsewhere.path().join("config.json"), folder.path().join("config.json")).expect("a link");
    let proxy = folder.proxy().await;
    proxy.ready("/one/openapi.json").await;
    elsewhere.write(&servers(&json!({ "two": local() })));
    proxy.ready("/two/openapi.json").await;

    let third = Folder::new();
    third.write(&servers(&json!({ "three": local() })));
    let new = folder.path().join("new");
    symlink(third.path().join("config.json"), &new).expect("a link");
    fs::rename(new, folder.path().join("config.json")).expect("renamed");
    proxy.ready("/three/openapi.json").await;
    third.write(&servers(&json!({ "four": local() })));
    proxy.ready("/four/openapi.json").await;
}

#[tokio::test]
async fn d14_a_call_that_runs_is_finished_when_its_server_is_removed() {
    let tools = Script::new().tool("slow", r#"{"type":"object"}"#, reply::slow(1500)).tool(
        "quick",
        r#"{"type":"object"}"#,
        reply::text("quick"),
    );
    let remote = tools.clone().serve_streamable(Framing::Json).await;
    let (program, arguments) = tools.stdio_command();
    let text = |text: &std::ffi::OsStr| text.to_str().expect("text").to_owned();
    let arguments: Vec<_> = arguments.iter().map(|argument| text(argument)).collect();
    let folder = Folder::new();
    folder.write(&servers(&json!({
        "remote": { "type": "streamable-http", "url": remote.url() },
        "child": { "command": text(&program), "args": arguments },
        "keep": local(),
    })));
    let proxy = folder.proxy().await;
    for name in ["remote", "child"] {
        proxy.ready(&format!("/{name}/openapi.json")).await;
    }
    let calls = ["remote", "child"].map(|name| {
        let client = proxy.client();
        tokio::spawn(async move { client.post(&format!("/{name}/slow"), &json!({})).await })
    });
    remote.wait_for(|request| request.body.contains("tools/call")).await;
    folder.write(&servers(&json!({ "keep": local() })));
    is_gone(&proxy, "remote").await;
    is_gone(&proxy, "child").await;
    for call in calls {
        let reply = call.await.expect("no panic");
        assert_eq!((reply.status, reply.json()), (200, json!("slow")));
    }
    // Only then the session ends.
    remote.wait_for(|request| request.method == http::Method::DELETE).await;
}

const MCPO: &str = env!("CARGO_BIN_EXE_mcpo");
