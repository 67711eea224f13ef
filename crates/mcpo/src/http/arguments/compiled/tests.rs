use proptest::prelude::*;
use serde_json::json;

use super::*;

fn arguments(schema: &str) -> Arguments {
    Arguments::compile(&RawValue::from_string(schema.into()).unwrap()).unwrap()
}

fn check(schema: &str, body: &str) -> Result<String, ArgumentsError> {
    let body = arguments(schema).check(Bytes::from(body.to_owned()))?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[track_caller]
fn passes(schema: &str, body: &str) {
    assert_eq!(check(schema, body).unwrap(), body);
}

/// Nulls, integers for `number`, nested extra keys, free-form objects, big integers, key order: all as it came.
#[test]
fn defect_05_the_body_goes_through_as_it_came() {
    let schema = r#"{"type":"object","properties":{"n":{"type":"number"},"o":{"type":"object","properties":{"a":{}}},"s":{"anyOf":[{"type":"string"},{"type":"null"}]},"i":{"type":"integer"}}}"#;
    passes(schema, r#"{ "n" : 10, "extra":{"z":1,"a":2}, "o": {"b" : [1.10, 1e400], "a": null},"s":null }"#);
    passes(schema, r#"{"i":123456789012345678901234567890,"n":1.0E+2}"#);
    passes(r#"{"type":"object"}"#, r#"{"anything":[{"goes":true}]}"#);
    passes(schema, r#"{"a":"\ud800 half a pair"}"#);
}

#[test]
fn a_body_that_needs_no_change_is_not_copied() {
    let body = Bytes::from_static(b" {\"a\": 1}\n");
    let checked = arguments("{}").check(body.clone()).unwrap();
    assert_eq!(checked, "{\"a\": 1}");
    assert_eq!(checked.as_ptr(), body[1..].as_ptr());
}

#[test]
fn defaults_are_filled_in() {
    let schema = r#"{"properties":{"zone":{"type":"string","default":"UTC"},"n":{"type":"number","default":1.10},"r":{"type":"string"}},"required":["r"]}"#;
    assert_eq!(check(schema, r#"{"r": "x"}"#).unwrap(), r#"{"r":"x","zone":"UTC","n":1.10}"#);
}

/// Defaults that break the schema are the server's slip, not the caller's.
#[test]
fn defaults_that_do_not_fit_are_left_out() {
    let schema = r#"{"properties":{"kind":{"enum":["a","b"],"default":""},"n":{"type":"integer"}}}"#;
    assert_eq!(check(schema, r#"{"n":"5"}"#).unwrap(), r#"{"n":5}"#);
    let exclusive = r#"{"properties":{"a":{"default":1},"b":{"default":2}},"oneOf":[{"required":["a"]},{"required":["b"]}]}"#;
    passes(exclusive, r#"{"a":5}"#);
    let Err(ArgumentsError::Invalid(errors)) = check(schema, r#"{"n":"x"}"#) else { panic!("accepted") };
    assert_eq!(errors.len(), 1);
}

#[test]
fn neighbouring_types_are_taken() {
    let schema = r##"{"properties":{"i":{"type":"integer","maximum":100},"n":{"type":"number"},"b":{"type":"boolean"},"l":{"items":{"$ref":"#/$defs/I"}},"o":{"anyOf":[{"type":"integer"},{"type":"null"}]},"u":{"anyOf":[{"type":"integer"},{"type":"boolean"}]},"e":{"type":"integer","enum":[1,2]},"d":{"properties":{"x":{"type":["integer","null"]}}},"s":{"type":"string"}},"$defs":{"I":{"type":"integer"}}}"##;
    let cases = [
        (r#"{"i":" 5 "}"#, r#"{"i":5}"#),
        (r#"{"n":"1.10"}"#, r#"{"n":1.10}"#),
        (r#"{"n":true,"i":false}"#, r#"{"n":1,"i":0}"#),
        (r#"{"b":"Yes"}"#, r#"{"b":true}"#),
        (r#"{"b":0.0}"#, r#"{"b":false}"#),
        (r#"{"l":["1", 2, "3"]}"#, r#"{"l":[1,2,3]}"#),
        (r#"{"o":"5"}"#, r#"{"o":5}"#),
        (r#"{"u":"true"}"#, r#"{"u":true}"#),
        (r#"{"u":"7"}"#, r#"{"u":7}"#),
        (r#"{"e":"2"}"#, r#"{"e":2}"#),
        (r#"{"d":{"x":"18446744073709551616","y" : 1.0}}"#, r#"{"d":{"x":18446744073709551616,"y":1.0}}"#),
    ];
    for (body, expected) in cases {
        assert_eq!(check(schema, body).unwrap(), expected);
    }
    for body in [r#"{"s":5}"#, r#"{"i":"101"}"#, r#"{"e":"3"}"#, r#"{"i":[]}"#, r#"{"b":"x"}"#] {
        assert!(check(schema, body).is_err(), "{body}");
    }
}

#[test]
fn a_string_that_fits_stays_a_string() {
    passes(
        r#"{"properties":{"a":{"anyOf":[{"type":"integer"},{"type":"string"}]},"b":{"type":["number","string"]}}}"#,
        r#"{"a":"5","b":"6"}"#,
    );
}

#[test]
fn an_empty_body_is_an_empty_object_where_that_fits() {
    for body in ["", " \r\n", "null"] {
        assert_eq!(check(r#"{"type":"object"}"#, body).unwrap(), "{}");
        assert_eq!(check(r#"{"properties":{"a":{"default":1}}}"#, body).unwrap(), r#"{"a":1}"#);
        let error = check(r#"{"properties":{"a":{}},"required":["a"]}"#, body).unwrap_err();
        assert!(matches!(error, ArgumentsError::Missing));
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for body in ["[]", "5", "\"x\"", "true"] {
        let Err(ArgumentsError::Invalid(errors)) = check("{}", body) else { panic!("accepted {body}") };
        assert_eq!(errors[0].kind, "model_attributes_type");
    }
    assert!(matches!(check("{}", r#"{"a":}"#), Err(ArgumentsError::NotJson { position: 5, .. })));
    assert!(matches!(check("{}", r#"{"a":NaN}"#), Err(ArgumentsError::NotJson { .. })));
    assert!(matches!(
        arguments("{}").check(Bytes::from_static(b"{\"a\":\"\xff\"}")),
        Err(ArgumentsError::NotText)
    ));
}

#[test]
fn of_two_equal_keys_the_checked_one_is_sent() {
    let schema = r#"{"properties":{"a":{"type":"string"}}}"#;
    assert_eq!(check(schema, r#"{"a":5,"a":"x"}"#).unwrap(), r#"{"a":"x"}"#);
    assert!(check(schema, r#"{"a":"x","a":[]}"#).is_err());
}

#[test]
fn a_name_that_is_magic_to_a_library_is_a_name() {
    let schema = r#"{"properties":{"a":{"type":"integer"}}}"#;
    assert!(check(schema, r#"{"a":{"$serde_json::private::Number":"5"}}"#).is_err());
}

#[test]
fn limits_hold() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert!(matches!(check("{}", &deep), Err(ArgumentsError::TooDeep { limit: 128 })));
    let limits = ArgumentLimits { values: 3, ..ArgumentLimits::default() };
    let tight = arguments("{}").with_limits(limits);
    assert!(matches!(tight.check("{\"a\":[1,2]}".into()), Err(ArgumentsError::TooManyValues { limit: 3 })));
    assert!(tight.check("{\"a\":1}".into()).is_ok());
}

/// Every item of a large body is wrong: one mistake is told, soon.
#[test]
fn large_bodies_are_not_searched_to_the_end() {
    let schema = r#"{"properties":{"l":{"items":{"type":"integer"}}}}"#;
    let body = format!("{{\"l\":[{}]}}", vec!["null"; 400_000].join(","));
    let Err(ArgumentsError::Invalid(errors)) = check(schema, &body) else { panic!("accepted") };
    assert_eq!((errors.len(), errors[0].kind), (1, "int_type"));
    let schema = r#"{"properties":{"l":{"items":{"anyOf":[{"type":"integer"},{"type":"boolean"}]}}}}"#;
    let Err(ArgumentsError::Invalid(errors)) = check(schema, &body) else { panic!("accepted") };
    assert_eq!((errors.len(), errors[0].kind), (1, "value_error"));
}

#[test]
fn dialects_are_honoured() {
    let tuple = |dialect: &str| {
        format!(
            r#"{{"$schema":"{dialect}","properties":{{"t":{{"items":[{{"type":"string"}}]}},"x":{{"exclusiveMinimum":true,"minimum":1}}}}}}"#
        )
    };
    let draft4 = tuple("http://json-schema.org/draft-04/schema#");
    assert!(check(&draft4, r#"{"t":[5]}"#).is_err());
    assert!(check(&draft4, r#"{"x":1}"#).is_err());
    // An unknown dialect is read as the default one.
    passes(
        r#"{"$schema":"https://example.com/mine","properties":{"a":{"prefixItems":[{"type":"string"}]}}}"#,
        r#"{"a":["x"]}"#,
    );
    assert!(check(r#"{"$schema":"https://example.com/mine","required":["a"]}"#, "{}").is_err());
}

#[test]
fn formats_are_notes() {
    passes(
        r#"{"properties":{"a":{"format":"date-time"},"b":{"format":"uri"}}}"#,
        r#"{"a":"tomorrow","b":"not a uri"}"#,
    );
    passes(
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"format":"email"}}}"#,
        r#"{"a":"x"}"#,
    );
}

#[test]
fn other_documents_are_never_fetched() {
    passes(r#"{"properties":{"a":{"$ref":"https://example.com/other.json#/$defs/X"}}}"#, r#"{"a":5}"#);
    passes(r#"{"properties":{"a":{"$ref":"file:///etc/passwd"}}}"#, r#"{"a":5}"#);
}

#[test]
fn references_of_every_kind_are_checked() {
    for reference in ["#/$defs/I", "#int", "https://example.com/t.json#int", "#/properties/first"] {
        let schema = json!({
            "$id": "https://example.com/t.json",
            "properties": {"first": {"type": "integer"}, "a": {"$ref": reference}},
            "$defs": {"I": {"$anchor": "int", "type": "integer"}}
        });
        assert!(check(&schema.to_string(), r#"{"a":"x"}"#).is_err(), "{reference}");
        assert_eq!(check(&schema.to_string(), r#"{"a":"5"}"#).unwrap(), r#"{"a":5}"#);
    }
}

/// mcpo took the last word of a reference as the name of a definition; such tools are checked all the same.
#[test]
fn references_into_a_lost_document_are_checked() {
    let schema =
        r##"{"properties":{"a":{"$ref":"#/components/schemas/A b"}},"$defs":{"A b":{"type":"integer"}}}"##;
    assert!(check(schema, r#"{"a":"x"}"#).is_err());
    passes(schema, r#"{"a":1}"#);
}

#[test]
fn recursive_schemas_are_checked_to_the_bottom() {
    let schema = r##"{"properties":{"v":{"type":"integer"},"next":{"$ref":"#"}}}"##;
    let body =
        |levels: usize, end: &str| format!("{}{end}{}", r#"{"next":"#.repeat(levels), "}".repeat(levels));
    passes(schema, &body(120, r#"{"v":1}"#));
    let Err(ArgumentsError::Invalid(errors)) = check(schema, &body(120, r#"{"v":"x"}"#)) else {
        panic!("accepted")
    };
    assert_eq!(errors[0].place.len(), 121);
    // A schema that only refers to itself says nothing.
    passes(r##"{"$ref":"#"}"##, r#"{"a":1}"#);
}

#[test]
fn hostile_patterns_are_bounded() {
    // Catastrophic where an engine goes back; linear here.
    let schema = r#"{"properties":{"a":{"pattern":"^(a+)+$"}}}"#;
    assert!(check(schema, &json!({"a": "a".repeat(50_000) + "b"}).to_string()).is_err());
    // This one needs to go back: the limit is reached, and the server decides.
    let schema = r#"{"properties":{"a":{"pattern":"^(?=(a+)+$)\\1?(a|aa)+$"}}}"#;
    let _ = check(schema, &json!({"a": "a".repeat(2_000) + "b"}).to_string());
    // Too large to be compiled: the schema is refused, not the memory eaten.
    let schema =
        RawValue::from_string(r#"{"properties":{"a":{"pattern":"((a{1000}){1000}){1000}"}}}"#.into())
            .unwrap();
    assert!(Arguments::compile(&schema).is_err());
}

#[test]
fn bombs_are_not_compiled() {
    let mut definitions = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions.insert(format!("d{level}"), json!({"anyOf": [next, next]}));
    }
    definitions.insert("d40".into(), json!({"type": "string"}));
    let schema = json!({"$defs": definitions, "properties": {"a": {"$ref": "#/$defs/d0"}}});
    let schema = RawValue::from_string(schema.to_string()).unwrap();
    assert!(matches!(Arguments::compile(&schema), Err(CompileError::TooInvolved { .. })));
}

#[test]
fn chains_through_properties_are_no_trouble() {
    let mut definitions = serde_json::Map::new();
    for level in 0..5_000 {
        definitions.insert(
            format!("d{level}"),
            json!({"properties": {"n": {"$ref": format!("#/$defs/d{}", level + 1)}}}),
        );
    }
    definitions.insert("d5000".into(), json!({"properties": {"n": {"default": 1}}}));
    let schema = json!({"$defs": definitions, "$ref": "#/$defs/d0"}).to_string();
    passes(&schema, r#"{"n":{"n":{"n":{}}}}"#);
}

proptest! {
    /// Whatever comes: no panic, and what is accepted is JSON again.
    #[test]
    fn every_body_has_an_answer(body in r#"[\[\]{},:"abn015.e\\ -]{0,20}"#) {
        let schema = r#"{"properties":{"a":{"type":"integer","default":5},"b":{"anyOf":[{"type":"boolean"},{"items":{"type":"number"}}]}}}"#;
        if let Ok(text) = check(schema, &body) {
            prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok(), "{}", text);
        }
    }
}
