//! docs/hostile.md.

use std::path::Path;

/// One row about a path.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) outcome: String,
}

impl Row {
    pub(super) fn line(&self) -> String {
        format!("| `{}` | {} | `{}` |", self.name, self.what, self.outcome)
    }
}

fn text() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hostile.md")).unwrap()
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
    Some(line.split(" | ").map(str::trim).collect())
}

/// The rows about paths, in their order: `name`, words, `outcome`.
pub(super) fn paths() -> Vec<Row> {
    let text = text();
    let row = |line| match cells(line)?.as_slice() {
        &[name, what, outcome] => {
            let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
            Some(Row { name: code(name)?, what: what.to_owned(), outcome: code(outcome)? })
        }
        _ => None,
    };
    text.lines().filter_map(row).collect()
}

/// The tests that the other rows name.
fn tests() -> Vec<String> {
    let text = text();
    let (_, rest) = text.split_once("## What has no path").unwrap();
    let rows = rest.lines().filter_map(cells).filter(|cells| cells.len() == 3);
    rows.flat_map(|cells| cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Every test that the page names is there.
#[test]
fn the_page_names_tests_that_are_there() {
    let mut all = String::new();
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../mcp-oauth-core/src"),
    ];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let named = tests();
    assert!(named.len() > 5, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !all.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "docs/hostile.md names tests that are not there: {missing:?}");
}
