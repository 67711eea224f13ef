use serde_json::json;

use super::*;

fn target(schema: &Value, location: &str) -> String {
    match Index::new(schema).unwrap().target(location, Slot::Keyword("$ref")) {
        Some(Target::Local(pointer)) => pointer.clone(),
        Some(Target::Elsewhere) => "elsewhere".into(),
        None => "none".into(),
    }
}

#[test]
fn pointers_lead_to_definitions_and_into_the_middle() {
    let schema = json!({
        "properties": {
            "a": {"$ref": "#/$defs/A"},
            "b": {"$ref": "#/definitions/B"},
            "c": {"$ref": "#/properties/d/items"},
            "d": {"items": {"type": "string"}},
            "e": {"$ref": "#"}
        },
        "$defs": {"A": true},
        "definitions": {"B": {}}
    });
    assert_eq!(target(&schema, "/properties/a"), "/$defs/A");
    assert_eq!(target(&schema, "/properties/b"), "/definitions/B");
    assert_eq!(target(&schema, "/properties/c"), "/properties/d/items");
    assert_eq!(target(&schema, "/properties/e"), "");
}

#[test]
fn names_may_be_escaped_encoded_or_both() {
    let schema = json!({
        "properties": {
            "slash": {"$ref": "#/$defs/a~1b"},
            "space": {"$ref": "#/$defs/x%20y"},
            "bare": {"$ref": "#/$defs/x y"},
            "tilde": {"$ref": "#/$defs/t~0z"},
            "percent": {"$ref": "#/$defs/100%"},
            "encoded": {"$ref": "#/$defs/100%25"},
            "umlaut": {"$ref": "#/$defs/%C3%A4"}
        },
        "$defs": {"a/b": {}, "x y": {}, "t~z": {}, "100%": {}, "ä": {}}
    });
    assert_eq!(target(&schema, "/properties/slash"), "/$defs/a~1b");
    assert_eq!(target(&schema, "/properties/space"), "/$defs/x y");
    assert_eq!(target(&schema, "/properties/bare"), "/$defs/x y");
    assert_eq!(target(&schema, "/properties/tilde"), "/$defs/t~0z");
    assert_eq!(target(&schema, "/properties/percent"), "/$defs/100%");
    assert_eq!(target(&schema, "/properties/encoded"), "/$defs/100%");
    assert_eq!(target(&schema, "/properties/umlaut"), "/$defs/ä");
}

#[test]
fn anchors_and_ids_are_resolved_against_their_base() {
    let schema = json!({
        "$id": "https://example.com/tools/root.json",
        "properties": {
            "anchor": {"$ref": "#here"},
            "absolute": {"$ref": "https://example.com/tools/root.json#/$defs/A"},
            "relative": {"$ref": "item.json"},
            "inside": {"$ref": "item.json#/$defs/Part"},
            "anchor_inside": {"$ref": "item.json#part"},
            "outside": {"$ref": "https://example.com/other.json"}
        },
        "$defs": {
            "A": {"$anchor": "here"},
            "Item": {
                "$id": "item.json",
                "properties": {"self": {"$ref": "#/$defs/Part"}, "root": {"$ref": "#"}},
                "$defs": {"Part": {"$anchor": "part"}}
            }
        }
    });
    assert_eq!(target(&schema, "/properties/anchor"), "/$defs/A");
    assert_eq!(target(&schema, "/properties/absolute"), "/$defs/A");
    assert_eq!(target(&schema, "/properties/relative"), "/$defs/Item");
    assert_eq!(target(&schema, "/properties/inside"), "/$defs/Item/$defs/Part");
    assert_eq!(target(&schema, "/properties/anchor_inside"), "/$defs/Item/$defs/Part");
    assert_eq!(target(&schema, "/properties/outside"), "elsewhere");
    assert_eq!(target(&schema, "/$defs/Item/properties/self"), "/$defs/Item/$defs/Part");
    assert_eq!(target(&schema, "/$defs/Item/properties/root"), "/$defs/Item");
}

#[test]
fn older_drafts_name_places_with_ids() {
    let draft7 = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"a": {"$ref": "#thing"}},
        "definitions": {"thing": {"$id": "#thing"}}
    });
    assert_eq!(target(&draft7, "/properties/a"), "/definitions/thing");
    let draft4 = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": "http://example.com/root.json",
        "properties": {"id": {"type": "string"}, "a": {"$ref": "other.json"}},
        "definitions": {"o": {"id": "other.json"}}
    });
    assert_eq!(target(&draft4, "/properties/a"), "/definitions/o");
}

#[test]
fn a_property_called_ref_is_no_reference() {
    let schema =
        json!({"properties": {"$ref": {"type": "string"}, "$defs": {"type": "object"}, "$id": {"const": 1}}});
    let index = Index::new(&schema).unwrap();
    assert!(index.targets.is_empty());
    assert!(index.references.is_empty());
}

#[test]
fn data_is_not_read_as_a_schema() {
    let schema = json!({
        "default": {"$ref": "#/nowhere"},
        "enum": [{"$ref": "#/nowhere"}],
        "const": {"$ref": "#/nowhere"},
        "examples": [{"$ref": "#/nowhere"}]
    });
    assert!(Index::new(&schema).is_ok());
}

#[test]
fn what_an_unknown_keyword_holds_can_be_referred_to() {
    let schema = json!({
        "properties": {"a": {"$ref": "#/x-shared/A"}},
        "x-shared": {"A": {"items": {"$ref": "#/x-shared/B"}}, "B": {"$anchor": "b"}}
    });
    assert_eq!(target(&schema, "/properties/a"), "/x-shared/A");
    assert_eq!(target(&schema, "/x-shared/A/items"), "/x-shared/B");
}

#[test]
fn dangling_references_are_told() {
    for reference in ["#/$defs/Missing", "#missing", "#/properties/a/type", "#/properties/0"] {
        let schema = json!({"properties": {"a": {"type": "string"}, "b": {"$ref": reference}}});
        let error = Index::new(&schema).unwrap_err();
        assert!(error.to_string().contains(reference), "{error}");
    }
}

/// mcpo looked only at the last word, and servers that copy from OpenAPI documents rely on it.
#[test]
fn references_into_a_lost_document_find_the_definition_of_that_name() {
    let schema = json!({
        "properties": {"a": {"$ref": "#/components/schemas/Pet"}},
        "$defs": {"Pet": {"type": "object"}}
    });
    assert_eq!(target(&schema, "/properties/a"), "/$defs/Pet");
}

#[test]
fn dynamic_references_lead_to_the_outermost_anchor() {
    let schema = json!({
        "$dynamicAnchor": "node",
        "properties": {"tree": {"$ref": "tree.json"}},
        "$defs": {
            "tree": {
                "$id": "tree.json",
                "$dynamicAnchor": "node",
                "properties": {"child": {"$dynamicRef": "#node"}}
            }
        }
    });
    let index = Index::new(&schema).unwrap();
    let target = index.target("/$defs/tree/properties/child", Slot::Keyword("$dynamicRef"));
    assert_eq!(target, Some(&Target::Local(String::new())));
}
