//! What `serde_json` has to say, without what it quotes from the body.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
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
    let (path, (kind, at, field)) = match error.classify() {
        Category::Data => {
            let place = Place::at(text, end, false);
            let explained = data(message, &place);
            (place.path, explained)
        }
        // Where a body is cut says nothing about the field that it is cut in.
        Category::Eof => (String::new(), (ParseErrorKind::UnexpectedEnd, Some(text.len()), None)),
        Category::Syntax | Category::Io => {
            // The last byte that was read is the one that is wrong.
            let at = end.saturating_sub(1);
            let place = Place::at(text, at, true);
            let explained = syntax(message, text, at, &place);
            (place.path, explained)
        }
    };
    let mut path = path;
    let mut explained = ParseError::new(kind);
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

/// The error of the value itself, if `error` may be placed at the end of what
/// is around it.
///
/// `serde_json` places an error that a type makes after the value was read, as
/// `try_from` does, past the comma or the bracket that follows. Without that
/// byte, the same error comes again for the value, while one of what is around
/// it turns into a missing end.
#[cold]
pub(super) fn narrow<T: DeserializeOwned>(
    mut error: serde_json::Error,
    source: Source<'_>,
) -> serde_json::Error {
    let mut text = source.text;
    // The comma and the bracket of an array, and the bracket around it.
    for _ in 0..3 {
        let read = text.get(..offset(&error, text)).unwrap_or(text).trim_end();
        let shorter = read.strip_suffix([',', '}', ']']);
        let (true, Some(shorter)) = (error.is_data(), shorter) else {
            break;
        };
        let shorter = Source { text: shorter, ..source };
        match shorter.read(|reader| T::deserialize(reader)) {
            Err(narrower) if narrower.is_data() => (error, text) = (narrower, shorter.text),
            _ => break,
        }
    }
    error
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
    if message.starts_with("unknown field `") {
        let not = ParseErrorKind::Invalid("a known field".into());
        return (not, Some(place.key.unwrap_or(place.start)), None);
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
fn syntax(message: &str, text: &str, at: usize, place: &Place) -> Explained<'static> {
    let (says, at) = match message {
        "recursion limit exceeded" => return (ParseErrorKind::TooDeep, Some(at), None),
        "trailing comma" => {
            let before = text.get(..at).unwrap_or(text).trim_end();
            ("trailing comma", before.len().saturating_sub(1))
        }
        "trailing characters" if place.outermost => ("text after the document", at),
        "trailing characters" => ("more elements than expected", at),
        "invalid value: expected key to be a number in quotes" => {
            ("the key is not a number", place.key.unwrap_or(at))
        }
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
