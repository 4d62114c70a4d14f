//! What is left of a document, and the smallest steps through it.

use super::chars;
use crate::error::{ParseError, ParseErrorKind};

/// What is left of a document.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    /// The length of the body, so that places count its byte order mark.
    end: usize,
}

impl ParseError {
    /// The document breaks the grammar in this way at this byte.
    pub(super) fn syntax(how: &'static str, at: usize) -> Self {
        Self::new(ParseErrorKind::Syntax(how.into())).at_byte(at)
    }
}

impl<'a> Cursor<'a> {
    /// The document in this body, past its XML declaration.
    ///
    /// All its characters are looked at here, in one pass, so that none of what
    /// is read later, a comment or an attribute, has to be asked again.
    pub(super) fn over(body: &'a [u8]) -> Result<Self, ParseError> {
        let text = chars::decode(body)?;
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut cursor = Self { rest, end: body.len() };
        cursor.declaration()?;
        match chars::first_not_allowed(cursor.rest) {
            Some(offset) => {
                let at = cursor.at().saturating_add(offset);
                Err(ParseError::syntax("a character that XML does not allow", at))
            }
            None => Ok(cursor),
        }
    }

    /// How many bytes of the body are behind.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.rest.is_ascii()
    }

    /// What lies between here and a later place.
    pub(super) fn up_to(&self, later: &Self) -> &'a str {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or_default()
    }

    /// The document breaks the grammar here, or has ended.
    pub(super) fn error(&self, how: &'static str) -> ParseError {
        if self.is_at_end() { self.cut_short() } else { ParseError::syntax(how, self.at()) }
    }

    /// The document ends before something that has begun.
    pub(super) fn cut_short(&self) -> ParseError {
        ParseError::new(ParseErrorKind::UnexpectedEnd).at_byte(self.end)
    }

    /// The next byte.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.bytes().next()
    }

    /// Steps over one character that is known to be ASCII.
    #[inline]
    pub(super) fn step(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Steps over `word` if it comes next. A document that ends within it is
    /// cut short.
    pub(super) fn eat(&mut self, word: &str) -> Result<bool, ParseError> {
        if let Some(rest) = self.rest.strip_prefix(word) {
            self.rest = rest;
            return Ok(true);
        }
        if word.starts_with(self.rest) { Err(self.cut_short()) } else { Ok(false) }
    }

    /// Steps over `word`, which has to come next.
    pub(super) fn expect(&mut self, word: &str, otherwise: &'static str) -> Result<(), ParseError> {
        if self.eat(word)? { Ok(()) } else { Err(self.error(otherwise)) }
    }

    /// Steps over `<name>`, or over `</name>`, if exactly that comes next.
    #[inline]
    pub(super) fn eat_tag(&mut self, open: &str, name: &str) -> bool {
        let rest = self.rest.strip_prefix(open).and_then(|rest| rest.strip_prefix(name));
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix('>')) else { return false };
        self.rest = rest;
        true
    }

    /// Takes what comes before `word`, and steps over both.
    pub(super) fn until(&mut self, word: &str) -> Result<&'a str, ParseError> {
        let (before, rest) = self.rest.split_once(word).ok_or_else(|| self.cut_short())?;
        self.rest = rest;
        Ok(before)
    }

    /// Takes the bytes before the first that `stops`, which is an ASCII one.
    #[inline]
    pub(super) fn before(&mut self, stops: impl Fn(u8) -> bool) -> &'a str {
        let length = self.rest.bytes().position(stops).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes white space, and says whether there was any.
    #[inline]
    pub(super) fn white_space(&mut self) -> bool {
        !self.before(|byte| !chars::is_white(byte)).is_empty()
    }

    /// Takes a name (production 5).
    pub(super) fn name(&mut self, otherwise: &'static str) -> Result<&'a str, ParseError> {
        let start = *self;
        let starts = match self.peek() {
            Some(byte) if byte.is_ascii() => chars::is_ascii_name_start(byte),
            _ => self.rest.starts_with(chars::starts_name),
        };
        if !starts {
            return Err(self.error(otherwise));
        }
        self.before(|byte| !chars::is_ascii_in_name(byte));
        if self.peek().is_some_and(|byte| !byte.is_ascii()) {
            self.rest = self.rest.trim_start_matches(chars::is_in_name);
        }
        Ok(start.up_to(self))
    }
}
