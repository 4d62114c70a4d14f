//! A strict pull reader of XML 1.0 (fifth edition) documents.
//!
//! It reads what a webhook can be sent and refuses the rest:
//!
//! - Version 1.0, in UTF-8, with or without a byte order mark. A declaration may
//!   call ASCII by its name, US-ASCII.
//! - No document type declaration, so no entity but the five predefined ones,
//!   nothing to expand and nothing to fetch.
//! - Everything else that makes a document well-formed is checked everywhere,
//!   in elements that are skipped too. An attribute is checked and dropped.
//! - At most 128 open elements and 64 attributes on one of them. The work is
//!   linear in the document, and the stack does not grow with its depth.
//!
//! **Namespaces** are not processed. A name is what stands in the tag, compared
//! byte by byte: `<n:Status xmlns:n="…">` is another element than `<Status>`,
//! unknown and so ignored, whatever `n` stands for. `xmlns="…"` is an attribute
//! like any other: it changes no name.
//!
//! **Text beside child elements** is checked and dropped, as an unknown element
//! is: no payload puts a value there.
//!
//! The tokenizer is our own. Over a well-kept one (quick-xml) nearly each rule
//! above would still have to be checked inside its tokens, and to check a token
//! is to split it once more. What is here is measured by others instead: by
//! quick-xml and roxmltree on generated documents, by the suite of the W3C.

mod chars;
mod cursor;
mod markup;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use self::cursor::Cursor;
use self::markup::Markup;
use crate::error::{ParseError, ParseErrorKind};

/// How many elements can be open at once.
const MAX_DEPTH: usize = 128;

/// How much of the name of a wrong root is shown, in characters.
const MAX_SHOWN: usize = 64;

