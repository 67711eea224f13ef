use serde_json::json;

use super::*;

fn cut(schema: &Value) -> Value {
    cut_from(schema, "")
}

fn cut_from(schema: &Value, start: &str) -> Value {
    let index = Index::new(schema).unwrap();
    let mut names = Names::default();
    let name = names.claim_component("t_form_model");
    let components = components(schema, &index, start, name, "t", &mut names);
    Value::Object(components.into_iter().collect())
}

#[test]
fn a_schema_without_references_is_untouched() {
    let text = r#"{"type":"object","properties":{"z":{"type":"integer","minimum":1.10,"maximum":18446744073709551616,"enum":[1,2,1e+400]},"a":{"const":null,"pattern":"^x$","format":"date"},"m":true,"n":false,"t":{"type":"array","items":[{"type":"string"},true],"prefixItems":[{}]}},"required":["z"],"additionalProperties":false,"oneOf":[{"required":["a"]},{"not":{}}],"allOf":[true],"x-anything":{"$ref":5},"if":{},"then":{},"else":{},"dependentRequired":{"a":["z"]}}"#;
    let schema: Value = serde_json::from_str(text).unwrap();
    assert_eq!(cut(&schema)["t_form_model"].to_string(), text);
}

/// The definitions of a tool move to components, named after the tool, recursion and all.
#[test]
fn defect_03_recursive_defs() {
    let schema = json!({
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/Node"}},
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "value": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}
                }
            }
        }
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {"type": "object", "properties": {"root": {"$ref": "#/components/schemas/t_Node"}}},
            "t_Node": {
                "type": "object",
                "properties": {
                    "value": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/components/schemas/t_Node"}}
                }
            }
        })
    );
}

#[test]
fn defect_03_definitions_of_older_drafts() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"a": {"$ref": "#/definitions/A"}},
        "definitions": {"A": {"type": "array", "items": [{"type": "integer"}]}}
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "properties": {"a": {"$ref": "#/components/schemas/t_A"}}
            },
            "t_A": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "array",
                "items": [{"type": "integer"}]
            }
        })
    );
}

#[test]
fn defect_03_references_to_properties() {
    let schema = json!({
        "properties": {
            "start": {"type": "object", "properties": {"x": {"type": "number"}, "next": {"$ref": "#/properties/start"}}},
            "end": {"$ref": "#/properties/start"},
            "x": {"$ref": "#/properties/start/properties/x"}
        }
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {
                    "start": {"$ref": "#/components/schemas/t_start"},
                    "end": {"$ref": "#/components/schemas/t_start"},
                    "x": {"$ref": "#/components/schemas/t_start_x"}
                }
            },
            "t_start": {
                "type": "object",
                "properties": {
                    "x": {"$ref": "#/components/schemas/t_start_x"},
                    "next": {"$ref": "#/components/schemas/t_start"}
                }
            },
            "t_start_x": {"type": "number"}
        })
    );
}

#[test]
fn defect_03_a_reference_to_the_whole() {
    let schema = json!({"properties": {"nested": {"$ref": "#"}, "list": {"items": {"$ref": "#"}}}});
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {
                    "nested": {"$ref": "#/components/schemas/t_form_model"},
                    "list": {"items": {"$ref": "#/components/schemas/t_form_model"}}
                }
            }
        })
    );
}

#[test]
fn defect_03_boolean_schemas() {
    assert_eq!(cut(&json!(true)), json!({"t_form_model": true}));
    let schema = json!({"properties": {"any": true, "none": false, "r": {"$ref": "#/$defs/Any"}}, "$defs": {"Any": true}});
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {"any": true, "none": false, "r": {"$ref": "#/components/schemas/t_Any"}}
            },
            "t_Any": true
        })
    );
}

#[test]
fn defect_03_properties_with_the_names_of_keywords() {
    let schema = json!({
        "properties": {
            "model_config": {"type": "string"},
            "$ref": {"type": "string"},
            "$defs": {"type": "object"},
            "definitions": {"type": "object"},
            "$id": {"type": "string"},
            "properties": {"type": "object", "properties": {"$anchor": {"type": "string"}}}
        }
    });
    assert_eq!(cut(&schema), json!({"t_form_model": schema}));
}

