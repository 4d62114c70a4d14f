//! A telephone number, as Bandwidth and carriers write it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::wire::text::ShortText;

/// The longest number that is kept without a heap allocation. A number has ten
/// digits; a notification can have a hundred thousand of them.
const INLINE: usize = 22;

/// The most digits of a number with its country code (ITU-T E.164, section 6).
const MOST_DIGITS: usize = 15;

/// A telephone number.
///
/// Bandwidth writes ten digits for a number of the North American plan,
/// `2223331000`, or E.164, `+12223331000`, whatever a subscription's
/// `NumberFormat` and the version of the API
/// say. **Both are the same number**: they are equal, hash and sort alike, and
/// so do `1-222-333-1000`, `(222) 333-1000` and `222.333.1000`. Text that is
/// not such a number, because it has a letter or a digit outside ASCII for
/// example, is equal to itself only. [`as_str`](Self::as_str) gives the text as
/// it came, and `Serialize` writes it so.
///
/// A number is customer data: `Debug` does not show it.
///
/// Source: Bandwidth numbers API specification, "Subscriptions" (`NumberFormat`).
///
/// ```
/// use order_webhooks::bandwidth::TelephoneNumber;
///
/// let number = TelephoneNumber::from("(222) 333-1000");
/// assert_eq!(number, TelephoneNumber::from("+12223331000"));
/// assert_eq!(number.national().as_deref(), Some("2223331000"));
/// assert_eq!(number.e164().as_deref(), Some("+12223331000"));
/// assert_eq!(number.as_str(), "(222) 333-1000");
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TelephoneNumber(ShortText<INLINE>);

/// What makes two texts the same number.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Normal<'t> {
    /// The digits of E.164 as a number: the first of them is not 0.
    International(u64),
    Text(&'t str),
}

impl TelephoneNumber {
    /// The number as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The ten digits of a number of the North American plan, `2223331000`.
    ///
    /// `None` for the number of another country, and for text that is no number.
    #[must_use]
    pub fn national(&self) -> Option<String> {
        Some(self.e164()?.strip_prefix("+1").filter(|rest| rest.len() == 10)?.to_owned())
    }

    /// The number with its country code, `+12223331000` (ITU-T E.164).
    ///
    /// `None` for text that is no number: `"222333100x"`, `"3331000"`.
    #[must_use]
    pub fn e164(&self) -> Option<String> {
        match self.meaning() {
            Normal::International(digits) => Some(format!("+{digits}")),
            Normal::Text(_) => None,
        }
    }

    /// The same text for all texts of a number: its national form, or else E.164. A text
    /// that is no number stays as it is.
    pub(super) fn normal(&self) -> Self {
        if is_ten_digits(self.as_str()) {
            return self.clone();
        }
        let number = self.national().or_else(|| self.e164());
        number.map_or_else(|| self.clone(), |number| Self::from(&*number))
    }

    /// Whether it has one of the forms that Bandwidth writes.
    pub(super) fn is_as_documented(&self) -> bool {
        is_ten_digits(self.as_str()) || self.e164().is_some_and(|e164| e164 == self.as_str())
    }

    fn meaning(&self) -> Normal<'_> {
        let text = self.as_str();
        international(text).map_or(Normal::Text(text), Normal::International)
    }
}

fn is_ten_digits(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of E.164. Without a `+` a number is one of the North American plan:
/// ten digits, or eleven with the country code 1.
fn international(text: &str) -> Option<u64> {
    let mut has_plus = false;
    let mut digits = [0_u8; MOST_DIGITS];
    let mut free = digits.iter_mut();
    for c in text.chars() {
        match c {
            '0'..='9' => *free.next()? = u8::try_from(c).ok()?,
            '+' if !has_plus && free.len() == MOST_DIGITS => has_plus = true,
            ' '
            | '\t'
            | '\n'
            | '\u{a0}'
            | '-'
            | '\u{2010}'..='\u{2015}'
            | '.'
            | '/'
            | '('
            | ')' => {}
            _ => return None,
        }
    }
    let count = MOST_DIGITS.saturating_sub(free.len());
    let digits = str::from_utf8(digits.get(..count)?).ok()?;
    match (has_plus, count) {
        (true, _) if !digits.starts_with('0') => digits.parse().ok(),
        (false, 10) => 10_000_000_000_u64.checked_add(digits.parse().ok()?),
        (false, 11) if digits.starts_with('1') => digits.parse().ok(),
        _ => None,
    }
}

impl From<&str> for TelephoneNumber {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PartialEq for TelephoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }
}

impl Eq for TelephoneNumber {}

impl Hash for TelephoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.meaning().hash(state);
    }
}

