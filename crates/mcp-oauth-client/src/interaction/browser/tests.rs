use std::sync::atomic::AtomicBool;

use mcp_oauth_core::{Issuer, ResourceUri, ScopeSet, State};

use super::*;

/// C8.8: whatever names the address, nothing that runs or reads something gets as far as the opener.
#[tokio::test]
async fn c8_8_nothing_else_is_handed_to_the_browser() {
    for url in ["javascript:alert(1)", "file:///etc/passwd", "http://as.test/authorize", "ms-msdt:/id"] {
        let opened = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&opened);
        let browser = BrowserLoopback::new().opener(move |_| {
            noted.store(true, Ordering::SeqCst);
            Ok(())
        });
        let mut waiting = browser.prepare(&[]).await.unwrap();
        let prompt = Prompt {
            url: url.parse().unwrap(),
            open_before: None,
            resource: ResourceUri::parse("https://h.test/mcp").unwrap(),
            issuer: Issuer::parse("https://as.test").unwrap(),
            scopes: ScopeSet::empty(),
            redirect_uri: waiting.redirect_uri(),
            state: State::parse("the-state").unwrap(),
        };
        let error = waiting.answer(&prompt).await.unwrap_err();
        assert!(matches!(error, InteractionError::Open(_)), "{url}: {error:?}");
        assert!(!opened.load(Ordering::SeqCst), "{url}");
    }
}
