use super::*;

fn admits(limit: usize, chunks: &[&str]) -> bool {
    let mut size = EventSize { limit, event: 0, line: 0, is_comment: false, after_cr: false };
    chunks.iter().all(|chunk| size.admits(chunk.as_bytes()))
}

/// An event counts until the empty line that ends it, however its lines end and its chunks are cut.
#[test]
fn events_have_a_limit() {
    assert!(admits(8, &["data: ab\n\n", "data: cd\r\n\r\n", "data: ef\r\r"]));
    assert!(admits(8, &["data: a\r", "\n\r", "\ndata: b\n\n"]));
    assert!(!admits(8, &["data: abc"]));
    assert!(!admits(8, &["data:", "1\n", "data:2\n"]), "lines of one event add up");
    assert!(!admits(8, &["data: abc", "d\n\n"]));
}

/// Comments may come for ever, but not without an end.
#[test]
fn comments_do_not_count() {
    assert!(admits(8, &[": ping\n"; 100]));
    assert!(!admits(8, &[": ping", " ping"]));
}
