//! A document of Bandwidth's, declared once: which element is which field. From
//! that it is read, written and shown in `Debug`.

use std::borrow::Cow;

use crate::bandwidth::TelephoneNumber;
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::xml::Reader;
use crate::wire::xml::element_into;

/// Declares a document: a struct whose fields say which element they are, and how
/// much of them `Debug` shows: the value (`shown`), its length (`counted`) or nothing
/// (`hidden`).
///
/// `Option` of a text is an element with text, and `Vec` is an element that holds a list
/// of telephone numbers.
macro_rules! document {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field_vis:vis $field:ident: $type:ty =
                    $element:literal $(| $also:literal)*, $shown:ident;
            )+
        }
    ) => {
        #[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        $(#[$meta])*
        $vis struct $name {
            $(
                $(#[$field_meta])*
                #[serde(
                    rename = $element,
                    $(alias = $also,)*
                    skip_serializing_if = "crate::bandwidth::document::Element::is_absent"
                )]
                $field_vis $field: $type,
            )+
        }

        impl $name {
            /// Reads the open element into its field. `false` if it has none.
            fn read_field(
                &mut self,
                name: &str,
                given: &mut $crate::bandwidth::document::Given,
                reader: &mut $crate::wire::xml::Reader<'_>,
            ) -> Result<bool, $crate::error::ParseError> {
                #[allow(non_camel_case_types, reason = "they are fields")]
                enum Place { $($field),+ }
                // Given has a bit for each.
                const { assert!([$(Place::$field),+].len() <= u32::BITS as usize) }
                match name {
                    $($element $(| $also)* => {
                        given.check(Place::$field as u32, $element, reader)?;
                        $crate::bandwidth::document::read(&mut self.$field, $element, reader)?;
                    })+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Appends the elements that are there.
            fn write_fields(&self, xml: &mut String) {
                $($crate::bandwidth::document::Element::write(&self.$field, xml, $element);)+
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $(document!(@$shown shown, self, $field);)+
                shown.finish_non_exhaustive()
            }
        }
    };
    (@shown $debug:ident, $this:ident, $field:ident) => {
        $debug.field(stringify!($field), &$this.$field);
    };
    (@counted $debug:ident, $this:ident, $field:ident) => {
        $debug.field(stringify!($field), &$this.$field.len());
    };
    (@hidden $debug:ident, $this:ident, $field:ident) => {};
}

pub(crate) use document;

/// What is in an element: text, or a list.
pub(crate) trait Element {
    /// Reads the open element, and closes it.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError>;

    /// Whether an empty element would say the same.
    fn is_absent(&self) -> bool;

    /// Whether a further element of the name adds to it.
    fn takes_more(&self) -> bool {
        self.is_absent()
    }

    /// Appends the element, unless it is absent.
    fn write(&self, xml: &mut String, name: &str);
}

impl<T: AsRef<str> + for<'t> From<&'t str>> Element for Option<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        let text = reader.text()?;
        *self = (!text.is_empty()).then(|| T::from(&text));
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(|text| text.as_ref().is_empty())
    }

    fn write(&self, xml: &mut String, name: &str) {
        if let Some(text) = self.as_ref().filter(|text| !text.as_ref().is_empty()) {
            element_into(xml, name, text.as_ref());
        }
    }
}

const NUMBER: &str = "TelephoneNumber";

impl Element for Vec<TelephoneNumber> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        let first = reader.child()?;
        read_list(self, first, reader).map_err(|error| error.in_field(NUMBER))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn takes_more(&self) -> bool {
        true
    }

    fn write(&self, xml: &mut String, name: &str) {
        if !self.is_empty() {
            xml.extend(["<", name, ">"]);
            for number in self {
                element_into(xml, NUMBER, number.as_str());
            }
            xml.extend(["</", name, ">"]);
        }
    }
}

/// Reads the list that is open, and this first element of it. In the schema of 2026 an
/// element of the list is called `TelephoneNumbers`.
fn read_list(
    numbers: &mut Vec<TelephoneNumber>,
    first: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<(), ParseError> {
    let mut next = first;
    while let Some(name) = next {
        let text = match name {
            NUMBER => reader.text()?,
            "TelephoneNumbers" => match reader.text_or_child()? {
                (text, None) => text,
                (_, child) => {
                    read_list(numbers, child, reader)?;
                    Cow::Borrowed("")
                }
            },
            _ => {
                reader.skip()?;
                Cow::Borrowed("")
            }
        };
        if !text.is_empty() {
            numbers.push(TelephoneNumber::from(&*text));
        }
        next = reader.child()?;
    }
    Ok(())
}

/// Reads the open element into this field. Of elements that are given twice the first
/// that is not empty is taken, and lists go on.
///
/// # Errors
///
/// What the reader says, in the field of this name.
pub(crate) fn read(
    field: &mut impl Element,
    name: &'static str,
    reader: &mut Reader<'_>,
) -> Result<(), ParseError> {
    if !field.takes_more() {
        return reader.skip();
    }
    field.read(reader).map_err(|error| error.in_field(name))
}

/// The document with this root and these elements, as Bandwidth would send it.
pub(crate) fn to_xml(root: &str, write: impl FnOnce(&mut String)) -> String {
    let mut xml = format!("<?xml version=\"1.0\"?><{root}>");
    write(&mut xml);
    xml.extend(["</", root, ">"]);
    xml
}

/// Which elements of a document have been read.
#[derive(Default)]
pub(crate) struct Given(u32);

impl Given {
    /// Notes that the element at this place is open.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Repeated`] for one that was there before, unless the reader is
    /// lenient.
    pub(crate) fn check(
        &mut self,
        place: u32,
        name: &'static str,
        reader: &Reader<'_>,
    ) -> Result<(), ParseError> {
        let bit = 1_u32.checked_shl(place).unwrap_or_default();
        if self.0 & bit != 0 && !reader.is_lenient() {
            return Err(reader.error(ParseErrorKind::Repeated).in_field(name));
        }
        self.0 |= bit;
        Ok(())
    }
}
