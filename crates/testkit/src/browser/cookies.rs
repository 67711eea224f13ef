//! Cookies, kept by host and path as browsers keep them: the port makes no difference (RFC 6265 §8.5).

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::Url;

/// The cookies of one browser.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    host: String,
    path: String,
    secure: bool,
    name: String,
    value: String,
}

impl Jar {
    /// Takes the `Set-Cookie` lines of an answer.
    pub(super) fn store(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()))
                .collect();
            let attribute =
                |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| *value);
            let cookie = Cookie {
                host: url.host_str().unwrap_or_default().to_owned(),
                path: attribute("path").filter(|path| path.starts_with('/')).unwrap_or("/").to_owned(),
                secure: attribute("secure").is_some(),
                name: name.to_owned(),
                value: value.to_owned(),
            };
            if !acceptable(&cookie, url, attribute("domain").is_some()) {
                continue;
            }
            self.0.retain(|old| {
                (&old.host, &old.path, &old.name) != (&cookie.host, &cookie.path, &cookie.name)
            });
            let gone =
                attribute("max-age").and_then(|age| age.parse::<i64>().ok()).is_some_and(|age| age <= 0);
            if !gone {
                self.0.push(cookie);
            }
        }
    }

    /// The `Cookie` header for a request.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(|cookie| Some(cookie.host.as_str()) == url.host_str())
            .filter(|cookie| !cookie.secure || url.scheme() == "https")
            .filter(|cookie| {
                let rest = url.path().strip_prefix(cookie.path.as_str());
                rest.is_some_and(|rest| {
                    cookie.path.ends_with('/') || rest.is_empty() || rest.starts_with('/')
                })
            })
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| HeaderValue::from_str(&pairs.join("; ")).ok()).flatten()
    }

    /// The names and values for an address.
    pub(super) fn pairs(&self, url: &Url) -> Vec<(String, String)> {
        let header = self.header(url);
        let text = header.as_ref().and_then(|header| header.to_str().ok()).unwrap_or_default();
        text.split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// The rules that the prefixes of RFC 6265bis §4.1.3 promise, and `Secure` over https only.
fn acceptable(cookie: &Cookie, url: &Url, has_domain: bool) -> bool {
    let https = url.scheme() == "https";
    (https || !cookie.secure)
        && (!cookie.name.starts_with("__Secure-") || cookie.secure)
        && (!cookie.name.starts_with("__Host-") || (cookie.secure && cookie.path == "/" && !has_domain))
}
