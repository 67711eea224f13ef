use std::io::Write as _;

use super::*;

#[test]
fn the_buffer_keeps_everything() {
    let mut buffer = WipedBuffer::default();
    let mut expected = Vec::new();
    for length in [0, 1, 1023, 1, 5000, 3] {
        let part = vec![u8::try_from(length % 251).unwrap(); length];
        buffer.write_all(&part).unwrap();
        expected.extend(part);
        assert_eq!(*buffer.0, expected);
    }
}
