use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Files may be on a disk that is slow or gone: on the only thread of a runtime, other things go on meanwhile. And they are
/// read once, however many wait for them.
#[tokio::test]
async fn nobody_waits_for_the_files() {
    let (go_on, told) = mpsc::channel::<()>();
    let (told, made) = (Mutex::new(told), Arc::new(AtomicUsize::new(0)));
    let tls = LazyTls::by({
        let made = Arc::clone(&made);
        move || {
            told.lock().unwrap().recv_timeout(Duration::from_secs(10)).expect("the others went on");
            made.fetch_add(1, Ordering::SeqCst);
            tls_config()
        }
    });
    let others = async { go_on.send(()).unwrap() };
    let (first, second, ()) = tokio::join!(tls.config(), tls.config(), others);
    assert!(std::ptr::eq(first.unwrap(), second.unwrap()));
    assert_eq!(made.load(Ordering::SeqCst), 1);
}
