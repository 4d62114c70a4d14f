//! A pull reader of XML documents, over quick-xml's events, and the writing of an
//! element.
//!
//! quick-xml finds the tags and checks that they match. What a webhook needs
//! beyond that is here:
//!
//! - One root element, of the name that is expected, and the end of the document
//!   after it: quick-xml takes a document that is cut short.
//! - UTF-8, with or without a byte order mark, by any of its labels. Another encoding
//!   in the declaration does not matter as long as all bytes are ASCII.
//! - No document type declaration, so no entity but the five predefined ones,
//!   nothing to expand and nothing to fetch.
//! - At most 128 open elements. The work is linear in the document, and the stack
//!   does not grow with its depth.
//! - Text in one piece, across comments, CDATA sections and references.
//!
//! **What is not read is not judged.** Attributes, comments, processing
//! instructions and the text of elements that nobody asks for are stepped over.
//!
//! **Characters that XML cannot hold**, raw or as a reference (`&#0;`, `&#xD800;`),
//! are read as U+FFFD in text, and so they are written. References to the two halves
//! of a pair of surrogates (`&#55357;&#56877;`) are one character.
//!
//! **Namespaces** are not processed. A name is what stands in the tag, compared
//! byte by byte: `<n:Status xmlns:n="…">` is another element than `<Status>`,
//! unknown and so ignored, whatever `n` stands for. `xmlns="…"` is an attribute
//! like any other: it changes no name.
//!
//! The reader is pulled by hand and not by quick-xml's serde, which is four times
//! slower and quadratic with a feature (`overlapped-lists`) that any crate in a
//! build can switch on.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use quick_xml::Error;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::escape::{partial_escape, resolve_xml_entity};
use quick_xml::events::{BytesRef, Event};

use crate::error::{ParseError, ParseErrorKind};
use crate::wire::text::{self, holdable, is_plain};

/// How many elements can be open at once.
const MAX_DEPTH: usize = 128;

/// How much of the name of a wrong root is shown, in characters.
const MAX_SHOWN: usize = 64;

