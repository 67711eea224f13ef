use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::*;
use crate::http::arguments::Arguments;

fn flat(schema: &Json) -> Flat {
    Flat::of(schema).expect("a flat schema")
}

#[test]
fn the_ordinary_call_passes() {
    let schema = json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "title": "t",
        "properties": {"s": {"type": "string", "format": "uri"}, "i": {"type": "integer"}, "n": {"type": ["number", "null"]},
            "o": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}, "l": {"type": "array"}, "any": {}},
        "required": ["s"]});
    let flat = flat(&schema);
    for body in [
        r#"{"s":"x"}"#,
        r#"{ "s" : "\u00e9\n" , "i" : -5, "n":1.5e3, "o":null, "any":true, "more":"x" }"#,
        r#"{"n":null,"o":"x","s":""}"#,
    ] {
        assert!(flat.passes(body), "{body}");
    }
    for body in [
        "{}",
        r#"{"s":5}"#,
        r#"{"s":"x","i":1.0}"#,
        r#"{"s":"x","i":"5"}"#,
        r#"{"s":"x","l":[]}"#,
        r#"{"s":"x","s":"y"}"#,
        r#"{"s":"x","a":1,"a":2}"#,
        r#"{"s":"x","\u0069":1}"#,
        r#"{"s":"x"} x"#,
        r#"{"s":"x",}"#,
        r#"{"s":"x""#,
        "[]",
        "",
    ] {
        assert!(!flat.passes(body), "{body}");
    }
}

#[test]
fn more_than_types_is_left_to_the_validator() {
    for schema in [
        json!(true),
        json!({"properties": {"a": {"minLength": 1}}}),
        json!({"properties": {"a": {"type": "string", "enum": ["x"]}}}),
        json!({"properties": {"a": {"$ref": "#/$defs/a"}}}),
        json!({"minProperties": 1}),
        json!({"type": ["object", "null"]}),
        json!({"additionalProperties": {"type": "string"}}),
        json!({"required": ["a"], "additionalProperties": false}),
        json!({"properties": (0..65).map(|n| (format!("p{n}"), json!({}))).collect::<Map<_, _>>()}),
    ] {
        assert!(Flat::of(&schema).is_none(), "{schema}");
    }
}

#[test]
fn defaults_and_closed_objects_are_minded() {
    let schema =
        json!({"properties": {"a": {"default": 1}, "b": {"default": null}}, "additionalProperties": false});
    let flat = flat(&schema);
    assert!(flat.passes(r#"{"a":2}"#));
    assert!(!flat.passes("{}"));
    assert!(!flat.passes(r#"{"a":2,"c":1}"#));
}

fn schemas() -> impl Strategy<Value = Json> {
    let property = prop::sample::select(vec![
        json!({}),
        json!(true),
        json!(false),
        json!({"type": "string"}),
        json!({"type": "integer", "title": "T"}),
        json!({"type": "number"}),
        json!({"type": "boolean"}),
        json!({"type": "null"}),
        json!({"type": ["string", "integer"]}),
        json!({"type": "array"}),
        json!({"type": "object"}),
        json!({"type": "string", "default": "x"}),
        json!({"type": "integer", "default": null}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}),
        json!({"anyOf": [{"type": "integer"}, true]}),
        json!({"type": "string", "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        json!({"type": "string", "minLength": 2}),
        json!({"enum": [1, "a"]}),
    ]);
    (
        prop::collection::hash_map("[abc]", property, 0..3),
        prop::collection::hash_set("[abcd]", 0..2),
        prop::sample::select(vec![None, Some(true), Some(false)]),
        prop::sample::select(vec![
            None,
            Some("http://json-schema.org/draft-04/schema#"),
            Some("https://json-schema.org/draft/2020-12/schema"),
        ]),
    )
        .prop_map(|(properties, required, additional, dialect)| {
            let mut schema = json!({"type": "object", "properties": properties});
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            if let Some(additional) = additional {
                schema["additionalProperties"] = json!(additional);
            }
            if let Some(dialect) = dialect {
                schema["$schema"] = json!(dialect);
            }
            schema
        })
}

fn bodies() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "\"\"",
        "\"x\"",
        "\"\\n\"",
        "\"5\"",
        "1",
        "-0",
        "1.0",
        "1e2",
        "01",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "[1]",
        "tru",
        "\"\\x\"",
        "123456789012345678901234567890",
    ]);
    let key = prop::sample::select(vec!["a", "b", "c", "d", "e", "", "\\u0061"]);
    (
        prop::collection::vec((key, value), 0..5),
        prop::sample::select(vec![",", " , ", ", "]),
        prop::sample::select(vec!["", " ", "x", "}"]),
    )
        .prop_map(|(members, comma, rest)| {
            let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{{}}}{rest}", members.join(comma))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// The way of before, which the quick one must never contradict, is the judge.
    #[test]
    fn a_body_that_passes_is_one_that_the_validator_passes_unchanged(schema in schemas(), bodies in prop::collection::vec(bodies(), 8)) {
        let raw = to_raw_value(&schema).unwrap();
        let Ok(arguments) = Arguments::compile(&raw) else { return Ok(()) };
        let slow = Arguments::compile(&raw).unwrap().without_short_cut();
        for body in bodies {
            let (quick, slowly) = (arguments.check(Bytes::from(body.clone())), slow.check(Bytes::from(body.clone())));
            prop_assert_eq!(format!("{quick:?}"), format!("{slowly:?}"), "{} {}", schema, body);
            if let Some(flat) = Flat::of(&schema) && flat.passes(&body) {
                prop_assert_eq!(slowly.unwrap(), body.trim().as_bytes());
            }
        }
    }
}
