//! The programs of this crate, for tests that start them.
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// The path of a program of this crate, which is built if it is not there or older than its source. Cargo builds no binaries
/// of dependencies, so a test of another crate finds it only if something else has built it.
///
/// # Panics
/// When it cannot be built.
pub fn program(name: &'static str) -> PathBuf {
    static PROGRAMS: Mutex<Option<HashMap<&'static str, PathBuf>>> = Mutex::new(None);
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    programs.get_or_insert_default().entry(name).or_insert_with(|| find_or_build(name)).clone()
}

/// The path of an example of a package of this workspace, which is built if it is not there or older than its source. A run
/// of all tests has built it; one of a single package has built its own only.
///
/// # Panics
/// When it cannot be built.
pub fn example(package: &str, name: &str, features: &str) -> PathBuf {
    let directory = target_directory();
    let program = directory.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of crates");
    let changed =
        ["src", "examples"].iter().filter_map(|part| newest(&crates.join(package).join(part))).max();
    if modified(&program).is_none_or(|built| changed.is_some_and(|changed| changed > built)) {
        let profile = if directory.ends_with("release") { "release" } else { "dev" };
        let status = Command::new(option_env!("CARGO").unwrap_or("cargo"))
            .args(["build", "--quiet", "--package", package, "--example", name, "--profile", profile])
            .args(["--features", features])
            .current_dir(crates)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{name} could not be built");
    }
    program
}

/// target/<profile>
fn target_directory() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // target/<profile>/deps/<test> or target/<profile>/<program>
    let directory = test.ancestors().skip(1).find(|directory| !directory.ends_with("deps"));
    directory.expect("a test lies in a target directory").to_owned()
}

fn find_or_build(name: &str) -> PathBuf {
    let directory = target_directory();
    let program = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    if modified(&program).is_none_or(|built| newest(&source).is_some_and(|changed| changed > built)) {
        let profile = if directory.ends_with("release") { "release" } else { "dev" };
        let status = Command::new(option_env!("CARGO").unwrap_or("cargo"))
            .args(["build", "--quiet", "--package", "testkit", "--bin", name, "--profile", profile])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{name} could not be built");
        // Cargo leaves the file alone when nothing has changed but a time stamp.
        if let Ok(file) = std::fs::File::options().append(true).open(&program) {
            let _ = newest(&source).map(|changed| file.set_modified(changed));
        }
    }
    program
}

fn newest(directory: &Path) -> Option<SystemTime> {
    std::fs::read_dir(directory)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let path = entry.path();
            if path.is_dir() { newest(&path) } else { modified(&path) }
        })
        .max()
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).ok()?.modified().ok()
}