/// A place in a document, between two tags.
///
/// [`child`](Self::child) opens an element; then one of three calls closes it:
/// [`text`](Self::text), [`skip`](Self::skip), or `child` as often as it takes
/// to get `None`. After an error the reader is of no more use.
pub(crate) struct Reader<'a> {
    body: &'a [u8],
    /// The body without its byte order mark, which quick-xml does not see.
    text: &'a str,
    events: quick_xml::Reader<&'a [u8]>,
    depth: usize,
    /// Where in the text the last event begins.
    at: u64,
    /// The body has no carriage return, and no character that XML cannot hold: one
    /// look at all of it is quicker than one at each text.
    plain: bool,
    lenient: bool,
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
        Err(reader.error(ParseErrorKind::WrongRoot(shown.into())))
    }

    /// Reads up to the end of the start tag of the root element, and returns its
    /// name.
    ///
    /// # Errors
    ///
    /// The body is not UTF-8, or is malformed up to here.
    pub(crate) fn open_any(body: &'a [u8]) -> Result<(Self, &'a str), ParseError> {
        // UTF-16 and UTF-32 of an ASCII letter have a zero byte in the first two; with
        // a byte order mark they are not UTF-8.
        if body.iter().take(2).any(|byte| *byte == 0) {
            return Err(ParseError::new(ParseErrorKind::Encoding).at_offset(body, 0));
        }
        // quick-xml would take a byte order mark away without counting it.
        let text = text::of(body)?;
        let mut events = quick_xml::Reader::from_str(text);
        let config = events.config_mut();
        config.check_end_names = true;
        config.expand_empty_elements = true;
        // It comes as a text of its own then, and is an error where text is read.
        config.allow_dangling_amp = true;
        let plain = is_plain(text);
        let mut reader = Self { body, text, events, depth: 0, at: 0, plain, lenient: false };
        match reader.outside()? {
            Some(root) => Ok((reader, root)),
            None => Err(reader.cut_short()),
        }
    }

    /// The same reader, for documents in which nothing but the structure must be
    /// right: [`text`](Self::text) with an element in it is read as empty.
    pub(crate) fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Opens the next child of the open element and returns its name, or closes the
    /// open element and returns `None`.
    pub(crate) fn child(&mut self) -> Result<Option<&'a str>, ParseError> {
        while self.depth > 0 {
            self.at = self.events.buffer_position();
            match self.events.read_event() {
                Ok(Event::Start(tag)) => return self.opened(tag.name().into_inner().len()),
                Ok(Event::End(_)) => {
                    self.closed();
                    return Ok(None);
                }
                Ok(Event::Text(_)) => {}
                other => self.beside(other)?,
            }
        }
        Ok(None)
    }

    /// Closes the open element and returns its text: references resolved, line
    /// ends as line feeds, and without white space at either end, however that
    /// was written.
    ///
    /// # Errors
    ///
    /// For a reference to an entity that is not predefined, and for an `&` that
    /// begins no reference. [`ParseErrorKind::Invalid`]`("text")` when there is an
    /// element in it, unless the reader is [lenient](Self::lenient).
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, ParseError> {
        match self.text_or_child()? {
            (text, None) => Ok(text),
            (_, Some(_)) if self.lenient => {
                self.skip()?;
                self.skip()?;
                Ok(Cow::Borrowed(""))
            }
            (_, Some(_)) => Err(self.error(ParseErrorKind::Invalid("text".into()))),
        }
    }

    /// The same, but stops at a child: it is open then, and its name comes with the
    /// text before it.
    pub(crate) fn text_or_child(&mut self) -> Result<(Cow<'a, str>, Option<&'a str>), ParseError> {
        let mut text = Cow::Borrowed("");
        // A surrogate that was the last thing in the text, where it ends.
        let mut half = None;
        while self.depth > 0 {
            self.at = self.events.buffer_position();
            let piece = match self.events.read_event() {
                Ok(Event::End(_)) => {
                    self.closed();
                    break;
                }
                Ok(Event::Text(piece)) if piece.starts_with('&') => {
                    return Err(self.syntax("`&` without a reference"));
                }
                Ok(Event::Text(piece)) if self.plain => piece.into_inner(),
                Ok(Event::Text(piece)) => piece.xml10_content(),
                Ok(Event::CData(piece)) => piece.xml10_content(),
                Ok(Event::GeneralRef(reference)) => {
                    self.append_reference(&mut text, &mut half, &reference)?;
                    continue;
                }
                Ok(Event::Start(tag)) => {
                    let child = self.opened(tag.name().into_inner().len())?;
                    return Ok((text, child));
                }
                other => {
                    self.beside(other)?;
                    continue;
                }
            };
            append(&mut text, piece);
        }
        Ok((trim(if self.plain { text } else { holdable(text) }), None))
    }

    /// Closes the open element, whatever is in it.
    pub(crate) fn skip(&mut self) -> Result<(), ParseError> {
        let outer = self.depth.saturating_sub(1);
        while self.depth > outer {
            self.child()?;
        }
        Ok(())
    }

    /// Reads to the end of the document; what is still open is skipped.
    pub(crate) fn finish(mut self) -> Result<(), ParseError> {
        while self.depth > 0 {
            self.child()?;
        }
        match self.outside()? {
            Some(_) => Err(self.syntax("a second root element")),
            None => Ok(()),
        }
    }

    /// Where in the body the last thing read begins, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.in_body(self.at)
    }

    /// An error at the last thing read.
    pub(crate) fn error(&self, kind: ParseErrorKind) -> ParseError {
        self.error_at(kind, self.at())
    }

    /// An error at this byte of the body.
    pub(crate) fn error_at(&self, kind: ParseErrorKind, at: usize) -> ParseError {
        ParseError::new(kind).at_offset(self.body, at)
    }

    fn syntax(&self, how: &'static str) -> ParseError {
        self.error(ParseErrorKind::Syntax(how.into()))
    }

    fn cut_short(&self) -> ParseError {
        self.error_at(ParseErrorKind::UnexpectedEnd, self.body.len())
    }

    /// Opens the element that comes next outside of the root element and returns its
    /// name, or returns `None` at the end of the document.
    fn outside(&mut self) -> Result<Option<&'a str>, ParseError> {
        // Looked at once, however many declarations there are.
        let mut is_ascii = None;
        loop {
            self.at = self.events.buffer_position();
            match self.events.read_event() {
                Ok(Event::Start(tag)) => return self.opened(tag.name().into_inner().len()),
                Ok(Event::Eof) => return Ok(None),
                Ok(Event::Decl(_)) if *is_ascii.get_or_insert_with(|| self.body.is_ascii()) => {}
                Ok(Event::Decl(declaration)) => {
                    let label = declaration.encoding().and_then(Result::ok);
                    if label.is_some_and(|label| !is_utf_8(&label)) {
                        return Err(self.error(ParseErrorKind::Encoding));
                    }
                }
                Ok(Event::Text(text)) if text.chars().all(text::is_padding) => {}
                Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => {
                    return Err(self.syntax("text outside the root element"));
                }
                other => self.beside(other)?,
            }
        }
    }

    /// The element that was just read is open. Its name is this long.
    fn opened(&mut self, length: usize) -> Result<Option<&'a str>, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(ParseErrorKind::TooDeep));
        }
        self.depth = self.depth.saturating_add(1);
        let name = usize::try_from(self.at).ok().and_then(|at| self.text.get(at..)?.get(1..));
        Ok(name.and_then(|name| name.get(..length)))
    }

    fn closed(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// What else there can be inside of an element.
    fn beside(&self, event: Result<Event<'a>, Error>) -> Result<(), ParseError> {
        match event {
            Ok(Event::DocType(_)) => Err(self.error(ParseErrorKind::Doctype)),
            Ok(Event::Eof) => Err(self.cut_short()),
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// What quick-xml refuses, in words of our own.
    fn refused(&self, error: &Error) -> ParseError {
        let at = self.in_body(self.events.error_position());
        let kind = match error {
            Error::Syntax(SyntaxError::UnclosedDoctype)
            | Error::IllFormed(IllFormedError::MissingDoctypeName) => ParseErrorKind::Doctype,
            Error::Syntax(SyntaxError::InvalidBangMarkup) if !self.body.ends_with(b"<!") => {
                ParseErrorKind::Syntax("`<!` without a comment or a CDATA section".into())
            }
            // What is not closed goes to the end of the document.
            Error::Syntax(_) => return self.cut_short(),
            Error::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
                ParseErrorKind::Syntax("an end tag of another element".into())
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
                ParseErrorKind::Syntax("an end tag without its start tag".into())
            }
            _ => ParseErrorKind::Syntax("markup that is not well-formed".into()),
        };
        self.error_at(kind, at)
    }

    fn in_body(&self, position: u64) -> usize {
        let start = self.body.len().saturating_sub(self.text.len());
        usize::try_from(position).unwrap_or(usize::MAX).saturating_add(start)
    }

    /// Appends what a reference stands for. With the half of a pair before it, it is one
    /// character.
    #[cold]
    fn append_reference(
        &self,
        text: &mut Cow<'a, str>,
        half: &mut Option<(u16, usize)>,
        reference: &BytesRef<'a>,
    ) -> Result<(), ParseError> {
        let unit = surrogate(reference);
        let before = half.take().filter(|(_, end)| *end == text.len());
        if let (Some((first, _)), Some(second)) = (before, unit)
            && let Some(Ok(whole)) = char::decode_utf16([first, second]).next()
        {
            // The first half was U+FFFD.
            text.to_mut().pop();
            text.to_mut().push(whole);
            return Ok(());
        }
        append(text, self.resolved(reference)?);
        *half = unit.map(|unit| (unit, text.len()));
        Ok(())
    }

    /// What a reference stands for.
    fn resolved(&self, reference: &BytesRef<'a>) -> Result<Cow<'a, str>, ParseError> {
        if reference.is_char_ref() {
            let c = reference.resolve_char_ref().ok().flatten();
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            return Ok(holdable(Cow::Owned(c.into())));
        }
        let text = resolve_xml_entity(reference);
        text.map(Cow::Borrowed).ok_or_else(|| self.syntax("an entity that is not predefined"))
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

/// Whether it is a label of UTF-8 (WHATWG Encoding standard, section 4.2).
fn is_utf_8(label: &str) -> bool {
    ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(label.trim_ascii()))
}

/// The number in a character reference, if it is that of half a pair.
fn surrogate(reference: &str) -> Option<u16> {
    let number = reference.strip_prefix('#').filter(|number| !number.contains('+'))?;
    let unit = match number.strip_prefix('x') {
        Some(hex) => u16::from_str_radix(hex, 16),
        None => number.parse(),
    };
    unit.ok().filter(|unit| (0xd800..=0xdfff).contains(unit))
}

/// The text without white space at its ends.
fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) if text.trim_ascii().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    }
}

/// Appends `<name>text</name>`, with the markup and the carriage returns in the
/// text escaped.
pub(crate) fn element_into(xml: &mut String, name: &str, text: &str) {
    let text = partial_escape(holdable(Cow::Borrowed(text)));
    xml.extend(["<", name, ">", &text, "</", name, ">"]);
}
