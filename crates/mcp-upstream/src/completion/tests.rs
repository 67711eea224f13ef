//! Completions: what is asked, what is made of the answer.
use super::*;

fn asked(reference: Reference<'_>, argument: &str, value: &str, context: &[u8]) -> String {
    String::from_utf8(members(reference, argument, value, context).unwrap()).unwrap()
}

fn read(text: &str) -> (Vec<String>, Option<u64>, bool) {
    let completion = Completion::parse(Bytes::copy_from_slice(text.as_bytes()), 3).unwrap();
    assert_eq!(completion.raw, text);
    (completion.values, completion.total, completion.has_more)
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn what_is_asked() {
    assert_eq!(
        asked(Reference::Prompt("a\"b"), "lang", "p\n", b""),
        r#""ref":{"type":"ref/prompt","name":"a\"b"},"argument":{"name":"lang","value":"p\n"}"#
    );
    assert_eq!(
        asked(Reference::Template("file:///{path}"), "path", "", br#"{"z":"1", "a":"2"}"#),
        r#""ref":{"type":"ref/resource","uri":"file:///{path}"},"argument":{"name":"path","value":""},"context":{"arguments":{"z":"1", "a":"2"}}"#
    );
    let broken = members(Reference::Prompt("p"), "a", "v", b"{}},{");
    assert!(matches!(broken, Err(CallError::InvalidParams(_))));
}

#[test]
fn what_is_answered() {
    assert_eq!(
        read(r#"{"completion":{"values":["python","pytorch"],"total":10,"hasMore":true},"_meta":{}}"#),
        (strings(&["python", "pytorch"]), Some(10), true)
    );
    assert_eq!(read(r#"{"completion":{"values":["a",7,"b"]}}"#), (strings(&["a", "b"]), None, false));
    assert_eq!(
        read(r#"{"completion":{"values":["1","2","3"],"total":"many","hasMore":"yes"}}"#),
        (strings(&["1", "2", "3"]), None, false)
    );
    assert_eq!(
        read(r#"{"completion":{"values":["1","2","3","4"],"hasMore":false}}"#),
        (strings(&["1", "2", "3"]), None, true)
    );
    for malformed in
        ["{}", "[]", r#"{"completion":[]}"#, r#"{"completion":{}}"#, r#"{"completion":{"values":"a"}}"#]
    {
        let read = Completion::parse(Bytes::copy_from_slice(malformed.as_bytes()), 3);
        assert!(matches!(read, Err(CallError::Malformed { .. })), "{malformed}");
    }
}
