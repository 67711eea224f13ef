//! Token answers that go wrong.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Token;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

/// A row with a member that JSON libraries write differently.
fn verbatim(name: &'static str, what: &'static str, member: &'static str) -> Misbehaviour {
    row(PLACE, name, what, move |_, answer| {
        let text = String::from_utf8_lossy(answer.content()).replace(r#""expires_in":3600"#, member);
        Answer::text(200, "application/json", text)
    })
}

fn redirect(name: &'static str, what: &'static str, status: u16) -> Misbehaviour {
    row(PLACE, name, what, move |asked, _| Answer::redirect(status, &format!("{}/elsewhere", asked.base)))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        redirect("tokens-302", "a redirect elsewhere (302)", 302),
        redirect("tokens-303", "a redirect elsewhere (303)", 303),
        redirect("tokens-307", "a redirect elsewhere with what was posted (307)", 307),
        redirect("tokens-308", "a redirect elsewhere for good (308)", 308),
        patch("type-unknown", "a token of a type that nobody knows", json!({ "token_type": "N_A" })),
        patch(
            "type-dpop",
            "a token of the type DPoP, for which nobody asked",
            json!({ "token_type": "DPoP" }),
        ),
        patch("type-empty", "a token of an empty type", json!({ "token_type": "" })),
        patch("type-missing", "a token without a type", json!({ "token_type": null })),
        patch("type-number", "a number as the type", json!({ "token_type": 1 })),
        patch("type-case", "the type in odd capitals", json!({ "token_type": "bEaReR" })),
        patch("expires-text", "a lifetime in a text", json!({ "expires_in": "3600" })),
        verbatim("expires-float", "a lifetime with a fraction", r#""expires_in":3600.75"#),
        verbatim("expires-huge", "a lifetime of 10^30 seconds", r#""expires_in":1e30"#),
        verbatim(
            "expires-long",
            "a lifetime of more digits than any integer has",
            r#""expires_in":99999999999999999999999"#,
        ),
        verbatim("expires-overflow", "a lifetime that is no finite number", r#""expires_in":1e999"#),
        patch("expires-negative", "a lifetime below zero", json!({ "expires_in": -3600 })),
        patch("expires-null", "null for the lifetime", json!({ "expires_in": null })),
        patch("expires-words", "words for the lifetime", json!({ "expires_in": "soon" })),
        patch("expires-array", "a list for the lifetime", json!({ "expires_in": [3600] })),
        patch(
            "access-line-end",
            "an access token with a header of its own in it",
            json!({ "access_token": "access-\r\nx-evil: y" }),
        ),
        patch("access-zero", "an access token with a zero byte", json!({ "access_token": "access-\u{0}" })),
        patch("access-space", "an access token with a space", json!({ "access_token": "access- a" })),
        patch("access-unicode", "an access token beyond ASCII", json!({ "access_token": "access-é" })),
        patch("access-empty", "an empty access token", json!({ "access_token": "" })),
        patch("access-missing", "no access token", json!({ "access_token": null })),
        patch("access-number", "a number as the access token", json!({ "access_token": 12345 })),
        row(PLACE, "access-doubled", "two access tokens", |_, answer| {
            let text = String::from_utf8_lossy(answer.content()).replacen(
                '{',
                r#"{"access_token":"access-first","#,
                1,
            );
            Answer::text(200, "application/json", text)
        }),
        patch(
            "access-long",
            "an access token of 100 KB",
            json!({ "access_token": format!("access-{}", "x".repeat(100 * 1024)) }),
        ),
        patch(
            "refresh-line-end",
            "a refresh token with line ends in it",
            json!({ "refresh_token": "a\r\nb" }),
        ),
        patch("refresh-empty", "an empty refresh token", json!({ "refresh_token": "" })),
        patch(
            "scope-control",
            "a scope with control characters in it",
            json!({ "scope": "a\u{0}\r\nb \u{202e}c" }),
        ),
        patch("scope-list", "a list for the scope", json!({ "scope": ["a"] })),
        row(PLACE, "tokens-deep", "a member that nobody reads, nested 20,000 deep", |_, answer| {
            let deep = format!("{{\"x\":{}{},", "[".repeat(20_000), "]".repeat(20_000));
            let text = String::from_utf8_lossy(answer.content()).replacen('{', &deep, 1);
            Answer::text(200, "application/json", text)
        }),
        row(PLACE, "tokens-error-in-200", "an error under 200", |_, _| {
            Answer::json(200, &json!({ "error": "invalid_request" }))
        }),
        row(PLACE, "tokens-with-error", "tokens and an error", |asked, answer| {
            patched(asked, &answer, &json!({ "error": "invalid_request" }))
        }),
        row(PLACE, "tokens-under-500", "tokens under 500", |_, answer| {
            Answer::text(500, "application/json", answer.content())
        }),
        row(PLACE, "tokens-under-400", "tokens under 400", |_, answer| {
            Answer::text(400, "application/json", answer.content())
        }),
        row(
            PLACE,
            "tokens-refused",
            "invalid_client, with a description that turns a terminal around",
            |_, _| {
                let body =
                    json!({ "error": "invalid_client", "error_description": "no\u{1b}[2J\u{202e}way" });
                Answer::json(401, &body).header("www-authenticate", "Basic")
            },
        ),
        row(PLACE, "tokens-busy", "too busy, for an hour", |_, _| {
            Answer::status(429).header("retry-after", "3600")
        }),
    ];
    rows.extend(broken(
        PLACE,
        [
            "tokens-html",
            "tokens-array",
            "tokens-half",
            "tokens-endless",
            "tokens-promised",
            "tokens-drip",
            "tokens-silent",
            "tokens-cut",
            "tokens-closed",
        ],
    ));
    rows
}
