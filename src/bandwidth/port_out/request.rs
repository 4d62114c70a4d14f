//! The question whether a number may be ported out.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::bandwidth::TelephoneNumber;
use crate::bandwidth::document::{self, document};
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::xml::Reader;

const ROOT: &str = "PortOutValidationRequest";

document! {
    /// The question whether numbers may be ported out, with what the new carrier
    /// knows of the customer.
    ///
    /// On the wire it is a `<PortOutValidationRequest>` whose elements come in any
    /// order. All but the numbers are optional, an empty element counts as absent,
    /// and other elements are ignored. PIN, account number and ZIP code are text:
    /// they can start with a zero.
    ///
    /// Everything in it but the PON is customer data (in the United States customer
    /// proprietary network information). `Debug` shows none of it, and `Serialize`
    /// writes it under the names of the elements.
    ///
    /// Deserializing it from JSON without a number is an error, too.
    ///
    /// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
    ///
    /// ```
    /// use order_webhooks::bandwidth::PortOutValidationRequest;
    ///
    /// let body = br#"<?xml version="1.0"?><PortOutValidationRequest><PON>some_pon</PON>
    ///   <Pin>0111</Pin><ZipCode>02154</ZipCode><TelephoneNumbers>
    ///   <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>
    ///   </PortOutValidationRequest>"#;
    /// let request = PortOutValidationRequest::parse_unverified(body)?;
    /// assert_eq!(request.pin.as_deref(), Some("0111"));
    /// assert_eq!(request.account_number, None);
    /// assert_eq!(request.telephone_numbers[0].as_str(), "2223331000");
    /// # Ok::<(), order_webhooks::ParseError>(())
    /// ```
    #[non_exhaustive]
    #[serde(remote = "Self")]
    pub struct PortOutValidationRequest {
        /// The purchase order number, which names the port-out between the carriers:
        /// documented to have up to 25 characters. The answer carries it back.
        pub pon: Option<String> = "PON", shown;
        /// The PIN: documented to have up to 10 digits.
        pub pin: Option<String> = "Pin", hidden;
        /// The account number: documented to have up to 25 characters.
        pub account_number: Option<String> = "AccountNumber", hidden;
        /// The ZIP code: documented to have up to 15 characters.
        pub zip_code: Option<String> = "ZipCode", hidden;
        /// The name of the customer: documented to have up to 93 characters.
        pub subscriber_name: Option<String> = "SubscriberName", hidden;
        /// The numbers to be ported, at least one, each documented to have 10 digits,
        /// or to be E.164 with version 2 of the API.
        pub telephone_numbers: Vec<TelephoneNumber> = "TelephoneNumbers", counted;
    }
}

