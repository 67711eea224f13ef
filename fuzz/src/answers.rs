//! What has to hold of every answer to an authorization request. The fuzz target and the property test of
//! `mcp-oauth-client` ask the same of it.

use futures_util::FutureExt as _;
use mcp_oauth_client::{AuthorizationManager, Error};

/// Nothing that somebody makes up is the answer to a login, and what it says cannot turn a terminal around.
pub fn made_up(manager: &AuthorizationManager, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Nothing waits: no login is under way, so that no answer gets as far as a request.
    let Some(outcome) = manager.finish(&text).now_or_never() else { panic!("{text:?} made the client wait") };
    match outcome {
        Err(Error::Callback(error)) => {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "{shown:?}");
        }
        other => panic!("{text:?} gave {other:?}"),
    }
}

/// A manager without any login.
pub fn manager() -> AuthorizationManager {
    AuthorizationManager::builder("https://h.test/mcp").build().expect("a manager")
}
