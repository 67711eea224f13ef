//! Annotations in schemas, and the headers that come of them.
use super::*;

fn of(schema: &str) -> Result<Option<ParameterHeaders>, ParameterHeaderError> {
    ParameterHeaders::of(&RawValue::from_string(schema.to_owned()).unwrap())
}

fn headers(schema: &str, arguments: &str) -> Vec<(String, String)> {
    let found = of(schema).unwrap().unwrap().of_arguments(arguments.as_bytes());
    let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
    let mut found: Vec<_> =
        found.into_iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    // With serde_json's `preserve_order` they come in the schema's order, without it in another.
    found.sort();
    found
}

const SCHEMA: &str = r#"{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "count":{"type":"integer","x-mcp-header":"Count"},
    "dry":{"type":"boolean","x-mcp-header":"Dry"},
    "inner":{"type":"object","properties":{"key":{"type":"string","x-mcp-header":"Inner-Key"}}},
    "query":{"type":"string"}}}"#;

#[test]
fn primitives_become_headers_wherever_properties_lead_to_them() {
    let arguments = r#"{"region":"us-west1","count":-7,"dry":false,"inner":{"key":"ü"},"query":"x"}"#;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        headers(SCHEMA, arguments),
        [
            pair("mcp-param-count", "-7"),
            pair("mcp-param-dry", "false"),
            pair("mcp-param-inner-key", "=?base64?w7w=?="),
            pair("mcp-param-region", "us-west1"),
        ]
    );
}

#[test]
fn what_is_null_or_absent_or_no_primitive_has_no_header() {
    assert!(headers(SCHEMA, r#"{"region":null,"count":[1],"inner":"x"}"#).is_empty());
    assert!(headers(SCHEMA, "{}").is_empty());
    assert!(headers(SCHEMA, "").is_empty());
}

#[test]
fn an_integer_may_be_written_with_a_point() {
    assert_eq!(headers(SCHEMA, r#"{"count":42.0}"#).first().unwrap().1, "42");
}

#[test]
fn a_schema_without_annotations_asks_for_nothing() {
    assert_eq!(of(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#), Ok(None));
    // A parameter of that name, and data that look like an annotation, are none.
    assert_eq!(of(r#"{"properties":{"x-mcp-header":{"type":"string"}}}"#), Ok(None));
    assert_eq!(of(r#"{"properties":{"a":{"const":{"x-mcp-header":"A"}}}}"#), Ok(None));
}

#[test]
fn wrong_annotations_are_refused() {
    let property = |annotated: &str| of(&format!(r#"{{"properties":{{"a":{annotated}}}}}"#));
    for name in [r#""""#, r#""a b""#, r#""a\r\nb""#, r#""ä""#, r#""a:b""#, "7", "null"] {
        let annotated = format!(r#"{{"type":"string","x-mcp-header":{name}}}"#);
        assert_eq!(property(&annotated), Err(ParameterHeaderError::Name), "{name}");
    }
    for kind in [r#""number""#, r#""object""#, r#""array""#, r#""null""#, r#"["string","null"]"#] {
        let annotated = format!(r#"{{"type":{kind},"x-mcp-header":"A"}}"#);
        assert_eq!(property(&annotated), Err(ParameterHeaderError::Type), "{kind}");
    }
    assert_eq!(property(r#"{"x-mcp-header":"A"}"#), Err(ParameterHeaderError::Type));
    let twice = r#"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}"#;
    assert_eq!(of(twice), Err(ParameterHeaderError::Repeated));
}

#[test]
fn annotations_that_no_chain_of_properties_leads_to_are_refused() {
    let annotated = r#"{"type":"string","x-mcp-header":"A"}"#;
    for schema in [
        annotated.to_owned(),
        format!(r#"{{"properties":{{"a":{{"type":"array","items":{annotated}}}}}}}"#),
        format!(r#"{{"properties":{{"a":{{"items":{{"properties":{{"b":{annotated}}}}}}}}}}}"#),
        format!(r#"{{"oneOf":[{{"properties":{{"a":{annotated}}}}}]}}"#),
        format!(r#"{{"if":{{"properties":{{"a":{annotated}}}}}}}"#),
        format!(r##"{{"properties":{{"a":{{"$ref":"#/$defs/a"}}}},"$defs":{{"a":{annotated}}}}}"##),
        format!(r#"{{"additionalProperties":{annotated}}}"#),
        format!(r#"{{"patternProperties":{{"^a":{annotated}}}}}"#),
    ] {
        assert_eq!(of(&schema), Err(ParameterHeaderError::Place), "{schema}");
    }
}
