use super::*;

/// C8.8: https, and http on this machine; nothing that runs or reads something, and no plain http elsewhere.
#[test]
fn c8_8_what_may_be_opened() {
    for url in ["https://as.test/authorize", "http://127.0.0.1:1/x", "http://[::1]/x", "http://localhost/x"] {
        assert!(is_openable(&Url::parse(url).unwrap()), "{url}");
    }
    for url in [
        "http://as.test/authorize",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///bin/sh",
        "vbscript:x",
        "ms-msdt:/id",
        "ftp://as.test/x",
        "com.example.app:/x",
    ] {
        assert!(!is_openable(&Url::parse(url).unwrap()), "{url}");
    }
}

/// C8.7: the two spellings of this machine, and no others.
#[test]
fn c8_7_spellings() {
    let other = |text| respelled(&RedirectUri::parse(text).unwrap()).map(|uri| uri.to_string());
    assert_eq!(other("http://127.0.0.1:3030/cb").as_deref(), Some("http://localhost:3030/cb"));
    assert_eq!(other("http://localhost:3030/cb").as_deref(), Some("http://127.0.0.1:3030/cb"));
    assert_eq!(other("http://[::1]:3030/cb"), None);
    assert_eq!(other("https://app.test/cb"), None);
}

/// C8.9: nothing here starts a program: the one crate that opens browsers is built to do without a shell.
#[test]
fn c8_9_no_shell() {
    let crate_root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = std::fs::read_to_string(crate_root.join("../../Cargo.toml")).unwrap();
    let browser = workspace.lines().find(|line| line.starts_with("webbrowser")).unwrap();
    assert!(browser.contains("\"hardened\""), "{browser}");
    let mut directories = vec![crate_root.join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if !path.ends_with("tests.rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                assert!(!source.contains("process::Command"), "{}", path.display());
            }
        }
    }
}
