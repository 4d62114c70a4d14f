//! A body as text.

use crate::error::{ParseError, ParseErrorKind};

/// The body as text, without the byte order marks before it.
pub(crate) fn of(body: &[u8]) -> Result<&str, ParseError> {
    let text = str::from_utf8(body).map_err(|error| {
        ParseError::new(ParseErrorKind::Encoding).at_offset(body, error.valid_up_to())
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// Whether a character around a document is no part of it: white space of any kind,
/// and what buffers and editors leave at the end, a NUL, Ctrl-Z or a byte order mark.
pub(crate) fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\0' | '\u{1a}' | '\u{feff}')
}
