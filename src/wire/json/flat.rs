//! The short way through a flat object of plain strings.
//!
//! It takes `{"key":"plain text","key":"plain text"}` and nothing else: an
//! escape, another type, a control character, a field given twice or a mistake
//! of any kind gives `None`, and then `serde_json` decides. So this scanner
//! never refuses a body, and what it takes is tested to be what `serde_json`
//! makes of it.

use std::borrow::Cow;

use super::fields::{Fields, Slot, Slots, Text};

/// The fields of a plain object, in a text that starts at byte `base` of the body.
pub(super) fn text_fields<'a, const R: usize, const O: usize>(
    text: &'a str,
    base: usize,
    fields: Fields<'_, R, O>,
) -> Option<Slots<'a, R, O>> {
    let mut cursor = Cursor { text, at: 0 };
    let mut slots = Slots::EMPTY;
    let mut hint = 0;
    cursor.eat(b'{')?;
    loop {
        // Most senders keep to one order, so that the key is known before it is read.
        let number = match fields.name(hint) {
            Some(name) if cursor.eat_string(name) => Some(hint),
            _ => fields.number(cursor.string()?),
        };
        cursor.eat(b':')?;
        cursor.space();
        let at = base.wrapping_add(cursor.at);
        let value = cursor.string()?;
        if let Some(number) = number {
            hint = number.wrapping_add(1);
            let slot = slots.vacant(number)?;
            *slot = Slot::Text(Text { value: Cow::Borrowed(value), at: Some(at) });
        }
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    cursor.space();
    (cursor.at == text.len()).then_some(slots)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.as_bytes().get(self.at) {
            self.at = self.at.wrapping_add(1);
        }
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        self.space();
        let byte = self.text.as_bytes().get(self.at).copied()?;
        self.at = self.at.wrapping_add(1);
        Some(byte)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// This string, if it comes next. `string` is to have no escapes.
    fn eat_string(&mut self, string: &str) -> bool {
        self.space();
        let rest = self.text.as_bytes().get(self.at..).and_then(|rest| rest.strip_prefix(b"\""));
        match rest.and_then(|rest| rest.strip_prefix(string.as_bytes())) {
            Some([b'"', after @ ..]) => {
                self.at = self.text.len().wrapping_sub(after.len());
                true
            }
            _ => false,
        }
    }

    /// A string without escapes and control characters.
    fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let len = plain(rest);
        if rest.get(len) != Some(&b'"') {
            return None;
        }
        let end = self.at.wrapping_add(len);
        let value = self.text.get(self.at..end)?;
        self.at = end.wrapping_add(1);
        Some(value)
    }
}

/// The number of bytes before a quote, a backslash or a control character.
///
/// Eight bytes at a time. The high bit of a byte of `hits` is set where the
/// byte is one of these. The borrow of a subtraction can set further bits, but
/// only above a true one, and the lowest is what counts.
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut rest = bytes;
    let mut len = 0_usize;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let quote = word ^ (ONES.wrapping_mul(0x22));
        let backslash = word ^ (ONES.wrapping_mul(0x5c));
        let hits = (quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash
            | word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word)
            & HIGH;
        if hits != 0 {
            return len.wrapping_add((hits.trailing_zeros() / 8) as usize);
        }
        (rest, len) = (after, len.wrapping_add(8));
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    len.wrapping_add(rest.iter().position(special).unwrap_or(rest.len()))
}
