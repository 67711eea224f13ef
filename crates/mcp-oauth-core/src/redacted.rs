//! URLs in logs and messages.

use std::fmt;

use url::Url;

/// Shows a URL without what may be secret in it: user information is left out, and of the query only the values of
/// parameters that are known to be harmless are shown. Codes, states, tokens and whatever else a peer puts there are
/// replaced by `…`.
///
/// ```
/// use mcp_oauth_core::RedactedUrl;
///
/// let url = url::Url::parse("https://u:p@as.test/cb?code=abc&state=xyz&scope=a#frag")?;
/// assert_eq!(RedactedUrl(&url).to_string(), "https://as.test/cb?code=…&state=…&scope=a#…");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct RedactedUrl<'a>(pub &'a Url);

impl fmt::Display for RedactedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}:", url.scheme())?;
        let Some(host) = url.host() else { return f.write_str("…") };
        write!(f, "//{host}")?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        for (position, pair) in url.query().into_iter().flat_map(|query| query.split('&')).enumerate() {
            f.write_str(if position == 0 { "?" } else { "&" })?;
            match pair.split_once('=') {
                Some((name, value)) if HARMLESS.contains(&name) => write!(f, "{name}={value}")?,
                Some((name, _)) => write!(f, "{name}=…")?,
                None => f.write_str("…")?,
            }
        }
        if url.fragment().is_some() {
            f.write_str("#…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for RedactedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const HARMLESS: [&str; 8] = [
    "response_type",
    "scope",
    "resource",
    "redirect_uri",
    "client_id",
    "code_challenge_method",
    "prompt",
    "error",
];