impl PortOutValidationRequest {
    /// Reads a body that nobody has verified.
    ///
    /// # Errors
    ///
    /// For a request that cannot be read, or not without a guess: another root
    /// element, tags that do not match, a document that is cut short, text outside
    /// of the root, an encoding other than UTF-8, a document type declaration, an
    /// entity that is not predefined, a known element that is given twice
    /// (`Pin: given twice at line 1 column 39`) or holds an element in place of its
    /// text, and no telephone number
    /// (`TelephoneNumber: missing at line 1 column 61`).
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::open(body, ROOT)?;
        let mut request = Self::default();
        let mut given = Vec::new();
        while let Some(name) = reader.child()? {
            let at = reader.at();
            if !request.read_field(name, &mut reader)? {
                reader.skip()?;
            } else if given.contains(&name) {
                let repeated = reader.error_at(ParseErrorKind::Repeated, at);
                return Err(repeated.in_field(name.to_owned()));
            } else {
                given.push(name);
            }
        }
        let end = reader.at();
        reader.finish()?;
        if request.telephone_numbers.is_empty() {
            let missing = ParseError::new(ParseErrorKind::Missing).in_field("TelephoneNumber");
            return Err(missing.at_offset(body, end));
        }
        Ok(request)
    }

    /// How much of a refused body is looked at.
    pub(super) const SALVAGED_BYTES: usize = 64 * 1024;

    /// What a refused question is about, so that its answer can say so: the PON and the
    /// telephone numbers that stand in the first 64 KiB of a body, whatever else is in
    /// it. It is the first PON, and every number.
    ///
    /// It goes by the names of the elements and looks at nothing around them. It stops
    /// where the markup cannot be read on. Text that is not complete, or not UTF-8, is
    /// left out: a part of a PON or of a number is another one.
    pub(super) fn salvage(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body.get(..Self::SALVAGED_BYTES).unwrap_or(body));
        let mut events = quick_xml::Reader::from_str(&text);
        let config = events.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;

        let mut found = Self::default();
        // The last start tag, and the text since then.
        let mut open: Option<(String, String)> = None;
        loop {
            match events.read_event() {
                Ok(Event::Start(tag)) => {
                    open = Some((tag.name().into_inner().to_owned(), String::new()));
                }
                Ok(Event::Text(text)) => append(&mut open, Some(&text.xml10_content())),
                Ok(Event::CData(text)) => append(&mut open, Some(&text.xml10_content())),
                Ok(Event::GeneralRef(reference)) => match reference.resolve_char_ref() {
                    Ok(Some(c)) => append(&mut open, Some(c.encode_utf8(&mut [0; 4]))),
                    _ => append(&mut open, resolve_xml_entity(&reference)),
                },
                Ok(Event::End(tag)) => {
                    let closed = open.take().filter(|(name, _)| name == tag.name().into_inner());
                    if let Some((name, text)) = closed {
                        found.take_salvaged(&name, text.trim());
                    }
                }
                Ok(Event::Empty(_)) => open = None,
                Ok(Event::Eof) | Err(_) => return found,
                Ok(_) => {}
            }
        }
    }

    fn take_salvaged(&mut self, name: &str, text: &str) {
        match name {
            _ if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) => {}
            "PON" if self.pon.is_none() => self.pon = Some(text.to_owned()),
            "TelephoneNumber" => self.telephone_numbers.push(text.into()),
            _ => {}
        }
    }

    /// The elements that do not keep to their documented form, by name: longer
    /// than they may be, or with something other than digits where digits are
    /// documented. They are read all the same, and nothing of them is cut.
    pub fn irregular_elements(&self) -> impl Iterator<Item = &'static str> {
        let longer = |text: &Option<String>, most| {
            text.as_ref().is_some_and(|text| text.chars().count() > most)
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = &self.telephone_numbers;
        let elements = [
            ("PON", longer(&self.pon, 25)),
            ("Pin", self.pin.as_ref().is_some_and(|pin| pin.len() > 10 || !digits(pin))),
            ("AccountNumber", longer(&self.account_number, 25)),
            ("ZipCode", longer(&self.zip_code, 15)),
            ("SubscriberName", longer(&self.subscriber_name, 93)),
            ("TelephoneNumber", !numbers.iter().all(TelephoneNumber::is_as_documented)),
        ];
        elements.into_iter().filter_map(|(name, irregular)| irregular.then_some(name))
    }

    /// The document, customer data and all, as Bandwidth would send it.
    #[must_use]
    pub fn to_xml(&self) -> String {
        document::to_xml(ROOT, |xml| self.write_fields(xml))
    }
}

/// Text whose reference is not known is not known itself.
fn append(open: &mut Option<(String, String)>, text: Option<&str>) {
    match (open.as_mut(), text) {
        (Some((_, known)), Some(text)) => known.push_str(text),
        _ => *open = None,
    }
}

/// The derive with `remote` writes functions of the same names, which are called here.
impl Serialize for PortOutValidationRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for PortOutValidationRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut request = Self::deserialize(deserializer)?;
        request.telephone_numbers.retain(|number| !number.as_str().trim().is_empty());
        if request.telephone_numbers.is_empty() {
            return Err(de::Error::missing_field("TelephoneNumbers"));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests;
