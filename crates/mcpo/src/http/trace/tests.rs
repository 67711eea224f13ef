//! Headers of callers.

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

fn found(headers: &[(&'static str, &str)]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    format!("{:?}", context(&map))
}

#[test]
fn a_trace_is_handed_on_with_what_belongs_to_it() {
    let all = found(&[("traceparent", PARENT), ("tracestate", "a=1"), ("baggage", "b=2")]);
    for wanted in [PARENT, "tracestate", "a=1", "baggage", "b=2"] {
        assert!(all.contains(wanted), "{all}");
    }
    assert!(
        found(&[("traceparent", "cc-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more")])
            .contains("more")
    );
}

#[test]
fn what_is_no_trace_is_left_out() {
    let nothing = found(&[]);
    for parent in [
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7",
        "00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more",
    ] {
        assert_eq!(found(&[("traceparent", parent), ("tracestate", "a=1")]), nothing, "{parent}");
    }
    assert_eq!(found(&[("traceparent", PARENT), ("traceparent", PARENT)]), nothing);
    assert!(!found(&[("traceparent", PARENT), ("tracestate", &"x".repeat(513))]).contains("tracestate"));
}
