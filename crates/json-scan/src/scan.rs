//! The tokens and values of JSON (RFC 8259), checked on the way.

use std::fmt;

use crate::Quoted;

/// Stands somewhere in a text.
#[derive(Debug)]
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the JSON that is expected here")
    }
}

impl std::error::Error for Invalid {}

/// A text, if it is one (UTF-8, RFC 3629).
///
/// # Errors
/// When it is none.
pub fn utf8(bytes: &[u8]) -> Result<&str, Invalid> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Invalid)
}

impl<'a> Scan<'a> {
    /// Stands at the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Passes white space and any value; its text.
    ///
    /// # Errors
    /// When there is none.
    pub fn value(&mut self) -> Result<&'a str, Invalid> {
        self.space();
        let start = self.at;
        let mut open = Open::default();
        loop {
            // A value begins here.
            self.space();
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.space();
                    if !self.take(b'}') {
                        open.push(true);
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.space();
                    if !self.take(b']') {
                        open.push(false);
                        continue;
                    }
                }
                _ => self.plain()?,
            }
            // A value ended here.
            loop {
                let Some(in_object) = open.last() else { return self.since(start) };
                self.space();
                if self.take(b',') {
                    if in_object {
                        self.space();
                        self.name()?;
                    }
                    break;
                }
                self.expect(if in_object { b'}' } else { b']' })?;
                open.pop();
            }
        }
    }

    /// Passes white space and an object. `member` is called for each member and has to pass its value.
    ///
    /// # Errors
    /// When there is none, or `member` says so.
    pub fn object(
        &mut self,
        mut member: impl FnMut(Quoted<'a>, &mut Self) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        self.space();
        self.expect(b'{')?;
        self.space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            let name = self.name()?;
            member(name, self)?;
            self.space();
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Passes white space and an array. `element` is called for each element and has to pass it.
    ///
    /// # Errors
    /// When there is none, or `element` says so.
    pub fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        self.space();
        self.expect(b'[')?;
        self.space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            element(self)?;
            self.space();
            if !self.take(b',') {
                return self.expect(b']');
            }
        }
    }

    /// Passes white space, after which nothing may come.
    ///
    /// # Errors
    /// When something does.
    pub fn end(&mut self) -> Result<(), Invalid> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(Invalid) }
    }

    /// Passes the name of a member and its colon.
    fn name(&mut self) -> Result<Quoted<'a>, Invalid> {
        let name = self.string()?;
        self.space();
        self.expect(b':')?;
        Ok(name)
    }

    /// Passes a value without an inside.
    fn plain(&mut self) -> Result<(), Invalid> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    /// How many bytes it has passed.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Passes a string. Quotes and escapes are looked for at memory speed, and control characters, which no string may hold,
    /// in a pass of their own: that is faster than looking for all three at once.
    ///
    /// # Errors
    /// When there is none.
    pub fn string(&mut self) -> Result<Quoted<'a>, Invalid> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if bytes.get(start) != Some(&b'"') {
            return Err(Invalid);
        }
        let mut at = start + 1;
        let mut escaped = false;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let found = memchr::memchr2(b'"', b'\\', rest).ok_or(Invalid)?;
            at += found + 1;
            if rest.get(found) == Some(&b'"') {
                break;
            }
            escaped = true;
            at += escape_length(rest.get(found + 1..).unwrap_or_default()).ok_or(Invalid)?;
        }
        self.at = at;
        let text = self.since(start)?;
        if text.bytes().fold(u8::MAX, u8::min) < b' ' {
            return Err(Invalid);
        }
        Ok(Quoted { text, escaped })
    }

    /// Passes a number; its text.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&mut self) -> Result<&'a str, Invalid> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        self.since(start)
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), Invalid> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(Invalid) } else { Ok(()) }
    }

    /// Passes `true`, `false` or `null`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn word(&mut self, word: &str) -> Result<(), Invalid> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Invalid);
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes white space, if there is any.
    pub fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes this byte if it is the next one; whether it was.
    pub fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    /// Passes this byte.
    ///
    /// # Errors
    /// When it is not the next one.
    pub fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.take(byte) { Ok(()) } else { Err(Invalid) }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The text from a place that was passed up to here.
    ///
    /// # Errors
    /// When there is no such place.
    pub fn since(&self, start: usize) -> Result<&'a str, Invalid> {
        self.text.get(start..self.at).ok_or(Invalid)
    }
}

/// The objects and arrays that are open, one bit each: whether it is an object.
#[derive(Debug, Default)]
struct Open {
    depth: u32,
    bits: u128,
    /// Full words below.
    below: Vec<u128>,
}

impl Open {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(u128::BITS) {
            self.below.push(self.bits);
        }
        self.bits = self.bits << 1 | u128::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.bits >>= 1;
        if self.depth > 0
            && self.depth.is_multiple_of(u128::BITS)
            && let Some(below) = self.below.pop()
        {
            self.bits = below;
        }
    }

    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

/// How long an escape is, after its backslash.
fn escape_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(1),
        b'u' => rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit).then_some(5),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
