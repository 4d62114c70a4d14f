//! The question whether a number may be ported out.

use std::fmt;

use crate::bandwidth::TelephoneNumber;
use crate::bandwidth::element::{self, Slot, numbers};
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::escape::element_into;
use crate::wire::xml::Reader;

/// The question whether numbers may be ported out, with what the new carrier
/// knows of the customer.
///
/// On the wire it is a `<PortOutValidationRequest>` whose elements come in any
/// order. All but the numbers are optional, an empty element counts as absent,
/// and other elements are ignored. PIN, account number and ZIP code are text:
/// they can start with a zero.
///
/// Everything in it but the PON is customer data (in the United States customer
/// proprietary network information). `Debug` shows none of it; the functions
/// below read it.
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
/// assert_eq!(request.pin(), Some("0111"));
/// assert_eq!(request.account_number(), None);
/// assert_eq!(request.telephone_numbers()[0].as_str(), "2223331000");
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PortOutValidationRequest {
    pub(crate) pon: Option<String>,
    pub(crate) pin: Option<String>,
    pub(crate) account_number: Option<String>,
    pub(crate) zip_code: Option<String>,
    pub(crate) subscriber_name: Option<String>,
    pub(crate) telephone_numbers: Vec<TelephoneNumber>,
}

impl PortOutValidationRequest {
    /// Reads a body that nobody has verified.
    ///
    /// # Errors
    ///
    /// For anything but a well-formed `<PortOutValidationRequest>` in UTF-8
    /// without a document type declaration, with an element that is known and
    /// given twice, and without a telephone number
    /// (`TelephoneNumber: missing at byte 60`).
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::open(body, ROOT)?;
        let mut pon = Slot::default();
        let mut pin = Slot::default();
        let mut account_number = Slot::default();
        let mut zip_code = Slot::default();
        let mut subscriber_name = Slot::default();
        let mut telephone_numbers = Slot::default();
        while let Some(name) = reader.child()? {
            match name {
                "PON" => pon.fill(&mut reader, name, element::text)?,
                "Pin" => pin.fill(&mut reader, name, element::text)?,
                "AccountNumber" => account_number.fill(&mut reader, name, element::text)?,
                "ZipCode" => zip_code.fill(&mut reader, name, element::text)?,
                "SubscriberName" => subscriber_name.fill(&mut reader, name, element::text)?,
                "TelephoneNumbers" => telephone_numbers.fill(&mut reader, name, numbers)?,
                _ => reader.skip()?,
            }
        }
        let end = reader.at();
        reader.finish()?;
        let telephone_numbers: Vec<_> = telephone_numbers.optional().unwrap_or_default();
        if telephone_numbers.is_empty() {
            let missing = ParseError::new(ParseErrorKind::Missing);
            return Err(missing.in_field("TelephoneNumber").at_byte(end));
        }
        Ok(Self {
            pon: pon.optional(),
            pin: pin.optional(),
            account_number: account_number.optional(),
            zip_code: zip_code.optional(),
            subscriber_name: subscriber_name.optional(),
            telephone_numbers,
        })
    }

    /// The purchase order number, which names the port-out between the carriers:
    /// documented to have up to 25 characters. The answer carries it back.
    #[must_use]
    pub fn pon(&self) -> Option<&str> {
        self.pon.as_deref()
    }

    /// The PIN: documented to have up to 10 digits.
    #[must_use]
    pub fn pin(&self) -> Option<&str> {
        self.pin.as_deref()
    }

    /// The account number: documented to have up to 25 characters.
    #[must_use]
    pub fn account_number(&self) -> Option<&str> {
        self.account_number.as_deref()
    }

    /// The ZIP code: documented to have up to 15 characters.
    #[must_use]
    pub fn zip_code(&self) -> Option<&str> {
        self.zip_code.as_deref()
    }

    /// The name of the customer: documented to have up to 93 characters.
    #[must_use]
    pub fn subscriber_name(&self) -> Option<&str> {
        self.subscriber_name.as_deref()
    }

    /// The numbers to be ported, at least one, each documented to have 10 digits.
    #[must_use]
    pub fn telephone_numbers(&self) -> &[TelephoneNumber] {
        &self.telephone_numbers
    }

    /// The elements that do not keep to their documented form, by name: longer
    /// than they may be, or with something other than digits where digits are
    /// documented. They are read all the same, and nothing of them is cut.
    pub fn irregular_elements(&self) -> impl Iterator<Item = &'static str> {
        let longer = |text: &Option<String>, most| {
            text.as_ref().is_some_and(|text| text.chars().count() > most)
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let elements = [
            ("PON", longer(&self.pon, 25)),
            ("Pin", self.pin.as_ref().is_some_and(|pin| pin.len() > 10 || !digits(pin))),
            ("AccountNumber", longer(&self.account_number, 25)),
            ("ZipCode", longer(&self.zip_code, 15)),
            ("SubscriberName", longer(&self.subscriber_name, 93)),
            ("TelephoneNumber", !self.telephone_numbers.iter().all(TelephoneNumber::is_ten_digits)),
        ];
        elements.into_iter().filter_map(|(name, irregular)| irregular.then_some(name))
    }

    /// The document, customer data and all, as Bandwidth would send it.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\"?><PortOutValidationRequest>");
        for (name, text) in [
            ("PON", &self.pon),
            ("Pin", &self.pin),
            ("AccountNumber", &self.account_number),
            ("ZipCode", &self.zip_code),
            ("SubscriberName", &self.subscriber_name),
        ] {
            if let Some(text) = text {
                element_into(&mut xml, name, text);
            }
        }
        element::numbers_into(&mut xml, "TelephoneNumbers", &self.telephone_numbers);
        xml.push_str("</PortOutValidationRequest>");
        xml
    }
}

