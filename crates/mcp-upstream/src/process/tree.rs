//! A child with all its descendants, as one thing to wait for and to end.
//!
//! On Unix the child leads a process group of its own, on Windows it lives in a job object: `npx` and `uvx` start the
//! real server as a child of theirs, and a signal to them alone would leave it behind. A terminal's Ctrl-C does not
//! reach the group either, so that whoever owns the session decides when a server ends.
use std::{io, process::ExitStatus, process::Stdio, time::Duration};

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use super::{Command, environment, lookup, nursery};
use crate::SpawnError;

/// A running child and its descendants. They are killed when this is dropped.
#[derive(Debug)]
pub(crate) struct ProcessTree {
    child: Box<dyn ChildWrapper>,
    /// No process of the tree can be left.
    gone: bool,
}

/// A child just started, with its three pipes.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) tree: ProcessTree,
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl ProcessTree {
    /// Starts the command with pipes for its standard streams.
    pub(crate) async fn start(command: &Command) -> Result<Started, SpawnError> {
        let variables = environment::of(command);
        let path = environment::value(&variables, "PATH");
        let extensions = environment::value(&variables, "PATHEXT");
        let directory = command.current_dir.as_deref();
        let found = lookup::find(&command.program, directory, &path, &extensions);
        let program = lookup::program_to_start(&command.program, found.as_deref());

        let mut wrap = CommandWrap::with_new(program, |child| {
            child.args(&command.args).env_clear().envs(variables);
            child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            if let Some(directory) = directory {
                child.current_dir(directory);
            }
            nursery::bind_to_parent(child);
        });
        wrap.wrap(process_wrap::tokio::KillOnDrop);
        #[cfg(unix)]
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        wrap.wrap(process_wrap::tokio::JobObject);

        let failed =
            |source| SpawnError::new(command.program.clone(), directory, path.clone(), found.clone(), source);
        // Whoever drops the tree, at whatever moment, ends it.
        let start = move || wrap.spawn().map(|child| Self { child, gone: false });
        let mut tree = nursery::run(start).await.map_err(failed)?;
        let child = &mut tree.child;
        match (child.stdin().take(), child.stdout().take(), child.stderr().take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Started { tree, stdin, stdout, stderr }),
            _ => Err(failed(io::Error::from(io::ErrorKind::BrokenPipe))),
        }
    }

    /// Waits for the child itself; its descendants may live on.
    pub(crate) async fn leader_exit(&mut self) -> io::Result<ExitStatus> {
        // Not the group's own wait: that one waits for descendants, too, when they were handed to this process, as they
        // are to the first process of a container.
        self.child.inner_mut().wait().await
    }

    /// Ends the tree in good order after its input was closed: waits, asks, waits, kills. Unix's asking is SIGTERM to
    /// the group; Windows has no such thing for processes without a window.
    pub(crate) async fn end(&mut self, grace: Duration) -> Option<ExitStatus> {
        if let Ok(status) = tokio::time::timeout(grace, self.leader_exit()).await {
            self.kill(grace).await;
            return status.ok();
        }
        #[cfg(unix)]
        {
            /// The same number on every Unix (POSIX `kill -15`).
            const SIGTERM: i32 = 15;
            if self.child.signal(SIGTERM).is_ok()
                && let Ok(status) = tokio::time::timeout(grace, self.leader_exit()).await
            {
                self.kill(grace).await;
                return status.ok();
            }
        }
        self.kill(grace).await
    }

    /// Kills whatever is left of the tree, and reaps it.
    pub(crate) async fn kill(&mut self, patience: Duration) -> Option<ExitStatus> {
        // An error means that there is nothing left to kill.
        let _ = self.child.start_kill();
        let status = tokio::time::timeout(patience, self.child.wait()).await;
        self.gone = status.is_ok();
        status.ok().and_then(Result::ok)
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        if !self.gone {
            let _ = self.child.start_kill();
        }
    }
}
