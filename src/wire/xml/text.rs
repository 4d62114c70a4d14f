//! Text between tags: references, line ends, and white space around it.

use std::borrow::Cow;

use super::chars;
use super::cursor::Cursor;
use crate::error::ParseError;

/// What becomes of text: kept, or dropped once it is checked.
pub(super) trait Sink<'a> {
    fn push_str(&mut self, piece: &'a str);
    fn push(&mut self, c: char);
}

impl<'a> Sink<'a> for Cow<'a, str> {
    fn push_str(&mut self, piece: &'a str) {
        if self.is_empty() {
            *self = Cow::Borrowed(piece);
        } else if !piece.is_empty() {
            self.to_mut().push_str(piece);
        }
    }

    fn push(&mut self, c: char) {
        self.to_mut().push(c);
    }
}

impl<'a> Sink<'a> for () {
    fn push_str(&mut self, _: &'a str) {}

    fn push(&mut self, _: char) {}
}

impl<'a> Cursor<'a> {
    /// Takes text up to where more than one byte has to be looked at.
    pub(super) fn plain_text(&mut self) -> &'a str {
        self.before(chars::ends_plain_text)
    }

    /// Reads text (production 14, with references) up to the next markup.
    pub(super) fn text(&mut self, sink: &mut impl Sink<'a>) -> Result<(), ParseError> {
        loop {
            let from = *self;
            let stop = loop {
                self.plain_text();
                match self.peek() {
                    Some(b']') if self.eat("]]>")? => {
                        return Err(ParseError::syntax(
                            "`]]>` in text",
                            self.at().saturating_sub(3),
                        ));
                    }
                    Some(b']') => self.step(),
                    stop => break stop,
                }
            };
            sink.push_str(from.up_to(self));
            match stop {
                Some(b'&') => sink.push(self.reference()?),
                Some(b'\r') => self.line_end(sink),
                _ => return Ok(()),
            }
        }
    }

    /// Reads a carriage return and the line feed that may follow, which are one
    /// line feed (section 2.11).
    fn line_end(&mut self, sink: &mut impl Sink<'a>) {
        self.step();
        if self.peek() != Some(b'\n') {
            sink.push('\n');
        }
    }

    /// Reads a reference (productions 66 and 68) to a character or to one of
    /// the five predefined entities (section 4.6).
    pub(super) fn reference(&mut self) -> Result<char, ParseError> {
        let at = self.at();
        self.step();
        if !self.eat("#")? {
            let name = self.name("`&` without a reference")?;
            self.expect(";", "a reference without its `;`")?;
            return match name {
                "amp" => Ok('&'),
                "lt" => Ok('<'),
                "gt" => Ok('>'),
                "apos" => Ok('\''),
                "quot" => Ok('"'),
                _ => Err(ParseError::syntax("an entity that is not predefined", at)),
            };
        }
        let (digits, radix) = if self.eat("x")? {
            (self.before(|byte| !byte.is_ascii_hexdigit()), 16)
        } else {
            (self.before(|byte| !byte.is_ascii_digit()), 10)
        };
        self.expect(";", "a reference without its `;`")?;
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .filter(|&c| chars::is_allowed(c))
            .ok_or_else(|| ParseError::syntax("a reference to no character", at))
    }
}

/// Gives text in which nothing but the line ends is special.
pub(super) fn lines<'a>(text: &'a str, sink: &mut impl Sink<'a>) {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\r') {
        sink.push_str(line);
        rest = after;
        if !rest.starts_with('\n') {
            sink.push('\n');
        }
    }
    sink.push_str(rest);
}

/// The text without white space at its ends. The one ASCII white space that is
/// none in XML, the form feed, is not allowed in a document.
pub(super) fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) if text.trim_ascii().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    }
}
