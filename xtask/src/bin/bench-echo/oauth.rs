//! A token that never changes, and an authorization server that gives it to anybody: only what calls with a token cost is of interest.

use serde_json::{Value, json};

/// What is answered by the authorization server, or instead of an answer to a call without the token.
pub(crate) fn answer(head: &[u8], lower_case_head: &str, base: &str) -> Option<Vec<u8>> {
    if lower_case_head.contains(AUTHORIZED) {
        return None;
    }
    let head = String::from_utf8_lossy(head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(match path {
        "/.well-known/oauth-protected-resource/mcp" | "/.well-known/oauth-protected-resource" => {
            document(&json!({ "resource": format!("{base}/mcp"), "authorization_servers": [base] }))
        }
        "/.well-known/oauth-authorization-server" => document(&json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        })),
        // No browser asks: the address that it would be sent to is the answer.
        "/authorize" => {
            let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap_or_default();
            reply("200 OK", "", &format!("http://127.0.0.1/callback?code=bench&{state}"))
        }
        "/token" => document(&json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 86_400 })),
        "/mcp" => {
            let metadata = format!("{base}/.well-known/oauth-protected-resource/mcp");
            let challenge = format!("www-authenticate: Bearer resource_metadata=\"{metadata}\"\r\n");
            reply("401 Unauthorized", &challenge, "")
        }
        _ => reply("404 Not Found", "", ""),
    })
}

fn document(value: &Value) -> Vec<u8> {
    reply("200 OK", "cache-control: no-store\r\n", &value.to_string())
}

fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const TOKEN: &str = "bench-token-that-is-about-as-long-as-real-ones-are";
const AUTHORIZED: &str = "\r\nauthorization: bearer bench-token-that-is-about-as-long-as-real-ones-are\r\n";
