use super::{Checker, Kind, Payload, Style, Template, Way};

fn template(style: Style, payload: Payload) -> Template {
    Template::new(Way { style, host: "h", path: "/echo", key: None, close: false }, payload)
}

fn body(request: &[u8]) -> serde_json::Value {
    let at = memchr::memmem::find(request, b"\r\n\r\n").expect("a head") + 4;
    serde_json::from_slice(&request[at..]).expect("a JSON body")
}

#[test]
fn the_length_is_about_what_was_asked_for_and_each_call_has_its_number() {
    for (kind, size, least) in [(Kind::Text, 100, 97), (Kind::Text, 65536, 65533), (Kind::Json, 65536, 65200)]
    {
        let mut template = template(Style::Rest, Payload { kind, size });
        let first = body(template.request(7))["message"].as_str().expect("text").to_owned();
        let second = body(template.request(8))["message"].as_str().expect("text").to_owned();
        assert!((least..=size).contains(&first.len()), "{}", first.len());
        assert_ne!(first, second);
        assert!(first.contains("0000000000000007"));
    }
}

#[test]
fn a_reply_to_another_call_is_wrong() {
    let mut template = template(Style::Rest, Payload::SMALL);
    let mut checker = Checker::default();
    assert!(!checker.is_right(&template, 1, b"\"call 0000000000000001\""), "the text is cut off");
    for call in 0..3 {
        let message = body(template.request(call))["message"].clone();
        assert!(checker.is_right(&template, call, message.to_string().as_bytes()));
        assert!(!checker.is_right(&template, call + 1, message.to_string().as_bytes()));
    }
}

#[test]
fn a_text_that_is_json_may_come_back_as_that() {
    let mut template = template(Style::Rest, Payload { kind: Kind::Json, size: 1000 });
    let text = body(template.request(5))["message"].as_str().expect("text").to_owned();
    for reply in [text.clone(), serde_json::Value::from(text.as_str()).to_string()] {
        let mut checker = Checker::default();
        assert!(checker.is_right(&template, 5, reply.as_bytes()));
        assert!(checker.is_right(&template, 6, reply.replace("0005", "0006").as_bytes()));
        assert!(!checker.is_right(&template, 6, reply.as_bytes()));
    }
    assert!(!Checker::default().is_right(&template, 5, text.replace("fox", "dog").as_bytes()));
}

#[test]
fn the_result_of_an_mcp_server_is_understood_too() {
    let mut template = template(Style::Mcp, Payload::SMALL);
    let text = body(template.request(5))["params"]["arguments"]["message"].clone();
    let reply = serde_json::json!({"result": {"content": [{"type": "text", "text": text}]}}).to_string();
    for reply in [format!("event: message\ndata: {reply}\n\n"), reply] {
        assert!(Checker::default().is_right(&template, 5, reply.as_bytes()));
        assert!(!Checker::default().is_right(&template, 6, reply.as_bytes()));
    }
}
