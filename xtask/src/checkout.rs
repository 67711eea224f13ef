//! Where things are: the checkout, what was installed into it, and the environment this process was started in.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One checkout of the project.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this program was built in.
    pub(crate) fn new() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: xtask.parent().unwrap_or(xtask).to_path_buf() }
    }

    /// Its root, where Cargo.toml is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of xtask, such as a list of pinned packages.
    pub(crate) fn xtask(&self, path: &str) -> PathBuf {
        self.root.join("xtask").join(path)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn built(&self) -> PathBuf {
        variable("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// A program that cargo built.
    pub(crate) fn target(&self, program: &str) -> PathBuf {
        self.built().join(format!("{program}{}", env::consts::EXE_SUFFIX))
    }

    /// A place in `.work/`, where everything goes that is installed or written by these commands.
    pub(crate) fn work(&self, path: &str) -> PathBuf {
        self.root.join(".work").join(path)
    }
}

/// Whether continuous integration runs us: there, what cannot be installed is a failure and not a note.
pub(crate) fn in_ci() -> bool {
    variable("CI").is_some_and(|value| value == "true" || value == "1")
}

/// Where a program is, if it is on the `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    // A server of Debian's packages lies in sbin, which a user's PATH may lack.
    let extra = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(extra)
        .map(|folder| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

/// The cargo that runs us, so that every build is by the same toolchain.
pub(crate) fn cargo() -> OsString {
    variable("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// One variable of the environment.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
