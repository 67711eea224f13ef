//! Revocations that go wrong, when the program logs out.

use serde_json::json;

use super::{Misbehaviour, Place, patched, row};
use crate::hostile::answer::Answer;

const PLACE: Place = Place::Revoke;

/// The endpoint, wherever the metadata says that it is.
fn endpoint(name: &'static str, what: &'static str, url: &'static str) -> Misbehaviour {
    row(Place::Server, name, what, move |asked, answer| {
        patched(asked, &answer, &json!({ "revocation_endpoint": url }))
    })
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    vec![
        row(PLACE, "revoke-redirect", "a redirect elsewhere with the token (307)", |asked, _| {
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "revoke-page", "200 with a web page", |_, _| Answer::text(200, "text/html", "<p>done")),
        row(PLACE, "revoke-500", "the server fails", |_, _| Answer::status(500)),
        row(PLACE, "revoke-busy", "too busy, for a year, each time", |_, _| {
            Answer::status(503).header("retry-after", "31536000")
        }),
        row(PLACE, "revoke-refused", "a refusal that repeats the token", |asked, _| {
            let sent = String::from_utf8_lossy(&asked.body).into_owned();
            Answer::json(400, &json!({ "error": "invalid_request", "detail": sent }))
        }),
        row(PLACE, "revoke-unsupported", "no tokens of this kind", |_, _| {
            Answer::json(400, &json!({ "error": "unsupported_token_type" }))
        }),
        endpoint("revoke-javascript", "`javascript:` for revocations", "javascript:alert(1)"),
        endpoint("revoke-plain-http", "plain http for revocations", "http://as.test/revoke"),
        row(PLACE, "revoke-drip", "a page, a byte every 20 ms", |_, _| {
            Answer::text(200, "text/html", "<p>done".repeat(100)).dripping()
        }),
        row(PLACE, "revoke-cut", "the connection is cut in the middle of a page", |_, _| {
            Answer::text(200, "text/html", "<p>done").cut()
        }),
        row(PLACE, "revoke-endless", "a body that never ends", |_, _| Answer::endless(200, None)),
        row(PLACE, "revoke-silent", "no answer, and the connection stays open", |_, _| Answer::never()),
        row(PLACE, "revoke-closed", "the connection is closed without a word", |_, _| Answer::closed()),
    ]
}
