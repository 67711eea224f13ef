use super::*;

fn parse(document: &Bytes) -> Value {
    serde_json::from_slice(document).unwrap()
}

/// mcpo 0.0.20's own root document for the same two servers.
#[test]
fn the_root_document_is_mcpos() {
    let expected: Value = serde_json::from_str(include_str!("../../../tests/golden/root.mcpo.json")).unwrap();
    let links = [("time", "/time/docs".to_owned()), ("everything", "/everything/docs".to_owned())];
    let document = root_document(
        "MCP OpenAPI Proxy",
        "Automatically generated API from MCP Tool Schemas",
        "1.0",
        "",
        &links,
    );
    assert_eq!(parse(&document), expected);
}

#[test]
fn the_root_path_is_the_server() {
    let document = parse(&root_document("t", "d", "1", "/tools", &[]));
    assert_eq!(document["servers"], json!([{"url": "/tools"}]));
    assert_eq!(document["info"]["description"], "d");
}

#[test]
fn a_server_without_a_session_says_so() {
    let document = unavailable_document(&Unavailable {
        title: "github",
        version: "1.0",
        base_path: "/github",
        status: "connecting",
        sentence: "The proxy is connecting to this server.",
    });
    assert_eq!(
        parse(&document),
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "github",
                "description": "The proxy is connecting to this server.",
                "version": "1.0",
                "x-mcpo-status": "connecting"
            },
            "servers": [{"url": "/github"}],
            "paths": {}
        })
    );
}
