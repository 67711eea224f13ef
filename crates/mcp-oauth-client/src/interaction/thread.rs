//! What may block.

use std::io;

/// Runs what may block for as long as a person takes. Not on the runtime's own threads: it would wait for them when the
/// program ends.
pub(super) async fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("interaction".to_owned()).spawn(move || done.send(work()))?;
    outcome.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}
