//! Logins on another device that go wrong (RFC 8628): the codes, and then the answers to the questions about them.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Device;

pub(super) fn rows() -> Vec<Misbehaviour> {
    [begun(), codes(), broken(PLACE, BROKEN), asked()].concat()
}

const BROKEN: [&str; 9] = [
    "device-html",
    "device-array",
    "device-half",
    "device-endless",
    "device-promised",
    "device-drip",
    "device-silent",
    "device-cut",
    "device-closed",
];

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

/// The endpoint, and what it answers besides codes.
fn begun() -> Vec<Misbehaviour> {
    let endpoint = |name, what, url: &'static str| {
        row(Place::Server, name, what, move |asked, answer| {
            patched(asked, &answer, &json!({ "device_authorization_endpoint": url }))
        })
    };
    vec![
        row(PLACE, "device-good", "nothing wrong: a login on another device", |_, answer| answer),
        endpoint("device-endpoint-javascript", "`javascript:` for codes", "javascript:alert(1)"),
        endpoint("device-endpoint-plain-http", "plain http for codes", "http://as.test/device"),
        row(PLACE, "device-redirect", "a redirect elsewhere with what was posted (307)", |asked, _| {
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "device-refused", "a refusal with a description that turns a terminal around", |_, _| {
            let text = "no\u{1b}[2J\u{202e}way";
            Answer::json(400, &json!({ "error": "invalid_scope", "error_description": text }))
        }),
        row(PLACE, "device-500", "the server fails", |_, _| Answer::status(500)),
    ]
}

fn codes() -> Vec<Misbehaviour> {
    let elsewhere = "https://evil.test/device?user_code=WDJB-MJHT";
    let long = "W".repeat(200 * 1024);
    vec![
        patch("device-no-code", "no device code", json!({ "device_code": null })),
        patch("device-code-number", "a number for the device code", json!({ "device_code": 5 })),
        patch("device-code-control", "a device code with line ends", json!({ "device_code": "a\r\nb" })),
        patch("device-no-user-code", "no code to type in", json!({ "user_code": null })),
        patch("device-user-code-list", "a list for the code to type in", json!({ "user_code": ["W"] })),
        patch("device-user-code-long", "a code of 200 KB to type in", json!({ "user_code": long })),
        patch(
            "device-user-code-escape",
            "a code that clears the terminal",
            json!({ "user_code": "A\u{1b}[2J" }),
        ),
        patch(
            "device-user-code-turned",
            "a code that turns the text around",
            json!({ "user_code": "A\u{202e}B" }),
        ),
        patch("device-no-page", "no page to type it in", json!({ "verification_uri": null })),
        patch(
            "device-javascript",
            "`javascript:` for the page",
            json!({ "verification_uri": "javascript:alert(1)" }),
        ),
        patch(
            "device-plain-http",
            "plain http for the page",
            json!({ "verification_uri": "http://as.test/d" }),
        ),
        patch(
            "device-user",
            "a password in the page's address",
            json!({ "verification_uri": "https://as.test:p@evil.test/" }),
        ),
        patch(
            "device-complete-javascript",
            "`javascript:` for the page with the code in it",
            json!({ "verification_uri_complete": "javascript:alert(1)" }),
        ),
        patch(
            "device-complete-elsewhere",
            "another host for the page with the code in it",
            json!({ "verification_uri_complete": elsewhere }),
        ),
        patch("device-expires-text", "a lifetime in a text", json!({ "expires_in": "60" })),
        patch("device-expires-words", "words for the lifetime", json!({ "expires_in": "soon" })),
        patch("device-expires-missing", "no lifetime", json!({ "expires_in": null })),
        patch("device-expires-zero", "a lifetime of no time", json!({ "expires_in": 0 })),
        patch("device-expires-negative", "a lifetime below zero", json!({ "expires_in": -1 })),
        patch("device-expires-huge", "a lifetime of 10^300 seconds", json!({ "expires_in": 1.0e300 })),
        patch("device-interval-negative", "a pause below zero", json!({ "interval": -5 })),
        patch("device-interval-text", "a pause in a text", json!({ "interval": "0" })),
        patch("device-interval-words", "words for the pause", json!({ "interval": "often" })),
        patch("device-interval-huge", "a pause of 10^300 seconds", json!({ "interval": 1.0e300 })),
    ]
}

/// What comes to the question whether the person has agreed.
fn asked() -> Vec<Misbehaviour> {
    let always = |name, what, status, error: &'static str| {
        row(Place::Token, name, what, move |_, _| Answer::json(status, &json!({ "error": error })))
    };
    let answer = |name, what, answer: fn() -> Answer| row(Place::Token, name, what, move |_, _| answer());
    vec![
        always("device-pending", "nobody ever agrees", 400, "authorization_pending"),
        always("device-pending-200", "the same under 200", 200, "authorization_pending"),
        always("device-slower", "ask less often, each time", 400, "slow_down"),
        always("device-denied", "the person refuses", 400, "access_denied"),
        always("device-unknown", "an error that nobody knows", 400, "perhaps"),
        answer("device-asked-500", "the server fails, each time", || Answer::status(500)),
        answer("device-asked-html", "200 with a web page, each time", || {
            Answer::text(200, "text/html", "<p>later")
        }),
        answer("device-asked-endless", "a body that never ends, each time", || Answer::endless(200, None)),
        answer("device-asked-silent", "no answer to any question", Answer::never),
        answer("device-asked-closed", "the connection is closed at each question", Answer::closed),
        row(
            Place::Token,
            "device-asked-redirect",
            "a redirect elsewhere with the device code (307)",
            |asked, _| Answer::redirect(307, &format!("{}/elsewhere", asked.base)),
        ),
    ]
}
