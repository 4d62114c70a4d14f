//! What `serde_json` has to say, without what it quotes from the body.

use std::borrow::Cow;

use serde_json::error::Category;

use super::Source;
use super::place::{Place, is_name};
use crate::error::{ParseError, ParseErrorKind};

/// The error of reading this source, with the field and the byte of the body.
#[cold]
pub(super) fn explain(error: &serde_json::Error, source: Source<'_>) -> ParseError {
    let text = source.text;
    // No JSON has a NUL among its first bytes, but UTF-16 and UTF-32 do.
    if let Some(at) = text.bytes().take(4).position(|byte| byte == 0) {
        return ParseError::new(ParseErrorKind::Encoding).at_byte(source.base.saturating_add(at));
    }
    let end = offset(error, text);
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    let place = Place::at(text, end);
    let (kind, at, field) = match error.classify() {
        Category::Data => data(message, &place),
        Category::Eof => (ParseErrorKind::UnexpectedEnd, Some(text.len()), None),
        Category::Syntax | Category::Io => syntax(message, text, end, &place),
    };
    let mut explained = ParseError::new(kind);
    // Where a body is cut says nothing about the field that it is cut in.
    let mut path = if error.is_eof() { String::new() } else { place.path };
    if let Some(field) = field {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(field);
    }
    if !path.is_empty() {
        explained = explained.in_field(path);
    }
    match at {
        Some(at) => explained.at_byte(source.base.saturating_add(at)),
        None => explained,
    }
}

/// How many bytes `serde_json` had read; it counts lines and columns.
fn offset(error: &serde_json::Error, text: &str) -> usize {
    let mut line_starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let start = match error.line().checked_sub(2) {
        Some(line) => line_starts.nth(line).map_or(0, |(at, _)| at.saturating_add(1)),
        None => 0,
    };
    start.saturating_add(error.column()).min(text.len())
}

type Explained<'m> = (ParseErrorKind, Option<usize>, Option<&'m str>);

/// The error of a type. Its message quotes the body, except for what follows
/// the last `expected`; the author of a type can put anything into one of their own.
fn data<'m>(message: &'m str, place: &Place) -> Explained<'m> {
    let named = |before| {
        let name: &str = message.strip_prefix(before)?.strip_suffix('`')?;
        is_name(name).then_some(name)
    };
    if let Some(name) = named("missing field `") {
        return (ParseErrorKind::Missing, None, Some(name));
    }
    if let Some(name) = named("duplicate field `") {
        return (ParseErrorKind::Repeated, place.key, Some(name));
    }
    let quotes = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `"];
    let expected = message
        .rsplit_once(", expected ")
        .filter(|_| quotes.iter().any(|start| message.starts_with(start)))
        // These have no `expected`, so that the one found is in the body's words.
        .filter(|_| !message.ends_with(", there are no variants"))
        .map(|(_, expected)| expected);
    let not = match expected {
        Some(expected) => Cow::Owned(expected.to_owned()),
        None => Cow::Borrowed("valid"),
    };
    (ParseErrorKind::Invalid(not), Some(place.start), None)
}

/// The error of a document that is not JSON. `serde_json` has a fixed list of
/// these messages, in which there is nothing of the body.
fn syntax(message: &str, text: &str, end: usize, place: &Place) -> Explained<'static> {
    // The last byte that was read is the one that is wrong.
    let at = end.saturating_sub(1);
    let (says, at) = match message {
        "recursion limit exceeded" => return (ParseErrorKind::TooDeep, Some(at), None),
        "trailing comma" => {
            let before = text.get(..at).unwrap_or(text).trim_end();
            ("trailing comma", before.len().saturating_sub(1))
        }
        "trailing characters" if place.outermost => ("text after the document", at),
        "number out of range" => ("number out of range", place.start),
        "expected ident" | "expected value" => ("expected a value", at),
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            ("control character in a string", at)
        }
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            ("lone surrogate", at)
        }
        other => return (ParseErrorKind::Syntax(other.to_owned().into()), Some(at), None),
    };
    (ParseErrorKind::Syntax(says.into()), Some(at), None)
}
