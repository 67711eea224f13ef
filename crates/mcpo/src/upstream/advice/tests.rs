use mcp_oauth_client::{Error, InteractionError};

use super::told;
use crate::upstream::LoginError;

#[test]
fn a_port_in_use_is_told_once_with_its_setting() {
    let address = "127.0.0.1:3030".parse().expect("an address");
    let text = told(&LoginError::Login(Error::Interaction(InteractionError::PortInUse { address })));
    assert!(text.starts_with("port 3030 is already in use"), "{text}");
    assert!(text.contains("\"callback_port\""), "{text}");
    assert_eq!(text.matches("3030").count(), 1, "{text}");
}

#[test]
fn what_no_setting_helps_is_told_in_its_own_words() {
    let limit = std::time::Duration::from_secs(300);
    let text = told(&LoginError::Login(Error::Interaction(InteractionError::TimedOut { limit })));
    assert_eq!(text, "nobody answered within 300 s");
}
