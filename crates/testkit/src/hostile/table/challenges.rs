//! Forms of `WWW-Authenticate`. The metadata is nowhere but where the challenge says, so that a login proves that it was read.

use std::fmt::Write as _;

use super::{Asked, Misbehaviour, Place, row};
use crate::hostile::answer::Answer;

/// A row whose 401 has these header lines; `{prm}` is the address of the metadata.
fn lines(
    name: &'static str,
    what: &'static str,
    lines: impl Fn(&str) -> Vec<Vec<u8>> + Send + Sync + 'static,
) -> Misbehaviour {
    row(Place::Mcp, name, what, move |asked: &Asked, answer| {
        if asked.authorization.is_some() {
            return answer;
        }
        let lines = lines(&format!("{}/prm", asked.base));
        lines.iter().fold(Answer::status(401), |answer, line| answer.header("www-authenticate", line))
    })
}

fn line(name: &'static str, what: &'static str, template: &'static str) -> Misbehaviour {
    lines(name, what, move |prm| vec![template.replace("{prm}", prm).into_bytes()])
}

pub(super) fn rows() -> Vec<Misbehaviour> {
    vec![
        line(
            "challenge-second-in-line",
            "Bearer after Basic in one line, whose realm looks like a challenge",
            r#"Basic realm="x, Bearer resource_metadata=\"http://127.0.0.1:1/\"", Bearer resource_metadata="{prm}", scope="a""#,
        ),
        lines("challenge-second-line", "Bearer in the second header line", |prm| {
            vec![
                b"Basic realm=\"simple\"".to_vec(),
                format!("Bearer resource_metadata=\"{prm}\", scope=\"a\"").into_bytes(),
            ]
        }),
        line(
            "challenge-quoted-commas",
            "a description with commas, quotes and another address in it",
            r#"Bearer error_description="a, b, resource_metadata=\"http://127.0.0.1:1/\"", resource_metadata="{prm}""#,
        ),
        lines("challenge-escapes", "every character of the address escaped by a backslash", |prm| {
            let escaped = prm.chars().fold(String::new(), |mut text, c| {
                let _ = write!(text, "\\{c}");
                text
            });
            vec![format!("Bearer resource_metadata=\"{escaped}\"").into_bytes()]
        }),
        line(
            "challenge-token68",
            "Bearer after a token68",
            r#"Negotiate YWJj==, Bearer resource_metadata="{prm}""#,
        ),
        line(
            "challenge-no-space",
            "no space after the commas, empty list elements",
            r#",,Basic realm="x",Bearer realm="y",,resource_metadata="{prm}",scope="a","#,
        ),
        line(
            "challenge-tabs",
            "tabs and spaces around `=`",
            "Bearer realm=x,\tresource_metadata \t=\t \"{prm}\"",
        ),
        line("challenge-unquoted", "an address without quotes", "Bearer resource_metadata={prm}, scope=a"),
        line(
            "challenge-upper-case",
            "scheme and names in capitals",
            r#"BEARER RESOURCE_METADATA="{prm}", SCOPE="a""#,
        ),
        line(
            "challenge-doubled",
            "a second address in the same challenge",
            r#"Bearer resource_metadata="{prm}", resource_metadata="http://127.0.0.1:1/""#,
        ),
        line(
            "challenge-other-scheme",
            "the address in the challenge of a scheme that nobody knows, and Bearer without it",
            r#"Bearer scope="a", Macaroon resource_metadata="{prm}""#,
        ),
        lines(
            "challenge-in-parts",
            "Bearer three times, the address in the second and another in the third",
            |prm| {
                vec![
                    format!("Bearer scope=\"a\", Bearer resource_metadata=\"{prm}\"").into_bytes(),
                    b"Bearer resource_metadata=\"http://127.0.0.1:1/\", scope=\"b\"".to_vec(),
                ]
            },
        ),
        lines("challenge-latin-1", "bytes that are no UTF-8 in a description", |prm| {
            let mut line = b"Bearer error_description=\"\xe9\xff\", ".to_vec();
            line.extend_from_slice(format!("resource_metadata=\"{prm}\"").as_bytes());
            vec![line]
        }),
        line("challenge-unterminated", "a quote that is not closed", r#"Bearer resource_metadata="{prm}"#),
        line("challenge-without-scheme", "parameters without a scheme", r#"resource_metadata="{prm}""#),
        lines("challenge-late", "Bearer after twenty other lines, four more than are read", |prm| {
            let mut lines = vec![b"Basic realm=\"x\"".to_vec(); 20];
            lines.push(format!("Bearer resource_metadata=\"{prm}\"").into_bytes());
            lines
        }),
        lines("challenge-long", "the address after a description of 17 KB, more than is read", |prm| {
            let long = "x".repeat(17 * 1024);
            vec![format!("Bearer error_description=\"{long}\", resource_metadata=\"{prm}\"").into_bytes()]
        }),
        line(
            "challenge-javascript",
            "`javascript:` as the address",
            r#"Bearer resource_metadata="javascript:alert(1)""#,
        ),
        line("challenge-file", "a file as the address", r#"Bearer resource_metadata="file:///etc/passwd""#),
        line(
            "challenge-plain-http",
            "plain http to another machine",
            r#"Bearer resource_metadata="http://mcp.test/prm""#,
        ),
        line(
            "challenge-user-information",
            "an address with a name and a password",
            r#"Bearer resource_metadata="https://a:b@mcp.test/prm""#,
        ),
        line("challenge-no-url", "an address that is none", r#"Bearer resource_metadata="http://[::1""#),
    ]
}
