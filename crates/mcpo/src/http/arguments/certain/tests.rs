use proptest::prelude::*;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::*;
use crate::http::arguments::Arguments;

#[test]
fn what_ordinary_servers_write_is_certain() {
    for schema in [
        json!({"type": "object", "properties": {}}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
            "properties": {"path": {"type": "string", "description": "A path."}, "n": {"type": "number", "minimum": 1}},
            "required": ["path"]}),
        json!({"$defs": {"Edit": {"properties": {"old": {"title": "Old", "type": "string"}}, "required": ["old"], "type": "object"}},
            "properties": {"edits": {"items": {"$ref": "#/$defs/Edit"}, "type": "array"},
                "dry": {"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": null}}, "title": "arguments", "type": "object"}),
    ] {
        assert!(is_certain(&schema), "{schema}");
    }
}

#[test]
fn what_may_go_wrong_is_not() {
    for schema in [
        json!({"pattern": "("}),
        json!({"patternProperties": {"a": true}}),
        json!({"type": "strin"}),
        json!({"type": []}),
        json!({"type": ["string", "string"]}),
        json!({"required": ["a", "a"]}),
        json!({"required": "a"}),
        json!({"title": 5}),
        json!({"anyOf": []}),
        json!({"items": [true]}),
        json!({"minLength": -1}),
        json!({"minimum": "1"}),
        json!({"properties": {"a": {"properties": {"b": 5}}}}),
        json!({"$ref": "#/properties/a", "properties": {"a": true}}),
        json!({"$ref": "#/$defs/a"}),
        json!({"$id": "https://example.com/"}),
        json!({"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#"}),
        json!({"multipleOf": 0}),
    ] {
        assert!(!is_certain(&schema), "{schema}");
    }
}

/// Keywords with values that are sometimes right.
fn schemas() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![any::<bool>().prop_map(Json::from), Just(json!({}))];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop::sample::select(vec![
            "type", "properties", "$defs", "definitions", "additionalProperties", "items", "not", "contains", "propertyNames",
            "if", "then", "else", "anyOf", "allOf", "oneOf", "required", "enum", "examples", "const", "default", "title",
            "description", "$comment", "format", "uniqueItems", "deprecated", "readOnly", "minimum", "exclusiveMaximum",
            "minLength", "maxItems", "minProperties", "$ref", "x-own", "$schema", "other",
        ]);
        let value = prop_oneof![
            4 => inner.clone(),
            2 => prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            3 => prop::collection::hash_map("[ab]", inner, 0..3)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
            4 => prop::sample::select(vec![
                json!("string"), json!("object"), json!(["integer", "null"]), json!("uri"), json!(1), json!(-2), json!(1.5),
                json!(["a", "b"]), json!("#/$defs/a"), json!("#/definitions/b"), json!(true),
                json!("https://json-schema.org/draft/2020-12/schema"), json!("http://json-schema.org/draft-07/schema#"),
            ]),
        ];
        prop::collection::vec((name, value), 0..6)
            .prop_map(|members| Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_certain_compiles(schema in schemas()) {
        if is_certain(&schema) {
            let arguments = Arguments::compile(&to_raw_value(&schema).unwrap());
            match arguments {
                Ok(arguments) => prop_assert!(arguments.compiles(), "{schema}"),
                // Too dear to be checked, or read in another way: told before anything is compiled.
                Err(error) => prop_assert!(!matches!(error, crate::http::arguments::CompileError::Invalid { .. }), "{schema}: {error}"),
            }
        }
    }
}
