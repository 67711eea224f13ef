use mcp_oauth_core::ScopeSet;

use super::ToolScopes;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

fn scopes() -> ToolScopes {
    ToolScopes::new(set("read")).tool("wipe", set("write")).tool("grant", set("admin"))
}

#[test]
fn only_the_calls_of_listed_tools_need_more() {
    let cases = [
        (r#"{"method":"tools/call","params":{"name":"wipe","arguments":{"name":"grant"}}}"#, "read write"),
        (r#"{"params":{"arguments":{},"name":"\u0077ipe"},"method":"tools\/call"}"#, "read write"),
        (r#"{"method":"tools/call","params":{"name":"echo"}}"#, "read"),
        (r#"{"method":"prompts/get","params":{"name":"wipe"}}"#, "read"),
        (r#"{"method":"tools/list"}"#, "read"),
        (r#"{"id":1,"result":{"params":{"name":"wipe"}}}"#, "read"),
        (r#"{"method":"tools/call","params":{"name":7}}"#, "read"),
        (r#"[{"method":"tools/list"},{"method":"tools/call","params":{"name":"grant"}}]"#, "read admin"),
        ("", "read"),
    ];
    for (body, needed) in cases {
        assert_eq!(scopes().of_message(body.as_bytes()), set(needed), "{body}");
    }
}

#[test]
fn what_cannot_be_read_needs_everything() {
    for body in [
        r#"{"method":"tools/call","params":{"name":"echo","name":"wipe"}}"#,
        r#"{"method":"tools/list","method":"tools/call","params":{"name":"wipe"}}"#,
        r#"{"method":"tools/call","params":{"name":"echo"},"params":{"name":"wipe"}}"#,
        "{",
        r#""tools/call""#,
        r#"{"method":"tools/list"} {"method":"tools/call"}"#,
    ] {
        assert_eq!(scopes().of_message(body.as_bytes()), set("read write admin"), "{body}");
    }
}
