//! The challenges of `WWW-Authenticate` (RFC 9110 §11.6.1).
//!
//! ```text
//! WWW-Authenticate = #challenge
//! challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//! auth-param       = token BWS "=" BWS ( token / quoted-string )
//! ```
//! The comma separates both challenges and parameters, so the parser goes by what follows a token: `=` makes it a
//! parameter of the challenge under way, anything else a new scheme. Searching for `scope=` in the text instead would
//! take the word out of an `error_description`.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};

use super::{BearerChallenge, DpopChallenge};
use crate::{OAuthErrorCode, ScopeSet};

/// One challenge: a scheme with either parameters or a token68.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token68: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The scheme as it was written.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// True when this is the named scheme; schemes are case-insensitive.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, unquoted. Names are case-insensitive. Of a doubled parameter the first value counts:
    /// RFC 9110 forbids doubling, so no meaning is lost, and what is appended to a header changes nothing.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }

    /// All parameters in the order they were written.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The token68, as `Negotiate` uses it.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }
}

/// How much of a peer's challenges is looked at. The rest is ignored.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ChallengeLimits {
    /// Bytes of one header line. Default 16 KiB.
    pub line_bytes: usize,
    /// Header lines. Default 16.
    pub lines: usize,
    /// Challenges in all lines together. Default 32.
    pub challenges: usize,
    /// Parameters of one challenge. Default 32.
    pub parameters: usize,
}

impl Default for ChallengeLimits {
    fn default() -> Self {
        Self { line_bytes: 16 * 1024, lines: 16, challenges: 32, parameters: 32 }
    }
}

/// All challenges of one answer.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};
/// use mcp_oauth_core::Challenges;
///
/// let mut headers = HeaderMap::new();
/// headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(
///     r#"Basic realm="a, b", Bearer error="invalid_token", scope="mcp:read", resource_metadata="https://h.test/prm""#,
/// ));
/// let challenges = Challenges::from_headers(&headers);
/// let bearer = challenges.bearer().expect("there is one");
/// assert_eq!(bearer.resource_metadata.as_deref(), Some("https://h.test/prm"));
/// assert!(bearer.scope.expect("it has scopes").contains("mcp:read"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Challenges(Vec<Challenge>);

impl Challenges {
    /// Reads every `WWW-Authenticate` line with the default limits. What a broken line says before the break is kept.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self::from_headers_within(headers, ChallengeLimits::default())
    }

    /// Reads every `WWW-Authenticate` line within `limits`.
    pub fn from_headers_within(headers: &HeaderMap, limits: ChallengeLimits) -> Self {
        let mut challenges = Vec::new();
        for line in headers.get_all(WWW_AUTHENTICATE).iter().take(limits.lines) {
            Line::new(line, limits).read(&mut challenges);
        }
        Self(challenges)
    }

    /// True without any challenge.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The challenges in the order they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, Challenge> {
        self.0.iter()
    }

    /// What the Bearer challenges say together: of each parameter, the first of them that has it. Servers that are put
    /// together from parts send one for the metadata and another for the scopes.
    pub fn bearer(&self) -> Option<BearerChallenge> {
        self.of_scheme("Bearer").as_ref().map(Into::into)
    }

    /// What the `DPoP` challenges (RFC 9449 §7.1) say together, as in [`bearer`](Self::bearer).
    pub fn dpop(&self) -> Option<DpopChallenge> {
        self.of_scheme("DPoP").as_ref().map(Into::into)
    }

    /// All challenges of a scheme as one. The first value of a parameter counts in it, and so the first challenge's.
    fn of_scheme(&self, scheme: &str) -> Option<Challenge> {
        let all = || self.0.iter().filter(|challenge| challenge.is(scheme));
        let parameters = all().flat_map(|challenge| challenge.parameters.iter().cloned()).collect();
        all().next().map(|first| Challenge { parameters, ..first.clone() })
    }

    /// Why the token was refused, in whichever of the Bearer and `DPoP` challenges it is said.
    pub fn error(&self) -> Option<OAuthErrorCode> {
        let bearer = self.bearer().and_then(|bearer| bearer.error);
        bearer.or_else(|| self.dpop().and_then(|dpop| dpop.error))
    }

    /// The scopes that the request needs, in whichever of the Bearer and `DPoP` challenges they are said.
    pub fn scope(&self) -> Option<ScopeSet> {
        let bearer = self.bearer().and_then(|bearer| bearer.scope);
        bearer.or_else(|| self.dpop().and_then(|dpop| dpop.scope))
    }

    /// `resource_metadata` of the Bearer challenge, else of another scheme: RFC 9728 §5.1 allows it with any, and a
    /// server that wants `DPoP` has no Bearer challenge at all.
    pub fn resource_metadata(&self) -> Option<&str> {
        let named = |bearer: bool| {
            self.0
                .iter()
                .filter(move |challenge| challenge.is("Bearer") == bearer)
                .find_map(|challenge| challenge.parameter("resource_metadata"))
        };
        named(true).or_else(|| named(false))
    }
}

