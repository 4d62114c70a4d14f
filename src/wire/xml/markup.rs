//! Tags, comments, processing instructions, CDATA sections, the declaration.

use super::chars;
use super::cursor::Cursor;
use crate::error::{ParseError, ParseErrorKind};

/// How many attributes an element can have. It bounds the search for one that
/// is given twice, and what is kept for it.
const MAX_ATTRIBUTES: usize = 64;

/// A piece of markup.
#[derive(Clone, Copy)]
pub(super) enum Markup<'a> {
    /// `<name>`, or `<name/>`, which is `bare`.
    Start { name: &'a str, bare: bool },
    /// `</name>`
    End(&'a str),
    /// `<![CDATA[…]]>`, and what is in it.
    CData(&'a str),
    /// A comment or a processing instruction.
    Dropped,
}

impl<'a> Cursor<'a> {
    /// Reads the markup that begins here.
    pub(super) fn markup(&mut self) -> Result<Markup<'a>, ParseError> {
        if self.peek() != Some(b'<') {
            return Err(self.error("not a tag"));
        }
        self.step();
        match self.peek() {
            Some(b'/') => self.end_tag(),
            Some(b'!') => self.bang(),
            Some(b'?') => self.instruction(),
            _ => self.start_tag(),
        }
    }

    /// Reads white space outside the root, and returns where it ends. Only
    /// markup or the end of the document can follow.
    pub(super) fn outside(&mut self) -> Result<usize, ParseError> {
        self.white_space();
        match self.peek() {
            None | Some(b'<') => Ok(self.at()),
            Some(_) => Err(self.error("text outside the root element")),
        }
    }

    /// Productions 40 and 44, past the `<`.
    fn start_tag(&mut self) -> Result<Markup<'a>, ParseError> {
        let name = self.name("`<` without a name")?;
        if !matches!(self.peek(), Some(b'>' | b'/')) {
            self.attributes()?;
        }
        let bare = self.eat("/")?;
        self.expect(">", "`/` without `>` in a tag")?;
        Ok(Markup::Start { name, bare })
    }

    /// Reads what stands between the name and the end of a start tag.
    fn attributes(&mut self) -> Result<(), ParseError> {
        let mut names = [""; MAX_ATTRIBUTES];
        let mut count: usize = 0;
        loop {
            let spaced = self.white_space();
            if matches!(self.peek(), Some(b'>' | b'/')) {
                return Ok(());
            }
            if !spaced {
                return Err(self.error("no white space before an attribute"));
            }
            let at = self.at();
            let name = self.attribute()?;
            let Some((free, seen)) = names.get_mut(..=count).and_then(<[_]>::split_last_mut) else {
                return Err(ParseError::syntax("more than 64 attributes", at));
            };
            if seen.contains(&name) {
                return Err(ParseError::syntax("an attribute given twice", at));
            }
            *free = name;
            count = count.saturating_add(1);
        }
    }

    /// Production 41.
    fn attribute(&mut self) -> Result<&'a str, ParseError> {
        let name = self.name("not an attribute name")?;
        self.equals()?;
        let quote = self.quote()?;
        loop {
            self.before(|byte| byte == quote || matches!(byte, b'<' | b'&'));
            match self.peek() {
                Some(b'&') => drop(self.reference()?),
                Some(byte) if byte == quote => break,
                _ => return Err(self.error("`<` in an attribute value")),
            }
        }
        self.step();
        Ok(name)
    }

    /// Production 25.
    fn equals(&mut self) -> Result<(), ParseError> {
        self.white_space();
        self.expect("=", "an attribute without `=`")?;
        self.white_space();
        Ok(())
    }

    /// Takes the quote that opens a value.
    fn quote(&mut self) -> Result<u8, ParseError> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.step();
                Ok(quote)
            }
            _ => Err(self.error("an attribute value without quotes")),
        }
    }

    /// Production 42, past the `<`.
    fn end_tag(&mut self) -> Result<Markup<'a>, ParseError> {
        self.step();
        let name = self.name("`</` without a name")?;
        self.white_space();
        self.expect(">", "an end tag without its `>`")?;
        Ok(Markup::End(name))
    }

    /// Productions 15, 18 and 28, past the `<`.
    fn bang(&mut self) -> Result<Markup<'a>, ParseError> {
        let at = self.at().saturating_sub(1);
        if self.eat("!--")? {
            self.until("--")?;
            self.expect(">", "`--` in a comment")?;
            return Ok(Markup::Dropped);
        }
        if self.eat("![CDATA[")? {
            return self.until("]]>").map(Markup::CData);
        }
        if self.eat("!DOCTYPE")? {
            return Err(ParseError::new(ParseErrorKind::Doctype).at_byte(at));
        }
        Err(ParseError::syntax("`<!` without a comment or a CDATA section", at))
    }

    /// Production 16, past the `<`.
    fn instruction(&mut self) -> Result<Markup<'a>, ParseError> {
        self.step();
        let at = self.at();
        let target = self.name("`<?` without a name")?;
        let bare = self.eat("?>")?;
        if target.eq_ignore_ascii_case("xml") {
            return Err(ParseError::syntax("an XML declaration in the wrong place", at));
        }
        if !bare {
            if !self.white_space() {
                return Err(
                    self.error("a processing instruction without white space after its name")
                );
            }
            self.until("?>")?;
        }
        Ok(Markup::Dropped)
    }

    /// Reads the XML declaration (production 23), if there is one.
    pub(super) fn declaration(&mut self) -> Result<(), ParseError> {
        const MALFORMED: &str = "a malformed XML declaration";
        let mut cursor = *self;
        if !(cursor.eat("<?xml")? && cursor.peek().is_some_and(chars::is_white)) {
            return Ok(());
        }
        let at = cursor.at();
        let version = cursor.declared("version")?.ok_or_else(|| cursor.error(MALFORMED))?;
        if version != "1.0" {
            return Err(ParseError::syntax("not version 1.0 of XML", at));
        }
        let at = cursor.at();
        if let Some(encoding) = cursor.declared("encoding")? {
            let known = encoding.eq_ignore_ascii_case("utf-8")
                || (encoding.eq_ignore_ascii_case("us-ascii") && self.is_ascii());
            if !known {
                return Err(ParseError::new(ParseErrorKind::Encoding).at_byte(at));
            }
        }
        let at = cursor.at();
        if !matches!(cursor.declared("standalone")?, None | Some("yes" | "no")) {
            return Err(ParseError::syntax(MALFORMED, at));
        }
        cursor.white_space();
        cursor.expect("?>", MALFORMED)?;
        *self = cursor;
        Ok(())
    }

    /// Takes the value of this part of the declaration, if it comes next.
    fn declared(&mut self, name: &str) -> Result<Option<&'a str>, ParseError> {
        let start = *self;
        if !(self.white_space() && self.eat(name)?) {
            *self = start;
            return Ok(None);
        }
        self.equals()?;
        let quote = self.quote()?;
        let value = self.before(|byte| byte == quote || byte == b'<');
        if self.peek() != Some(quote) {
            return Err(self.error("`<` in an attribute value"));
        }
        self.step();
        Ok(Some(value))
    }
}
