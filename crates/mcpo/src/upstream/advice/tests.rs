use mcp_oauth_client::{DiscoveryError, Error, InteractionError};

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

/// `localhost` and `127.0.0.1` are two; a terminal that is none.
#[test]
fn what_the_configuration_has_to_say_otherwise_is_told() {
    let found = mcp_oauth_core::ResourceUri::parse("http://127.0.0.1:3000").expect("a resource");
    let server = "http://localhost:3000/mcp".into();
    let source = mcp_oauth_core::InvalidResourceMetadata::OtherResource { found, server };
    let refused = DiscoveryError::Resource { url: "http://localhost:3000/x".into(), source };
    let text = told(&LoginError::Login(Error::Discovery(refused)));
    assert!(text.contains("write the server's \"url\"") && text.contains("http://127.0.0.1:3000"), "{text}");
    let closed = InteractionError::Console(std::io::ErrorKind::UnexpectedEof.into());
    let text = told(&LoginError::Login(Error::Interaction(closed)));
    assert!(text.contains("in a terminal") && text.contains("\"use_loopback\""), "{text}");
}

#[test]
fn what_an_exception_helps_is_told_with_its_key() {
    let issuer = mcp_oauth_core::Issuer::parse("https://as.test").expect("an issuer");
    let refused = DiscoveryError::PkceNotAdvertised { issuer: issuer.clone() };
    let text = told(&LoginError::Login(Error::Discovery(refused)));
    assert!(text.contains("\"pkce\": \"assume\""), "{text}");
    let source = mcp_oauth_core::InvalidServerMetadata::OtherIssuer { found: issuer };
    let refused = DiscoveryError::Server { url: "https://mcp.test/x".into(), source };
    let text = told(&LoginError::Login(Error::Discovery(refused)));
    assert!(text.contains("\"issuer_exceptions\"") && text.contains("\"https://as.test\""), "{text}");
}
