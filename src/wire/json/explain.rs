//! Why a text cannot be read, without what it holds.
//!
//! What `serde_json` says is neither shown nor looked into: it may quote the body,
//! and its words are no interface. Its kinds of errors are, its lines and columns,
//! and the path of `serde_path_to_error`.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::error::{ParseError, ParseErrorKind};

/// `serde_json` opens this many objects and arrays in each other, and no more.
const DEEPEST: usize = 127;

/// Why the text cannot be read as a `T`.
#[cold]
pub(super) fn explain<T: DeserializeOwned>(text: &str) -> ParseError {
    let error = |kind, at| ParseError::new(kind).at_offset(text.as_bytes(), at);
    // No JSON has a NUL among its first bytes, but UTF-16 and UTF-32 do.
    if let Some(at) = text.bytes().take(4).position(|byte| byte == 0) {
        return error(ParseErrorKind::Encoding, at);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let Err(failure) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        let at = reader.end().err().map_or(text.len(), |end| offset(text, &end));
        return error(ParseErrorKind::Syntax("text after the document".into()), at);
    };
    let at = offset(text, failure.inner());
    let kind = match failure.inner().classify() {
        // Where a body is cut says nothing about the field that it is cut in.
        Category::Eof => return error(ParseErrorKind::UnexpectedEnd, text.len()),
        Category::Data => ParseErrorKind::Invalid(Cow::Borrowed("what is expected")),
        _ if failure.path().iter().count() >= DEEPEST => ParseErrorKind::TooDeep,
        _ => ParseErrorKind::Syntax(seen(text, at).into()),
    };
    at_path(error(kind, at), failure.path(), None)
}

/// The byte that `serde_json` stopped at. It counts lines and columns from 1.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line = lines.map(str::len).fold(0, usize::saturating_add);
    line.saturating_add(error.column().saturating_sub(1))
}

/// What is wrong at this byte, as far as the bytes around it show.
fn seen(text: &str, at: usize) -> &'static str {
    let (before, after) = text.as_bytes().split_at_checked(at).unwrap_or_default();
    let is_surrogate = |four: &[u8]| {
        matches!(four, [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F'])
    };
    // The second half of a pair can be missing, or it can be no second half.
    let escapes = before.get(before.len().saturating_sub(12)..).unwrap_or(before);
    match (before.trim_ascii_end().last(), after.first()) {
        (Some(b','), Some(b'}' | b']')) => "trailing comma",
        _ if escapes.windows(4).any(is_surrogate) => "lone surrogate",
        _ => "not JSON",
    }
}

/// The error in the field at this path, or in this field of what is at the path:
/// `origin.pickupWindows[0].start`.
///
/// A key that is not like the name of a field can be data and is shown as `*`, and
/// past 16 steps a path is cut.
pub(super) fn at_path(error: ParseError, path: &Path, field: Option<&str>) -> ParseError {
    const LONGEST: usize = 16;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key } | Segment::Enum { variant: key } if is_name(key) => format!(".{key}"),
        Segment::Map { .. } | Segment::Enum { .. } => ".*".to_owned(),
        // The place of a key, not of a value.
        Segment::Unknown => String::new(),
    };
    let steps = path.iter().map(step).chain(field.map(|field| format!(".{field}")));
    let mut shown: String = steps.take(LONGEST).collect();
    if path.iter().count() > LONGEST {
        shown.push('…');
    }
    match shown.strip_prefix('.').unwrap_or(&shown) {
        "" => error,
        shown => error.in_field(shown.to_owned()),
    }
}

pub(super) fn is_name(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