#[test]
fn identifiers_go_and_what_they_named_is_found() {
    let schema = json!({
        "$id": "https://example.com/root.json",
        "$anchor": "top",
        "properties": {
            "a": {"$ref": "#leaf"},
            "b": {"$ref": "part.json"},
            "c": {"$ref": "https://example.com/elsewhere.json#/$defs/X"},
            "d": {"$dynamicRef": "#leaf"}
        },
        "$defs": {
            "Leaf": {"$anchor": "leaf", "type": "string"},
            "Part": {"$id": "part.json", "items": {"$ref": "root.json#leaf"}}
        }
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {
                    "a": {"$ref": "#/components/schemas/t_Leaf"},
                    "b": {"$ref": "#/components/schemas/t_Part"},
                    "c": {"$ref": "https://example.com/elsewhere.json#/$defs/X"},
                    "d": {"$ref": "#/components/schemas/t_Leaf"}
                }
            },
            "t_Leaf": {"type": "string"},
            "t_Part": {"items": {"$ref": "#/components/schemas/t_Leaf"}}
        })
    );
}

#[test]
fn keywords_beside_a_reference_stay() {
    let schema = json!({
        "properties": {"a": {"description": "first", "$ref": "#/$defs/A", "default": {"$ref": "#/data"}}},
        "$defs": {"A": {"$ref": "#/$defs/B", "$dynamicRef": "#x", "allOf": [{}]}, "B": {"$dynamicAnchor": "x"}}
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {
                    "a": {
                        "description": "first",
                        "$ref": "#/components/schemas/t_A",
                        "default": {"$ref": "#/data"}
                    }
                }
            },
            "t_A": {
                "$ref": "#/components/schemas/t_B",
                "allOf": [{}, {"$ref": "#/components/schemas/t_B"}]
            },
            "t_B": {}
        })
    );
}

#[test]
fn a_discriminators_mapping_follows() {
    let schema = json!({
        "properties": {
            "pet": {
                "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/$defs/Cat", "dog": "Dog"}},
                "oneOf": [{"$ref": "#/$defs/Cat"}]
            }
        },
        "$defs": {"Cat": {"properties": {"kind": {"const": "cat"}}}}
    });
    assert_eq!(
        cut(&schema)["t_form_model"]["properties"]["pet"],
        json!({
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/t_Cat", "dog": "Dog"}},
            "oneOf": [{"$ref": "#/components/schemas/t_Cat"}]
        })
    );
}

#[test]
fn places_in_data_are_cut_out_where_something_refers_to_them() {
    let schema = json!({
        "properties": {"a": {"$ref": "#/x-shared/list/0"}},
        "x-shared": {"list": [{"type": "string"}], "note": {"$ref": "kept"}}
    });
    assert_eq!(
        cut(&schema),
        json!({
            "t_form_model": {
                "properties": {"a": {"$ref": "#/components/schemas/t_x-shared_list_0"}},
                "x-shared": {"list": [{"$ref": "#/components/schemas/t_x-shared_list_0"}], "note": {"$ref": "kept"}}
            },
            "t_x-shared_list_0": {"type": "string"}
        })
    );
}

#[test]
fn a_part_can_be_asked_for() {
    let schema = json!({
        "properties": {"result": {"type": "array", "items": {"$ref": "#/$defs/Row"}}},
        "$defs": {"Row": {"properties": {"all": {"$ref": "#"}}}}
    });
    assert_eq!(
        cut_from(&schema, "/properties/result"),
        json!({
            "t_form_model": {"type": "array", "items": {"$ref": "#/components/schemas/t_Row"}},
            "t_root": {"properties": {"result": {"$ref": "#/components/schemas/t_form_model"}}},
            "t_Row": {"properties": {"all": {"$ref": "#/components/schemas/t_root"}}}
        })
    );
}

#[test]
fn woven_references_write_nothing_twice() {
    // Each property refers to the one around it and the one inside it.
    let mut inner = json!({"type": "string"});
    for level in 0..40 {
        inner =
            json!({"properties": {"p": inner, "q": {"$ref": "#/properties/p"}}, "title": level.to_string()});
    }
    let out = cut(&inner).to_string();
    assert!(out.len() < 4 * inner.to_string().len());
}

#[test]
fn what_is_no_schema_is_refused() {
    let raw = |text: &str| RawValue::from_string(text.into()).unwrap();
    assert!(matches!(parse(&raw("null"), 100), Err(SchemaError::NotASchema)));
    assert!(matches!(parse(&raw("[]"), 100), Err(SchemaError::NotASchema)));
    assert!(matches!(parse(&raw(r#"{"a":1}"#), 3), Err(SchemaError::TooLarge { size: 7, limit: 3 })));
    let deep = format!("{}{}", r#"{"not":"#.repeat(200) + "{}", "}".repeat(200));
    assert!(matches!(parse(&raw(&deep), 1 << 20), Err(SchemaError::Json(_))));
}