const ROOT: &str = "PortOutValidationRequest";

/// The PON of a request that does not parse, if it can be read before the place
/// at which the document breaks.
pub(super) fn pon_of(body: &[u8]) -> Option<String> {
    let mut reader = Reader::open(body, ROOT).ok()?;
    while let Some(name) = reader.child().ok()? {
        if name == "PON" {
            return element::text(&mut reader).ok()?;
        }
        reader.skip().ok()?;
    }
    None
}

impl fmt::Debug for PortOutValidationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortOutValidationRequest")
            .field("pon", &self.pon)
            .field("telephone_numbers", &self.telephone_numbers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../tests/data/bandwidth/port-out.xml");

    #[track_caller]
    fn parse(body: &str) -> Result<PortOutValidationRequest, String> {
        PortOutValidationRequest::parse_unverified(body.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn the_documented_sample() {
        let request = PortOutValidationRequest {
            pon: Some("some_pon".into()),
            pin: Some("1111".into()),
            account_number: Some("777".into()),
            zip_code: Some("62025".into()),
            subscriber_name: Some("Subscriber Name".into()),
            telephone_numbers: vec!["2223331000".into(), "2223331001".into()],
        };
        assert_eq!(parse(SAMPLE), Ok(request.clone()));
        assert_eq!(parse(&request.to_xml()), Ok(request.clone()));
        assert_eq!(request.irregular_elements().count(), 0);
    }

    #[test]
    fn what_looks_like_a_number_keeps_its_zeros() {
        let request = parse(
            "<PortOutValidationRequest><Pin> 0011 </Pin><AccountNumber>007</AccountNumber>\
             <ZipCode>02154</ZipCode><TelephoneNumbers><TelephoneNumber>0123456789\
             </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
        )
        .unwrap();
        assert_eq!(request.pin(), Some("0011"));
        assert_eq!(request.account_number(), Some("007"));
        assert_eq!(request.zip_code(), Some("02154"));
        assert_eq!(request.telephone_numbers(), [TelephoneNumber::from("0123456789")]);
    }

    #[test]
    fn a_request_names_a_number() {
        for (body, message) in [
            (
                "<PortOutValidationRequest><PON>p</PON></PortOutValidationRequest>",
                "TelephoneNumber: missing at byte 38",
            ),
            (
                "<PortOutValidationRequest><TelephoneNumbers><TelephoneNumber> \
                 </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
                "TelephoneNumber: missing at byte 99",
            ),
            ("<Notification/>", "the root element is <Notification> at byte 0"),
            (
                "<PortOutValidationRequest><Pin>1</Pin><Pin/></PortOutValidationRequest>",
                "Pin: given twice at byte 38",
            ),
        ] {
            assert_eq!(parse(body), Err(message.to_owned()));
        }
    }

    #[test]
    fn what_is_longer_than_documented_is_told_and_kept() {
        let long = "1".repeat(94);
        let request = PortOutValidationRequest {
            pon: Some(long.clone()),
            pin: Some("12345678901".into()),
            account_number: Some(long.clone()),
            zip_code: Some(long.clone()),
            subscriber_name: Some(long.clone()),
            telephone_numbers: vec!["12223331000".into()],
        };
        let irregular: Vec<_> = request.irregular_elements().collect();
        let all = ["PON", "Pin", "AccountNumber", "ZipCode", "SubscriberName", "TelephoneNumber"];
        assert_eq!(irregular, all);
        assert_eq!(parse(&request.to_xml()), Ok(request));
    }

    /// One character more than documented is irregular; as many as documented,
    /// of more than one byte each where any character may stand, are not.
    #[test]
    fn as_long_as_documented_is_regular() {
        let bare = || parse(SAMPLE).unwrap();
        let text = |length| Some("é".repeat(length));
        for (name, length, set) in [
            ("PON", 25, (|r, text| r.pon = text) as fn(&mut PortOutValidationRequest, _)),
            ("AccountNumber", 25, |r, text| r.account_number = text),
            ("ZipCode", 15, |r, text| r.zip_code = text),
            ("SubscriberName", 93, |r, text| r.subscriber_name = text),
        ] {
            let mut request = bare();
            set(&mut request, text(length));
            assert_eq!(request.irregular_elements().count(), 0, "{name}");
            set(&mut request, text(length + 1));
            assert_eq!(request.irregular_elements().collect::<Vec<_>>(), [name]);
        }
        for (pin, irregular) in [("0123456789", false), ("01234567890", true), ("012x", true)] {
            let request = PortOutValidationRequest { pin: Some(pin.into()), ..bare() };
            assert_eq!(request.irregular_elements().any(|name| name == "Pin"), irregular, "{pin}");
        }
    }

    #[test]
    fn the_pon_of_a_broken_request_is_found_where_it_can_be() {
        for (body, pon) in [
            ("<PortOutValidationRequest><Pin>1</Pin><PON> p </PON><a>", Some("p")),
            ("<PortOutValidationRequest><Pin>1<PON>p</PON>", None),
            ("<PortOutValidationRequest><PON>p", None),
            ("<Notification><PON>p</PON></Notification>", None),
            ("not xml", None),
        ] {
            assert_eq!(pon_of(body.as_bytes()).as_deref(), pon, "{body}");
        }
    }

    #[test]
    fn debug_shows_no_customer_data() {
        let shown = format!("{:?}", parse(SAMPLE).unwrap());
        let expected =
            "PortOutValidationRequest { pon: Some(\"some_pon\"), telephone_numbers: 2, .. }";
        assert_eq!(shown, expected);
    }
}
