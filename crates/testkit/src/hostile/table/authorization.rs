//! Answers to authorization requests, as they come to the loopback listener.

use super::{Asked, Misbehaviour, Place, row};
use crate::hostile::answer::Answer;
use crate::hostile::honest::{callback, redirect};

type Parameters = Vec<(String, String)>;

fn answered(
    name: &'static str,
    what: &'static str,
    change: impl Fn(&Asked, &mut Parameters) + Send + Sync + 'static,
) -> Misbehaviour {
    row(Place::Authorize, name, what, move |asked, _| {
        let mut parameters = callback(name, asked);
        change(asked, &mut parameters);
        redirect(&asked.parameter("redirect_uri"), &parameters)
    })
}

fn set(name: &'static str, what: &'static str, parameter: &'static str, value: &'static str) -> Misbehaviour {
    answered(name, what, move |asked, parameters| {
        put(parameters, parameter, &value.replace("{base}", &asked.base).replace("{origin}", &asked.origin));
    })
}

fn put(parameters: &mut Parameters, name: &str, value: &str) {
    parameters.retain(|(known, _)| known != name);
    parameters.push((name.to_owned(), value.to_owned()));
}

fn without(name: &'static str, what: &'static str, parameter: &'static str) -> Misbehaviour {
    answered(name, what, move |_, parameters| parameters.retain(|(known, _)| known != parameter))
}

fn doubled(name: &'static str, what: &'static str, parameter: &'static str) -> Misbehaviour {
    answered(name, what, move |_, parameters| parameters.push((parameter.to_owned(), "another".to_owned())))
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    vec![
        set("state-wrong", "another state", "state", "another"),
        without("state-missing", "no state", "state"),
        doubled("state-doubled", "two states", "state"),
        set("iss-wrong", "another issuer", "iss", "https://evil.test"),
        without("iss-missing", "no issuer, though one was promised", "iss"),
        doubled("iss-doubled", "two issuers", "iss"),
        set("iss-slash", "the issuer with a slash more", "iss", "{base}/"),
        set("iss-encoded", "the issuer encoded twice", "iss", "{origin}/%69ss-encoded"),
        set("iss-empty", "an empty issuer", "iss", ""),
        set("code-empty", "an empty code", "code", ""),
        set("code-control", "a code with line ends in it", "code", "a\r\nx: y"),
        without("code-missing", "neither a code nor an error", "code"),
        doubled("code-doubled", "two codes", "code"),
        set("code-and-error", "a code and an error", "error", "access_denied"),
        answered("error-elsewhere", "an error, from another issuer", |_, parameters| {
            parameters.retain(|(known, _)| known != "code");
            put(parameters, "error", "access_denied");
            put(parameters, "iss", "https://evil.test");
        }),
        answered(
            "error-escapes",
            "an error with a description that turns a terminal around",
            |_, parameters| {
                parameters.retain(|(known, _)| known != "code");
                put(parameters, "error", "access_denied\u{1b}[2J");
                put(parameters, "error_description", "no\u{202e}way\r\n<script>alert(1)</script>");
            },
        ),
        answered("error-flood", "an error with a description of 1 MB", |_, parameters| {
            parameters.retain(|(known, _)| known != "code");
            put(parameters, "error", "access_denied");
            put(parameters, "error_description", &"x".repeat(1024 * 1024));
        }),
        row(
            Place::Authorize,
            "answer-fragment",
            "the answer in the fragment, which no server sees",
            |_, answer| {
                let location = answer.location().replacen('?', "#", 1);
                Answer::redirect(302, &location)
            },
        ),
        row(
            Place::Authorize,
            "answer-other-path",
            "the answer to another path of the listener",
            |_, answer| {
                let location = answer.location().replacen("/callback", "/other", 1);
                Answer::redirect(302, &location)
            },
        ),
        row(Place::Authorize, "answer-never", "a page, and no answer", |_, _| {
            Answer::text(400, "text/html", "<p>unknown client")
        }),
    ]
}