/// A place in a document, between two tags.
///
/// [`child`](Self::child) opens an element; then one of three calls closes it:
/// [`text`](Self::text), [`skip`](Self::skip), or `child` as often as it takes
/// to get `None`. After an error the reader is of no more use.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    cursor: Cursor<'a>,
    /// The names of the open elements, the root first.
    open: Vec<&'a str>,
    /// The innermost open element is an empty-element tag, `<a/>`.
    bare: bool,
    /// The element that was closed last: in a list, the next one is its like.
    closed: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads up to the end of the start tag of the root element.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::WrongRoot`] when it has another name than `root`, and
    /// what [`open_any`](Self::open_any) says.
    pub(crate) fn open(body: &'a [u8], root: &str) -> Result<Self, ParseError> {
        let (reader, name) = Self::open_any(body)?;
        if name == root {
            return Ok(reader);
        }
        let shown: String = name.escape_debug().take(MAX_SHOWN).collect();
        Err(ParseError::new(ParseErrorKind::WrongRoot(shown.into())).at_byte(reader.at))
    }

    /// Reads up to the end of the start tag of the root element, and returns
    /// its name.
    ///
    /// # Errors
    ///
    /// The body is not UTF-8, holds a character that XML does not allow, or is
    /// malformed up to here.
    pub(crate) fn open_any(body: &'a [u8]) -> Result<(Self, &'a str), ParseError> {
        let mut cursor = Cursor::over(body)?;
        loop {
            let at = cursor.outside()?;
            match cursor.markup()? {
                Markup::Start { name, bare } => {
                    let mut open = Vec::with_capacity(8);
                    open.push(name);
                    return Ok((Self { cursor, open, bare, closed: "", at }, name));
                }
                Markup::Dropped => {}
                Markup::End(_) => {
                    return Err(ParseError::syntax("an end tag without its start tag", at));
                }
                Markup::CData(_) => {
                    return Err(ParseError::syntax("text outside the root element", at));
                }
            }
        }
    }

    /// Opens the next child of the open element and returns its name, or
    /// closes the open element and returns `None`.
    pub(crate) fn child(&mut self) -> Result<Option<&'a str>, ParseError> {
        if self.open.is_empty() || self.close_bare() {
            return Ok(None);
        }
        self.cursor.white_space();
        self.at = self.cursor.at();
        if !self.closed.is_empty() && self.cursor.eat_tag("<", self.closed) {
            self.start(self.closed, false)?;
            return Ok(Some(self.closed));
        }
        loop {
            if self.cursor.peek() != Some(b'<') {
                self.cursor.text(&mut ())?;
            }
            match self.markup()? {
                Markup::Start { name, .. } => return Ok(Some(name)),
                Markup::End(_) => return Ok(None),
                Markup::CData(_) | Markup::Dropped => {}
            }
        }
    }

    /// Closes the open element and returns its text: references resolved, line
    /// ends as line feeds, and without white space at either end, however that
    /// was written.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Invalid`]`("text")` when there is an element in it.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, ParseError> {
        let Some(&name) = self.open.last() else { return Ok(Cow::Borrowed("")) };
        if self.close_bare() {
            return Ok(Cow::Borrowed(""));
        }
        self.cursor.white_space();
        let start = self.cursor;
        let plain = self.cursor.plain_text();
        if self.cursor.eat_tag("</", name) {
            self.close();
            self.at = start.at();
            return Ok(text::trim(Cow::Borrowed(plain)));
        }
        self.cursor = start;
        let mut text = Cow::Borrowed("");
        loop {
            self.cursor.text(&mut text)?;
            match self.markup()? {
                Markup::End(_) => break,
                Markup::CData(piece) => text::lines(piece, &mut text),
                Markup::Dropped => {}
                Markup::Start { .. } => {
                    return Err(
                        ParseError::new(ParseErrorKind::Invalid("text".into())).at_byte(self.at)
                    );
                }
            }
        }
        self.at = start.at();
        Ok(text::trim(text))
    }

    /// Closes the open element, whatever is in it.
    pub(crate) fn skip(&mut self) -> Result<(), ParseError> {
        let outer = self.open.len().saturating_sub(1);
        while self.open.len() > outer {
            self.child()?;
        }
        Ok(())
    }

    /// Reads to the end of the document; what is still open is skipped.
    pub(crate) fn finish(mut self) -> Result<(), ParseError> {
        while !self.open.is_empty() {
            self.child()?;
        }
        loop {
            let at = self.cursor.outside()?;
            if self.cursor.is_at_end() {
                return Ok(());
            }
            match self.cursor.markup()? {
                Markup::Dropped => {}
                Markup::Start { .. } => {
                    return Err(ParseError::syntax("a second root element", at));
                }
                Markup::End(_) => {
                    return Err(ParseError::syntax("an end tag without its start tag", at));
                }
                Markup::CData(_) => {
                    return Err(ParseError::syntax("text outside the root element", at));
                }
            }
        }
    }

    /// Where in the body the last thing read begins, in bytes: the tag that
    /// [`child`](Self::child) read, or the first character of the text.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Reads one piece of markup inside the root, and opens or closes an
    /// element with it.
    fn markup(&mut self) -> Result<Markup<'a>, ParseError> {
        self.at = self.cursor.at();
        let markup = self.cursor.markup()?;
        match markup {
            Markup::Start { name, bare } => self.start(name, bare)?,
            Markup::End(name) => {
                if self.open.last() != Some(&name) {
                    return Err(ParseError::syntax("an end tag of another element", self.at));
                }
                self.close();
            }
            Markup::CData(_) | Markup::Dropped => {}
        }
        Ok(markup)
    }

    fn start(&mut self, name: &'a str, bare: bool) -> Result<(), ParseError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(ParseError::new(ParseErrorKind::TooDeep).at_byte(self.at));
        }
        self.open.push(name);
        self.bare = bare;
        Ok(())
    }

    fn close_bare(&mut self) -> bool {
        let bare = std::mem::take(&mut self.bare);
        if bare {
            self.close();
        }
        bare
    }

    fn close(&mut self) {
        self.closed = self.open.pop().unwrap_or_default();
    }
}
