use serde_json::json;

use super::*;

fn affordable(schema: &Value) -> bool {
    cost(schema, &Index::new(schema).unwrap(), Allowance::default()).is_some()
}

#[test]
fn honest_schemas_are_affordable() {
    assert!(affordable(
        &json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}})
    ));
    // A tree: recursive, but only by going into the value.
    assert!(affordable(&json!({
        "properties": {"root": {"$ref": "#/$defs/Node"}},
        "$defs": {"Node": {"properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}}
    })));
    assert!(affordable(&json!({"$ref": "#"})));
}

#[test]
fn doubling_definitions_are_not() {
    let mut definitions = serde_json::Map::new();
    for level in 0..30 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions.insert(format!("d{level}"), json!({"allOf": [next, next]}));
    }
    definitions.insert("d30".into(), json!({"type": "object"}));
    assert!(!affordable(
        &json!({"$defs": definitions, "properties": {"a": {"items": {"$ref": "#/$defs/d0"}}}})
    ));
}

#[test]
fn long_chains_are_not() {
    let mut definitions = serde_json::Map::new();
    for level in 0..20_000 {
        definitions.insert(format!("d{level}"), json!({"$ref": format!("#/$defs/d{}", level + 1)}));
    }
    definitions.insert("d20000".into(), json!(true));
    assert!(!affordable(&json!({"$defs": definitions, "$ref": "#/$defs/d0"})));
}
