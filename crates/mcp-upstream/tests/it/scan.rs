//! Finds members and elements in JSON text without a JSON library, so that nothing the engine uses checks itself.

/// The value of a member of an object, as it stands there; of several with the same name the last.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let name = format!("\"{name}\"");
    let parts = parts(object, b'{')?;
    parts.chunks_exact(2).rfind(|pair| pair[0] == name).map(|pair| pair[1])
}

/// The elements of an array, as they stand there.
pub(crate) fn elements(array: &str) -> Vec<&str> {
    parts(array, b'[').unwrap_or_else(|| panic!("no array: {array:.200}"))
}

/// The values of an array, or the names and values of an object in turn.
fn parts(text: &str, opening: u8) -> Option<Vec<&str>> {
    let bytes = text.as_bytes();
    let mut at = blank(bytes, 0);
    if bytes.get(at) != Some(&opening) {
        return None;
    }
    at += 1;
    let mut parts = Vec::new();
    loop {
        at = blank(bytes, at);
        match bytes.get(at)? {
            b']' | b'}' => return Some(parts),
            b',' | b':' => at += 1,
            _ => {
                let end = value_end(bytes, at)?;
                parts.push(&text[at..end]);
                at = end;
            }
        }
    }
}

fn blank(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| b" \t\r\n".contains(byte)).count()
}

/// Where the value that begins at `from` ends.
fn value_end(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            // A number or a word.
            _ => at += bytes[at..].iter().take_while(|byte| !b"]},: \t\r\n\"[{".contains(byte)).count(),
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[test]
fn parts_are_found_where_they_stand() {
    let text = r#" { "a" : [1.10 , {"b":"]}\""}, -0], "list":[] ,"a":"x\\" } "#;
    assert_eq!(member(text, "a"), Some(r#""x\\""#));
    assert_eq!(member(text, "list"), Some("[]"));
    assert_eq!(member(text, "b"), None);
    assert_eq!(elements(r#"[1.10 , {"b":"]}\""}, -0,true]"#), ["1.10", r#"{"b":"]}\""}"#, "-0", "true"]);
}
