//! The answer to the question whether a number may be ported out.

use http::{HeaderValue, StatusCode};

use crate::answer::Answer;
use crate::bandwidth::port_out::denial::{is_blank, numbers_into};
use crate::bandwidth::{Denial, DenialReason, PortOutValidationRequest};
use crate::wire::xml::element_into;

/// Whether a number may be ported out.
///
/// Bandwidth understands every value as it is meant: a denial that Bandwidth
/// would take for an approval cannot be built.
///
/// ```
/// use order_webhooks::bandwidth::{AcceptableValues, Denial, DenialReason, PortOutAnswer};
///
/// let denial = Denial::new(DenialReason::PinInvalid)
///     .accepting(AcceptableValues::new().with_pin("1111"));
/// let answer = PortOutAnswer::deny(denial);
/// assert!(answer.to_xml(None).contains("<Portable>false</Portable>"));
/// ```
///
/// A handler returns it, or a `Result` with it. An error counts as a failed handler:
/// Bandwidth gets the verdict that the webhook was built with, and the error goes to
/// the reporter and nowhere else, as
/// [`PortOutFailure::HandlerFailed`](crate::bandwidth::PortOutFailure).
///
/// ```
/// use order_webhooks::Verified;
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
///
/// async fn on_port_out(request: Verified<PortOutWebhook>) -> std::io::Result<PortOutAnswer> {
///     let pin = std::fs::read_to_string("pin.txt")?;
///     Ok(match request.pin.as_deref() {
///         Some(given) if given == pin.trim() => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     })
/// }
/// ```
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

    /// The `<PortOutValidationResponse>` to this request, or with `None` to one
    /// that could not be read.
    ///
    /// A denial without acceptable values gets the telephone numbers of the
    /// request, as they came: nothing else can be said without a record of the
    /// customer. If the request could not be read, there are none. Bandwidth
    /// says of such an answer: "Failure to return any data may be considered to
    /// be equivalent to approving".
    ///
    /// ```
    /// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutValidationRequest};
    ///
    /// let request = PortOutValidationRequest::parse_unverified(
    ///     b"<PortOutValidationRequest><PON>p</PON><TelephoneNumbers><TelephoneNumber>\
    ///       2223331000</TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
    /// )?;
    /// let xml = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&request);
    /// assert!(xml.contains("<PON>p</PON>"));
    /// assert!(xml.ends_with(
    ///     "<AcceptableValues><TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber>\
    ///      </TelephoneNumbers></AcceptableValues></PortOutValidationResponse>"
    /// ));
    /// # Ok::<(), order_webhooks::ParseError>(())
    /// ```
    #[must_use]
    pub fn to_xml<'r>(&self, request: impl Into<Option<&'r PortOutValidationRequest>>) -> String {
        let request = request.into();
        let mut xml = "<?xml version=\"1.0\"?><PortOutValidationResponse>".to_owned();
        element_into(&mut xml, "Portable", if *self == Self::Allow { "true" } else { "false" });
        let pon = request.and_then(|request| request.pon.as_deref());
        if let Some(pon) = pon.filter(|pon| !is_blank(pon)) {
            element_into(&mut xml, "PON", pon);
        }
        if let Self::Deny(denial) = self {
            xml.push_str("<Errors>");
            for reason in denial.reasons() {
                xml.push_str("<Error>");
                element_into(&mut xml, "Code", &reason.code().to_string());
                element_into(&mut xml, "Description", reason.description());
                xml.push_str("</Error>");
            }
            xml.push_str("</Errors>");
            let mut values = denial.acceptable().to_elements();
            if values.is_empty() {
                let asked = request.map(|request| &*request.telephone_numbers);
                numbers_into(&mut values, asked.unwrap_or_default());
            }
            if !values.is_empty() {
                xml.extend(["<AcceptableValues>", &values, "</AcceptableValues>"]);
            }
        }
        xml.push_str("</PortOutValidationResponse>");
        xml
    }

    /// The response to this request, or to one that could not be read: 200, and
    /// the answer as XML.
    #[must_use]
    pub fn answer<'r>(&self, request: impl Into<Option<&'r PortOutValidationRequest>>) -> Answer {
        let media_type = HeaderValue::from_static("application/xml");
        Answer::with_body(StatusCode::OK, media_type, self.to_xml(request).into_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandwidth::AcceptableValues;

    fn request(pon: &str) -> PortOutValidationRequest {
        PortOutValidationRequest {
            pon: Some(pon.into()),
            pin: Some("1111".into()),
            telephone_numbers: vec!["2223331000".into(), "+12223331001".into()],
            ..Default::default()
        }
    }

    #[test]
    fn an_allowed_port_out() {
        let xml = "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>true</Portable>\
                   <PON>some_pon</PON></PortOutValidationResponse>";
        let request = request("some_pon");
        assert_eq!(PortOutAnswer::Allow.to_xml(&request), xml);
        let answer = PortOutAnswer::Allow.answer(&request).to_response();
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
            .with_subscriber_name("Ane B")
            .with_telephone_numbers(["2223331000".into()]);
        let denial = Denial::new(DenialReason::PinInvalid)
            .and(DenialReason::AccountNumberInvalid)
            .accepting(values);
        let xml = PortOutAnswer::Deny(denial).to_xml(&request("some_pon"));
        assert_eq!(
            xml,
            "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>false</Portable>\
             <PON>some_pon</PON><Errors>\
             <Error><Code>7513</Code><Description>PIN invalid</Description></Error>\
             <Error><Code>7511</Code><Description>Account number invalid</Description></Error>\
             </Errors><AcceptableValues><Pin>2222</Pin><AccountNumber>555</AccountNumber>\
             <ZipCode>02154</ZipCode><SubscriberName>Ane B</SubscriberName><TelephoneNumbers>\
             <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
             </AcceptableValues></PortOutValidationResponse>"
        );
    }

    /// Whatever the reason is, and with values that are none.
    #[test]
    fn a_denial_without_values_names_the_numbers_of_the_request() {
        let blank: &[fn(AcceptableValues) -> AcceptableValues] = &[
            |values| values,
            |values| values.with_pin(""),
            |values| values.with_pin(" "),
            |values| values.with_account_number("\n"),
            |values| values.with_zip_code("\u{a0}\t"),
            |values| values.with_subscriber_name("\0\u{200b}\u{feff}"),
            |values| values.with_telephone_numbers([]),
            |values| values.with_telephone_numbers(["".into(), " ".into()]),
        ];
        for (position, blank) in blank.iter().enumerate() {
            for reason in DenialReason::ALL {
                let denial = Denial::new(reason).accepting(blank(AcceptableValues::new()));
                let xml = PortOutAnswer::Deny(denial).to_xml(&request("p"));
                let (_, values) = xml.split_once("</Errors>").unwrap();
                assert_eq!(
                    values,
                    "<AcceptableValues><TelephoneNumbers>\
                     <TelephoneNumber>2223331000</TelephoneNumber>\
                     <TelephoneNumber>+12223331001</TelephoneNumber></TelephoneNumbers>\
                     </AcceptableValues></PortOutValidationResponse>",
                    "{position}, {reason}"
                );
            }
        }
    }

    /// One value is enough: numbers that were not said to be acceptable are not.
    #[test]
    fn a_denial_with_a_value_has_that_and_no_other() {
        for (values, expected) in [
            (AcceptableValues::new().with_pin("2222"), "<Pin>2222</Pin>"),
            (
                AcceptableValues::new().with_account_number("555").with_pin(" "),
                "<AccountNumber>555</AccountNumber>",
            ),
            (AcceptableValues::new().with_zip_code("02154"), "<ZipCode>02154</ZipCode>"),
            (
                AcceptableValues::new().with_subscriber_name("Ane"),
                "<SubscriberName>Ane</SubscriberName>",
            ),
            (
                AcceptableValues::new().with_telephone_numbers(["".into(), "2223339999".into()]),
                "<TelephoneNumbers><TelephoneNumber>2223339999</TelephoneNumber></TelephoneNumbers>",
            ),
        ] {
            let denial = Denial::new(DenialReason::PinInvalid).accepting(values);
            let xml = PortOutAnswer::Deny(denial).to_xml(&request("p"));
            let (_, rest) = xml.split_once("<AcceptableValues>").unwrap();
            let (given, _) = rest.split_once("</AcceptableValues>").unwrap();
            assert_eq!(given, expected);
        }
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
        let xml = PortOutAnswer::Deny(denial).to_xml(&request("<&\0>"));
        assert!(xml.contains("<PON>&lt;&amp;\u{FFFD}&gt;</PON>"), "{xml}");
        assert!(xml.contains("<Pin>&lt;/Pin&gt;&lt;Portable&gt;true&lt;/Portable&gt;</Pin>"));
    }
}
