//! Registrations whose management goes wrong (RFC 7592): reading, changing, ending them.

use serde_json::{Value, json};

use super::{Misbehaviour, Place, broken, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Manage;

fn patch(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(PLACE, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

fn offered(name: &'static str, what: &'static str, patch: Value) -> Misbehaviour {
    row(Place::Register, name, what, move |asked, answer| patched(asked, &answer, &patch))
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    let mut rows = vec![
        row(PLACE, "manage-good", "nothing wrong: a registration that is managed", |_, answer| answer),
        offered(
            "manage-javascript",
            "`javascript:` for the registration's address",
            json!({ "registration_client_uri": "javascript:alert(1)" }),
        ),
        offered(
            "manage-plain-http",
            "plain http for the registration's address",
            json!({ "registration_client_uri": "http://as.test/register/a" }),
        ),
        offered("manage-uri-number", "a number for its address", json!({ "registration_client_uri": 5 })),
        offered(
            "manage-token-control",
            "a token for it with line ends",
            json!({ "registration_access_token": "a\r\nx: y" }),
        ),
        row(PLACE, "manage-redirect", "a redirect elsewhere with the token (307)", |asked, _| {
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "manage-401", "no such registration", |_, _| Answer::status(401)),
        row(PLACE, "manage-403", "not allowed", |_, _| Answer::status(403)),
        row(PLACE, "manage-500", "the server fails", |_, _| Answer::status(500)),
        row(PLACE, "manage-refused", "a refusal with a description that turns a terminal around", |_, _| {
            let text = "no\u{1b}[2J\u{202e}way";
            Answer::json(400, &json!({ "error": "invalid_client_metadata", "error_description": text }))
        }),
        row(PLACE, "manage-refused-change", "changes are refused with what was sent", |asked, answer| {
            let sent = String::from_utf8_lossy(&asked.body).into_owned();
            let refusal = json!({ "error": "invalid_client_metadata", "sent": sent });
            if asked.method == "PUT" { Answer::json(400, &refusal) } else { answer }
        }),
        row(PLACE, "manage-kept", "it cannot be ended", |asked, answer| {
            if asked.method == "DELETE" { Answer::status(405) } else { answer }
        }),
        patch("manage-other", "another client", json!({ "client_id": "another-client" })),
        patch("manage-no-id", "no client id", json!({ "client_id": null })),
        patch("manage-secret-number", "a number for the secret", json!({ "client_secret": 5 })),
        patch(
            "manage-new-token-control",
            "a new token with line ends",
            json!({ "registration_access_token": "a\r\nb" }),
        ),
        patch(
            "manage-new-javascript",
            "`javascript:` for the new address",
            json!({ "registration_client_uri": "javascript:alert(1)" }),
        ),
    ];
    rows.extend(broken(
        PLACE,
        [
            "manage-html",
            "manage-array",
            "manage-half",
            "manage-endless",
            "manage-promised",
            "manage-drip",
            "manage-silent",
            "manage-cut",
            "manage-closed",
        ],
    ));
    rows
}
