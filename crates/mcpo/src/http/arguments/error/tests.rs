use serde_json::{Value, json};

use super::*;

fn body_of(error: ArgumentsError) -> (u16, Value) {
    let answer = error.into_answer();
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
}

/// Recorded from FastAPI 0.143.5.
#[test]
fn answers_are_fastapis() {
    assert_eq!(
        body_of(ArgumentsError::Missing),
        (
            422,
            json!({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": null}]})
        )
    );
    assert_eq!(
        body_of(ArgumentsError::NotJson { position: 12, reason: "Expecting value" }),
        (
            422,
            json!({"detail": [{
                "type": "json_invalid", "loc": ["body", 12], "msg": "JSON decode error", "input": {},
                "ctx": {"error": "Expecting value"}
            }]})
        )
    );
    assert_eq!(
        body_of(ArgumentsError::NotText),
        (400, json!({"detail": "There was an error parsing the body"}))
    );
}

#[test]
fn limits_are_named() {
    let (status, body) = body_of(ArgumentsError::TooDeep { limit: 128 });
    assert_eq!(
        (status, body["detail"]["message"].as_str()),
        (400, Some("the body nests more than 128 levels deep"))
    );
    let (status, body) = body_of(ArgumentsError::TooManyValues { limit: 10 });
    assert_eq!(
        (status, body["detail"]["message"].as_str()),
        (413, Some("the body holds more than 10 values"))
    );
}
