//! The pages of a list, as servers make them and as no server should.
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::list::{Prompt, Resource, ResourceTemplate, Tool};

fn limits() -> Limits {
    Limits::default()
}

fn texts<T: Item>(list: &Listed<T>, raw: impl Fn(&T) -> &RawValue) -> Vec<String> {
    list.items.iter().map(|item| raw(item).get().to_owned()).collect()
}

/// Reads pages of prompts until no other is asked for; how many were read and how each was asked for.
fn read(limits: &Limits, pages: &[&str]) -> (Listed<Prompt>, Vec<String>) {
    let mut reading = Pages::<Prompt>::new(limits);
    let mut asked = Vec::new();
    for page in pages {
        asked.push(String::from_utf8(reading.members()).unwrap());
        if !reading.add(page.as_bytes()).unwrap() {
            break;
        }
    }
    (reading.finish(), asked)
}

fn names(list: &Listed<Prompt>) -> Vec<&str> {
    list.items.iter().map(|prompt| &*prompt.name).collect()
}

#[test]
fn a_cursor_goes_back_as_it_came() {
    let (list, asked) = read(
        &limits(),
        &[
            r#"{"nextCursor":"eyJ\u0070 \ud800=","prompts":[{"name":"a"}]}"#,
            r#"{"prompts":[{"name":"b"}],"nextCursor":""}"#,
            r#"{"prompts":[{"name":"c"}],"nextCursor":null}"#,
            "never read",
        ],
    );
    assert_eq!(names(&list), ["a", "b", "c"]);
    assert_eq!(asked, ["", r#""cursor":"eyJ\u0070 \ud800=""#, r#""cursor":"""#]);
    assert_eq!(list.incomplete, None);
}

#[test]
fn a_cursor_that_is_no_string_is_not_asked_with_and_not_passed_over() {
    for cursor in ["2", "{}", "[\"a\"]", "true", "false"] {
        let page = format!(r#"{{"prompts":[{{"name":"a"}}],"nextCursor":{cursor}}}"#);
        let (list, asked) = read(&limits(), &[&page, "never read"]);
        assert_eq!((names(&list), asked.len()), (vec!["a"], 1));
        assert_eq!(list.incomplete, Some(Incomplete::CursorNotAString), "{cursor}");
    }
}

#[test]
fn an_empty_cursor_may_be_meant_as_the_end() {
    let first = r#"{"prompts":[{"name":"a"}],"nextCursor":""}"#;
    let (list, asked) = read(&limits(), &[first, first, "never read"]);
    assert_eq!((names(&list), asked.len()), (vec!["a"], 2));
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
}

#[test]
fn pages_that_come_again_end_the_list() {
    let first = r#"{"prompts":[{"name":"a"}],"nextCursor":"2"}"#;
    let second = r#"{"prompts":[{"name":"b"}],"nextCursor":"1"}"#;
    let (list, asked) = read(&limits(), &[first, second, first, "never read"]);
    assert_eq!((names(&list), asked.len()), (vec!["a", "b"], 3));
    assert!(list.rejected.is_empty());
    assert_eq!(list.incomplete, Some(Incomplete::RepeatedCursor));

    let itself = r#"{"prompts":[{"name":"c"}],"nextCursor":"2"}"#;
    let (list, _) = read(&limits(), &[first, itself, "never read"]);
    assert_eq!((names(&list), list.incomplete), (vec!["a", "c"], Some(Incomplete::RepeatedCursor)));
}

#[test]
fn a_page_without_its_items_is_malformed() {
    for page in [
        "{}",
        "[]",
        "null",
        r#"{"tools":[]}"#,
        r#"{"prompts":{}}"#,
        r#"{"prompts":"a"}"#,
        r#"{"prompts":[],"prompts":[]}"#,
        r#"{"prompts":[]}x"#,
        r#"[[{"name":"a"}]]"#,
    ] {
        assert!(Pages::<Prompt>::new(&limits()).add(page.as_bytes()).is_err(), "{page}");
    }
    let (list, _) = read(&limits(), &[r#"{"prompts":null}"#]);
    assert!(list.items.is_empty() && list.incomplete.is_none());
}

#[test]
fn what_the_limits_leave_no_room_for_is_not_kept() {
    let page = format!(r#"{{"prompts":[{}],"nextCursor":"2"}}"#, vec!["1"; 100_000].join(","));
    let (list, asked) = read(&Limits { items: 2, ..limits() }, &[&page, "never read"]);
    assert_eq!((list.items.len(), list.rejected.len(), asked.len()), (0, 2, 1));
    assert_eq!(list.incomplete, Some(Incomplete::TooManyItems { limit: 2 }));
    assert!(list.rejected.capacity() < 100);
}

#[test]
fn a_long_item_is_known_by_its_key() {
    let limits = Limits { tool_bytes: 60, item_bytes: 60, ..limits() };
    let long = "x".repeat(100);
    let rejected = |list: Vec<Rejected>| {
        let [Rejected { name, reason, .. }] = &list[..] else { panic!("{list:?}") };
        (name.clone().unwrap(), reason.clone())
    };
    let too_large = |name: &str| (name.to_owned(), RejectReason::TooLarge { limit: 60 });
    let mut tools = Pages::<Tool>::new(&limits);
    tools.add(format!(r#"{{"tools":[{{"name":"t","inputSchema":{{}},"d":"{long}"}}]}}"#).as_bytes()).unwrap();
    assert_eq!(rejected(tools.finish().rejected), too_large("t"));
    let mut resources = Pages::<Resource>::new(&limits);
    resources
        .add(format!(r#"{{"resources":[{{"name":"n","uri":"a:b","d":"{long}"}}]}}"#).as_bytes())
        .unwrap();
    assert_eq!(rejected(resources.finish().rejected), too_large("a:b"));
    let mut templates = Pages::<ResourceTemplate>::new(&limits);
    templates
        .add(format!(r#"{{"resourceTemplates":[{{"uriTemplate":"a:{{b}}","d":"{long}"}}]}}"#).as_bytes())
        .unwrap();
    assert_eq!(rejected(templates.finish().rejected), too_large("a:{b}"));
}

/// Any JSON value, as text with odd spaces.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        Just("1.10".to_owned()),
        Just("18446744073709551616".to_owned()),
        ".{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\ud83d\ude00\ud800""#.to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..4).prop_map(|members| {
                let mut text = "{".to_owned();
                for (n, (key, value)) in members.into_iter().enumerate() {
                    // Each key is there once: two of the same make no object that everybody reads alike.
                    let _ = write!(text, "{}\"{key}{n}\": {value}", if n == 0 { "" } else { "," });
                }
                text + " }"
            }),
        ]
    })
}

/// A definition, and what it is known by if it is a good one: no other member has a name without a number.
fn definition(key: &'static str) -> impl Strategy<Value = (String, Option<String>)> {
    let good = ("[a-e]{1,2}", json(), json())
        .prop_map(move |(name, a, z)| (format!(r#"{{"z":{z}, "{key}":"{name}","a":{a}}}"#), Some(name)));
    prop_oneof![4 => good, 1 => json().prop_map(|text| (text, None))]
}

fn joined(items: &[(String, Option<String>)]) -> String {
    items.iter().map(|(text, _)| &**text).collect::<Vec<_>>().join(",\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Each item is either in the list, byte for byte and in order, or set apart: none is lost and none disturbs another.
    #[test]
    fn every_item_is_kept_or_set_apart(
        pages in prop::collection::vec(prop::collection::vec(definition("uri"), 0..6), 1..5),
    ) {
        let limits = limits();
        let mut reading = Pages::<Resource>::new(&limits);
        for (n, items) in pages.iter().enumerate() {
            let next = if n + 1 < pages.len() { format!(r#","nextCursor":"{n}""#) } else { String::new() };
            let page = format!(r#"{{"x":[1],"resources":[{}]{next}}}"#, joined(items));
            prop_assert_eq!(reading.add(page.as_bytes()).unwrap(), n + 1 < pages.len());
        }
        let list = reading.finish();
        let mut seen = HashSet::new();
        let good = |(_, key): &&(String, Option<String>)| key.clone().is_some_and(|key| seen.insert(key));
        let expected: Vec<String> = pages.iter().flatten().filter(good).map(|(text, _)| text.clone()).collect();
        prop_assert_eq!(texts(&list, |resource: &Resource| &resource.raw), expected);
        prop_assert_eq!(list.items.len() + list.rejected.len(), pages.iter().flatten().count());
        prop_assert_eq!(list.incomplete, None);
    }

    /// Whatever a server answers with, reading ends, and within the limits.
    #[test]
    fn no_answer_breaks_the_limits(answers in prop::collection::vec(page(), 0..12)) {
        let limits = Limits { pages: 7, items: 9, list_bytes: 2_000, item_bytes: 60, ..limits() };
        let mut reading = Pages::<Prompt>::new(&limits);
        let mut read = 0;
        for answer in &answers {
            read += 1;
            match reading.add(answer.as_bytes()) {
                Ok(true) => prop_assert!(reading.members().starts_with(br#""cursor":""#)),
                Ok(false) | Err(_) => break,
            }
        }
        prop_assert!(read <= limits.pages);
        let list = reading.finish();
        prop_assert!(list.items.len() + list.rejected.len() <= limits.items);
        prop_assert!(list.items.iter().all(|prompt| prompt.raw.get().len() <= limits.item_bytes));
        prop_assert!(names(&list).iter().collect::<HashSet<_>>().len() == list.items.len());
    }

    /// Any bytes at all are an error or a page, and never a panic.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]\":,a-e0-9]{0,60}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = Pages::<Tool>::new(&limits()).add(bytes);
        }
    }
}

fn page() -> impl Strategy<Value = String> {
    let cursor = prop_oneof![
        4 => "[a-z]{0,2}".prop_map(|cursor| format!(r#","nextCursor":"{cursor}""#)),
        1 => json().prop_map(|cursor| format!(r#","nextCursor":{cursor}"#)),
        1 => Just(String::new()),
    ];
    (prop::collection::vec(definition("name"), 0..4), cursor)
        .prop_map(|(items, cursor)| format!(r#"{{"prompts":[{}]{cursor}}}"#, joined(&items)))
}
