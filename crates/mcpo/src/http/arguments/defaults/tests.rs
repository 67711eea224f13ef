use serde_json::json;

use super::*;

fn filled(schema: &Json, text: &str) -> String {
    let index = Index::new(schema).unwrap();
    let defaults = Defaults::of(schema, &index);
    let mut value = Value::read(text, 128, 1_000).unwrap();
    if let Some(defaults) = &defaults {
        defaults.fill(&mut value);
    }
    value.text().into_owned()
}

#[test]
fn what_is_missing_is_filled_in_after_what_came() {
    let schema = json!({"properties": {"a": {"default": 3}, "b": {"default": 1}, "c": {"default": [1, "x"]}, "d": {}}});
    assert_eq!(filled(&schema, r#"{"b": 2.50, "x": null}"#), r#"{"b":2.50,"x":null,"a":3,"c":[1,"x"]}"#);
}

#[test]
fn what_came_is_never_replaced() {
    let schema = json!({"properties": {"a": {"default": 3}}});
    assert_eq!(filled(&schema, r#"{ "a": null }"#), r#"{ "a": null }"#);
}

#[test]
fn as_in_mcpo_null_and_required_ones_do_not_count() {
    let schema = json!({"properties": {"a": {"default": null}, "b": {"default": 1}}, "required": ["b"]});
    assert_eq!(filled(&schema, "{}"), "{}");
}

#[test]
fn objects_and_arrays_that_came_are_filled_inside() {
    let schema = json!({
        "properties": {
            "o": {"$ref": "#/$defs/O"},
            "l": {"type": "array", "items": {"$ref": "#/$defs/O"}},
            "optional": {"anyOf": [{"$ref": "#/$defs/O"}, {"type": "null"}]},
            "either": {"anyOf": [{"$ref": "#/$defs/O"}, {"type": "object", "properties": {"z": {"default": 1}}}]},
            "all": {"allOf": [{"$ref": "#/$defs/O"}, {"properties": {"y": {"default": "Y"}}}]}
        },
        "$defs": {"O": {"properties": {"x": {"default": true}, "next": {"$ref": "#/$defs/O"}}}}
    });
    let text = r#"{"o":{"next":{}},"l":[{},{"x":1},5],"optional":{},"either":{},"all":{}}"#;
    assert_eq!(
        filled(&schema, text),
        r#"{"o":{"next":{"x":true},"x":true},"l":[{"x":true},{"x":1},5],"optional":{"x":true},"either":{},"all":{"x":true,"y":"Y"}}"#
    );
    assert_eq!(filled(&schema, "{}"), "{}");
}

#[test]
fn a_definitions_own_default_counts() {
    let schema = json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"default": "x"}}});
    assert_eq!(filled(&schema, "{}"), r#"{"a":"x"}"#);
}

#[test]
fn schemas_that_never_end_are_no_trouble() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}], "properties": {"a": {"default": 1, "$ref": "#"}}}),
    ] {
        let text = filled(&schema, "{}");
        assert!(text == "{}" || text == r#"{"a":1}"#, "{text}");
    }
}

#[test]
fn a_schema_without_defaults_has_none() {
    let schema = json!({"properties": {"a": {"type": "string"}}});
    assert!(Defaults::of(&schema, &Index::new(&schema).unwrap()).is_none());
}