impl PartialOrd for TelephoneNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TelephoneNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.meaning().cmp(&other.meaning())
    }
}

impl fmt::Debug for TelephoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TelephoneNumber(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn text_of_every_length_comes_back() {
        for text in
            ["", "2223331000", "+12223331000", "é", "a\0b", &"1".repeat(22), &"1".repeat(23)]
        {
            let number = TelephoneNumber::from(text);
            assert_eq!(number.as_str(), text);
            let json = serde_json::to_string(&number).unwrap();
            assert_eq!(serde_json::from_str::<TelephoneNumber>(&json).unwrap().as_str(), text);
        }
    }

    /// Text, national form, E.164.
    const FORMS: [(&str, Option<&str>, Option<&str>); 36] = [
        ("2223331000", Some("2223331000"), Some("+12223331000")),
        ("12223331000", Some("2223331000"), Some("+12223331000")),
        ("+12223331000", Some("2223331000"), Some("+12223331000")),
        (" 2223331000 ", Some("2223331000"), Some("+12223331000")),
        ("222-333-1000", Some("2223331000"), Some("+12223331000")),
        ("1-222-333-1000", Some("2223331000"), Some("+12223331000")),
        ("(222) 333-1000", Some("2223331000"), Some("+12223331000")),
        ("+1 (222) 333-1000", Some("2223331000"), Some("+12223331000")),
        ("(+1) 222 333 1000", Some("2223331000"), Some("+12223331000")),
        ("222.333.1000", Some("2223331000"), Some("+12223331000")),
        ("222/333/1000\n", Some("2223331000"), Some("+12223331000")),
        ("222\u{2011}333\u{2013}1000", Some("2223331000"), Some("+12223331000")),
        ("222\u{a0}333\u{a0}1000", Some("2223331000"), Some("+12223331000")),
        ("+16672286710", Some("6672286710"), Some("+16672286710")),
        ("0223331000", Some("0223331000"), Some("+10223331000")),
        ("1222333100", Some("1222333100"), Some("+11222333100")),
        ("+442071838750", None, Some("+442071838750")),
        ("+44 20 7183 8750", None, Some("+442071838750")),
        ("+2223331000", None, Some("+2223331000")),
        ("+122233310000000", None, Some("+122233310000000")),
        ("+1", None, Some("+1")),
        // Not without a guess, or no number at all.
        ("442071838750", None, None),
        ("22223331000", None, None),
        ("3331000", None, None),
        ("02223331000", None, None),
        ("+0223331000", None, None),
        ("+1222333100000000", None, None),
        ("", None, None),
        ("+", None, None),
        ("++12223331000", None, None),
        ("2223331000+", None, None),
        ("222333100x", None, None),
        ("2223331000;ext=1", None, None),
        ("2223331000\u{ff11}", None, None),
        ("222333100\u{ff10}", None, None),
        ("\u{0662}223331000", None, None),
    ];

    #[test]
    fn the_forms_of_a_number() {
        for (text, national, e164) in FORMS {
            let number = TelephoneNumber::from(text);
            assert_eq!(number.national().as_deref(), national, "{text:?}");
            assert_eq!(number.e164().as_deref(), e164, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_equal_by_their_forms_and_other_text_by_itself() {
        let state = RandomState::new();
        for (a, _, a_e164) in FORMS {
            for (b, _, b_e164) in FORMS {
                let same = a == b || (a_e164.is_some() && a_e164 == b_e164);
                let [a, b] = [a, b].map(TelephoneNumber::from);
                assert_eq!(a == b, same);
                assert_eq!(a.cmp(&b) == Ordering::Equal, same);
                assert_eq!(state.hash_one(&a) == state.hash_one(&b), same);
                assert_eq!(a.normal().as_str() == b.normal().as_str(), same, "{}", b.as_str());
            }
        }
        let numbers: BTreeSet<_> = FORMS.iter().map(|form| TelephoneNumber::from(form.0)).collect();
        let sorted = numbers.iter().map(TelephoneNumber::as_str).take(3).collect::<Vec<_>>();
        assert_eq!(sorted, ["+1", "+2223331000", "0223331000"]);
    }

    #[test]
    fn bandwidth_writes_ten_digits_or_e164() {
        for text in ["2223331000", "+12223331000", "+442071838750"] {
            assert!(TelephoneNumber::from(text).is_as_documented(), "{text}");
        }
        for text in ["", "12223331000", "222-333-1000", "222333100x", "222333100"] {
            assert!(!TelephoneNumber::from(text).is_as_documented(), "{text}");
        }
    }

    #[test]
    fn it_does_not_show() {
        let number = TelephoneNumber::from("2223331000");
        assert_eq!(format!("{number:?}"), "TelephoneNumber(redacted)");
    }
}