impl IntoIterator for Challenges {
    type Item = Challenge;
    type IntoIter = std::vec::IntoIter<Challenge>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Challenges {
    type Item = &'a Challenge;
    type IntoIter = std::slice::Iter<'a, Challenge>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A cursor over one header line.
struct Line<'a> {
    rest: &'a [u8],
    limits: ChallengeLimits,
}

impl<'a> Line<'a> {
    fn new(value: &'a HeaderValue, limits: ChallengeLimits) -> Self {
        let bytes = value.as_bytes();
        Self { rest: bytes.get(..limits.line_bytes).unwrap_or(bytes), limits }
    }

    /// Reads to the end of the line or to the first thing that is neither a scheme nor a parameter.
    fn read(mut self, challenges: &mut Vec<Challenge>) {
        let mut current: Option<Challenge> = None;
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
            let Some(token) = self.token() else { break };
            if let Some(value) = self.parameter_value() {
                // A parameter before any scheme belongs to nothing.
                let Some(challenge) = &mut current else { break };
                let Ok(value) = value else { break };
                if challenge.parameters.len() < self.limits.parameters {
                    challenge.parameters.push((token, value));
                }
            } else {
                challenges.extend(current.take());
                if challenges.len() >= self.limits.challenges {
                    return;
                }
                let token68 = self.token68();
                current = Some(Challenge { scheme: token, token68, parameters: Vec::new() });
            }
        }
        challenges.extend(current);
    }

    /// `BWS "=" BWS ( token / quoted-string )`: `None` when no `=` follows, which leaves the cursor where it was.
    fn parameter_value(&mut self) -> Option<Result<String, Broken>> {
        let before = self.rest;
        self.skip(is_space);
        if self.rest.first() != Some(&b'=') {
            self.rest = before;
            return None;
        }
        self.advance(1);
        self.skip(is_space);
        Some(if self.rest.first() == Some(&b'"') { self.quoted() } else { self.bare_value() })
    }

    /// A token as a value. URLs and scope lists are not tokens, but servers send them without quotes; a value that
    /// ends at a comma or a space cannot be taken for something else.
    fn bare_value(&mut self) -> Result<String, Broken> {
        let end = self.rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b',' | b'"'));
        let (value, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if value.is_empty() { Err(Broken) } else { Ok(text(value)) }
    }

    /// `quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE`
    fn quoted(&mut self) -> Result<String, Broken> {
        self.advance(1);
        let mut value = Vec::new();
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'"' => return Ok(text(&value)),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first().ok_or(Broken)?;
                    self.rest = rest;
                    value.push(escaped);
                }
                other => value.push(other),
            }
        }
        Err(Broken)
    }

    /// `1*SP token68`, when the whole of it stands before a comma or the end.
    fn token68(&mut self) -> Option<String> {
        let before = self.rest;
        self.skip(is_space);
        if self.rest.len() < before.len() {
            let body = self.rest.iter().take_while(|byte| is_token68(**byte)).count();
            let padding = self.rest.iter().skip(body).take_while(|byte| **byte == b'=').count();
            let (value, after) = self.rest.split_at(body + padding);
            let next = after.iter().find(|byte| !is_space(**byte));
            if body > 0 && matches!(next, None | Some(b',')) {
                self.rest = after;
                return Some(text(value));
            }
        }
        self.rest = before;
        None
    }

    fn token(&mut self) -> Option<String> {
        let length = self.rest.iter().take_while(|byte| is_tchar(**byte)).count();
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        (length > 0).then(|| text(token))
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        let count = self.rest.iter().take_while(|byte| skipped(**byte)).count();
        self.advance(count);
    }

    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

/// The line ends within a value, or a value is missing.
struct Broken;

/// Header values may hold bytes that are not UTF-8 (obs-text); they are shown as replacement characters.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 9110 §5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 §11.2.
fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}
