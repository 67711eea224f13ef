use proptest::prelude::*;

use super::*;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

#[test]
fn reads_the_grammar_of_appendix_a_4() {
    assert_eq!(ScopeToken::parse(""), Err(InvalidScope::Empty));
    assert_eq!(ScopeToken::parse("a\"b"), Err(InvalidScope::Character('"')));
    assert_eq!(ScopeToken::parse("a\\b"), Err(InvalidScope::Character('\\')));
    assert_eq!(ScopeToken::parse("a b"), Err(InvalidScope::Character(' ')));
    assert_eq!(ScopeToken::parse("ä"), Err(InvalidScope::Character('ä')));
    assert_eq!(ScopeToken::parse("https://x.test/a#!~").unwrap().as_str(), "https://x.test/a#!~");
}

#[test]
fn keeps_order_drops_doubles_compares_as_a_set() {
    assert_eq!(set("b a b  a").to_string(), "b a");
    assert_eq!(set("a b"), set("b a"));
    assert_ne!(set("a b"), set("a"));
    assert!(set("").is_empty());
}

/// C11.2: the union for a step-up keeps what was there and adds what is new.
#[test]
fn c11_2_union_covers_and_difference() {
    let both = set("read basic").union(&set("write read"));
    assert_eq!(both.to_string(), "read basic write");
    assert!(both.covers(&set("write basic")));
    assert!(!set("read").covers(&set("read write")));
    assert_eq!(both.difference(&set("read")).to_string(), "basic write");
    assert_eq!(both.intersection(&set("write x read")).to_string(), "read write");
}

#[test]
fn a_peers_odd_entry_does_not_hide_the_others() {
    assert_eq!(ScopeSet::parse_lossy("read \"x\" \t write").to_string(), "read write");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(tokens in prop::collection::vec("[!#-\\[\\]-~]{1,12}", 0..20)) {
        let first = set(&tokens.join(" "));
        let again = set(&first.to_string());
        prop_assert_eq!(first.to_string(), again.to_string());
        prop_assert!(tokens.iter().all(|token| first.contains(token)));
    }

    #[test]
    fn never_panics(text in ".*") {
        let _ = ScopeSet::parse(&text);
        prop_assert!(ScopeSet::parse(&ScopeSet::parse_lossy(&text).to_string()).is_ok());
    }

    #[test]
    fn union_covers_both(a in "[a-d ]{0,16}", b in "[a-d ]{0,16}") {
        let union = set(&a).union(&set(&b));
        prop_assert!(union.covers(&set(&a)) && union.covers(&set(&b)));
        prop_assert_eq!(union.difference(&set(&a)).intersection(&set(&a)), ScopeSet::empty());
    }
}
