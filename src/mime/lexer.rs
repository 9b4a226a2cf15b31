//! The lexical tokens that header fields share (RFC 5322 §3.2, RFC 2045 §5.1), over one unfolded value.
//!
//! Knows white space, comments, quoted strings and runs of characters; not which field it reads. Nothing here recurses.

/// How deep comments may be nested; mail has one level.
const COMMENT_DEPTH: u8 = 16;

/// What is left of a field's value; copied to try one reading before another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `value`; `None` if it has a control character other than tab (so NUL and bare CR, too).
    pub(super) fn new(value: &'a [u8]) -> Option<Self> {
        let clean = !value.iter().any(|o| o.is_ascii_control() && *o != b'\t');
        clean.then_some(Self { rest: value })
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Skips `octet` if it is next, and tells whether it was.
    pub(super) fn accept(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        if found {
            self.next();
        }
        found
    }

    /// Skips `octet`; `None` if something else is next.
    pub(super) fn expect(&mut self, octet: u8) -> Option<()> {
        self.accept(octet).then_some(())
    }

    /// Skips white space and comments (CFWS); `None` if a comment is not closed, or nested too deep.
    pub(super) fn skip_cfws(&mut self) -> Option<()> {
        let mut depth = 0_u8;
        while let Some(octet) = self.peek() {
            match octet {
                b'(' if depth == COMMENT_DEPTH => return None,
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => {
                    self.next();
                    self.peek()?;
                }
                b' ' | b'\t' => (),
                _ if depth > 0 => (),
                _ => break,
            }
            self.next();
        }
        (depth == 0).then_some(())
    }

    /// Returns the run of octets that `belongs`, which may not be empty.
    pub(super) fn run(&mut self, belongs: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
        let length = self.rest.iter().take_while(|o| belongs(**o)).count();
        let (run, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!run.is_empty()).then_some(run)
    }

    /// Returns what a quoted string stands for; `None` if there is none, or it is not closed.
    pub(super) fn quoted_string(&mut self) -> Option<Vec<u8>> {
        self.expect(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.next()?),
                octet => text.push(octet),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*octet)
    }
}

/// Tells whether `octet` may stand in a token of RFC 2045 §5.1: printable, no space, none of the tspecials.
pub(super) fn is_token(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet)
}

/// Tells whether `octet` may stand in an atom of RFC 5322 §3.2.3, or is part of UTF-8 text (RFC 6532 §3.2).
pub(super) fn is_atom(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet) || !octet.is_ascii()
}
