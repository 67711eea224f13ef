//! The command that starts a server.
use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// A program, its arguments and its surroundings.
#[derive(Clone)]
pub struct Command {
    /// The program: a path, or a name that is looked up in the child's `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables that it gets in addition, or instead of what it would inherit.
    pub env: Vec<(OsString, OsString)>,
    /// Whether it inherits the whole environment; if not, only what any program needs (`PATH`, `HOME`, `LANG`,
    /// `TMPDIR` and the like), so that secrets of this process stay here.
    pub inherit_env: bool,
    /// The directory it starts in; this process's own if none.
    pub current_dir: Option<PathBuf>,
}

impl Command {
    /// A program without arguments in a minimal environment.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            inherit_env: false,
            current_dir: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Whether the child inherits the whole environment.
    #[must_use]
    pub fn inherit_env(mut self, inherit: bool) -> Self {
        self.inherit_env = inherit;
        self
    }

    /// The directory to start in.
    #[must_use]
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.current_dir = Some(directory.into());
        self
    }
}

// Arguments and variables often hold keys.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&OsStr> = self.env.iter().map(|(name, _)| name.as_os_str()).collect();
        f.debug_struct("Command")
            .field("program", &self.program)
            .field("args", &format_args!("{} of them", self.args.len()))
            .field("env", &names)
            .field("inherit_env", &self.inherit_env)
            .field("current_dir", &self.current_dir)
            .finish()
    }
}
