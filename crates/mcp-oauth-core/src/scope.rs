//! Scopes as RFC 6749 §3.3 and appendix A.4 define them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A scope token is at least one character long.
    #[error("a scope token must not be empty")]
    Empty,
    /// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`: printable ASCII without space, quote and backslash.
    #[error("{0:?} cannot be part of a scope token")]
    Character(char),
}

/// One scope: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeToken(Box<str>);

impl ScopeToken {
    /// Reads one scope token.
    ///
    /// # Errors
    /// When the text is empty or has a character outside of the grammar.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.is_empty() {
            return Err(InvalidScope::Empty);
        }
        match text.chars().find(|c| !matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')) {
            Some(c) => Err(InvalidScope::Character(c)),
            None => Ok(Self(text.into())),
        }
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ScopeToken {
    type Err = InvalidScope;
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::parse(text)
    }
}

/// A set of scopes that remembers the order in which it was written, since logs and consent pages show it.
/// Two sets with the same members are equal in any order, as RFC 6749 §3.3 says.
///
/// ```
/// use mcp_oauth_core::ScopeSet;
///
/// let granted = ScopeSet::parse("mcp:read mcp:write")?;
/// let wanted = ScopeSet::parse("mcp:read")?;
/// assert!(granted.covers(&wanted));
/// assert_eq!(wanted.union(&ScopeSet::parse("mcp:admin")?).to_string(), "mcp:read mcp:admin");
/// # Ok::<(), mcp_oauth_core::InvalidScope>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ScopeSet(Vec<ScopeToken>);

impl ScopeSet {
    /// The set without members.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Reads a space-delimited list. Runs of spaces count as one and a doubled scope is kept once; the empty text is
    /// the empty set.
    ///
    /// # Errors
    /// When a character is outside of the grammar.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        text.split(' ').filter(|token| !token.is_empty()).map(ScopeToken::parse).collect()
    }

    /// Reads what a peer wrote, leaving out what is not a scope: one odd entry must not hide the others.
    pub fn parse_lossy(text: &str) -> Self {
        text.split_ascii_whitespace().filter_map(|token| ScopeToken::parse(token).ok()).collect()
    }

    /// True without members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The members in the order they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, ScopeToken> {
        self.0.iter()
    }

    /// True when the named scope is a member.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|member| member.as_str() == token)
    }

    /// True when every member of `other` is a member of this set.
    pub fn covers(&self, other: &Self) -> bool {
        let mine: HashSet<&ScopeToken> = self.iter().collect();
        other.iter().all(|token| mine.contains(token))
    }

    /// This set's members, then those of `other` that it lacks.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// The members that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let theirs: HashSet<&ScopeToken> = other.iter().collect();
        self.iter().filter(|token| theirs.contains(token)).cloned().collect()
    }

    /// The members that `other` lacks.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let theirs: HashSet<&ScopeToken> = other.iter().collect();
        self.iter().filter(|token| !theirs.contains(token)).cloned().collect()
    }
}

impl FromIterator<ScopeToken> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeToken>>(tokens: I) -> Self {
        let mut seen = HashSet::new();
        Self(tokens.into_iter().filter(|token| seen.insert(token.clone())).collect())
    }
}

impl IntoIterator for ScopeSet {
    type Item = ScopeToken;
    type IntoIter = std::vec::IntoIter<ScopeToken>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a ScopeToken;
    type IntoIter = std::slice::Iter<'a, ScopeToken>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for ScopeSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.covers(other)
    }
}

impl Eq for ScopeSet {}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, token) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for ScopeSet {
    type Err = InvalidScope;
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::parse(text)
    }
}

/// As the `scope` member of requests and answers: one space-delimited string.
impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// `scopes_supported` of metadata documents: a JSON array. What is not a scope token is left out.
pub(crate) mod list {
    use super::{Deserialize, Deserializer, ScopeSet, ScopeToken, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` asks for")]
    pub(crate) fn serialize<S: Serializer>(set: &Option<ScopeSet>, serializer: S) -> Result<S::Ok, S::Error> {
        match set {
            Some(set) => serializer.collect_seq(set.iter().map(ScopeToken::as_str)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ScopeSet>, D::Error> {
        let list = Option::<Vec<String>>::deserialize(deserializer)?;
        Ok(list.map(|list| list.iter().filter_map(|token| ScopeToken::parse(token).ok()).collect()))
    }
}

#[cfg(test)]
mod tests;
