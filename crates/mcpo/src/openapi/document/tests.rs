use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const FACTS: ServerFacts<'_> =
    ServerFacts { title: "srv", version: "1.2.3", instructions: None, base_path: "", secured: false };

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

/// A document of tools given as name and schemas.
fn document(tools: &[(&str, &str, Option<&str>)]) -> (Value, Vec<ExposedTool>, Vec<LeftOut>) {
    let schemas: Vec<_> = tools.iter().map(|(_, input, output)| (raw(input), output.map(raw))).collect();
    let sources: Vec<_> = tools
        .iter()
        .zip(&schemas)
        .map(|((name, ..), (input, output))| ToolSource {
            name,
            title: None,
            description: None,
            input_schema: input,
            output_schema: output.as_deref(),
            annotations: None,
        })
        .collect();
    let (bytes, exposed, left_out) = server_document(&FACTS, &sources);
    let document = serde_json::from_slice(&bytes).unwrap();
    check(&document);
    (document, exposed, left_out)
}

/// Every `$ref` in a schema resolves, component keys are legal, operation ids are unique.
fn check(document: &Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    if let Value::Object(schemas) = &schemas {
        for (name, schema) in schemas {
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "component {name}");
            check_references(document, schema);
        }
    }
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/') && !path.contains(['{', '}', ' ']), "path {path}");
        assert!(ids.insert(item["post"]["operationId"].as_str().unwrap().to_owned()), "twice: {item}");
        check_references(document, &item["post"]["requestBody"]["content"]["application/json"]["schema"]);
        for response in item["post"]["responses"].as_object().unwrap().values() {
            check_references(document, &response["content"]["application/json"]["schema"]);
        }
    }
}

