//! A document of Bandwidth's, declared once: which element is which field. From
//! that it is read, written and shown in `Debug`.

use std::borrow::Cow;

use crate::bandwidth::TelephoneNumber;
use crate::error::ParseError;
use crate::wire::xml::{Reader, element_into};

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
                reader: &mut $crate::wire::xml::Reader<'_>,
            ) -> Result<bool, $crate::error::ParseError> {
                match name {
                    $($element $(| $also)* => {
                        $crate::bandwidth::document::Element::read(&mut self.$field, $element, reader)?;
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
    /// Reads the open element, which has this name, and closes it. Of elements that come
    /// twice the first that is not empty is taken, and a list goes on.
    ///
    /// # Errors
    ///
    /// What the reader says, in the field of this name.
    fn read(&mut self, name: &'static str, reader: &mut Reader<'_>) -> Result<(), ParseError>;

    /// Whether an empty element would say the same.
    fn is_absent(&self) -> bool;

    /// Appends the element, unless it is absent.
    fn write(&self, xml: &mut String, name: &str);
}

impl<T: AsRef<str> + for<'t> From<&'t str>> Element for Option<T> {
    fn read(&mut self, name: &'static str, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        if self.is_some() {
            return reader.skip();
        }
        let text = reader.text().map_err(|error| error.in_field(name))?;
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
    fn read(&mut self, name: &'static str, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        let first = reader.child().map_err(|error| error.in_field(name))?;
        read_list(self, first, reader).map_err(|error| error.in_field(NUMBER))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
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

/// The document with this root and these elements, as Bandwidth would send it.
pub(crate) fn to_xml(root: &str, write: impl FnOnce(&mut String)) -> String {
    let mut xml = format!("<?xml version=\"1.0\"?><{root}>");
    write(&mut xml);
    xml.extend(["</", root, ">"]);
    xml
}
