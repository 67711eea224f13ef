//! MCP servers that are never content.

use serde_json::json;

use super::{Misbehaviour, Place, row};
use crate::hostile::answer::Answer;
use crate::hostile::honest::challenge;

const PLACE: Place = Place::Mcp;

pub(super) fn rows() -> Vec<Misbehaviour> {
    vec![
        row(PLACE, "call-401", "401, whatever token comes", |asked, _| {
            let error = if asked.authorization.is_some() { ", error=\"invalid_token\"" } else { "" };
            Answer::status(401).header("www-authenticate", format!("{}{error}", challenge(asked)))
        }),
        row(PLACE, "call-401-silent", "401 without a challenge to whatever token comes", |asked, answer| {
            if asked.authorization.is_some() { Answer::status(401) } else { answer }
        }),
        row(PLACE, "call-403", "403 for want of a scope that was granted", |asked, answer| {
            if asked.authorization.is_none() {
                return answer;
            }
            Answer::status(403)
                .header("www-authenticate", format!("{}, error=\"insufficient_scope\"", challenge(asked)))
        }),
        row(
            PLACE,
            "call-403-in-parts",
            "403 for want of a scope, which a second challenge says",
            |asked, answer| {
                if asked.authorization.is_none() {
                    return answer;
                }
                Answer::status(403)
                    .header("www-authenticate", challenge(asked))
                    .header("www-authenticate", "Bearer error=\"insufficient_scope\", scope=\"a\"")
            },
        ),
        row(PLACE, "call-403-more", "403 for want of another scope each time", |asked, answer| {
            if asked.authorization.is_none() {
                return answer;
            }
            let line = format!(
                "Bearer error=\"insufficient_scope\", scope=\"s{}\", resource_metadata=\"{}/prm\"",
                asked.before, asked.base
            );
            Answer::status(403).header("www-authenticate", line)
        }),
        row(PLACE, "call-403-flood", "403 for want of 1,000 scopes", |asked, answer| {
            if asked.authorization.is_none() {
                return answer;
            }
            let scopes = (0..1000).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
            let line = format!(
                "Bearer error=\"insufficient_scope\", resource_metadata=\"{}/prm\", scope=\"{scopes}\"",
                asked.base
            );
            Answer::status(403).header("www-authenticate", line)
        }),
        row(PLACE, "call-403-plain", "403 without a reason", |asked, answer| {
            if asked.authorization.is_some() { Answer::status(403) } else { answer }
        }),
        row(PLACE, "call-redirect", "a redirect elsewhere with the call", |asked, answer| {
            if asked.authorization.is_none() {
                return answer;
            }
            Answer::redirect(307, &format!("{}/elsewhere", asked.base))
        }),
        row(PLACE, "call-echo", "an error page that repeats the token", |asked, answer| {
            match &asked.authorization {
                Some(token) => Answer::json(500, &json!({ "you sent": token })),
                None => answer,
            }
        }),
        row(PLACE, "call-closed", "the connection is closed under the call", |asked, answer| {
            if asked.authorization.is_some() { Answer::closed() } else { answer }
        }),
    ]
}
