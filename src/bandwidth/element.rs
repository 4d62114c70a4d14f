//! How the elements of Bandwidth's documents become values.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::bandwidth::TelephoneNumber;
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::escape::element_into;
use crate::wire::time as timestamp;
use crate::wire::xml::Reader;

/// The place of an element that can be given once.
pub(super) struct Slot<T> {
    given: bool,
    value: Option<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { given: false, value: None }
    }
}

impl<T> Slot<T> {
    /// Reads the element that was just opened into the slot. `read` gives `None`
    /// for an empty one.
    pub(super) fn fill<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        name: &str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<Option<T>, ParseError>,
    ) -> Result<(), ParseError> {
        if self.given {
            let repeated = ParseError::new(ParseErrorKind::Repeated);
            return Err(repeated.in_field(name.to_owned()).at_byte(reader.at()));
        }
        self.given = true;
        self.value = read(reader).map_err(|error| error.in_field(name.to_owned()))?;
        Ok(())
    }

    pub(super) fn optional(self) -> Option<T> {
        self.value
    }

    /// The value, or the error that it is missing from the element that ended
    /// at this byte.
    pub(super) fn required(self, name: &'static str, end: usize) -> Result<T, ParseError> {
        let missing = || ParseError::new(ParseErrorKind::Missing).in_field(name).at_byte(end);
        self.value.ok_or_else(missing)
    }
}

fn filled<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, ParseError> {
    Ok(Some(reader.text()?).filter(|text| !text.is_empty()))
}

pub(super) fn text(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    Ok(filled(reader)?.map(Cow::into_owned))
}

pub(super) fn word<T: for<'t> From<&'t str>>(
    reader: &mut Reader<'_>,
) -> Result<Option<T>, ParseError> {
    Ok(filled(reader)?.map(|text| T::from(&text)))
}

pub(super) fn date(reader: &mut Reader<'_>) -> Result<Option<OffsetDateTime>, ParseError> {
    let at = reader.at();
    let Some(text) = filled(reader)? else { return Ok(None) };
    let invalid = || {
        ParseError::new(ParseErrorKind::Invalid("a timestamp with an offset".into())).at_byte(at)
    };
    timestamp::parse(&text).map(Some).ok_or_else(invalid)
}

/// The `TelephoneNumber` children of the element.
pub(super) fn numbers(reader: &mut Reader<'_>) -> Result<Option<Vec<TelephoneNumber>>, ParseError> {
    let mut numbers = Vec::new();
    while let Some(name) = reader.child()? {
        if name == "TelephoneNumber" {
            numbers.extend(filled(reader)?.map(|text| TelephoneNumber::from(&*text)));
        } else {
            reader.skip()?;
        }
    }
    Ok(Some(numbers))
}

/// Writes numbers back: `<name><TelephoneNumber>2223331000</TelephoneNumber></name>`,
/// or nothing if there are none.
pub(crate) fn numbers_into(xml: &mut String, name: &str, numbers: &[TelephoneNumber]) {
    if numbers.is_empty() {
        return;
    }
    xml.extend(["<", name, ">"]);
    for number in numbers {
        element_into(xml, "TelephoneNumber", number.as_str());
    }
    xml.extend(["</", name, ">"]);
}
