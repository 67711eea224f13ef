use serde_json::json;

use super::*;

fn is_valid(schema: &serde_json::Value, text: &str) -> bool {
    let value = Value::read(text, 128, 1_000).unwrap();
    jsonschema::options_for::<Body>().build(schema).unwrap().is_valid(&value)
}

/// Our values and `serde_json`'s are judged alike.
#[test]
fn keywords_see_what_they_should() {
    let cases = [
        (
            json!({"type": "integer"}),
            vec!["5", "5.0", "18446744073709551616", "1e2"],
            vec!["5.5", "\"5\"", "true", "null"],
        ),
        (json!({"type": ["string", "null"]}), vec!["\"\"", "null"], vec!["0", "[]"]),
        (
            json!({"minimum": 18_446_744_073_709_551_615_u64}),
            vec!["18446744073709551616", "\"a\""],
            vec!["18446744073709551614"],
        ),
        (json!({"multipleOf": 0.1}), vec!["0.3", "1.10"], vec!["0.35"]),
        (
            json!({"enum": ["é", 1, null, {"a": [1.0]}]}),
            vec!["\"\\u00e9\"", "1.0", "null", "{\"a\":[1]}"],
            vec!["\"e\"", "true", "{}"],
        ),
        (json!({"const": 100}), vec!["1e2"], vec!["\"100\""]),
        (
            json!({"uniqueItems": true}),
            vec!["[1,\"1\"]", "[]"],
            vec!["[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]"],
        ),
        (json!({"minLength": 2, "maxLength": 2}), vec!["\"éé\"", "5"], vec!["\"é\"", "\"ééé\""]),
        (json!({"pattern": "^\\p{Lu}"}), vec!["\"Éa\""], vec!["\"éa\""]),
        (json!({"propertyNames": {"pattern": "^a"}}), vec!["{\"ab\":1}", "{}"], vec!["{\"b\":1}"]),
        (
            json!({"required": ["a"], "additionalProperties": false, "properties": {"a": true}}),
            vec!["{\"a\":null}"],
            vec!["{}", "{\"a\":1,\"b\":2}"],
        ),
        (
            json!({"prefixItems": [{"type": "string"}], "items": false}),
            vec!["[\"a\"]", "[]"],
            vec!["[1]", "[\"a\",1]"],
        ),
        (json!({"contains": {"const": 1}}), vec!["[0,1]"], vec!["[]"]),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            vec!["{\"b\":1}", "{\"a\":1,\"b\":1}"],
            vec!["{\"a\":1}"],
        ),
        (
            json!({"unevaluatedProperties": false, "allOf": [{"properties": {"a": true}}]}),
            vec!["{\"a\":1}"],
            vec!["{\"b\":1}"],
        ),
    ];
    for (schema, valid, invalid) in cases {
        for text in valid {
            assert!(is_valid(&schema, text), "{schema} {text}");
        }
        for text in invalid {
            assert!(!is_valid(&schema, text), "{schema} {text}");
        }
    }
}

#[test]
fn numbers_of_absurd_size_cost_nothing() {
    let text = format!("1e{}", i64::MAX);
    assert!(is_valid(&json!({"type": "number", "minimum": 0}), &text));
    let _ = is_valid(&json!({"type": "integer", "multipleOf": 3, "maximum": 5}), &text);
    let _ = is_valid(&json!({"multipleOf": 0.01}), &"9".repeat(100_000));
}
