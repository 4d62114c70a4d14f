//! Why a text cannot be read, without what it holds.
//!
//! What `serde_json` says is not shown, because it may quote the body, and its words are
//! no interface. Its kinds of errors are, its lines and columns, and the path of
//! `serde_path_to_error`. One thing is in its words only: see [`with_name`].

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::offset_in;
use crate::error::{ParseError, ParseErrorKind};

/// `serde_json` opens this many objects and arrays in each other, and no more.
const DEEPEST: usize = 127;

/// Reads the text again, and says where it breaks.
#[cold]
pub(super) fn explained<T: DeserializeOwned>(body: &[u8], text: &str) -> Result<T, ParseError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = shown(error.path());
        if error.inner().is_syntax() && error.path().iter().count() >= DEEPEST {
            let too_deep = ParseError::new(ParseErrorKind::TooDeep).in_field(path);
            return too_deep.at_offset(body, place(body, text, error.inner()));
        }
        refused(body, text, error.inner(), &path)
    })?;
    end(body, text, &mut reader)?;
    Ok(value)
}

/// The same error with the name of the field that is missing or given twice.
///
/// serde has no other place for the name than its message. The fields of our own types
/// have fixed names, so nothing of the body is in it; and with another message the error
/// stays as it is.
#[cfg(all(feature = "client", any(feature = "musement", feature = "porterbuddy")))]
pub(super) fn with_name(error: ParseError, said: &serde_json::Error) -> ParseError {
    let said = said.to_string();
    let name_after = |words| Some(said.strip_prefix(words)?.split_once('`')?.0);
    let (kind, name) = match (name_after("missing field `"), name_after("duplicate field `")) {
        (Some(name), _) => (ParseErrorKind::Missing, name),
        (_, Some(name)) => (ParseErrorKind::Repeated, name),
        _ => return error,
    };
    let path = error.field().map(|path| format!("{path}.")).unwrap_or_default();
    let named = ParseError::new(kind).in_field(format!("{path}{name}"));
    match error.position() {
        Some(position) => named.at_position(position),
        None => named,
    }
}

/// Checks that nothing is left after the value.
pub(super) fn end(body: &[u8], text: &str, reader: &mut Reader<'_>) -> Result<(), ParseError> {
    reader.end().map_err(|error| {
        let kind = ParseErrorKind::Syntax("text after the document".into());
        ParseError::new(kind).at_offset(body, place(body, text, &error))
    })
}

pub(super) type Reader<'t> = serde_json::Deserializer<serde_json::de::StrRead<'t>>;

/// Why `serde_json` refused the text, at this path.
pub(super) fn refused(
    body: &[u8],
    text: &str,
    error: &serde_json::Error,
    path: &str,
) -> ParseError {
    // No JSON has a NUL among its first bytes, but UTF-16 and UTF-32 do. After the document
    // there may be some, which `text` has not.
    if let Some(at) = text.bytes().take(4).position(|byte| byte == 0) {
        let at = offset_in(body, text).saturating_add(at);
        return ParseError::new(ParseErrorKind::Encoding).at_offset(body, at);
    }
    let at = place(body, text, error);
    let kind = match error.classify() {
        // Where a body is cut says nothing about the field that it is cut in.
        Category::Eof => {
            return ParseError::new(ParseErrorKind::UnexpectedEnd).at_offset(body, body.len());
        }
        Category::Data => ParseErrorKind::Invalid("what is expected".into()),
        _ => ParseErrorKind::Syntax(seen(body, at).into()),
    };
    let error = ParseError::new(kind).at_offset(body, at);
    if path.is_empty() { error } else { error.in_field(path.to_owned()) }
}

/// The byte of the body that `serde_json` stopped at. It counts lines and columns of
/// its text from 1.
fn place(body: &[u8], text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line = lines.map(str::len).fold(offset_in(body, text), usize::saturating_add);
    line.saturating_add(error.column().saturating_sub(1))
}

/// What is wrong at this byte, as far as the bytes around it show.
fn seen(body: &[u8], at: usize) -> &'static str {
    let (before, after) = body.split_at_checked(at).unwrap_or_default();
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

/// A path as it is shown, `origin.pickupWindows[0].start`, of at most 16 steps.
fn shown(path: &Path) -> String {
    const LONGEST: usize = 16;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key } | Segment::Enum { variant: key } => format!(".{}", shown_key(key)),
        // The place of a key, not of a value.
        Segment::Unknown => String::new(),
    };
    let mut shown: String = path.iter().take(LONGEST).map(step).collect();
    if path.iter().count() > LONGEST {
        shown.push('…');
    }
    shown.strip_prefix('.').map(str::to_owned).unwrap_or(shown)
}

/// The key, if it is like the name of a field. Any other can be data.
pub(super) fn shown_key(key: &str) -> &str {
    let is_name = key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_name { key } else { "*" }
}