fn check_references(document: &Value, schema: &Value) {
    let Value::Object(members) = schema else { return };
    if let Some(reference) = members.get("$ref").and_then(Value::as_str)
        && let Some(pointer) = reference.strip_prefix('#')
    {
        assert!(pointer.starts_with("/components/schemas/"), "{reference}");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    assert!(
        !members.contains_key("$defs") && !members.contains_key("definitions"),
        "definitions stayed: {schema}"
    );
    schema::subschemas(members, "", |_, value, _| check_references(document, value));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    server_info: ServerInfo,
    instructions: Option<String>,
    tools: Vec<ListedTool>,
}

#[derive(Deserialize)]
struct ServerInfo {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedTool {
    name: String,
    description: Option<String>,
    input_schema: Box<RawValue>,
    output_schema: Option<Box<RawValue>>,
    annotations: Option<Box<RawValue>>,
}

fn of_listing(text: &str, base_path: &str, secured: bool) -> (Value, Vec<ExposedTool>) {
    let listing: Listing = serde_json::from_str(text).unwrap();
    let sources: Vec<_> = listing
        .tools
        .iter()
        .map(|tool| ToolSource {
            name: &tool.name,
            title: None,
            description: tool.description.as_deref(),
            input_schema: &tool.input_schema,
            output_schema: tool.output_schema.as_deref(),
            annotations: tool.annotations.as_deref(),
        })
        .collect();
    let facts = ServerFacts {
        title: &listing.server_info.name,
        version: &listing.server_info.version,
        instructions: listing.instructions.as_deref(),
        base_path,
        secured,
    };
    let (bytes, exposed, left_out) = server_document(&facts, &sources);
    assert_eq!(left_out, []);
    assert!(exposed.iter().all(|tool| tool.caveats.is_empty()));
    let document = serde_json::from_slice(&bytes).unwrap();
    check(&document);
    (document, exposed)
}

/// What mcpo 0.0.20 says of the same server, apart from the schemas themselves, which are pydantic's there and the server's
/// own here, and from declared results, which mcpo's document calls "this or anything".
fn assert_same_operations(ours: &Value, mcpos: &Value) {
    for part in ["openapi", "info", "servers"] {
        assert_eq!(ours.get(part), mcpos.get(part), "{part}");
    }
    let (ours_paths, mcpos_paths) = (ours["paths"].as_object().unwrap(), mcpos["paths"].as_object().unwrap());
    let mcpos_names: Vec<_> = mcpos_paths.keys().collect();
    assert!(mcpos_names.iter().all(|name| ours_paths.contains_key(*name)), "{mcpos_names:?}");
    for (path, item) in mcpos_paths {
        let (mut ours_item, mut item) = (ours_paths[path].clone(), item.clone());
        if item.pointer("/post/responses/200/content/application~1json/schema/anyOf").is_some() {
            for item in [&mut ours_item, &mut item] {
                *item.pointer_mut("/post/responses/200/content/application~1json/schema").unwrap() =
                    Value::Null;
            }
        }
        assert_eq!(ours_item, item, "{path}");
    }
    let (ours_schemas, mcpos_schemas) = (&ours["components"]["schemas"], &mcpos["components"]["schemas"]);
    for (name, mcpos_schema) in mcpos_schemas.as_object().unwrap() {
        let ours_schema = &ours_schemas[name];
        assert_eq!(ours_schema.get("required"), mcpos_schema.get("required"), "{name}");
        for (property, mcpos_property) in mcpos_schema["properties"].as_object().unwrap() {
            let ours_property = &ours_schema["properties"][property];
            assert_eq!(ours_property.get("type"), mcpos_property.get("type"), "{name}.{property}");
            assert_eq!(ours_property.get("default"), mcpos_property.get("default"), "{name}.{property}");
        }
    }
    for name in ["HTTPValidationError", "ValidationError"] {
        assert_eq!(ours_schemas[name], mcpos_schemas[name]);
    }
    assert_eq!(ours["components"].get("securitySchemes"), mcpos["components"].get("securitySchemes"));
}

#[test]
fn operations_are_mcpos_for_mcp_server_time() {
    let mcpos = serde_json::from_str(include_str!("../../../tests/golden/time.mcpo.json")).unwrap();
    let (ours, _) = of_listing(include_str!("../../../tests/golden/time.tools.json"), "/time", false);
    assert_same_operations(&ours, &mcpos);
}

#[test]
fn operations_are_mcpos_for_server_everything() {
    let mcpos = serde_json::from_str(include_str!("../../../tests/golden/everything.mcpo.json")).unwrap();
    let (ours, _) =
        of_listing(include_str!("../../../tests/golden/everything.tools.json"), "/everything", false);
    assert_same_operations(&ours, &mcpos);
}

#[test]
fn operations_are_mcpos_with_an_api_key() {
    let mcpos = serde_json::from_str(include_str!("../../../tests/golden/single-key.mcpo.json")).unwrap();
    let (ours, _) = of_listing(include_str!("../../../tests/golden/time.tools.json"), "", true);
    assert_same_operations(&ours, &mcpos);
}

#[test]
fn the_whole_document_of_mcp_server_time() {
    let (ours, _) = of_listing(include_str!("../../../tests/golden/time.tools.json"), "/time", false);
    insta::assert_snapshot!(serde_json::to_string_pretty(&ours).unwrap());
}

#[test]
fn the_whole_document_of_server_everything() {
    let (ours, _) =
        of_listing(include_str!("../../../tests/golden/everything.tools.json"), "/everything", false);
    insta::assert_snapshot!(serde_json::to_string_pretty(&ours).unwrap());
}

#[test]
fn descriptions_come_from_instructions_else_from_the_name() {
    let describe = |instructions| {
        let (bytes, ..) = server_document(&ServerFacts { instructions, ..FACTS }, &[]);
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        document["info"]["description"].as_str().unwrap().to_owned()
    };
    assert_eq!(describe(None), "srv MCP Server");
    assert_eq!(describe(Some("")), "srv MCP Server");
    assert_eq!(describe(Some("Use it well.")), "Use it well.");
}

#[test]
fn a_tool_without_properties_has_no_body() {
    let bodiless = [
        r#"{"type":"object"}"#,
        r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#,
        r#"{"type":"object","properties":{},"title":"NoArguments","$schema":"https://json-schema.org/draft/2020-12/schema"}"#,
        "{}",
    ];
    for schema in bodiless {
        let (document, ..) = document(&[("t", schema, None)]);
        let operation = &document["paths"]["/t"]["post"];
        assert_eq!(operation.get("requestBody"), None, "{schema}");
        assert_eq!(operation["responses"].get("422"), None, "{schema}");
        assert_eq!(operation["responses"]["200"]["content"]["application/json"]["schema"], json!({}));
        assert_eq!(document.get("components"), None);
    }
}

/// A free-form object tool takes a body; mcpo always sent it `{}`.
#[test]
fn defect_05_a_free_form_tool_has_a_body() {
    let free = [
        r#"{"type":"object","additionalProperties":true}"#,
        r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        r#"{"type":"object","patternProperties":{"^x":{}}}"#,
        r##"{"$ref":"#/$defs/A","$defs":{"A":{"properties":{"a":{}}}}}"##,
        r#"{"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#,
        "true",
    ];
    for schema in free {
        let (document, ..) = document(&[("t", schema, None)]);
        let body = &document["paths"]["/t"]["post"]["requestBody"];
        assert_eq!(
            body["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/t_form_model",
            "{schema}"
        );
        assert_eq!(body["required"], true);
    }
}

/// One odd tool harms no other.
#[test]
fn defect_03_one_odd_tool() {
    let (document, exposed, left_out) = document(&[
        ("good", r#"{"properties":{"a":{"type":"string"}}}"#, None),
        ("dangling", r##"{"properties":{"a":{"$ref":"#/$defs/Nowhere"}}}"##, None),
        ("..", "{}", None),
        ("good", "{}", None),
        ("list", "[]", None),
        (
            "model_config",
            r#"{"properties":{"model_config":{"type":"string"},"_private":{},"class":{}}}"#,
            None,
        ),
        ("tuple", r#"{"properties":{"a":{"items":[{"type":"string"},false]}}}"#, None),
    ]);
    let names: Vec<_> = exposed.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["good", "model_config", "tuple"]);
    assert_eq!(document["paths"].as_object().unwrap().len(), 3);
    let reasons: Vec<_> = left_out.iter().map(|left| format!("{}: {}", left.tool, left.reason)).collect();
    assert_eq!(
        reasons,
        [
            "dangling: its schema refers to #/$defs/Nowhere, which it does not contain",
            "..: a path cannot end in its name",
            "good: another tool has the same name",
            "list: its schema is neither an object nor a boolean",
        ]
    );
}

/// enum, const, bounds, pattern, format, additionalProperties, oneOf, allOf are in the document, to the digit.
#[test]
fn defect_04_the_schema_is_the_servers_own() {
    let schema = r#"{"type":"object","properties":{"z":{"type":"integer","minimum":-9223372036854775809,"maximum":18446744073709551616,"multipleOf":1.10},"a":{"enum":["x",null,1.0],"format":"uri"},"c":{"const":{"k":1e+2}},"p":{"pattern":"^a+$"}},"required":["z"],"additionalProperties":false,"oneOf":[{"required":["a"]}],"allOf":[{"minProperties":1}]}"#;
    let raw = raw(schema);
    let source = ToolSource {
        name: "t",
        title: None,
        description: None,
        input_schema: &raw,
        output_schema: None,
        annotations: None,
    };
    let (bytes, ..) = server_document(&FACTS, &[source]);
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.contains(schema), "{text}");
}

#[test]
fn defect_09_operation_ids_collide() {
    let (document, exposed, _) = document(&[("a-b", "{}", None), ("a_b", "{}", None), ("a.b", "{}", None)]);
    let ids: Vec<_> = exposed.iter().map(|tool| tool.operation_id.as_str()).collect();
    assert_eq!(ids, ["tool_a_b_post", "tool_a_b_post_2", "tool_a_b_post_3"]);
    assert_eq!(document["paths"]["/a_b"]["post"]["operationId"], "tool_a_b_post_2");
}

#[test]
fn components_of_two_tools_never_clash() {
    let point = r##"{"properties":{"p":{"$ref":"#/$defs/Point"}},"$defs":{"Point":{"type":"object"}}}"##;
    let (document, ..) = document(&[
        ("a", point, Some(point)),
        ("a b", point, None),
        ("a_b", point, None),
        // A definition that would take another tool's name.
        ("x", r##"{"properties":{"p":{"$ref":"#/$defs/y_form_model"}},"$defs":{"y_form_model":{}}}"##, None),
        ("x_y", r#"{"properties":{"p":{}}}"#, None),
        (
            "Validation",
            r##"{"properties":{"p":{"$ref":"#/definitions/Error"}},"definitions":{"Error":{}}}"##,
            None,
        ),
    ]);
    let names: Vec<_> = document["components"]["schemas"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        [
            "HTTPValidationError",
            "ValidationError",
            "a_form_model",
            "a_Point",
            "a_response_model",
            "a_Point_2",
            "a_b_form_model",
            "a_b_Point",
            "a_b_form_model_2",
            "a_b_Point_2",
            "x_form_model",
            "x_y_form_model_2",
            "x_y_form_model",
            "Validation_form_model",
            "Validation_Error",
        ]
    );
    let body = |path: &str| {
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            .clone()
    };
    assert_eq!(body("/a%20b"), "#/components/schemas/a_b_form_model");
    assert_eq!(body("/a_b"), "#/components/schemas/a_b_form_model_2");
}

/// The declared response is what callers get.
#[test]
fn defect_06_the_response_schema_is_true() {
    let output = r#"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}"#;
    let (document, exposed, _) = document(&[("t", "{}", Some(output))]);
    let response =
        &document["paths"]["/t"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(*response, json!({"$ref": "#/components/schemas/t_response_model"}));
    assert_eq!(document["components"]["schemas"]["t_response_model"].to_string(), output);
    assert_eq!(exposed[0].result, ResultShape::Structured);
}

#[test]
fn defect_06_a_wrapped_result_is_unwrapped() {
    let output = r##"{"type":"object","properties":{"result":{"type":"array","items":{"$ref":"#/$defs/Row"}}},"required":["result"],"x-fastmcp-wrap-result":true,"$defs":{"Row":{"type":"object"}}}"##;
    let (document, exposed, _) = document(&[("t", "{}", Some(output))]);
    assert_eq!(
        document["components"]["schemas"]["t_response_model"],
        json!({"type": "array", "items": {"$ref": "#/components/schemas/t_Row"}})
    );
    assert_eq!(exposed[0].result, ResultShape::Wrapped);
}

#[test]
fn a_bad_output_schema_costs_only_itself() {
    let (document, exposed, left_out) = document(&[("t", "{}", Some(r##"{"$ref":"#/nowhere"}"##))]);
    assert_eq!(left_out, []);
    assert!(matches!(exposed[0].caveats.as_slice(), [Caveat::NoOutputSchema(_)]));
    assert_eq!(exposed[0].result, ResultShape::Structured);
    let response =
        &document["paths"]["/t"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(*response, json!({}));
}

#[test]
fn a_schema_that_breaks_its_own_rules_is_shown_and_not_checked() {
    let sloppy = r#"{"type":"object","properties":{"a":{"type":"string","required":true}}}"#;
    let (document, exposed, left_out) = document(&[("t", sloppy, None)]);
    assert_eq!(left_out, []);
    assert!(matches!(exposed[0].caveats.as_slice(), [Caveat::Unchecked(_)]));
    assert_eq!(document["components"]["schemas"]["t_form_model"].to_string(), sloppy);
    let body = Bytes::from_static(br#"{"a": 5}"#);
    assert_eq!(exposed[0].arguments.check(body.clone()).unwrap(), body);
}

#[test]
fn hints_say_whether_a_call_may_be_repeated() {
    for (annotations, repeatable) in [
        (None, false),
        (Some(r#"{"readOnlyHint":true}"#), true),
        (Some(r#"{"idempotentHint":true,"destructiveHint":true}"#), true),
        (Some(r#"{"readOnlyHint":false}"#), false),
        (Some(r#"{"readOnlyHint":"yes"}"#), false),
        (Some("[]"), false),
    ] {
        let raw = annotations.map(raw);
        assert_eq!(is_repeatable(raw.as_deref()), repeatable, "{annotations:?}");
    }
}

#[test]
fn paths_are_encoded() {
    let (document, exposed, _) = document(&[("a/b {c}?", "{}", None), ("größe", "{}", None)]);
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths, ["/a%2Fb%20%7Bc%7D%3F", "/gr%C3%B6%C3%9Fe"]);
    assert_eq!(exposed[0].path, "a%2Fb%20%7Bc%7D%3F");
}

/// Schemas that refer to each other in every way, legal names or not.
fn schemas() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "A",
        "b c",
        "x/y",
        "t~z",
        "100%",
        "ä",
        "a_form_model",
        "properties",
        "$defs",
    ]);
    let places = prop::sample::select(vec![
        "#",
        "#/$defs/A",
        "#/definitions/b%20c",
        "#/$defs/x~1y",
        "#/$defs/t~0z",
        "#/properties/p",
        "#/properties/p/items",
        "#/$defs/100%25",
        "#/$defs/ä",
        "#anchor",
        "https://example.com/x",
        "#/$defs/properties",
        "#/$defs/A/properties/p",
    ]);
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({"type": "string", "$anchor": "anchor"})),
        places.prop_map(|reference| json!({"$ref": reference})),
        Just(json!({"enum": [{"$ref": "#/data"}]})),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..4);
        (members.clone(), members, inner.clone(), inner).prop_map(|(definitions, properties, items, p)| {
            let object = |members: Vec<(&str, Value)>| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            };
            let mut properties = object(properties);
            properties["p"] = p;
            json!({"properties": properties, "items": items, "$defs": object(definitions), "x-data": {"k": 1}})
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever servers send, the document is sound, and every tool is either in it or left out with a reason.
    #[test]
    fn every_document_is_sound(inputs in prop::collection::vec(schemas(), 1..4), names in prop::collection::vec("[a-c_/ -]{1,3}", 4)) {
        let texts: Vec<_> = inputs.iter().map(Value::to_string).collect();
        let tools: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str(), Some(text.as_str()))).collect();
        let (document, exposed, left_out) = document(&tools);
        prop_assert_eq!(exposed.len() + left_out.len(), tools.len());
        prop_assert_eq!(document["paths"].as_object().unwrap().len(), exposed.len());
    }
}
