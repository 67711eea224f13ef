use mcp_oauth_core::{ScopeSet, ScopeToken};

use super::Hierarchy;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

/// R7: a broader scope implies the narrower ones, also over several steps, and circles end.
#[test]
fn r7_a_broad_scope_implies_narrow_ones() {
    let mut hierarchy = Hierarchy::default();
    hierarchy.add(ScopeToken::parse("admin").unwrap(), set("write"));
    hierarchy.add(ScopeToken::parse("write").unwrap(), set("read"));
    hierarchy.add(ScopeToken::parse("read").unwrap(), set("write"));
    assert_eq!(hierarchy.expand(&set("admin")), set("admin write read"));
    assert_eq!(hierarchy.expand(&set("other")), set("other"));
    assert_eq!(hierarchy.expand(&ScopeSet::empty()), ScopeSet::empty());
}
