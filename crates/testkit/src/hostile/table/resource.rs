//! Protected resource metadata that lies, and what keeps it from being read.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Resource;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

/// A row that names one authorization server.
fn server(name: &'static str, what: &'static str, issuer: &'static str) -> Misbehaviour {
    patch(name, what, json!({ "authorization_servers": [issuer] }))
}

fn redirect(name: &'static str, what: &'static str, location: &'static str) -> Misbehaviour {
    row(PLACE, name, what, move |asked, _| Answer::redirect(302, &location.replace("{base}", &asked.base)))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        patch(
            "resource-other-origin",
            "another host's resource",
            json!({ "resource": "https://evil.test/mcp" }),
        ),
        patch(
            "resource-other-port",
            "another port of the same host",
            json!({ "resource": "http://127.0.0.1:1/mcp" }),
        ),
        patch("resource-sibling", "a sibling path", json!({ "resource": "{base}/mcp2" })),
        patch(
            "resource-prefix",
            "a path that begins alike, but not by whole segments",
            json!({ "resource": "{base}/mc" }),
        ),
        patch("resource-deeper", "a path below the server's", json!({ "resource": "{base}/mcp/deeper" })),
        patch("resource-fragment", "a resource with a fragment", json!({ "resource": "{base}/mcp#x" })),
        patch("resource-scheme", "a resource that is no web address", json!({ "resource": "urn:mcp" })),
        patch(
            "resource-control",
            "a resource with control characters, which mean nothing to a URL parser",
            json!({ "resource": "{base}/\u{1b}[2J\nopen https://evil.test/../../mcp" }),
        ),
        patch("resource-missing", "no resource at all", json!({ "resource": null })),
        patch("resource-number", "a number as the resource", json!({ "resource": 5 })),
        row(PLACE, "resource-doubled", "`resource` twice, the right one last", |asked, _| {
            let base = &asked.base;
            let text = format!(
                r#"{{"resource":"https://evil.test","resource":"{base}/mcp","authorization_servers":["{base}"]}}"#
            );
            Answer::text(200, "application/json", text)
        }),
        row(PLACE, "resource-deep", "a member that nobody reads, nested 20,000 deep", |asked, _| {
            let base = &asked.base;
            let (open, close) = ("[".repeat(20_000), "]".repeat(20_000));
            let text = format!(
                r#"{{"x":{open}{close},"resource":"{base}/mcp","authorization_servers":["{base}"]}}"#
            );
            Answer::text(200, "application/json", text)
        }),
        row(PLACE, "resource-deep-scopes", "scopes nested 20,000 deep", |asked, _| {
            let base = &asked.base;
            let (open, close) = ("[".repeat(20_000), "]".repeat(20_000));
            let text = format!(
                r#"{{"scopes_supported":{open}{close},"resource":"{base}/mcp","authorization_servers":["{base}"]}}"#
            );
            Answer::text(200, "application/json", text)
        }),
        row(PLACE, "resource-404", "not found where the challenge says", |_, _| Answer::status(404)),
        row(PLACE, "resource-500", "the server fails where the challenge says", |_, _| Answer::status(500)),
        row(PLACE, "resource-no-http", "something that is no HTTP", |_, _| {
            Answer::raw("SSH-2.0-OpenSSH_9.9\r\n")
        }),
        row(PLACE, "resource-header-flood", "headers that never end", |_, _| {
            Answer::raw(format!("HTTP/1.1 200 OK\r\n{}", "x-padding: xxxxxxxxxxxxxxxx\r\n".repeat(200_000)))
        }),
        redirect("resource-redirect-loop", "a redirect to itself", "{base}/prm"),
        redirect("resource-redirect-file", "a redirect to a file", "file:///etc/passwd"),
        redirect("resource-redirect-http", "a redirect to plain http elsewhere", "http://evil.test/prm"),
        redirect("resource-redirect-private", "a redirect into a private network", "https://10.0.0.1/prm"),
        patch("servers-none", "no authorization server", json!({ "authorization_servers": [] })),
        patch("servers-null", "null for the authorization servers", json!({ "authorization_servers": null })),
        patch(
            "servers-text",
            "a text for the list of authorization servers",
            json!({ "authorization_servers": "{base}" }),
        ),
        patch(
            "servers-flood",
            "the right authorization server after 10,000 that are none",
            json!({ "authorization_servers": (0..10_000).map(|n| format!("nonsense {n}")).chain(["{base}".to_owned()]).collect::<Vec<_>>() }),
        ),
        server("server-javascript", "`javascript:` as the authorization server", "javascript:alert(1)"),
        server("server-plain-http", "plain http to another machine", "http://as.test"),
        server("server-query", "an issuer with a query", "https://as.test/?tenant=1"),
        server("server-control", "an issuer with control characters", "https://as.test/\u{1b}[2J\nwelcome"),
        server("server-nobody", "an address where nobody listens", "http://127.0.0.1:1"),
        server("private-10", "10.0.0.0/8", "https://10.0.0.1"),
        server("private-172", "172.16.0.0/12", "https://172.31.255.255"),
        server("private-192", "192.168.0.0/16", "https://192.168.0.1"),
        server("private-shared", "100.64.0.0/10", "https://100.127.0.1"),
        server("private-link-local", "where clouds keep credentials", "https://169.254.169.254"),
        server("private-decimal", "the same in one decimal number", "https://2852039166"),
        server("private-hexadecimal", "the same in hexadecimal", "https://0xa9.0xfe.0xa9fe"),
        server("private-octal", "the same in octal", "https://0251.0376.0251.0376"),
        server("private-zero", "0.0.0.0", "https://0.0.0.0"),
        server("private-multicast", "a multicast address", "https://224.0.0.1"),
        server("private-broadcast", "the broadcast address", "https://255.255.255.255"),
        server("private-mapped", "an IPv4 address mapped into IPv6", "https://[::ffff:10.0.0.1]"),
        server("private-compatible", "an IPv4-compatible address", "https://[::10.0.0.1]"),
        server("private-nat64", "link-local by NAT64", "https://[64:ff9b::a9fe:a9fe]"),
        server("private-6to4", "private by 6to4", "https://[2002:a00:1::1]"),
        server("private-teredo", "Teredo", "https://[2001:0:a00:1::1]"),
        server("private-unique-local", "fc00::/7", "https://[fd00::1]"),
        server("private-v6-link-local", "fe80::/10", "https://[fe80::1]"),
        server("private-unspecified", "the unspecified address", "https://[::]"),
    ];
    rows.extend(broken(
        PLACE,
        [
            "resource-html",
            "resource-array",
            "resource-half",
            "resource-endless",
            "resource-promised",
            "resource-drip",
            "resource-silent",
            "resource-cut",
            "resource-closed",
        ],
    ));
    rows
}
