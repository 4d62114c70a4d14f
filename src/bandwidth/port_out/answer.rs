//! The answer to the question whether a number may be ported out.

use std::borrow::Cow;
use std::error::Error;

use http::StatusCode;

use crate::answer::Answer;
use crate::bandwidth::document::{self, Document as _, Item, Value as _, document};
use crate::bandwidth::{AcceptableValues, Denial, DenialReason, PortOutValidationRequest};
use crate::error::ParseError;
use crate::wire::xml::Reader;

const ROOT: &str = "PortOutValidationResponse";

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
        let mut response = PortOutValidationResponse {
            portable: Some(matches!(self, Self::Allow).to_string()),
            pon: request.and_then(PortOutValidationRequest::pon).map(str::to_owned),
            ..Default::default()
        };
        if let Self::Deny(denial) = self {
            response.errors = denial.reasons().map(ResponseError::from).collect();
            response.acceptable_values = denial.acceptable().clone();
            if response.acceptable_values.is_absent() {
                let numbers = request.map(PortOutValidationRequest::telephone_numbers);
                response.acceptable_values.telephone_numbers = numbers.unwrap_or_default().into();
            }
        }
        document::to_xml(ROOT, |xml| response.write_into(xml))
    }

    /// The response to this request, or to one that could not be read: 200, and
    /// the answer as XML.
    #[must_use]
    pub fn answer<'r>(&self, request: impl Into<Option<&'r PortOutValidationRequest>>) -> Answer {
        Answer::with_body(StatusCode::OK, "application/xml", self.to_xml(request).into_bytes())
    }
}

document! {
    /// A `<PortOutValidationResponse>`.
    pub(crate) struct PortOutValidationResponse {
        pub(crate) portable: Option<String> = "Portable", shown;
        pub(crate) pon: Option<String> = "PON", shown;
        pub(crate) errors: Vec<ResponseError> = "Errors", shown;
        pub(crate) acceptable_values: AcceptableValues = "AcceptableValues", hidden;
    }
}

document! {
    /// An `<Error>` of a response.
    pub(crate) struct ResponseError {
        pub(crate) code: Option<String> = "Code", shown;
        pub(crate) description: Option<String> = "Description", shown;
    }
}

impl PortOutValidationResponse {
    /// Reads a response, and says where its end tag begins.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn read(body: &[u8]) -> Result<(Self, usize), ParseError> {
        Self::parse(body, ROOT)
    }
}

impl From<DenialReason> for ResponseError {
    fn from(reason: DenialReason) -> Self {
        Self {
            code: Some(reason.code().to_string()),
            description: Some(reason.description().to_owned()),
        }
    }
}

impl Item for ResponseError {
    const ELEMENT: &'static str = "Error";

    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError> {
        let mut error = Self::default();
        error.fill(reader)?;
        Ok(Some(error))
    }

    fn write(&self, xml: &mut String) {
        document::Value::write(self, xml, Self::ELEMENT);
    }

    fn meaning(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.code.as_deref().unwrap_or_default())
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
/// An error counts as a failed handler: Bandwidth gets the verdict that the
/// webhook was built with. The error itself goes to the reporter and nowhere
/// else: [`PortOutFailure::HandlerFailed`](crate::bandwidth::PortOutFailure).
///
/// ```
/// use order_webhooks::Verified;
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
///
/// async fn on_port_out(request: Verified<PortOutWebhook>) -> std::io::Result<PortOutAnswer> {
///     let pin = std::fs::read_to_string("pin.txt")?;
///     Ok(match request.pin() {
///         Some(given) if given == pin.trim() => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     })
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a port-out handler cannot return `{Self}`",
    note = "it returns `PortOutAnswer`, or `Result<PortOutAnswer, E>` where `E` becomes a \
            `Box<dyn Error + Send + Sync>`: an error, `anyhow::Error`, `String` or `&str`"
)]
pub trait IntoPortOutAnswer {
    /// The answer, or why there is none.
    ///
    /// # Errors
    ///
    /// What the handler returned in place of an answer.
    fn into_port_out_answer(self) -> Result<PortOutAnswer, Box<dyn Error + Send + Sync>>;
}

impl IntoPortOutAnswer for PortOutAnswer {
    fn into_port_out_answer(self) -> Result<PortOutAnswer, Box<dyn Error + Send + Sync>> {
        Ok(self)
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> IntoPortOutAnswer for Result<PortOutAnswer, E> {
    fn into_port_out_answer(self) -> Result<PortOutAnswer, Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pon: &str) -> PortOutValidationRequest {
        PortOutValidationRequest {
            pon: Some(pon.into()),
            pin: Some("1111".into()),
            telephone_numbers: vec!["2223331000".into(), "+12223331001".into()],
            ..Default::default()
        }
    }

    #[test]
    fn what_a_handler_may_return() {
        let allowed = PortOutAnswer::Allow.into_port_out_answer();
        assert_eq!(allowed.unwrap(), PortOutAnswer::Allow);
        let allowed = Ok::<_, &str>(PortOutAnswer::Allow).into_port_out_answer();
        assert_eq!(allowed.unwrap(), PortOutAnswer::Allow);
        let failed = Err("no record").into_port_out_answer();
        assert_eq!(failed.unwrap_err().to_string(), "no record");
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
            .accepting(values.clone());
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
        let (response, _) = PortOutValidationResponse::read(xml.as_bytes()).unwrap();
        assert_eq!(response.acceptable_values, values);
        let codes: Vec<_> = response.errors.iter().filter_map(|e| e.code.as_deref()).collect();
        assert_eq!((response.portable.as_deref(), codes), (Some("false"), vec!["7513", "7511"]));
    }

    /// Whatever the reason is, and with values that are none.
    #[test]
    fn a_denial_without_values_names_the_numbers_of_the_request() {
        let empty = AcceptableValues::new().with_pin("").with_telephone_numbers([]);
        for reason in DenialReason::ALL {
            for denial in [Denial::new(reason), Denial::new(reason).accepting(empty.clone())] {
                let xml = PortOutAnswer::Deny(denial).to_xml(&request("p"));
                let (_, values) = xml.split_once("</Errors>").unwrap();
                assert_eq!(
                    values,
                    "<AcceptableValues><TelephoneNumbers>\
                     <TelephoneNumber>2223331000</TelephoneNumber>\
                     <TelephoneNumber>+12223331001</TelephoneNumber></TelephoneNumbers>\
                     </AcceptableValues></PortOutValidationResponse>"
                );
            }
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
