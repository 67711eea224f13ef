//! Authorization server metadata that lies, and what keeps it from being read.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Server;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        patch("issuer-other", "another issuer", json!({ "issuer": "https://evil.test" })),
        patch("issuer-slash", "the issuer with a slash more", json!({ "issuer": "{base}/" })),
        patch("issuer-sibling", "another path of the same host", json!({ "issuer": "{base}2" })),
        patch(
            "issuer-encoded",
            "the issuer with a letter percent-encoded",
            json!({ "issuer": "{origin}/%69ssuer-encoded" }),
        ),
        patch("issuer-missing", "no issuer", json!({ "issuer": null })),
        patch(
            "authorize-javascript",
            "`javascript:` for people to open",
            json!({ "authorization_endpoint": "javascript:alert(1)" }),
        ),
        patch(
            "authorize-data",
            "a `data:` page for people to open",
            json!({ "authorization_endpoint": "data:text/html,x" }),
        ),
        patch(
            "authorize-file",
            "a file for people to open",
            json!({ "authorization_endpoint": "file:///bin/sh" }),
        ),
        patch(
            "authorize-vbscript",
            "`vbscript:` for people to open",
            json!({ "authorization_endpoint": "vbscript:x" }),
        ),
        patch(
            "authorize-shell",
            "an address that a shell would run",
            json!({ "authorization_endpoint": "calc.exe & x" }),
        ),
        patch(
            "authorize-plain-http",
            "plain http for people to open",
            json!({ "authorization_endpoint": "http://as.test/a" }),
        ),
        patch("authorize-missing", "no authorization endpoint", json!({ "authorization_endpoint": null })),
        patch(
            "token-plain-http",
            "plain http for tokens",
            json!({ "token_endpoint": "http://as.test/token" }),
        ),
        patch("token-file", "a file for tokens", json!({ "token_endpoint": "file:///etc/passwd" })),
        patch("token-relative", "an address without a host", json!({ "token_endpoint": "/token" })),
        patch(
            "token-user-information",
            "an address with a password in it",
            json!({ "token_endpoint": "https://a:b@as.test/token" }),
        ),
        patch(
            "token-fragment",
            "an address with a fragment",
            json!({ "token_endpoint": "https://as.test/token#x" }),
        ),
        patch("token-missing", "no token endpoint", json!({ "token_endpoint": null })),
        patch(
            "token-private",
            "a token endpoint in a private network",
            json!({ "token_endpoint": "https://10.0.0.1/token" }),
        ),
        patch(
            "register-plain-http",
            "plain http for registration",
            json!({ "registration_endpoint": "http://as.test/register" }),
        ),
        patch(
            "register-javascript",
            "`javascript:` for registration",
            json!({ "registration_endpoint": "javascript:alert(1)" }),
        ),
        patch(
            "register-private",
            "registration in a private network",
            json!({ "registration_endpoint": "https://[fd00::1]/register" }),
        ),
        patch("register-missing", "no registration", json!({ "registration_endpoint": null })),
        patch(
            "flow-none",
            "response types without `code`",
            json!({ "response_types_supported": ["id_token", "token"] }),
        ),
        patch("pkce-missing", "no word of PKCE", json!({ "code_challenge_methods_supported": null })),
        patch("pkce-plain", "PKCE by `plain` only", json!({ "code_challenge_methods_supported": ["plain"] })),
        patch(
            "pkce-text",
            "a text for the list of PKCE methods",
            json!({ "code_challenge_methods_supported": "S256" }),
        ),
        patch(
            "server-numbers",
            "numbers for endpoints",
            json!({ "token_endpoint": 5, "authorization_endpoint": 6 }),
        ),
        row(PLACE, "server-doubled", "`token_endpoint` twice", |_, answer| {
            let text = String::from_utf8_lossy(answer.content()).replacen(
                '{',
                r#"{"token_endpoint":"https://evil.test/t","#,
                1,
            );
            Answer::text(200, "application/json", text)
        }),
        row(PLACE, "server-500", "the server fails", |_, _| Answer::status(503)),
        row(PLACE, "server-404", "there is no metadata", |_, _| Answer::status(404)),
        row(PLACE, "server-redirect-loop", "a redirect to itself", |asked, _| {
            let name = asked.base.rsplit('/').next().unwrap_or_default();
            Answer::redirect(307, &format!("{}/.well-known/oauth-authorization-server/{name}", asked.origin))
        }),
    ];
    rows.extend(broken(
        PLACE,
        [
            "server-html",
            "server-array",
            "server-half",
            "server-endless",
            "server-promised",
            "server-drip",
            "server-silent",
            "server-cut",
            "server-closed",
        ],
    ));
    rows
}
