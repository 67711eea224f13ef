use super::{Checker, Style, Template};

fn body(request: &[u8]) -> serde_json::Value {
    let at = memchr::memmem::find(request, b"\r\n\r\n").expect("a head") + 4;
    serde_json::from_slice(&request[at..]).expect("a JSON body")
}

#[test]
fn the_length_is_about_what_was_asked_for_and_each_call_has_its_number() {
    for size in [100, 65536] {
        let mut template = Template::new(Style::Rest, "h", "/echo", None, size);
        let first = body(template.request(7))["message"].as_str().expect("text").to_owned();
        let second = body(template.request(8))["message"].as_str().expect("text").to_owned();
        assert!((size - 3..=size).contains(&first.len()), "{}", first.len());
        assert_ne!(first, second);
        assert!(first.starts_with("0000000000000007 "));
    }
}

#[test]
fn a_reply_to_another_call_is_wrong() {
    let mut template = Template::new(Style::Rest, "h", "/echo", None, 100);
    let mut checker = Checker::default();
    for call in 0..3 {
        let message = body(template.request(call))["message"].clone();
        assert!(checker.is_right(&template, call, message.to_string().as_bytes()));
        assert!(!checker.is_right(&template, call + 1, message.to_string().as_bytes()));
    }
    assert!(!checker.is_right(&template, 1, b"\"0000000000000001\""));
}

#[test]
fn the_result_of_an_mcp_server_is_understood_too() {
    let mut template = Template::new(Style::Mcp, "h", "/mcp", None, 100);
    let text = body(template.request(5))["params"]["arguments"]["message"].clone();
    let reply = serde_json::json!({"result": {"content": [{"type": "text", "text": text}]}}).to_string();
    assert!(Checker::default().is_right(&template, 5, reply.as_bytes()));
    assert!(!Checker::default().is_right(&template, 6, reply.as_bytes()));
}
