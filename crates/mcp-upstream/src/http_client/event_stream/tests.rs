//! Event streams, cut at every place.
use super::*;

fn decode(stream: &[u8], cut: usize, limit: usize) -> Vec<Item> {
    decode_by(&mut Decoder::new(limit, Cursor::new(10)), stream, cut)
}

fn decode_by(decoder: &mut Decoder, stream: &[u8], cut: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for chunk in stream.chunks(cut) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        items.extend(std::iter::from_fn(|| decoder.next()));
    }
    items
}

fn events(stream: &[u8], cut: usize) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    decode(stream, cut, 1024)
        .into_iter()
        .map(|item| match item {
            Item::Event(event) => (text(&event.name), text(&event.data)),
            Item::Oversized(_) => panic!("not too long"),
        })
        .collect()
}

#[test]
fn every_cut_gives_the_same_events() {
    let stream = b"\xEF\xBB\xBFevent: endpoint\r\ndata: /messages?id=1\r\n\r\n: a comment\n\nid: 7\nretry: 10\ndata\n\ndata:{\"a\":\ndata: 1}\n\nevent: message\rdata:  x\r\rdata: unfinished\n";
    let expected = [("endpoint", "/messages?id=1"), ("", ""), ("", "{\"a\":\n1}"), ("message", " x")];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
    for cut in 1..=stream.len() {
        assert_eq!(events(stream, cut), expected, "cut at every {cut} bytes");
    }
}

#[test]
fn an_event_without_data_carries_no_message() {
    let Some(Item::Event(event)) = decode(b"id: 1\ndata:\n\n", 99, 10).pop() else { panic!("no event") };
    assert!(!event.is_message());
}

#[test]
fn an_event_that_is_too_long_is_skipped_and_the_next_is_read() {
    let stream = br#"data: {"jsonrpc":"2.0","id":5,"result":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}

data: next

"#;
    for cut in 1..=stream.len() {
        let items = decode(stream, cut, 40);
        let [Item::Oversized(oversized), Item::Event(event)] = &items[..] else { panic!("{cut}: {items:?}") };
        assert_eq!(oversized.id(), Some(5), "cut at every {cut} bytes");
        assert_eq!(event.data, "next");
    }
}

#[test]
fn many_short_lines_are_no_way_around_the_limit() {
    let stream = b"data: aaaaaaaaaa\n".repeat(10);
    let mut stream = stream.clone();
    stream.extend_from_slice(b"\ndata: b\n\n");
    let items = decode(&stream, 7, 40);
    assert!(matches!(&items[..], [Item::Oversized(_), Item::Event(_)]), "{items:?}");
}

/// The last event id and the pause after `stream`, however it is cut.
fn place(stream: &[u8]) -> (Option<String>, Option<u64>) {
    let mut places: Vec<_> = (1..=stream.len())
        .map(|cut| {
            let mut decoder = Decoder::new(1024, Cursor::new(10));
            decode_by(&mut decoder, stream, cut);
            let last = decoder.cursor.last_event_id().map(|id| id.to_str().unwrap().to_owned());
            let retry = decoder.cursor.retry().map(|pause| u64::try_from(pause.as_millis()).unwrap());
            (last, retry)
        })
        .collect();
    places.dedup();
    assert_eq!(places.len(), 1, "{places:?}");
    places.remove(0)
}

#[test]
fn ids_and_pauses_are_read_as_the_standard_says() {
    let id = |id: &str| Some(id.to_owned());
    for (stream, last, retry) in [
        (&b"id: 1\nretry: 500\ndata:\n\n"[..], id("1"), Some(500)),
        (b"id:1\n\n: an event without data\n\n", id("1"), None),
        (b"id: 1\n\ndata: x\n\n", id("1"), None),
        (b"id: 1\n\nid: 2\ndata: unfinished\n", id("1"), None),
        (b"id: 1\n\nid: a\0b\n\n", id("1"), None),
        (b"id: 1\n\nid\n\n", None, None),
        (b"id: 1\n\nid: longer than ten\n\n", id("1"), None),
        (b"id: 1\n\nid: \x01\n\n", None, None),
        (b"id:  1\r\rretry:7\r\r", id(" 1"), Some(7)),
        (b"retry: 1\n", None, Some(1)),
        (b"retry: 1\nretry: -1\nretry: 1.5\nretry: 2s\nretry:\nretry\nretry:  3\n", None, Some(1)),
        (b"retry: 99999999999999999999999\n", None, Some(u64::MAX)),
        (b"ID: 1\nRetry: 1\nids: 1\nretry : 1\n\n", None, None),
    ] {
        assert_eq!(place(stream), (last, retry), "{}", stream.escape_ascii());
    }
}

#[test]
fn a_stream_goes_on_from_the_cursor_of_another() {
    let mut decoder = Decoder::new(99, Cursor::new(10));
    decode_by(&mut decoder, b"id: 1\nretry: 5\n\nid: 2\n", 99);
    let mut cursor = decoder.cursor;
    cursor.rest();
    let mut decoder = Decoder::new(99, cursor);
    decode_by(&mut decoder, b": nothing new\n\ndata: x\n\n", 99);
    assert_eq!(decoder.cursor.last_event_id().unwrap(), "1");
    assert_eq!(decoder.cursor.retry().unwrap().as_millis(), 5);
}

#[test]
fn what_is_no_data_is_dropped_when_it_is_too_long_and_harms_no_event() {
    let long = "x".repeat(100);
    let stream = format!(
        "{long}\n:{long}\ndata: 1\nid: {long}\nevent: {long}\n:{long}\n\ndata: {}\ndata\n\n",
        "y".repeat(39)
    );
    for cut in 1..40 {
        let items = decode(stream.as_bytes(), cut, 40);
        let [Item::Event(first), Item::Event(second)] = &items[..] else { panic!("{cut}: {items:?}") };
        assert_eq!(first.data, "1");
        assert_eq!(second.data.len(), 40);
    }
}

#[test]
fn comments_take_no_memory() {
    let mut decoder = Decoder::new(1 << 20, Cursor::new(10));
    for _ in 0..10_000 {
        assert!(decode_by(&mut decoder, b": still here\n\n", 3).is_empty());
        assert!(decode_by(&mut decoder, b"id: 1\n\n", 3).is_empty());
    }
    for _ in 0..10_000 {
        assert!(decode_by(&mut decoder, b": a comment without an end ", 99).is_empty());
    }
    let kept = decoder.line.capacity() + decoder.data.len() + decoder.name.len() + decoder.chunk.len();
    assert!(kept < 1024, "{kept} bytes");
}
