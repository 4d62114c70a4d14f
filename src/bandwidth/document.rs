//! A document of Bandwidth's, declared once: which element is which field. From
//! that it is read, written, shown in `Debug` and digested.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber, Timestamp};
use crate::error::{ParseError, ParseErrorKind};
use crate::tracking::Fields;
use crate::wire::escape::element_into;
use crate::wire::xml::Reader;

/// Declares a document: a struct whose fields say which element they are, and how
/// much of them `Debug` shows.
///
/// `Option` of a word, such as a `String`, is an element with text; `Vec` is an
/// element that holds a list; another document is an element that holds others.
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
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        $vis struct $name {
            $(
                $(#[$field_meta])*
                #[serde(
                    rename = $element,
                    $(alias = $also,)*
                    skip_serializing_if = "crate::bandwidth::document::Value::is_absent"
                )]
                $field_vis $field: $type,
            )+
        }

        impl $crate::bandwidth::document::Document for $name {
            const FIELDS: &'static [$crate::bandwidth::document::Field<Self>] = &[$(
                $crate::bandwidth::document::Field {
                    name: $element,
                    value: |document| &document.$field,
                },
            )+];

            fn read_field(
                &mut self,
                name: &str,
                given: &mut $crate::bandwidth::document::Given,
                reader: &mut $crate::wire::xml::Reader<'_>,
            ) -> Result<bool, $crate::error::ParseError> {
                #[allow(non_camel_case_types, reason = "they are fields")]
                enum Place { $($field),+ }
                // Given has a bit for each.
                const { assert!(Self::FIELDS.len() <= u32::BITS as usize) }
                match name {
                    $($element $(| $also)* => {
                        given.read(Place::$field as u32, $element, &mut self.$field, reader)?;
                    })+
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $($crate::bandwidth::document::show!(shown, self, $field, $shown);)+
                shown.finish_non_exhaustive()
            }
        }
    };
}

macro_rules! show {
    ($debug:ident, $this:ident, $field:ident, shown) => {
        $debug.field(stringify!($field), &$this.$field);
    };
    ($debug:ident, $this:ident, $field:ident, counted) => {
        $debug.field(stringify!($field), &$this.$field.len());
    };
    ($debug:ident, $this:ident, $field:ident, hidden) => {};
}

pub(crate) use {document, show};

/// A field of a document, and its element.
pub(crate) struct Field<D> {
    pub(crate) name: &'static str,
    pub(crate) value: fn(&D) -> &dyn Value,
}

/// An element that holds others: known ones in any order, and unknown ones.
pub(crate) trait Document: Default + 'static {
    /// The known elements, in the order in which they are written.
    const FIELDS: &'static [Field<Self>];

    /// Reads the element that was just opened into its field. It is another's if this
    /// is not known.
    ///
    /// # Errors
    ///
    /// What [`Given::read`] says.
    fn read_field(
        &mut self,
        name: &str,
        given: &mut Given,
        reader: &mut Reader<'_>,
    ) -> Result<bool, ParseError>;

    /// Reads what is in the open element, and closes it. After an error, what was
    /// read before is there.
    fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        let mut given = Given::default();
        while let Some(name) = reader.child()? {
            if !self.read_field(name, &mut given, reader)? {
                reader.skip()?;
            }
        }
        Ok(())
    }

    /// The document with this root, and where its end tag begins.
    fn parse(body: &[u8], root: &str) -> Result<(Self, usize), ParseError> {
        let mut reader = Reader::open(body, root)?;
        let mut document = Self::default();
        document.fill(&mut reader)?;
        let end = reader.at();
        reader.finish()?;
        Ok((document, end))
    }

    /// Appends the elements that are there.
    fn write_into(&self, xml: &mut String) {
        for field in Self::FIELDS {
            (field.value)(self).write(xml, field.name);
        }
    }

    /// What all fields but these say.
    fn content_without(&self, names: &[&str]) -> Fields {
        let fields = Self::FIELDS.iter().filter(|field| !names.contains(&field.name));
        fields.fold(Fields::new(), |content, field| (field.value)(self).digest(content))
    }
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
    /// Reads the element that was just opened into the field at this place.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Repeated`] for one that was given before. Where the
    /// reader is lenient, the first that is not empty is taken, and lists go on.
    pub(crate) fn read(
        &mut self,
        place: u32,
        name: &'static str,
        value: &mut dyn Value,
        reader: &mut Reader<'_>,
    ) -> Result<(), ParseError> {
        let bit = 1_u32.checked_shl(place).unwrap_or_default();
        if self.0 & bit != 0 {
            if !reader.is_lenient() {
                return Err(reader.error(ParseErrorKind::Repeated).in_field(name));
            }
            if !value.is_absent() && !value.is_list() {
                return reader.skip();
            }
        }
        self.0 |= bit;
        value.read(reader).map_err(|error| error.in_field(name))
    }
}

