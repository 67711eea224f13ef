use super::*;

/// What pydantic 2.14 makes of these strings in lax mode.
#[test]
fn integers() {
    let taken = [
        ("5", "5"),
        (" 5 ", "5"),
        ("5.0", "5"),
        ("1_000", "1000"),
        ("+5", "5"),
        ("-0", "-0"),
        ("007", "7"),
        ("18446744073709551616", "18446744073709551616"),
    ];
    for (text, expected) in taken {
        assert_eq!(integer(text).as_deref(), Some(expected), "{text}");
    }
    for text in ["5.5", "0x5", "abc", "", "1e3", "5.", "_5", "5__0", "- 5", "--5", "."] {
        assert_eq!(integer(text), None, "{text}");
    }
}

#[test]
fn numbers() {
    let taken = [
        ("5", "5"),
        ("1e3", "1e3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1.5", "1.5"),
        ("1_0.5", "10.5"),
        (" 1 ", "1"),
        ("-.5e2", "-0.5e2"),
        ("1E-07", "1e-07"),
        ("1.10", "1.10"),
    ];
    for (text, expected) in taken {
        assert_eq!(number(text).as_deref(), Some(expected), "{text}");
        assert!(serde_json::from_str::<serde_json::Number>(expected).is_ok());
    }
    for text in ["inf", "nan", "abc", "0x1", "1,5", "", ".", "1e", "1 e5", "1e 5", "e5"] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn booleans() {
    for text in ["true", "True", "TRUE", "yes", "y", "on", "1", "t"] {
        assert_eq!(boolean(text), Some(true), "{text}");
    }
    for text in ["false", "off", "no", "n", "0", "f"] {
        assert_eq!(boolean(text), Some(false), "{text}");
    }
    for text in ["maybe", "", " true ", "2"] {
        assert_eq!(boolean(text), None, "{text}");
    }
}
