use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;

/// Lines from a channel, and how often one was waited for.
fn terminal() -> (Arc<Lines>, mpsc::Sender<&'static str>, Arc<AtomicUsize>) {
    let (type_line, typed) = mpsc::channel::<&str>();
    let (typed, reads) = (Mutex::new(typed), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&reads);
    let lines = Lines::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        let line = typed.lock().expect("a lock").recv();
        line.map(str::to_owned).map_err(|_| io::ErrorKind::UnexpectedEof.into())
    });
    (lines, type_line, reads)
}

fn ask(lines: &Arc<Lines>) -> Place {
    let place = lines.queue();
    lines.read().unwrap();
    place
}

/// Those who left get nothing; those who wait get a line each, in the order in which they asked, by one thread.
#[tokio::test]
async fn lines_go_to_those_who_still_wait() {
    let (lines, type_line, reads) = terminal();
    drop(ask(&lines));
    let (first, left, second) = (ask(&lines), ask(&lines), ask(&lines));
    drop(left);
    type_line.send("one").unwrap();
    type_line.send("two").unwrap();
    assert_eq!(first.line().await.unwrap(), "one");
    assert_eq!(second.line().await.unwrap(), "two");
    assert_eq!(reads.load(Ordering::SeqCst), 2);

    // Nobody waits, so nobody reads; whoever comes next begins anew, also at the end of the input.
    type_line.send("three").unwrap();
    assert_eq!(lines.queue().line().await.unwrap(), "three");
    drop(type_line);
    for _ in 0..2 {
        assert_eq!(lines.queue().line().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
    assert_eq!(reads.load(Ordering::SeqCst), 5);
}

/// A line is not lost between the question and the wait for the answer, and nothing is read beyond it.
#[tokio::test]
async fn a_line_that_comes_early_is_kept() {
    let (lines, type_line, reads) = terminal();
    drop(ask(&lines));
    let (place, left) = (lines.queue(), lines.queue());
    drop(left);
    type_line.send("early").unwrap();
    while lines.waiting().is_read {
        tokio::task::yield_now().await;
    }
    assert_eq!(place.line().await.unwrap(), "early");
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    assert!(!lines.waiting().is_read);
}

/// A reader that panics fails those who wait, and nobody after them.
#[tokio::test]
async fn a_reader_that_panics() {
    let first = AtomicUsize::new(0);
    let lines = Lines::new(move || {
        assert_ne!(first.fetch_add(1, Ordering::SeqCst), 0, "the first call");
        Ok("again".to_owned())
    });
    assert_eq!(lines.queue().line().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(lines.queue().line().await.unwrap(), "again");
}
