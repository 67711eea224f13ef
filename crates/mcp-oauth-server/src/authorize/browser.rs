//! Ties the consent page to the browser that shows it.
//!
//! A form on another site can post to the decision endpoint, but neither knows the page's tokens nor carries this
//! cookie. The cookie's name differs by issuer, since browsers share cookies between all ports of a host.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::{COOKIE, HeaderMap};
use mcp_oauth_core::{Entropy, Issuer};
use sha2::{Digest as _, Sha256};

use crate::store::{SecretHash, random};

/// The secret that one browser holds.
pub(super) struct BrowserSecret {
    value: String,
    name: String,
    secure: bool,
}

impl BrowserSecret {
    /// The browser's secret; a new one when it has none. One that it has is kept, so that several tabs work.
    pub(super) fn of_or_new(headers: &HeaderMap, issuer: &Issuer, entropy: &dyn Entropy) -> Self {
        Self::of(headers, issuer).unwrap_or_else(|| Self::with(random(entropy), issuer))
    }

    /// The browser's secret.
    pub(super) fn of(headers: &HeaderMap, issuer: &Issuer) -> Option<Self> {
        let Self { name, .. } = Self::with(String::new(), issuer);
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let value = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(known, value)| (known == name).then_some(value))?;
        let valid = value.len() == 43
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        valid.then(|| Self::with(value.to_owned(), issuer))
    }

    fn with(value: String, issuer: &Issuer) -> Self {
        let mut tag = URL_SAFE_NO_PAD.encode(Sha256::digest(issuer.as_str().as_bytes()));
        tag.truncate(8);
        let secure = issuer.url().scheme() == "https";
        // `__Host-` lets no other name of the domain set it, and needs https.
        let prefix = if secure { "__Host-" } else { "" };
        Self { value, name: format!("{prefix}mcp-consent-{tag}"), secure }
    }

    pub(super) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.value)
    }

    /// For `Set-Cookie`: until the browser is closed, unreadable for scripts, not sent with another site's forms.
    pub(super) fn cookie(&self) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name, self.value);
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}
