//! Lists and results from fixed seeds: JSON text of every form, not JSON values.
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{Case, Said};

const RESULTS: usize = 120;
const LISTS: usize = 60;

pub(super) fn cases() -> Vec<Case> {
    let results = drawn("result", RESULTS, &result()).into_iter();
    let results = results.map(|(origin, text)| Case { origin, said: Said::Result(text) });
    let lists = drawn("list", LISTS, &list()).into_iter();
    let lists = lists.map(|(origin, pages)| Case { origin, said: Said::List(pages) });
    results.chain(lists).collect()
}

/// So many values of a strategy, the same in every run.
fn drawn<T: std::fmt::Debug>(
    what: &str,
    count: usize,
    strategy: &(impl Strategy<Value = T> + Clone),
) -> Vec<(String, T)> {
    let draw = |number| {
        let mut seed = [0x5a; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        (format!("generated {what} {number}"), strategy.new_tree(&mut runner).unwrap().current())
    };
    (0..count).map(draw).collect()
}

/// A `CallToolResult`: the usual members in any order, and others.
fn result() -> impl Strategy<Value = String> + Clone {
    let block =
        (select(&["text", "image", "audio", "resource_link", "resource", "hologram"][..]), members(0..4))
            .prop_map(|(kind, members)| object(&[vec![format!(r#""type":"{kind}""#)], members].concat()));
    let content = vec(block, 0..5).prop_map(|blocks| format!(r#""content":[{}]"#, blocks.join(", ")));
    let structured = any_value().prop_map(|value| format!(r#""structuredContent":{value}"#));
    let error = select(&[r#""isError":true"#, r#""isError" : false"#, r#""isErrors":1.0"#][..]);
    (content, structured, error, members(0..5))
        .prop_map(|(content, structured, error, others)| {
            [vec![content, structured, error.to_owned()], others].concat()
        })
        .prop_shuffle()
        .prop_map(|members| object(&members))
}

/// A list on one to three pages. No two of its tools have the same name.
fn list() -> impl Strategy<Value = Vec<String>> + Clone {
    let tool = (any_value(), members(0..4), members(0..4), string_text()).prop_map(
        |(output, schema, others, text)| {
            let schema = object(&[vec![r#""type":"object""#.to_owned()], schema].concat());
            let usual = vec![
                format!(r#""inputSchema": {schema}"#),
                format!(r#""description":{text}"#),
                format!(r#""outputSchema":{output}"#),
            ];
            [usual, others].concat()
        },
    );
    let tool = tool.prop_shuffle();
    vec(vec(tool, 0..6), 1..4).prop_map(|pages| {
        let last = pages.len() - 1;
        let page = |(number, tools): (usize, Vec<Vec<String>>)| {
            let named = |(place, mut members): (usize, Vec<String>)| {
                let at = place.min(members.len());
                members.insert(at, format!(r#""name":"t\u0020{number}-{place}""#));
                object(&members)
            };
            let tools: Vec<String> = tools.into_iter().enumerate().map(named).collect();
            let next =
                if number < last { format!(r#","nextCursor":"after {number}""#) } else { String::new() };
            format!(r#"{{"tools" : [{}]{next}}}"#, tools.join(" ,"))
        };
        pages.into_iter().enumerate().map(page).collect()
    })
}

fn object(members: &[String]) -> String {
    format!("{{{}}}", members.join(", "))
}

/// Members that nobody knows; some names come twice.
fn members(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> + Clone {
    let key =
        prop_oneof![select(&["x", "y", "Ä", "\\u00c4", "", "$ref", "$dynamicRef", "$defs", "\\ud800"][..])];
    vec((key, any_value()).prop_map(|(key, value)| format!(r#""{key}":{value}"#)), count)
}

fn any_value() -> impl Strategy<Value = String> + Clone {
    let leaf = prop_oneof![
        number_text(),
        string_text(),
        select(&["true", "false", "[]", "{}", "{ }"][..]).prop_map(str::to_owned)
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let blank = || select(&["", "", " ", "\n", "\t ", "\n  "][..]);
        let key = string_text();
        let array = (vec(inner.clone(), 0..5), blank())
            .prop_map(|(values, blank)| format!("[{blank}{}{blank}]", values.join(&format!(",{blank}"))));
        let member =
            (key, inner, blank()).prop_map(|(key, value, blank)| format!("{key}{blank}:{blank}{value}"));
        let object = (vec(member, 0..5), blank())
            .prop_map(|(members, blank)| format!("{{{blank}{}{blank}}}", members.join(&format!("{blank},"))));
        prop_oneof![array, object]
    })
    .boxed()
}

fn number_text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        any::<i128>().prop_map(|number| number.to_string()),
        any::<u8>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?",
        select(&["-0", "0e0", "1e400", "-1E-400", "1.10", "100000000000000000000000", "0.0"][..])
            .prop_map(str::to_owned),
    ]
}

fn string_text() -> impl Strategy<Value = String> + Clone {
    let piece = prop_oneof![
        select(
            &[
                "a",
                "Z",
                " ",
                "ä",
                "世",
                "😀",
                "\u{301}",
                "\u{2028}",
                "\u{7f}",
                "\u{200f}",
                "\\\"",
                "\\\\",
                "\\/",
                "\\b",
                "\\f",
                "\\n",
                "\\r",
                "\\t",
                "\\u0000",
                "\\u00e4",
                "\\u00E4",
                "\\ud83d\\ude00",
                "\\ud83d",
                "\\uDE00",
                "$",
                "{",
                "]",
                ",",
                ":",
                "<b>",
                "%00",
                "'",
            ][..]
        )
        .prop_map(str::to_owned),
        any::<char>()
            .prop_filter("escaped in JSON", |c| !c.is_control() && !"\"\\".contains(*c))
            .prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}
