//! Other programs: run with what they print shown, watched line by line, or kept in a log.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::checkout::{Checkout, cargo};

/// A program that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ProgramError {
    /// It could not be started.
    #[error("{program} could not be started")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended with a failure.
    #[error("{program} ended with {status}{}", log.as_ref().map(|log| format!(", see {}", log.display())).unwrap_or_default())]
    Exit {
        /// Its name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// Where what it printed is, if it was not shown.
        log: Option<PathBuf>,
    },
    /// What it prints could not be read or kept.
    #[error("the output of {program} is lost")]
    Output {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A program about to run. Standard input is empty: nothing here asks a person.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    command: Command,
}

impl Program {
    /// The program of this name or path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { name, command }
    }

    /// Cargo, in the checkout.
    pub(crate) fn cargo(checkout: &Checkout) -> Self {
        let mut program = Self::new(cargo()).directory(checkout.root());
        // Set for us by the cargo that started us; they would make the inner one rebuild what depends on them.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            program.command.env_remove(name);
        }
        program
    }

    /// Adds an argument.
    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets the working directory.
    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets variables of its environment.
    pub(crate) fn envs(mut self, variables: impl IntoIterator<Item = (&'static str, OsString)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Runs it, what it prints going where ours goes.
    pub(crate) fn run(mut self) -> Result<(), ProgramError> {
        let status = self.command.status();
        self.check(status, None)
    }

    /// Runs it, what it prints going into a log.
    pub(crate) fn run_into(mut self, log: &Path) -> Result<(), ProgramError> {
        let open = || {
            if let Some(folder) = log.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = File::options().create(true).append(true).open(log)?;
            Ok((file.try_clone()?, file))
        };
        let (out, err) =
            open().map_err(|source| ProgramError::Output { program: self.name.clone(), source })?;
        let status = self.command.stdout(out).stderr(err).status();
        self.check(status, Some(log))
    }

    /// Runs it; what it prints on its standard output.
    pub(crate) fn output(mut self) -> Result<String, ProgramError> {
        match self.command.stderr(Stdio::inherit()).output() {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                self.check(Ok(output.status), None).map(|()| said)
            }
            Err(source) => Err(ProgramError::Start { program: self.name, source }),
        }
    }

    /// Runs it, what it prints on one of the two streams going where ours goes and to `each_line` too, without colours.
    pub(crate) fn watch(
        mut self,
        stream: Stream,
        mut each_line: impl FnMut(&str),
    ) -> Result<(), ProgramError> {
        match stream {
            Stream::Out => self.command.stdout(Stdio::piped()),
            Stream::Err => self.command.stderr(Stdio::piped()),
        };
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(source) => return Err(ProgramError::Start { program: self.name, source }),
        };
        let copied = match (child.stdout.take(), child.stderr.take()) {
            (Some(pipe), _) => copy_lines(pipe, io::stdout(), &mut each_line),
            (None, Some(pipe)) => copy_lines(pipe, io::stderr(), &mut each_line),
            (None, None) => Ok(()),
        };
        let status = child.wait();
        copied.map_err(|source| ProgramError::Output { program: self.name.clone(), source })?;
        self.check(status, None)
    }

    fn check(self, status: io::Result<ExitStatus>, log: Option<&Path>) -> Result<(), ProgramError> {
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                Err(ProgramError::Exit { program: self.name, status, log: log.map(Path::to_path_buf) })
            }
            Err(source) => Err(ProgramError::Start { program: self.name, source }),
        }
    }
}

/// One of the two streams a program prints on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

fn copy_lines(pipe: impl Read, mut to: impl Write, each_line: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        each_line(without_colours(&String::from_utf8_lossy(&line)).trim_end());
        line.clear();
    }
    Ok(())
}

/// The line without its terminal sequences (ECMA-48 §5.4: ESC [ parameters, then one final byte from @ to ~).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.next();
            characters.by_ref().find(|c| ('@'..='~').contains(c));
        } else {
            plain.push(character);
        }
    }
    plain
}
