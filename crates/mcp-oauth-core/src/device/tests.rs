use serde_json::{Value, json};

use super::*;

fn read(patch: &Value) -> Result<DeviceAuthorizationResponse, serde_json::Error> {
    let mut answer = json!({
        "device_code": "GmRh-s3cr3t", "user_code": "WDJB-MJHT", "verification_uri": "https://as.test/device",
        "verification_uri_complete": "https://as.test/device?user_code=WDJB-MJHT", "expires_in": 1800, "interval": 7,
    });
    for (name, value) in patch.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(answer.as_object_mut().and_then(|it| it.remove(name))),
            value => answer[name] = value.clone(),
        }
    }
    serde_json::from_value(answer)
}

#[test]
fn members_and_defaults() {
    let answer = read(&json!({})).unwrap();
    assert_eq!((answer.expires_in.as_secs(), answer.interval.as_secs()), (1800, 7));
    assert_eq!(read(&json!({ "interval": null })).unwrap().interval.as_secs(), 5);
    assert_eq!(read(&json!({ "interval": "9", "expires_in": "60" })).unwrap().interval.as_secs(), 9);
    assert_eq!(read(&json!({ "verification_uri_complete": null })).unwrap().verification_uri_complete, None);
    let google = json!({ "verification_uri": null, "verification_url": "https://www.google.com/device" });
    assert_eq!(read(&google).unwrap().verification_uri, "https://www.google.com/device");
    for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
        assert!(read(&json!({ name: null })).is_err(), "{name}");
    }
    assert!(read(&json!({ "interval": "soon" })).is_err());
}

/// What is shown to a person cannot be a text that draws on their terminal.
#[test]
fn user_codes_are_plain() {
    for code in ["", "a\u{1b}[2J", "a\nb", "a\u{202e}b", &"a".repeat(65)] {
        assert!(read(&json!({ "user_code": code })).is_err(), "{code:?}");
    }
}

#[test]
fn c15_4_debug_hides_the_codes() {
    let shown = format!("{:?}", read(&json!({})).unwrap());
    assert!(!shown.contains("s3cr3t") && !shown.contains("WDJB"), "{shown}");
}
