//! The property of the fuzz target for answers to authorization requests.

use std::path::Path;

use proptest::prelude::*;

use crate::answers;

proptest! {
    /// C10.4, C10.5: whatever somebody makes up is no answer, and nothing waits for it.
    #[test]
    fn c10_4_made_up_answers(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(http://127.0.0.1:1/cb)?[?]?((code|state|iss|error|error_description)=[ -~]{0,12}&?){0,6}(#[a-z=]{0,8})?"
                .prop_map(String::into_bytes),
            "[ -~\u{1b}\u{202e}é]{0,60}".prop_map(String::into_bytes),
        ]
    ) {
        thread_local! {
            static MANAGER: mcp_oauth_client::AuthorizationManager = answers::manager();
        }
        MANAGER.with(|manager| answers::made_up(manager, &bytes));
    }
}

/// What the fuzz target begins with.
#[test]
fn the_seeds_hold() {
    let manager = answers::manager();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/callback");
    let seeds: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
    assert!(seeds.len() >= 3);
    for seed in seeds {
        answers::made_up(&manager, &std::fs::read(seed).unwrap());
    }
}
