//! Registrations that go wrong.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Register;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        row(PLACE, "registration-redirect", "a redirect elsewhere with what was posted (307)", |asked, _| {
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "registration-moved", "a redirect elsewhere for good (308)", |asked, _| {
            Answer::redirect(308, &format!("{}/elsewhere", asked.base))
        }),
        row(
            PLACE,
            "registration-refused",
            "a refusal with a description that turns a terminal around",
            |_, _| {
                let text = "no\u{1b}[2J\u{202e}way\r\nSet-Cookie: x";
                Answer::json(400, &json!({ "error": "invalid_client_metadata", "error_description": text }))
            },
        ),
        row(PLACE, "registration-500", "the server fails", |_, _| Answer::status(500)),
        patch("registration-no-id", "no client id", json!({ "client_id": null })),
        patch(
            "registration-control-id",
            "a client id with line ends in it",
            json!({ "client_id": "a\r\nx: y" }),
        ),
        patch(
            "registration-control-secret",
            "a secret with line ends in it",
            json!({ "client_secret": "a\r\nx: y" }),
        ),
        patch(
            "registration-other-redirect",
            "another redirect URI than asked for",
            json!({ "redirect_uris": ["https://evil.test/callback"] }),
        ),
        patch(
            "registration-unknown-method",
            "a way of authentication that nobody here has",
            json!({ "token_endpoint_auth_method": "tls_client_auth" }),
        ),
        patch(
            "registration-expired",
            "a secret that expired in 1970",
            json!({ "client_secret_expires_at": 1 }),
        ),
        patch(
            "registration-never",
            "a secret whose end is no number",
            json!({ "client_secret_expires_at": "soon" }),
        ),
        patch(
            "registration-far",
            "a secret that expires after the end of time",
            json!({ "client_secret_expires_at": 1.0e300 }),
        ),
    ];
    rows.extend(broken(
        PLACE,
        [
            "registration-html",
            "registration-array",
            "registration-half",
            "registration-endless",
            "registration-promised",
            "registration-drip",
            "registration-silent",
            "registration-cut",
            "registration-closed",
        ],
    ));
    rows
}
