//! Where children are started: a thread that never ends.
//!
//! On Linux a child asks to be killed when its parent dies (`prctl(2)`, `PR_SET_PDEATHSIG`), so that even a `kill -9` of
//! this process leaves no server behind. The kernel takes the *thread* that started the child for its parent, and the
//! threads of a runtime come and go. What the child itself has started finds its input closed then, and leaves as a
//! server does. Elsewhere there is no such signal: Windows' job object does the same by other means, and other Unixes
//! have only the closed input.
use std::{
    io,
    sync::{OnceLock, mpsc},
};

use tokio::{process::Command, runtime::Handle, sync::oneshot};

/// Has the kernel kill the child when this process dies.
#[cfg(target_os = "linux")]
pub(super) fn bind_to_parent(child: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let bind = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() == Some(parent) {
            Ok(())
        } else {
            // The parent died before the signal was set.
            Err(rustix::io::Errno::SRCH.into())
        }
    };
    #[expect(unsafe_code, reason = "what runs between fork and exec cannot be had in safe code")]
    // SAFETY: `bind` makes two system calls; it allocates nothing, takes no lock and touches no memory of the parent.
    unsafe {
        child.pre_exec(bind);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bind_to_parent(_child: &mut Command) {}

/// Runs `start` on the thread that never ends.
pub(super) async fn run<T: Send + 'static>(
    start: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let runtime = Handle::current();
    let (sender, started) = oneshot::channel();
    let job = Box::new(move || {
        // The child's pipes belong to the runtime of whoever asked.
        let _entered = runtime.enter();
        let _ = sender.send(start());
    });
    thread()?.send(job).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
    started.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

type Job = Box<dyn FnOnce() + Send>;

fn thread() -> io::Result<&'static mpsc::Sender<Job>> {
    static THREAD: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    if let Some(jobs) = THREAD.get() {
        return Ok(jobs);
    }
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("mcp-children".to_owned())
        .spawn(move || queue.into_iter().for_each(|job| job()))?;
    // When two come at once, the thread of the one that loses ends with its queue, before it has started anything.
    Ok(THREAD.get_or_init(|| jobs))
}
