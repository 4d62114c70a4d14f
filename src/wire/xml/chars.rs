//! Which bytes make a document, and the classes of its characters.

use crate::error::{ParseError, ParseErrorKind};

/// The body as text.
pub(super) fn decode(body: &[u8]) -> Result<&str, ParseError> {
    let encoding = |at| ParseError::new(ParseErrorKind::Encoding).at_byte(at);
    // UTF-16 and UTF-32 of an ASCII letter have a zero byte in the first four;
    // with a byte order mark they are not UTF-8.
    if body.iter().take(4).any(|&byte| byte == 0) {
        return Err(encoding(0));
    }
    std::str::from_utf8(body).map_err(|error| encoding(error.valid_up_to()))
}

/// Where the first character is that XML does not allow (production 2).
pub(super) fn first_not_allowed(text: &str) -> Option<usize> {
    // No early exit: this loop is vectorized, and there is nearly never one.
    let controls = text.bytes().fold(false, |any, byte| any | is_control(byte));
    if controls || (!text.is_ascii() && text.contains(is_noncharacter)) {
        text.find(|c| !is_allowed(c))
    } else {
        None
    }
}

/// A control character that XML does not allow.
fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Production 2; a `char` is no surrogate.
pub(super) fn is_allowed(c: char) -> bool {
    !is_noncharacter(c) && !u8::try_from(c).is_ok_and(is_control)
}

/// Production 3.
pub(super) fn is_white(byte: u8) -> bool {
    class(byte) & WHITE != 0
}

/// Where text needs a closer look: markup, a reference, an end of a line, and
/// what may begin `]]>`.
pub(super) fn ends_plain_text(byte: u8) -> bool {
    class(byte) & TEXT_END != 0
}

/// Production 4, as far as it is ASCII.
pub(super) fn is_ascii_name_start(byte: u8) -> bool {
    class(byte) & NAME_START != 0
}

/// Production 4a, as far as it is ASCII.
pub(super) fn is_ascii_in_name(byte: u8) -> bool {
    class(byte) & NAME != 0
}

const WHITE: u8 = 1;
const TEXT_END: u8 = 2;
const NAME_START: u8 = 4;
const NAME: u8 = 8;

/// What a byte is, in one load: every byte of a document is asked.
fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut byte = 0_u8;
    while let [class, more @ ..] = rest {
        *class = match byte {
            b' ' | b'\t' | b'\n' => WHITE,
            b'\r' => WHITE | TEXT_END,
            b'<' | b'&' | b']' => TEXT_END,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b':' => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        rest = more;
        byte = byte.wrapping_add(1);
    }
    classes
};

/// Production 4.
pub(super) fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_' | ':'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Production 4a.
pub(super) fn is_in_name(c: char) -> bool {
    starts_name(c)
        || matches!(c,
            '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
