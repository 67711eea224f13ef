//! The outbox against pipes in memory.
use tokio::io::AsyncReadExt as _;

use super::*;

#[tokio::test]
async fn line_ends_between_tokens_become_blanks() {
    let outbox = Outbox::new(1024);
    outbox.push(8, |out| out.extend_from_slice(b"{\n\"a\":\r\n1}")).await;
    assert!(outbox.try_push(b"{}"));
    outbox.close();
    let mut written = Vec::new();
    outbox.write_to(&mut written, |_| ()).await.unwrap();
    assert_eq!(written, b"{ \"a\":  1}\n{}\n");
}

#[tokio::test]
async fn a_full_outbox_makes_callers_wait_and_posts_fail() {
    let outbox = Outbox::new(8);
    let first = outbox.push(8, |out| out.extend_from_slice(b"12345678")).await;
    assert!(!outbox.try_push(b"x"));
    let (near, mut far) = tokio::io::duplex(4);
    let written = async {
        let second = outbox.push(8, |out| out.extend_from_slice(b"abcdefgh")).await;
        assert!(outbox.has_accepted(first));
        assert!(!outbox.has_accepted(second));
        outbox.close();
        let mut all = String::new();
        far.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "12345678\nabcdefgh\n");
        assert!(outbox.has_accepted(second));
    };
    let (result, ()) = tokio::join!(outbox.write_to(near, |_| ()), written);
    result.unwrap();
}

#[tokio::test]
async fn what_comes_after_the_end_is_never_sent() {
    let outbox = Outbox::new(8);
    outbox.close();
    let position = outbox.push(1, |out| out.push(b'x')).await;
    outbox.write_to(tokio::io::sink(), |_| ()).await.unwrap();
    assert!(!outbox.has_accepted(position));
}
