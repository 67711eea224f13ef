//! docs/faults.md says what is tested here.
use std::path::Path;

/// The table names tests that are there, and every test of this folder is in the table.
#[test]
fn the_table_of_faults_and_the_tests_agree() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() > 40, "{} rows", rows.len());
    let named: Vec<&str> =
        rows.iter().flat_map(|row| row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    let mut all = String::new();
    for folder in [tests.clone(), tests.join("faults")] {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    let missing: Vec<_> = named.iter().filter(|name| !all.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "docs/faults.md names tests that are not there: {missing:?}");
    let mut unnamed = Vec::new();
    for file in std::fs::read_dir(tests.join("faults")).unwrap().map(|entry| entry.unwrap().path()) {
        let source = std::fs::read_to_string(&file).unwrap();
        for test in source.split("#[tokio::test]\n").skip(1) {
            let Some(name) = test.strip_prefix("async fn ") else { continue };
            let name = name.split('(').next().unwrap().to_owned();
            if !named.contains(&&*name) {
                unnamed.push(name);
            }
        }
    }
    assert!(unnamed.is_empty(), "docs/faults.md does not name {unnamed:?}");
}
