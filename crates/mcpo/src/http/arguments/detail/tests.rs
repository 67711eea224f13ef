use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::http::arguments::Arguments;
use serde_json::value::RawValue;

fn detail(schema: &Json, body: &Json) -> Json {
    let schema = RawValue::from_string(schema.to_string()).unwrap();
    let arguments = Arguments::compile(&schema).unwrap();
    let answer = arguments.check(Bytes::from(body.to_string())).unwrap_err().into_answer();
    assert_eq!(answer.status, 422);
    serde_json::from_slice::<Json>(&answer.body).unwrap()["detail"].take()
}

fn of_property(schema: &Json, value: &Json) -> Json {
    detail(&json!({"properties": {"p": schema}}), &json!({"p": value}))
}

/// Recorded from FastAPI 0.143.5 with pydantic 2.14 and the models that mcpo makes of these schemas.
#[test]
fn types_are_told_as_pydantic_tells_them() {
    let int_parsing =
        ("int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    let cases = [
        (json!({"type": "string"}), json!(5), ("string_type", "Input should be a valid string")),
        (json!({"type": "string"}), json!(null), ("string_type", "Input should be a valid string")),
        (json!({"type": "integer"}), json!("5.5"), int_parsing),
        (json!({"type": "integer"}), json!("1e3"), int_parsing),
        (
            json!({"type": "integer"}),
            json!(5.5),
            ("int_from_float", "Input should be a valid integer, got a number with a fractional part"),
        ),
        (json!({"type": "integer"}), json!(null), ("int_type", "Input should be a valid integer")),
        (
            json!({"type": "number"}),
            json!("1,5"),
            ("float_parsing", "Input should be a valid number, unable to parse string as a number"),
        ),
        (json!({"type": "number"}), json!({}), ("float_type", "Input should be a valid number")),
        (
            json!({"type": "boolean"}),
            json!("maybe"),
            ("bool_parsing", "Input should be a valid boolean, unable to interpret input"),
        ),
        (
            json!({"type": "boolean"}),
            json!(2),
            ("bool_parsing", "Input should be a valid boolean, unable to interpret input"),
        ),
        (json!({"type": "boolean"}), json!(1.5), ("bool_type", "Input should be a valid boolean")),
        (json!({"type": "array"}), json!("x"), ("list_type", "Input should be a valid list")),
        (json!({"type": "object"}), json!([]), ("dict_type", "Input should be a valid dictionary")),
        (json!({"type": "null"}), json!("null"), ("none_required", "Input should be None")),
        // An optional value is told as the value.
        (json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}), json!("x"), int_parsing),
        (json!({"type": ["integer", "null"]}), json!("x"), int_parsing),
    ];
    for (schema, value, (kind, message)) in cases {
        let expected = json!([{"type": kind, "loc": ["body", "p"], "msg": message, "input": value}]);
        assert_eq!(of_property(&schema, &value), expected, "{schema} {value}");
    }
}

