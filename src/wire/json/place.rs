//! Where in a document something is.
//!
//! `serde_json` says how far it came, and nothing about the way. What it came
//! past is JSON, so that a walk over brackets, commas and strings finds the rest.
//! It runs for errors, and for values with escapes.

use std::fmt::Write;
use std::ops::Range;

use super::flat::plain;

/// A part of the grammar and the bytes it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Open(u8),
    Close,
    Comma,
    Colon,
    String,
    /// A number, `true`, `false`, `null`, or no JSON at all.
    Word,
}

/// The tokens of a text; a string that has no end ends with it.
struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = (Token, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let rest = self.text.get(self.at..)?;
        let start = self.at.checked_add(rest.iter().position(|byte| !blank(byte))?)?;
        let (&first, rest) = self.text.get(start..)?.split_first()?;
        let (token, more) = match first {
            b'{' | b'[' => (Token::Open(first), 0),
            b'}' | b']' => (Token::Close, 0),
            b',' => (Token::Comma, 0),
            b':' => (Token::Colon, 0),
            b'"' => {
                let mut end = plain(rest);
                while let Some(special @ (0..=0x21 | 0x23..)) = rest.get(end) {
                    // What comes after a backslash does not end the string.
                    end = end.saturating_add(if *special == b'\\' { 2 } else { 1 });
                    end = end.saturating_add(rest.get(end..).map_or(0, plain));
                }
                (Token::String, end.saturating_add(1).min(rest.len()))
            }
            _ => {
                let ends = |byte: &u8| blank(byte) || b"{}[],:\"".contains(byte);
                (Token::Word, rest.iter().position(ends).unwrap_or(rest.len()))
            }
        };
        self.at = start.checked_add(1)?.checked_add(more)?;
        Some((token, start..self.at))
    }
}

/// The first byte of the value of an entry of the outermost object, counted from 0.
pub(super) fn of_entry(text: &str, entry: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut values = Tokens { text: text.as_bytes(), at: 0 }.scan(None, |last, (token, range)| {
        match token {
            Token::Open(_) => depth = depth.saturating_add(1),
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let after_colon = last.replace(token) == Some(Token::Colon);
        let level = if matches!(token, Token::Open(_)) { 2 } else { 1 };
        Some((after_colon && depth == level).then_some(range.start))
    });
    values.by_ref().flatten().nth(entry)
}

/// An object or an array that is open, and what it is at.
struct Frame {
    start: usize,
    step: Step,
}

#[derive(Clone)]
enum Step {
    /// The key, with its quotes, once it is there.
    Key(Option<Range<usize>>),
    Index(usize),
}

/// The value that a reader was at when it had come to a byte of a document.
pub(super) struct Place {
    /// `origin.pickupWindows[0].start`; empty for the whole document.
    pub(super) path: String,
    /// The first byte of the value.
    pub(super) start: usize,
    /// The first byte of the key that was read last, if its value was not begun.
    pub(super) key: Option<usize>,
    /// The reader is inside of no object or array.
    pub(super) outermost: bool,
}

impl Place {
    /// The value that ends at `end`, or else the one that is `due` there, or
    /// else the innermost that is open there.
    ///
    /// With `due` false, only an object or an array is taken to be due: others
    /// are read before anybody can have an objection.
    pub(super) fn at(text: &str, end: usize, due: bool) -> Self {
        let bytes = text.as_bytes();
        let mut frames = Vec::<Frame>::new();
        // The value that was read last, and whether another must come.
        let (mut done, mut awaits) = (None, true);
        for (token, range) in (Tokens { text: bytes.get(..end).unwrap_or(bytes), at: 0 }) {
            let mut value = None;
            match (token, frames.last_mut()) {
                (Token::Open(bracket), _) => {
                    let step = if bracket == b'{' { Step::Key(None) } else { Step::Index(0) };
                    awaits = bracket == b'[';
                    frames.push(Frame { start: range.start, step });
                }
                (Token::Close, Some(_)) => {
                    awaits = false;
                    value = frames.pop().map(|frame| frame.start);
                }
                (Token::Comma, Some(Frame { step: Step::Index(index), .. })) => {
                    awaits = true;
                    *index = index.saturating_add(1);
                }
                (Token::Comma, Some(Frame { step: Step::Key(key), .. })) => *key = None,
                (Token::Colon, _) => awaits = true,
                (Token::String, Some(Frame { step: Step::Key(key @ None), .. })) => {
                    awaits = false;
                    *key = Some(range);
                }
                (Token::String | Token::Word, _) => {
                    awaits = false;
                    value = Some(range.start);
                }
                (Token::Comma | Token::Close, None) => {}
            }
            done = value;
        }
        let outermost = frames.is_empty();
        let next = || Tokens { text: bytes, at: end }.next();
        let opens = || matches!(next(), Some((Token::Open(_), _)));
        let (start, key) = if let Some(start) = done {
            (start, None)
        } else if awaits && (due || opens()) {
            (next().map_or(end, |(_, range)| range.start), None)
        } else {
            match frames.pop() {
                Some(Frame { start, step: Step::Key(Some(key)) }) => (start, Some(key.start)),
                Some(Frame { start, .. }) => (start, None),
                None => (0, None),
            }
        };
        Self { path: path(text, &frames), start, key, outermost }
    }
}

/// The way to the innermost of these, cut after 16 steps.
fn path(text: &str, frames: &[Frame]) -> String {
    let mut path = String::new();
    for (depth, frame) in frames.iter().enumerate() {
        if depth == 16 {
            path.push('…');
            break;
        }
        // Writing to a string does not fail.
        let _ = match &frame.step {
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Key(key) => {
                let key =
                    key.clone().and_then(|key| text.get(key)).map(|key| key.trim_matches('"'));
                let dot = if depth == 0 { "" } else { "." };
                write!(path, "{dot}{}", key.filter(|key| is_name(key)).unwrap_or("*"))
            }
        };
    }
    path
}

/// Whether a key looks like the name of a field: keys can be data as well.
pub(super) fn is_name(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
