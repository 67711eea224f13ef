//! The specification's own examples.
use super::encode;

#[test]
fn the_examples_of_the_specification() {
    for (text, value) in [
        ("us-west1", "us-west1"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
    ] {
        assert_eq!(encode(text), value, "{text:?}");
    }
}

#[test]
fn blanks_inside_are_safe_and_nothing_is_nothing() {
    assert_eq!(encode("a b\tc"), "a b\tc");
    assert_eq!(encode(""), "");
    assert_eq!(encode("\u{7f}"), "=?base64?fw==?=");
    assert_eq!(encode("=?base64?open"), "=?base64?open");
}
