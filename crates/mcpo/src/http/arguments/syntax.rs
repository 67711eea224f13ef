//! What is wrong with a body that is no JSON, in the words of Python's `json` module and at the character where it says so:
//! that is what FastAPI's `json_invalid` carries.

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Characters (not bytes) before it.
    pub(super) position: usize,
    /// Python's words.
    pub(super) reason: &'static str,
}

/// Finds the mistake in a text that is no JSON.
pub(super) fn mistake(text: &str) -> Mistake {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    let (at, reason) = scan.document().err().unwrap_or((text.len(), "Expecting value"));
    let position = text.char_indices().take_while(|(start, _)| *start < at).count();
    Mistake { position, reason }
}

type Found = Result<(), (usize, &'static str)>;

/// A grammar of JSON that only looks for the first mistake. No recursion: brackets that are open lie on a stack.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn document(&mut self) -> Found {
        let mut open = Vec::new();
        self.space();
        loop {
            // A value begins here.
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.space();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                    } else {
                        open.push(b'}');
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.space();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                    } else {
                        open.push(b']');
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                _ => self.scalar()?,
            }
            // A value ended here.
            loop {
                self.space();
                let Some(close) = open.last() else {
                    return if self.peek().is_some() { Err((self.at, "Extra data")) } else { Ok(()) };
                };
                match self.peek() {
                    Some(byte) if byte == *close => {
                        self.at += 1;
                        open.pop();
                    }
                    Some(b',') => {
                        self.at += 1;
                        self.space();
                        if *close == b'}' {
                            self.key()?;
                        }
                        break;
                    }
                    _ => return Err((self.at, "Expecting ',' delimiter")),
                }
            }
        }
    }

    fn key(&mut self) -> Found {
        if self.peek() != Some(b'"') {
            return Err((self.at, "Expecting property name enclosed in double quotes"));
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err((self.at, "Expecting ':' delimiter"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Found {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err((start, "Unterminated string starting at")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(0..=0x1f) => return Err((self.at, "Invalid control character at")),
                Some(b'\\') => self.escape(start)?,
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, start: usize) -> Found {
        match self.bytes.get(self.at + 1) {
            None => Err((start, "Unterminated string starting at")),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
                if digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit) {
                    self.at += 6;
                    Ok(())
                } else {
                    Err((self.at + 1, "Invalid \\uXXXX escape"))
                }
            }
            Some(_) => Err((self.at, "Invalid \\escape")),
        }
    }

    fn scalar(&mut self) -> Found {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(word) = ["true", "false", "null"].iter().find(|word| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(());
        }
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let whole = match rest.get(sign) {
            Some(b'0') => 1,
            _ => digits(sign),
        };
        if whole == 0 {
            return Err((self.at, "Expecting value"));
        }
        let mut end = sign + whole;
        if rest.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        self.at += end;
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests;
