use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Value<'_> {
    Value::read(text, 128, 1_000).unwrap()
}

fn name(text: &str) -> Step {
    Step::Name(text.into())
}

#[test]
fn an_untouched_value_is_its_own_text() {
    let text = "{ \"b\" : [1.10, 18446744073709551616, -0, 1e400, \"\\u00e9\\ud800\"], \"a\":{\"\":null}\n}";
    assert_eq!(read(text).text(), text);
}

#[test]
fn only_what_changed_is_written_anew() {
    let text = "{ \"a\" : { \"x\" : \"5\", \"y\" : [ 1.10 , {} ] } , \"b\\u0062\" : [ 1 ] }";
    let mut value = read(text);
    value.replace(&[name("a"), name("x")], Value::new(Kind::Number("5".into())));
    assert_eq!(value.text(), "{\"a\":{\"x\":5,\"y\":[ 1.10 , {} ]},\"b\\u0062\":[ 1 ]}");
    assert!(!value.is_unchanged());
    value.replace(&[name("nowhere"), name("x")], Value::new(Kind::Null));
    value.replace(&[name("bb"), Step::Position(0)], Value::new(Kind::Bool(true)));
    assert_eq!(value.text(), "{\"a\":{\"x\":5,\"y\":[ 1.10 , {} ]},\"b\\u0062\":[true]}");
}

#[test]
fn of_two_equal_names_the_last_counts() {
    let value = read(r#"{"a":1,"b":2,"\u0061":3}"#);
    assert_eq!(value.text(), r#"{"a":3,"b":2}"#);
    let nested = read(r#"[{"x":{"k":1,"k":2}}]"#);
    assert_eq!(nested.text(), r#"[{"x":{"k":2}}]"#);
}

#[test]
fn members_are_added_at_the_end() {
    let mut value = read(r#"{"a": 1}"#);
    if let Kind::Object(members) = &mut value.kind {
        members.add([("b\"c", read("[1.0]"))]);
    }
    value.touch();
    assert_eq!(value.text(), r#"{"a":1,"b\"c":[1.0]}"#);
}

#[test]
fn depth_and_count_are_limited() {
    let deep = "[".repeat(129) + &"]".repeat(129);
    assert_eq!(Value::read(&deep, 128, 1_000).unwrap_err(), ReadError::Depth);
    assert!(Value::read(&deep, 129, 1_000).is_ok());
    assert_eq!(Value::read("[1,2,3]", 8, 3).unwrap_err(), ReadError::Values);
    assert_eq!(Value::read("[1,2,3]", 8, 4).unwrap().count(), 4);
}

#[test]
fn large_objects_are_searched_by_name() {
    let text =
        format!("{{{}}}", (0..100).rev().map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(","));
    let value = read(&text);
    for n in 0..100 {
        let found = value.at(&[name(&format!("k{n}"))]).unwrap();
        assert_eq!(found.text(), n.to_string());
    }
    assert!(value.at(&[name("k100")]).is_none());
    assert_eq!(value.text(), text);
}

/// `serde_json::Value` takes such an object for a number.
#[test]
fn no_name_is_magic() {
    let text = r#"{"$serde_json::private::Number":"5"}"#;
    assert!(matches!(read(text).kind, Kind::Object(_)));
    assert_eq!(read(text).text(), text);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|number| serde_json::Number::from_f64(number).map_or(0.into(), Into::into)),
        "\\PC{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::hash_map("\\PC{0,4}", inner, 0..20)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reading_agrees_with_a_real_parser(json in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&json).unwrap() } else { json.to_string() };
        let value = Value::read(&text, 128, 10_000).unwrap();
        prop_assert!(value.is_unchanged());
        prop_assert_eq!(value.text(), text.as_str());
        // Numbers of the same text: the test's own values went through a float.
        prop_assert_eq!(value.to_json(), serde_json::from_str::<serde_json::Value>(&text).unwrap());
    }

    #[test]
    fn nothing_panics_on_what_is_no_json(text in "[\\[\\]{},:\"a1.e\\\\ntrue -]{0,16}") {
        let _ = Value::read(&text, 8, 16);
    }
}
