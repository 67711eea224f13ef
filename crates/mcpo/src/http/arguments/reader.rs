//! Reads a body: one pass that checks that it is JSON (RFC 8259) and finds its values.

use std::borrow::Cow;

use json_scan::{Invalid, Scan};

use super::value::{Kind, Member, Members, ReadError, Text, Value};

/// Stands somewhere in a text.
pub(super) struct Reader<'a> {
    scan: Scan<'a>,
    /// How many more values may be read.
    values: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, values: usize) -> Self {
        Self { scan: Scan::new(text), values }
    }

    /// The one value that the text is.
    pub(super) fn document(mut self, depth: usize) -> Result<Value<'a>, ReadError> {
        let value = self.value(depth)?;
        self.scan.end()?;
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, ReadError> {
        self.values = self.values.checked_sub(1).ok_or(ReadError::Values)?;
        self.scan.space();
        let start = self.scan.at();
        let mut changed = false;
        let kind = match self.scan.peek() {
            Some(b'{') => {
                let (members, differs) = self.object(depth.checked_sub(1).ok_or(ReadError::Depth)?)?;
                changed = differs;
                Kind::Object(members)
            }
            Some(b'[') => {
                let (list, differs) = self.array(depth.checked_sub(1).ok_or(ReadError::Depth)?)?;
                changed = differs;
                Kind::Array(list)
            }
            Some(b'"') => Kind::String(self.scan.string()?.into()),
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            _ => Kind::Number(Cow::Borrowed(self.scan.number()?)),
        };
        let source = if changed { None } else { Some(self.scan.since(start)?) };
        Ok(Value::read_as(kind, source))
    }

    fn object(&mut self, depth: usize) -> Result<(Members<'a>, bool), ReadError> {
        self.scan.expect(b'{')?;
        let mut list = Vec::new();
        let mut changed = false;
        self.scan.space();
        if self.scan.take(b'}') {
            return Ok((Members::new(list).0, false));
        }
        loop {
            self.scan.space();
            let quoted = self.scan.string()?;
            let name = Text::from(quoted).into_name();
            self.scan.space();
            self.scan.expect(b':')?;
            let value = self.value(depth)?;
            changed |= !value.is_unchanged();
            list.push(Member { name, key: Cow::Borrowed(quoted.written()), value });
            self.scan.space();
            if !self.scan.take(b',') {
                break;
            }
        }
        self.scan.expect(b'}')?;
        let (members, repeated) = Members::new(list);
        Ok((members, changed || repeated))
    }

    fn array(&mut self, depth: usize) -> Result<(Vec<Value<'a>>, bool), ReadError> {
        self.scan.expect(b'[')?;
        let mut list = Vec::new();
        let mut changed = false;
        self.scan.space();
        if self.scan.take(b']') {
            return Ok((list, false));
        }
        loop {
            let value = self.value(depth)?;
            changed |= !value.is_unchanged();
            list.push(value);
            self.scan.space();
            if !self.scan.take(b',') {
                break;
            }
        }
        self.scan.expect(b']')?;
        Ok((list, changed))
    }

    fn word(&mut self, word: &str, kind: Kind<'a>) -> Result<Kind<'a>, Invalid> {
        self.scan.word(word).map(|()| kind)
    }
}

impl From<Invalid> for ReadError {
    fn from(Invalid: Invalid) -> Self {
        Self::Syntax
    }
}

#[cfg(test)]
mod tests;
