//! The short way through a flat object of plain strings.
//!
//! It takes `{"key":"plain text","key":"plain text"}` and nothing else: an
//! escape, another type, a control character, a field given twice or a mistake
//! of any kind gives `None`, and then `serde_json` decides. So this scanner
//! never refuses a body, and what it takes is tested to be what `serde_json`
//! makes of it.

use std::borrow::Cow;

use super::{Fields, Slot, Slots, Text};

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
        let key = cursor.string()?;
        cursor.eat(b':')?;
        cursor.space();
        let at = base.wrapping_add(cursor.at);
        let value = cursor.string()?;
        if let Some(number) = fields.number(key, hint) {
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

    /// A string without escapes and control characters.
    fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let end = self.at.checked_add(plain(self.text.as_bytes().get(self.at..)?)?)?;
        let value = self.text.get(self.at..end)?;
        self.at = end.wrapping_add(1);
        Some(value)
    }
}

/// The number of bytes before a quote, if none of them needs a closer look.
///
/// Eight bytes at a time. The high bit of a byte of `hits` is set where the byte
/// is a quote, a backslash or a control character. The borrow of the subtractions can set
/// further bits, but only above a true one, and the lowest is what counts.
fn plain(bytes: &[u8]) -> Option<usize> {
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
            let within = (hits.trailing_zeros() / 8) as usize;
            return (eight.get(within) == Some(&b'"')).then_some(len.wrapping_add(within));
        }
        (rest, len) = (after, len.wrapping_add(8));
    }
    let within = rest.iter().position(|&byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
    (rest.get(within) == Some(&b'"')).then_some(len.wrapping_add(within))
}
