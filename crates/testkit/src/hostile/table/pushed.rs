//! Pushed requests that go wrong, at a server that takes no others.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Push;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

/// The endpoint, wherever the metadata says that it is.
fn endpoint(name: &'static str, what: &'static str, url: &'static str) -> Misbehaviour {
    row(Place::Server, name, what, move |asked, answer| {
        patched(asked, &answer, &json!({ "pushed_authorization_request_endpoint": url }))
    })
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        row(PLACE, "push-good", "nothing wrong: requests are pushed", |_, answer| answer),
        row(PLACE, "push-redirect", "a redirect elsewhere with what was pushed (307)", |asked, _| {
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "push-refused", "a refusal with a description that turns a terminal around", |_, _| {
            Answer::json(
                400,
                &json!({ "error": "invalid_request", "error_description": "no\u{1b}[2J\u{202e}way" }),
            )
        }),
        endpoint("push-endpoint-javascript", "`javascript:` for requests", "javascript:alert(1)"),
        endpoint("push-endpoint-plain-http", "plain http for requests", "http://as.test/par"),
        row(PLACE, "push-busy", "too busy, for a year", |_, _| {
            Answer::status(503).header("retry-after", "31536000")
        }),
        row(PLACE, "push-500", "the server fails", |_, _| Answer::status(500)),
        patch("push-no-reference", "no reference", json!({ "request_uri": null })),
        patch("push-empty-reference", "an empty reference", json!({ "request_uri": "" })),
        patch("push-number", "a number for the reference", json!({ "request_uri": 5 })),
        patch("push-control", "a reference with line ends in it", json!({ "request_uri": "urn:a\r\nb" })),
        patch(
            "push-javascript",
            "`javascript:` for the reference",
            json!({ "request_uri": "javascript:alert(1)" }),
        ),
        patch(
            "push-injection",
            "a reference that would add parameters",
            json!({ "request_uri": "urn:x&state=mine#y" }),
        ),
        patch(
            "push-long",
            "a reference of 200 KB",
            json!({ "request_uri": format!("urn:{}", "x".repeat(200 * 1024)) }),
        ),
        patch("push-forever", "a reference that is good for ever", json!({ "expires_in": 1.0e300 })),
        patch("push-expired", "a reference that has expired", json!({ "expires_in": -1 })),
        patch("push-words", "words for how long it is good", json!({ "expires_in": "soon" })),
    ];
    rows.extend(broken(
        PLACE,
        [
            "push-html",
            "push-array",
            "push-half",
            "push-endless",
            "push-promised",
            "push-drip",
            "push-silent",
            "push-cut",
            "push-closed",
        ],
    ));
    rows
}