/// What is in an element.
pub(crate) trait Value {
    /// Reads the open element, and closes it.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError>;

    /// Whether an empty element would say the same.
    fn is_absent(&self) -> bool;

    /// Whether a further element of the name adds to it.
    fn is_list(&self) -> bool {
        false
    }

    /// Appends the element, unless it is absent.
    fn write(&self, xml: &mut String, name: &str);

    /// Adds what it says.
    fn digest(&self, content: Fields) -> Fields;
}

/// A text with a meaning.
pub(crate) trait Word {
    fn from_text(text: Cow<'_, str>) -> Self;
    fn text(&self) -> Cow<'_, str>;
    /// The same for all texts that mean the same.
    fn meaning(&self) -> Cow<'_, str> {
        self.text()
    }
}

impl<W: Word> Value for Option<W> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        let text = reader.text()?;
        *self = (!text.is_empty()).then(|| W::from_text(text));
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(|word| word.text().is_empty())
    }

    fn write(&self, xml: &mut String, name: &str) {
        if let Some(text) = self.as_ref().map(W::text).filter(|text| !text.is_empty()) {
            element_into(xml, name, &text);
        }
    }

    fn digest(&self, content: Fields) -> Fields {
        content.with(self.as_ref().map(W::meaning).as_deref())
    }
}

impl Word for String {
    fn from_text(text: Cow<'_, str>) -> Self {
        text.into_owned()
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! open_words {
    ($($word:ty),+) => {$(
        impl Word for $word {
            fn from_text(text: Cow<'_, str>) -> Self {
                Self::from(&*text)
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Borrowed(self.as_str())
            }
        }
    )+};
}

impl Word for Timestamp {
    fn from_text(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }

    /// The instant, whatever the offset that it was written with.
    fn meaning(&self) -> Cow<'_, str> {
        let instant = self.to_offset_date_time().map(OffsetDateTime::unix_timestamp_nanos);
        instant.map_or(Cow::Borrowed(self.as_str()), |instant| Cow::Owned(instant.to_string()))
    }
}

open_words!(OrderType, OrderStatus, EventType);

/// Things of a kind, each in an element of its own.
pub(crate) trait Item: Sized {
    const ELEMENT: &'static str;

    /// `None` for an empty element.
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError>;
    fn write(&self, xml: &mut String);
    fn meaning(&self) -> Cow<'_, str>;
}

impl<I: Item> Value for Vec<I> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        while let Some(name) = reader.child()? {
            if name == I::ELEMENT {
                let item = I::read(reader).map_err(|error| error.in_field(I::ELEMENT))?;
                if let Some(item) = item {
                    self.push(item);
                }
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn is_list(&self) -> bool {
        true
    }

    fn write(&self, xml: &mut String, name: &str) {
        if !self.is_empty() {
            xml.extend(["<", name, ">"]);
            for item in self {
                item.write(xml);
            }
            xml.extend(["</", name, ">"]);
        }
    }

    fn digest(&self, content: Fields) -> Fields {
        content.with_each(self.iter().map(I::meaning))
    }
}

impl Item for TelephoneNumber {
    const ELEMENT: &'static str = "TelephoneNumber";

    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError> {
        let text = reader.text()?;
        Ok((!text.is_empty()).then(|| Self::from(&*text)))
    }

    fn write(&self, xml: &mut String) {
        element_into(xml, Self::ELEMENT, self.as_str());
    }

    fn meaning(&self) -> Cow<'_, str> {
        self.normal_form()
    }
}

/// A document within a document. One without anything in it is left out.
impl<D: Document> Value for D {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        self.fill(reader)
    }

    fn is_absent(&self) -> bool {
        D::FIELDS.iter().all(|field| (field.value)(self).is_absent())
    }

    fn write(&self, xml: &mut String, name: &str) {
        if !self.is_absent() {
            xml.extend(["<", name, ">"]);
            self.write_into(xml);
            xml.extend(["</", name, ">"]);
        }
    }

    fn digest(&self, content: Fields) -> Fields {
        D::FIELDS.iter().fold(content, |content, field| (field.value)(self).digest(content))
    }
}
