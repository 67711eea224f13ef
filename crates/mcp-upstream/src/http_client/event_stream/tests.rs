//! Event streams, cut at every place.
use super::*;

fn decode(stream: &[u8], cut: usize, limit: usize) -> Vec<Item> {
    let mut decoder = Decoder::new(limit);
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
