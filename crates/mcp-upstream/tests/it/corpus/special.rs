//! What a careless JSON library changes, each thing by itself.
use super::{Case, Said};

pub(super) fn cases() -> Vec<Case> {
    let values = VALUES.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned()));
    let deep = [100, 126, 127, 128, 129, 1_000, 50_000].into_iter().flat_map(|levels| {
        let arrays = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects = format!("{}1.10{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        [(format!("{levels} arrays deep"), arrays), (format!("{levels} objects deep"), objects)]
    });
    let values: Vec<(String, String)> = values.chain(deep).collect();
    let results = values.iter().flat_map(|(what, value)| {
        [
            result(what, &format!(r#"{{"content":[],"structuredContent":{{"value":{value}}}}}"#)),
            result(what, &format!(r#"{{"content":[{{"type":"text","text":"","_meta":{{"x":{value}}}}}]}}"#)),
        ]
    });
    let schemas = SCHEMAS.iter().map(|(what, schema)| ((*what).to_owned(), (*schema).to_owned()));
    let constants = values.iter().map(|(what, value)| {
        (what.clone(), format!(r#"{{"type":"object","properties":{{"p":{{"const":{value}}}}}}}"#))
    });
    // A list each, so that one that fails is known by its name.
    let lists = schemas.chain(constants).map(|(what, schema)| {
        let tool =
            format!(r#"{{"description":"d","inputSchema":{schema},"name":"t","outputSchema":{schema}}}"#);
        list(&what, &format!(r#"{{"tools":[{tool}]}}"#))
    });
    let whole_results = RESULTS.iter().map(|(what, text)| result(what, text));
    let whole_lists = LISTS.iter().map(|(what, text)| list(what, text));
    results.chain(lists).chain(whole_results).chain(whole_lists).chain(large()).collect()
}

fn result(what: &str, text: &str) -> Case {
    Case { origin: format!("result: {what}"), said: Said::Result(text.to_owned()) }
}

fn list(what: &str, page: &str) -> Case {
    Case { origin: format!("list: {what}"), said: Said::List(vec![page.to_owned()]) }
}

/// A megabyte in one string, in many blocks, and in a tool.
fn large() -> Vec<Case> {
    let one = format!(r#"{{"content":[{{"type":"text","text":"{}"}}]}}"#, "0123456789abcdef".repeat(1 << 16));
    let blocks = vec![r#"{"type":"text","text":"\u00e4 \ud83d\ude00 ä 1.10"}"#; 20_000].join(" , ");
    let numbers = vec!["1e400,-0,1.10"; 80_000].join(",");
    let described = format!(
        r#"{{"tools":[{{"name":"t","description":"{}","inputSchema":{{"type":"object"}}}}]}}"#,
        "ä".repeat(500_000)
    );
    vec![
        result("1 MB in one string", &one),
        result("1 MB in blocks", &format!(r#"{{"content":[{blocks}]}}"#)),
        result("1 MB of numbers", &format!(r#"{{"content":[],"structuredContent":{{"n":[{numbers}]}}}}"#)),
        list("a description of 1 MB", &described),
    ]
}

const VALUES: &[(&str, &str)] = &[
    ("more than 64 bits", "18446744073709551616"),
    ("less than -2^63", "-9223372036854775809"),
    ("more than 2^53", "9007199254740993"),
    (
        "a hundred digits",
        "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
    ),
    ("more than a double", "1e400"),
    ("less than a double", "1E-400"),
    ("minus zero", "-0"),
    ("minus zero as a fraction", "-0.0"),
    ("a zero at the end", "1.10"),
    ("an exponent with a plus", "1e+05"),
    ("digits that a double has not", "0.1000000000000000055511151231257827021181583404541015625"),
    ("key order", r#"{"z":1,"a":2,"m":3,"0":4}"#),
    ("duplicate keys", r#"{"a":1,"b":2,"a":3}"#),
    ("an empty key", r#"{"":{"":null}}"#),
    ("the same letter, written and escaped", "\"ä \\u00e4 \\u00E4 a\u{308}\""),
    ("a needless escape", r#""\u0041\/""#),
    ("NUL, escaped", r#""\u0000\u001f""#),
    ("a lone high surrogate", r#""\ud83d""#),
    ("a lone low surrogate", r#""\ude00 \uDE00""#),
    ("surrogates in the wrong order", r#""\ude00\ud83d""#),
    ("a pair of surrogates", r#""\ud83d\ude00 😀""#),
    ("a lone surrogate in a key", r#"{"\ud800":1}"#),
    ("line separators", "\"\u{2028}\u{2029}\u{85}\""),
    ("DEL, BOM and noncharacters", "\"\u{7f}\u{feff}\u{fffe}\u{10ffff}\""),
    ("all short escapes", r#""\"\\\/\b\f\n\r\t""#),
    ("spaces between tokens", "[ 1 ,\t2 , { \"a\" : null } ]"),
    ("line ends between tokens", "[\n  1,\n  {\n    \"a\": []\n  }\n]"),
    ("empty containers", "[{},[],\"\",[[]],{ }, [ ]]"),
];

const SCHEMAS: &[(&str, &str)] = &[
    (
        "boolean schemas",
        r#"{"type":"object","properties":{"any":true,"none":false},"additionalProperties":false}"#,
    ),
    (
        "a schema that refers to itself",
        r##"{"type":"object","properties":{"next":{"$ref":"#"},"tree":{"$ref":"#/$defs/tree"}},"$defs":{"tree":{"type":"array","items":{"$ref":"#/$defs/tree"}}}}"##,
    ),
    (
        "dynamic references",
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/list","type":"object","$dynamicAnchor":"node","properties":{"child":{"$dynamicRef":"#node"}}}"##,
    ),
    (
        "a reference elsewhere",
        r#"{"type":"object","properties":{"a":{"$ref":"https://example.com/a.json#/$defs/x"}}}"#,
    ),
    (
        "draft 4",
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"x","type":"object","properties":{"n":{"minimum":1.0,"exclusiveMinimum":true}}}"#,
    ),
    (
        "keywords nobody knows",
        r#"{"type":"object","x-order":["b","a"],"properties":{"b":{"x-mcpo":{"deep":[1.0]}},"a":{"format":"odd"}}}"#,
    ),
    (
        "a pattern",
        r#"{"type":"object","properties":{"s":{"pattern":"^\\p{L}+\\/\\d{2,}$"}},"patternProperties":{"^x-\\u00e4":{}}}"#,
    ),
    (
        "constants and defaults",
        r#"{"type":"object","properties":{"c":{"enum":[1.0,1,"1",null,-0],"default":1e2}}}"#,
    ),
    ("nothing", "{ }"),
];

const RESULTS: &[(&str, &str)] = &[
    ("no members", "{}"),
    (
        "unknown members",
        r#"{"zeta":[1.10],"content":[],"isError":false,"alpha":{"b":{},"a":{}},"_meta":{"example.com/x":1e400}}"#,
    ),
    (
        "a kind of content that nobody knows",
        r#"{"content":[{"type":"hologram","phase":1.10,"data":{"b":1,"a":2}},{"kind":"none"},{}]}"#,
    ),
    (
        "every kind of content",
        r#"{"content":[{"type":"text","text":"t","annotations":{"priority":0.50,"audience":["user"],"lastModified":"2025-01-12T15:00:58Z"}},{"type":"image","data":"AA==","mimeType":"image/png"},{"type":"audio","data":"AA==","mimeType":"audio/wav"},{"type":"resource","resource":{"uri":"x:y","text":"","mimeType":"text/plain"}},{"type":"resource","resource":{"uri":"x:z","blob":"AA=="}},{"type":"resource_link","uri":"x:l","name":"n","size":9007199254740993}]}"#,
    ),
    ("structured content alone", r#"{"structuredContent":{"b":1,"a":[1.0]}}"#),
    ("structured content that is no object", r#"{"content":[],"structuredContent":[1.10,null]}"#),
    ("an error with more", r#"{"isError":true,"content":[{"text":"no","type":"text"}],"code":-0}"#),
    ("duplicate members that are unknown", r#"{"x":1,"content":[],"x":2}"#),
    (
        "members twice",
        r#"{"content":[],"content":[{"type":"text","text":"2"}],"isError":false,"isError":false}"#,
    ),
    (
        "what looks like an envelope",
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]},"method":"ping","error":{"code":1}}"#,
    ),
    (
        "spaces everywhere",
        "{ \"content\" : [ { \"type\" : \"text\" , \"text\" : \"a  b\" } ] , \"isError\" : false }",
    ),
    (
        "indented",
        "{\n  \"content\": [\n    {\n      \"type\": \"text\",\n      \"text\": \"a\"\n    }\n  ]\n}",
    ),
];

const LISTS: &[(&str, &str)] = &[
    ("no tools", r#"{"tools":[]}"#),
    (
        "unknown members around",
        r#"{"zeta":1.10,"tools":[{"name":"t","inputSchema":{"type":"object"}}],"alpha":{},"_meta":{"a":1e400}}"#,
    ),
    (
        "unknown members within",
        r#"{"tools":[{"zeta":1.10,"name":"t","inputSchema":{"type":"object"},"icons":[{"src":"data:,","sizes":["48x48"]}],"execution":{"taskSupport":"optional"},"annotations":{"readOnlyHint":"maybe","x":[1 ,2]},"_meta":{"b":1,"a":2}}]}"#,
    ),
    (
        "duplicate members that are unknown",
        r#"{"tools":[{"x":1,"name":"t","x":2,"inputSchema":{"type":"object"}}]}"#,
    ),
    (
        "members twice",
        r#"{"tools":[{"name":"s","description":"1","name":"t","inputSchema":{"type":"array"},"description":"2","inputSchema":{"type":"object"}}]}"#,
    ),
    (
        "names of every kind",
        r#"{"tools":[{"name":"ä \u00e4\n\ud83d\ude00","inputSchema":{}},{"name":"a/b?c#d","inputSchema":{}},{"name":" ","inputSchema":{}}]}"#,
    ),
    (
        "a title that is no text",
        r#"{"tools":[{"name":"t","title":7,"description":{"no":"text"},"inputSchema":{},"annotations":[],"outputSchema":true}]}"#,
    ),
    (
        "a description with a lone surrogate",
        r#"{"tools":[{"name":"t","description":"\ud800","inputSchema":{}}]}"#,
    ),
    (
        "indented",
        "{\n  \"tools\": [\n    {\n      \"name\": \"t\",\n      \"inputSchema\": {\n        \"type\": \"object\"\n      }\n    }\n  ]\n}",
    ),
];
