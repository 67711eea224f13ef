//! Log records, whole and odd.
use super::*;

fn parts(record: &LogRecord) -> (Option<LogLevel>, Option<String>, Option<&str>) {
    let LogParts { level, logger, data } = record.parts();
    (level, logger.map(Cow::into_owned), data.map(RawValue::get))
}

#[test]
fn a_record_is_read_and_kept() {
    let raw = r#"{"data":{"z": 1.10, "a":"\u00e4"},"level":"warning","logger":"data\"base","x":1}"#;
    let record = LogRecord::new(Bytes::from_static(raw.as_bytes()));
    assert_eq!(
        parts(&record),
        (Some(LogLevel::Warning), Some("data\"base".to_owned()), Some(r#"{"z": 1.10, "a":"\u00e4"}"#))
    );
    assert_eq!(record.raw(), raw);
}

#[test]
fn an_odd_member_is_only_itself_lost() {
    for (raw, expected) in [
        ("", (None, None, None)),
        ("[1,2,3]", (None, None, None)),
        ("{}", (None, None, None)),
        (r#"{"level":"verbose","data":"x"}"#, (None, None, Some(r#""x""#))),
        (r#"{"level":3,"logger":[],"data":[]}"#, (None, None, Some("[]"))),
        (r#"{"level":"info"}"#, (Some(LogLevel::Info), None, None)),
    ] {
        assert_eq!(parts(&LogRecord::new(Bytes::from_static(raw.as_bytes()))), expected, "{raw}");
    }
}

#[test]
fn levels_are_those_of_the_protocol_in_its_order() {
    let names: Vec<&str> = LogLevel::ALL.iter().map(|level| level.as_str()).collect();
    assert_eq!(names, ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]);
    assert!(LogLevel::ALL.is_sorted());
    for level in LogLevel::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert_eq!("Info".parse::<LogLevel>(), Err(UnknownLogLevel));
}
