use proptest::prelude::*;

use super::*;

/// Expected values from Python 3.11: `name.replace("_", " ").title()` and FastAPI's `re.sub(r"\W", "_", ...)`.
#[test]
fn summaries_and_operation_ids_are_pythons() {
    let expected = [
        ("get_current_time", "Get Current Time", "tool_get_current_time_post"),
        ("get-sum", "Get-Sum", "tool_get_sum_post"),
        ("a-b", "A-B", "tool_a_b_post"),
        ("a_b", "A B", "tool_a_b_post"),
        ("GETThing", "Getthing", "tool_GETThing_post"),
        ("3d_render", "3D Render", "tool_3d_render_post"),
        ("it's", "It'S", "tool_it_s_post"),
        ("x2y_3z", "X2Y 3Z", "tool_x2y_3z_post"),
        ("größe_ändern", "Größe Ändern", "tool_größe_ändern_post"),
        ("straße", "Straße", "tool_straße_post"),
        ("ǆabc", "ǅabc", "tool_ǆabc_post"),
        ("ﬁle_name", "File Name", "tool_ﬁle_name_post"),
        ("天气_查询", "天气 查询", "tool_天气_查询_post"),
        ("a/b c", "A/B C", "tool_a_b_c_post"),
        ("__dunder__", "  Dunder  ", "tool___dunder___post"),
        ("ΟΔΟΣ ΣΑΣ", "Οδος Σας", "tool_ΟΔΟΣ_ΣΑΣ_post"),
        ("हिन्दी", "हिन्दी", "tool_ह_न_द__post"),
        ("٣abc", "٣Abc", "tool_٣abc_post"),
        ("ªb", "ªb", "tool_ªb_post"),
        ("Ⅷx", "Ⅷx", "tool_Ⅷx_post"),
        ("①y", "①Y", "tool_①y_post"),
        ("e\u{301}cole", "E\u{301}Cole", "tool_e_cole_post"),
        ("ʰx", "ʰx", "tool_ʰx_post"),
        ("ႠႡ", "Ⴀⴁ", "tool_ႠႡ_post"),
        ("აბგ", "აბგ", "tool_აბგ_post"),
        ("ß", "Ss", "tool_ß_post"),
        ("İx", "İx", "tool_İx_post"),
        ("a²b", "A²B", "tool_a²b_post"),
    ];
    for (name, title, id) in expected {
        assert_eq!(summary(name), title, "summary of {name}");
        assert_eq!(operation_id(name), id, "operationId of {name}");
    }
}

#[test]
fn a_response_is_titled_like_fastapi_does_it() {
    assert_eq!(response_title("tool_get_current_time_post"), "Response Tool Get Current Time Post");
}

#[test]
fn names_are_given_out_once() {
    let mut names = Names::default();
    let given: Vec<_> = ["a", "a", "a_2", "a", "b"].iter().map(|wanted| names.claim(wanted)).collect();
    assert_eq!(given, ["a", "a_2", "a_2_2", "a_3", "b"]);
}

#[test]
fn component_keys_are_legal() {
    let mut names = Names::default();
    assert_eq!(names.claim_component("get-sum_form_model"), "get-sum_form_model");
    assert_eq!(names.claim_component("a/b c_Größe"), "a_b_c_Gr__e");
    assert_eq!(names.claim_component("a b/c_Größe"), "a_b_c_Gr__e_2");
}

#[test]
fn dots_cannot_be_asked_for() {
    for name in ["", ".", ".."] {
        assert!(!is_routable(name));
    }
    for name in ["a", "...", ".a", "openapi.json"] {
        assert!(is_routable(name));
    }
}

proptest! {
    #[test]
    fn a_segment_decodes_to_its_name(name in "\\PC*") {
        let segment = path_segment(&name);
        let legal = segment.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#\"<>\\^`{|}".contains(&byte));
        prop_assert!(legal);
        prop_assert_eq!(percent_encoding::percent_decode_str(&segment).decode_utf8().unwrap(), name);
    }

    #[test]
    fn no_name_is_given_out_twice(wanted in prop::collection::vec("[ab_2]{0,4}", 0..40)) {
        let mut names = Names::default();
        let given: std::collections::HashSet<_> = wanted.iter().map(|wanted| names.claim(wanted)).collect();
        prop_assert_eq!(given.len(), wanted.len());
    }
}