#[test]
fn several_alternatives_are_told_one_by_one() {
    let both = |value: &Json, int: (&str, &str), bool: (&str, &str)| {
        json!([
            {"type": int.0, "loc": ["body", "p", "int"], "msg": int.1, "input": value},
            {"type": bool.0, "loc": ["body", "p", "bool"], "msg": bool.1, "input": value}
        ])
    };
    let parsing = (
        ("int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
        ("bool_parsing", "Input should be a valid boolean, unable to interpret input"),
    );
    for schema in [
        json!({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}),
        json!({"type": ["integer", "boolean"]}),
    ] {
        assert_eq!(of_property(&schema, &json!("x")), both(&json!("x"), parsing.0, parsing.1));
    }
}

#[test]
fn what_is_missing_or_too_much_is_told_where_it_is() {
    let schema = json!({
        "properties": {"o": {"type": "object", "required": ["x"], "additionalProperties": false, "properties": {"x": {}}}},
        "required": ["a", "o"]
    });
    let mut found = detail(&schema, &json!({"o": {"y": 1}})).as_array().unwrap().clone();
    // The validator's order is its own.
    found.sort_by_key(|item| item["loc"].to_string());
    assert_eq!(
        Json::from(found),
        json!([
            {"type": "missing", "loc": ["body", "a"], "msg": "Field required", "input": {"o": {"y": 1}}},
            {"type": "missing", "loc": ["body", "o", "x"], "msg": "Field required", "input": {"y": 1}},
            {"type": "extra_forbidden", "loc": ["body", "o", "y"], "msg": "Extra inputs are not permitted", "input": 1}
        ])
    );
}

/// enum, const, bounds, lengths, patterns are checked, and told in pydantic's words.
#[test]
fn defect_04_constraints_are_checked() {
    let cases: Vec<(Json, Json, String, String, Option<Json>)> = serde_json::from_str(CONSTRAINTS).unwrap();
    for (schema, value, kind, message, context) in cases {
        let mut expected = json!({"type": kind, "loc": ["body", "p"], "msg": message, "input": value});
        if let Some(context) = context {
            expected["ctx"] = context;
        }
        assert_eq!(of_property(&schema, &value), json!([expected]), "{schema}");
    }
}

/// Schema, value, `type`, `msg`, `ctx`.
const CONSTRAINTS: &str = r#"[
    [{"enum": ["a", "it's", 5, null, true]}, "b", "enum", "Input should be 'a', \"it's\", 5, None or True",
        {"expected": "'a', \"it's\", 5, None or True"}],
    [{"const": "x"}, "y", "literal_error", "Input should be 'x'", {"expected": "'x'"}],
    [{"minimum": 5}, 4, "greater_than_equal", "Input should be greater than or equal to 5", {"ge": 5}],
    [{"maximum": 1.10}, 2, "less_than_equal", "Input should be less than or equal to 1.10", {"le": 1.10}],
    [{"exclusiveMinimum": 5}, 5, "greater_than", "Input should be greater than 5", {"gt": 5}],
    [{"exclusiveMaximum": 5}, 5, "less_than", "Input should be less than 5", {"lt": 5}],
    [{"multipleOf": 2}, 3, "multiple_of", "Input should be a multiple of 2", {"multiple_of": 2}],
    [{"minLength": 1}, "", "string_too_short", "String should have at least 1 character", {"min_length": 1}],
    [{"maxLength": 2}, "abc", "string_too_long", "String should have at most 2 characters", {"max_length": 2}],
    [{"pattern": "^a$"}, "b", "string_pattern_mismatch", "String should match pattern '^a$'", {"pattern": "^a$"}],
    [{"minItems": 2}, [1], "too_short", "List should have at least 2 items after validation, not 1",
        {"field_type": "List", "min_length": 2, "actual_length": 1}],
    [{"maxItems": 1}, [1, 2], "too_long", "List should have at most 1 item after validation, not 2",
        {"field_type": "List", "max_length": 1, "actual_length": 2}],
    [{"minProperties": 1}, {}, "too_short", "Dictionary should have at least 1 item after validation, not 0",
        {"field_type": "Dictionary", "min_length": 1, "actual_length": 0}],
    [{"uniqueItems": true}, [1, 1], "unique_items", "List should have unique items", null],
    [{"contains": {"const": 1}}, [], "contains", "List should contain an item that the schema asks for", null],
    [{"not": {"const": 1}}, 1, "not", "Input should not match the schema that is excluded", null],
    [{"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "one_of",
        "Input should match exactly one of the alternatives, but matches several", null],
    [false, 1, "extra_forbidden", "Extra inputs are not permitted", null],
    [{"propertyNames": {"maxLength": 1}}, {"ab": 1}, "invalid_key",
        "Keys are not valid: String should have at most 1 character", {"max_length": 1}]
]"#;

#[test]
fn mistakes_in_items_are_told_with_their_position() {
    let schema = json!({"type": "array", "items": {"type": "integer"}});
    assert_eq!(
        of_property(&schema, &json!(["x", 1.5, "7"])),
        json!([
            {"type": "int_parsing", "loc": ["body", "p", 0], "msg": "Input should be a valid integer, unable to parse string as an integer", "input": "x"},
            {"type": "int_from_float", "loc": ["body", "p", 1], "msg": "Input should be a valid integer, got a number with a fractional part", "input": 1.5}
        ])
    );
}

#[test]
fn mistakes_and_repeated_values_are_limited() {
    let many: Vec<_> = (0..1_000).map(|_| json!(null)).collect();
    let found = of_property(&json!({"items": {"type": "integer"}}), &many.into());
    assert_eq!(found.as_array().unwrap().len(), 50);
    let found = of_property(&json!({"maxLength": 1}), &"x".repeat(10_000).into());
    assert_eq!(found[0].get("input"), None);
}
