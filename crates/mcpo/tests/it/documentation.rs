//! What the documentation says of the tests is true.

use std::path::{Path, PathBuf};

/// Every test that docs/defects.md names exists.
#[test]
fn the_tests_that_the_documentation_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/defects.md")).expect("the page");
    let named = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| {
            name.len() > 12 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
        .filter(|name| !CONFIGURATION_KEYS.contains(name));
    let mut sources = String::new();
    read_sources(&root.join("crates"), &mut sources);
    let missing: Vec<_> = named.filter(|name| !sources.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "docs/defects.md names tests that are not there: {missing:?}");
}

/// Words of the page that look like tests.
const CONFIGURATION_KEYS: [&str; 3] = ["callback_port", "client_secret", "client_metadata"];

fn read_sources(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            read_sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}
