//! The answer to the question whether a number may be ported out.

use http::StatusCode;

use crate::answer::Answer;
use crate::bandwidth::element::numbers_into;
use crate::bandwidth::{Denial, DenialReason};
use crate::wire::escape::element_into;

/// Whether a number may be ported out.
///
/// Every value of this type means to Bandwidth what it says here; an answer that
/// Bandwidth would take for an approval although it is none cannot be built.
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PortOutAnswer {
    /// The number may leave.
    Allow,
    /// The number stays.
    Deny(Denial),
}

impl PortOutAnswer {
    /// Denies for this reason, or with this [`Denial`].
    pub fn deny(denial: impl Into<Denial>) -> Self {
        Self::Deny(denial.into())
    }

    /// The `<PortOutValidationResponse>` to the request with this PON.
    #[must_use]
    pub fn to_xml(&self, pon: Option<&str>) -> String {
        let mut xml = String::from("<?xml version=\"1.0\"?><PortOutValidationResponse>");
        let portable = matches!(self, Self::Allow);
        element_into(&mut xml, "Portable", if portable { "true" } else { "false" });
        if let Some(pon) = pon {
            element_into(&mut xml, "PON", pon);
        }
        if let Self::Deny(denial) = self {
            denial_into(&mut xml, denial);
        }
        xml.push_str("</PortOutValidationResponse>");
        xml
    }

    /// The response to the request with this PON: 200, and the answer as XML.
    #[must_use]
    pub fn answer(&self, pon: Option<&str>) -> Answer {
        Answer::with_body(StatusCode::OK, "application/xml", self.to_xml(pon).into_bytes())
    }
}

fn denial_into(xml: &mut String, denial: &Denial) {
    xml.push_str("<Errors>");
    for reason in denial.reasons() {
        xml.push_str("<Error>");
        element_into(xml, "Code", &reason.code().to_string());
        element_into(xml, "Description", reason.description());
        xml.push_str("</Error>");
    }
    xml.push_str("</Errors>");
    let acceptable = denial.acceptable();
    let mut values = String::new();
    for (name, value) in [
        ("Pin", &acceptable.pin),
        ("AccountNumber", &acceptable.account_number),
        ("ZipCode", &acceptable.zip_code),
    ] {
        if let Some(value) = value {
            element_into(&mut values, name, value);
        }
    }
    numbers_into(&mut values, "TelephoneNumbers", &acceptable.telephone_numbers);
    if !values.is_empty() {
        xml.extend(["<AcceptableValues>", &values, "</AcceptableValues>"]);
    }
}

impl From<Denial> for PortOutAnswer {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl From<DenialReason> for PortOutAnswer {
    fn from(reason: DenialReason) -> Self {
        Self::deny(reason)
    }
}

/// What a port-out handler may return: an answer, or a result with one.
///
/// An error counts as a handler that has failed, and gets the verdict that the
/// webhook was built with. The error itself is dropped: it may hold customer
/// data, so log what you need of it in the handler.
pub trait IntoPortOutAnswer {
    /// The answer, or `None` if the handler failed.
    fn into_port_out_answer(self) -> Option<PortOutAnswer>;
}

impl IntoPortOutAnswer for PortOutAnswer {
    fn into_port_out_answer(self) -> Option<PortOutAnswer> {
        Some(self)
    }
}

impl<E> IntoPortOutAnswer for Result<PortOutAnswer, E> {
    fn into_port_out_answer(self) -> Option<PortOutAnswer> {
        self.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandwidth::AcceptableValues;

    #[test]
    fn what_a_handler_may_return() {
        assert_eq!(PortOutAnswer::Allow.into_port_out_answer(), Some(PortOutAnswer::Allow));
        assert_eq!(
            Ok::<_, ()>(PortOutAnswer::Allow).into_port_out_answer(),
            Some(PortOutAnswer::Allow)
        );
        assert_eq!(Err("the PIN is 1111").into_port_out_answer(), None);
    }

    #[test]
    fn an_allowed_port_out() {
        let xml = "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>true</Portable>\
                   <PON>some_pon</PON></PortOutValidationResponse>";
        assert_eq!(PortOutAnswer::Allow.to_xml(Some("some_pon")), xml);
        let answer = PortOutAnswer::Allow.answer(Some("some_pon")).to_response();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/xml");
        assert_eq!(answer.body(), xml.as_bytes());
    }

    #[test]
    fn a_denied_port_out() {
        let values = AcceptableValues::new()
            .with_pin("2222")
            .with_account_number("555")
            .with_zip_code("02154")
            .with_telephone_numbers(["2223331000".into()]);
        let denial = Denial::new(DenialReason::PinInvalid)
            .and(DenialReason::AccountNumberInvalid)
            .accepting(values);
        assert_eq!(
            PortOutAnswer::Deny(denial).to_xml(Some("some_pon")),
            "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>false</Portable>\
             <PON>some_pon</PON><Errors>\
             <Error><Code>7513</Code><Description>PIN invalid</Description></Error>\
             <Error><Code>7511</Code><Description>Account number invalid</Description></Error>\
             </Errors><AcceptableValues><Pin>2222</Pin><AccountNumber>555</AccountNumber>\
             <ZipCode>02154</ZipCode><TelephoneNumbers>\
             <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
             </AcceptableValues></PortOutValidationResponse>"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out_and_what_is_markup_is_escaped() {
        let xml = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
        assert_eq!(
            xml,
            "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>false</Portable><Errors>\
             <Error><Code>7598</Code><Description>Invalid request</Description></Error></Errors>\
             </PortOutValidationResponse>"
        );
        let values = AcceptableValues::new().with_pin("</Pin><Portable>true</Portable>");
        let denial = Denial::new(DenialReason::PinInvalid).accepting(values);
        let xml = PortOutAnswer::Deny(denial).to_xml(Some("<&\0>"));
        assert!(xml.contains("<PON>&lt;&amp;\u{FFFD}&gt;</PON>"), "{xml}");
        assert!(xml.contains("<Pin>&lt;/Pin&gt;&lt;Portable&gt;true&lt;/Portable&gt;</Pin>"));
    }
}
