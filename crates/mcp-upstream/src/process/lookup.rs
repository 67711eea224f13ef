//! Where a program lies, by the rules of the platform's own search.
use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The file that `program` names, looked up in `path` if it is a bare name. `extensions` is Windows' `PATHEXT`; there,
/// it finds `npx.cmd` for `npx`, which the system's own search does not.
pub(super) fn find(
    program: &OsStr,
    directory: Option<&Path>,
    path: &OsStr,
    extensions: &OsStr,
) -> Option<PathBuf> {
    let named = Path::new(program);
    if named.components().count() > 1 || named.is_absolute() {
        let named = directory.unwrap_or(Path::new("")).join(named);
        return candidates(&named, extensions).find(|candidate| candidate.is_file());
    }
    std::env::split_paths(path)
        .flat_map(|directory| candidates(&directory.join(named), extensions).collect::<Vec<_>>())
        .find(|candidate| candidate.is_file())
}

#[cfg(not(windows))]
fn candidates(file: &Path, _extensions: &OsStr) -> impl Iterator<Item = PathBuf> + use<> {
    std::iter::once(file.to_owned())
}

#[cfg(windows)]
fn candidates(file: &Path, extensions: &OsStr) -> impl Iterator<Item = PathBuf> + use<> {
    let extensions = extensions.to_string_lossy();
    let extensions = if extensions.is_empty() { ".COM;.EXE;.BAT;.CMD".into() } else { extensions };
    let mut found = Vec::new();
    if file.extension().is_some() {
        found.push(file.to_owned());
    }
    for extension in extensions.split(';').filter(|extension| !extension.is_empty()) {
        let mut name: OsString = file.as_os_str().to_owned();
        name.push(extension);
        found.push(PathBuf::from(name));
    }
    found.into_iter()
}

/// What to start: on Windows the file that was found, elsewhere the name, since the system's search is right there.
pub(super) fn program_to_start(program: &OsStr, found: Option<&Path>) -> OsString {
    match found {
        Some(found) if cfg!(windows) => found.as_os_str().to_owned(),
        _ => program.to_owned(),
    }
}
