//! Exactness: what a server says comes out of the engine byte for byte.
//!
//! The corpus is what real servers said, as files in `tests/corpus/` (`cargo xtask record` makes them anew), and what no
//! server says but may, made here from fixed seeds. All of it is played to the engine by every way there is. Two things
//! cannot arrive as they were sent, whatever the engine does: over stdio a message has no line ends, and the line ends of
//! server-sent events are all LF. So cases with line ends between tokens are played without them over stdio, and the
//! corpus has no CR between tokens.
mod generated;
mod record;
mod replay;
mod special;

use std::path::PathBuf;

use crate::{scan, wire};

/// One thing that a server said.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Where it is from, for a person.
    pub(crate) origin: String,
    pub(crate) said: Said,
}

#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// A list of tools: its pages, the text of each `ListToolsResult`.
    List(Vec<String>),
    /// The text of a `CallToolResult`.
    Result(String),
}

/// The recorded part of the corpus.
fn recorded() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files.iter().flat_map(of_file).collect()
}

fn of_file(file: &PathBuf) -> Vec<Case> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let passed = wire::transcript(&std::fs::read_to_string(file).unwrap());
    let mut said = Vec::new();
    let mut pages = Vec::new();
    for page in wire::results(&passed, "tools/list") {
        let last = scan::member(&page, "nextCursor").is_none();
        pages.push(page);
        if last {
            said.push(Said::List(std::mem::take(&mut pages)));
        }
    }
    assert!(pages.is_empty(), "{name}: a list without an end");
    let results = wire::results(&passed, "tools/call");
    // A result that demands input is not what a call comes to.
    let whole = |text: &String| scan::member(text, "resultType").is_none_or(|kind| kind == r#""complete""#);
    said.extend(results.into_iter().filter(whole).map(Said::Result));
    let case = |(number, said)| Case { origin: format!("{name} {number}"), said };
    said.into_iter().enumerate().map(case).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"))
}
