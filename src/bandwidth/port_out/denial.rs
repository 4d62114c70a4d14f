//! Why a port-out is denied.

use std::fmt;

use crate::bandwidth::TelephoneNumber;
use crate::wire::xml::element_into;

/// A reason to deny a port-out: the codes that Bandwidth recognises.
///
/// There are no others. A denial with 7599 or with a code that Bandwidth does
/// not know *approves* the port-out, so neither can be named here.
///
/// ```
/// use order_webhooks::bandwidth::DenialReason;
///
/// assert_eq!(DenialReason::PinInvalid.code(), 7513);
/// assert_eq!(DenialReason::PinInvalid.to_string(), "7513 PIN invalid");
/// ```
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum DenialReason {
    /// 7510: the account number is missing. The port-out goes into exception.
    AccountNumberMissing = 7510,
    /// 7511: the account number is wrong. The port-out goes into exception.
    AccountNumberInvalid = 7511,
    /// 7512: the PIN is missing. The port-out goes into exception.
    PinMissing = 7512,
    /// 7513: the PIN is wrong. The port-out goes into exception.
    PinInvalid = 7513,
    /// 7514: the ZIP code is missing. The port-out goes into exception.
    ZipCodeMissing = 7514,
    /// 7515: the ZIP code is wrong. The port-out goes into exception.
    ZipCodeInvalid = 7515,
    /// 7516: a telephone number is not recognised, or not of this account. The
    /// port-out is cancelled.
    TelephoneNumberUnknown = 7516,
    /// 7517: too many telephone numbers. The port-out is cancelled.
    TooManyTelephoneNumbers = 7517,
    /// 7518: a telephone number is not active. The port-out is cancelled.
    TelephoneNumberInactive = 7518,
    /// 7519: the customer information does not match. The port-out goes into
    /// exception.
    CustomerMismatch = 7519,
    /// 7598: the request is not valid. The port-out goes into exception.
    InvalidRequest = 7598,
}

impl DenialReason {
    /// Every reason, in the order of the codes.
    pub const ALL: [Self; 11] = [
        Self::AccountNumberMissing,
        Self::AccountNumberInvalid,
        Self::PinMissing,
        Self::PinInvalid,
        Self::ZipCodeMissing,
        Self::ZipCodeInvalid,
        Self::TelephoneNumberUnknown,
        Self::TooManyTelephoneNumbers,
        Self::TelephoneNumberInactive,
        Self::CustomerMismatch,
        Self::InvalidRequest,
    ];

    /// The code on the wire: 7510 to 7519, or 7598.
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The description that goes with the code unless the denial gives another.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::AccountNumberMissing => "Account number required",
            Self::AccountNumberInvalid => "Account number invalid",
            Self::PinMissing => "PIN required",
            Self::PinInvalid => "PIN invalid",
            Self::ZipCodeMissing => "ZIP code required",
            Self::ZipCodeInvalid => "ZIP code invalid",
            Self::TelephoneNumberUnknown => "Telephone number not recognized",
            Self::TooManyTelephoneNumbers => "Too many telephone numbers",
            Self::TelephoneNumberInactive => "Telephone number not active",
            Self::CustomerMismatch => "Customer information does not match",
            Self::InvalidRequest => "Invalid request",
        }
    }
}

/// The code and the description: `7513 PIN invalid`.
impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.description())
    }
}

/// A denied port-out: one reason or more, and what would have been accepted.
///
/// Say what would have been accepted. Bandwidth writes: "Failure to return any
/// data may be considered to be equivalent to approving". A denial without any
/// gets the telephone numbers of the request when the answer is written; see
/// [`PortOutAnswer::to_xml`].
///
/// ```
/// use order_webhooks::bandwidth::{AcceptableValues, Denial, DenialReason};
///
/// let denial = Denial::new(DenialReason::PinInvalid)
///     .and(DenialReason::ZipCodeMissing)
///     .accepting(AcceptableValues::new().with_pin("2222").with_zip_code("02154"));
/// assert_eq!(denial.reasons().map(DenialReason::code).collect::<Vec<_>>(), [7513, 7514]);
/// ```
///
/// [`PortOutAnswer::to_xml`]: crate::bandwidth::PortOutAnswer::to_xml
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Denial {
    first: DenialReason,
    rest: Vec<DenialReason>,
    acceptable: AcceptableValues,
}

impl Denial {
    /// A denial for this reason.
    pub fn new(reason: DenialReason) -> Self {
        Self { first: reason, rest: Vec::new(), acceptable: AcceptableValues::new() }
    }

    /// The same denial for this reason too. A reason counts once.
    pub fn and(mut self, reason: DenialReason) -> Self {
        if !self.reasons().any(|given| given == reason) {
            self.rest.push(reason);
        }
        self
    }

    /// The same denial with what would have been accepted.
    pub fn accepting(mut self, acceptable: AcceptableValues) -> Self {
        self.acceptable = acceptable;
        self
    }

    /// The reasons, at least one.
    pub fn reasons(&self) -> impl Iterator<Item = DenialReason> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }

    /// What would have been accepted.
    pub fn acceptable(&self) -> &AcceptableValues {
        &self.acceptable
    }
}

impl From<DenialReason> for Denial {
    fn from(reason: DenialReason) -> Self {
        Self::new(reason)
    }
}

/// What would have made a denied request valid, and the telephone numbers that
/// are considered valid. Bandwidth uses it to resolve disputes. [`Denial`] has an
/// example.
///
/// A value here says that the request's own was missing or wrong. One that is
/// empty or white space counts as none.
///
/// It is customer data: `Debug` does not show it.
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
#[derive(Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct AcceptableValues {
    pub(super) pin: Option<String>,
    pub(super) account_number: Option<String>,
    pub(super) zip_code: Option<String>,
    pub(super) subscriber_name: Option<String>,
    pub(super) telephone_numbers: Vec<TelephoneNumber>,
}

impl AcceptableValues {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The PIN that would have been accepted, if there is one.
    pub fn with_pin<'a>(mut self, pin: impl Into<Option<&'a str>>) -> Self {
        self.pin = pin.into().map(str::to_owned);
        self
    }

    /// The account number that would have been accepted, if there is one.
    pub fn with_account_number<'a>(mut self, number: impl Into<Option<&'a str>>) -> Self {
        self.account_number = number.into().map(str::to_owned);
        self
    }

    /// The ZIP code that would have been accepted, if there is one.
    pub fn with_zip_code<'a>(mut self, zip_code: impl Into<Option<&'a str>>) -> Self {
        self.zip_code = zip_code.into().map(str::to_owned);
        self
    }

    /// The name that would have been accepted, if there is one.
    pub fn with_subscriber_name<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.subscriber_name = name.into().map(str::to_owned);
        self
    }

    /// The telephone numbers that are considered valid.
    pub fn with_telephone_numbers(
        mut self,
        numbers: impl IntoIterator<Item = TelephoneNumber>,
    ) -> Self {
        self.telephone_numbers = numbers.into_iter().collect();
        self
    }

    /// The elements of the values that are not blank.
    pub(super) fn to_elements(&self) -> String {
        let mut xml = String::new();
        for (name, value) in [
            ("Pin", &self.pin),
            ("AccountNumber", &self.account_number),
            ("ZipCode", &self.zip_code),
            ("SubscriberName", &self.subscriber_name),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !is_blank(value)) {
                element_into(&mut xml, name, value);
            }
        }
        numbers_into(&mut xml, &self.telephone_numbers);
        xml
    }
}

/// Appends `<TelephoneNumbers>` with those that are not blank, if there are any.
pub(super) fn numbers_into(xml: &mut String, numbers: &[TelephoneNumber]) {
    let mut numbers =
        numbers.iter().map(TelephoneNumber::as_str).filter(|text| !is_blank(text)).peekable();
    if numbers.peek().is_some() {
        xml.push_str("<TelephoneNumbers>");
        numbers.for_each(|number| element_into(xml, "TelephoneNumber", number));
        xml.push_str("</TelephoneNumbers>");
    }
}

/// Whether nothing of it can be seen.
pub(super) fn is_blank(text: &str) -> bool {
    let invisible = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || c.is_control() || invisible(c))
}

impl fmt::Debug for AcceptableValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptableValues")
            .field("telephone_numbers", &self.telephone_numbers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_deny() {
        let codes: Vec<u16> = DenialReason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes, [7510, 7511, 7512, 7513, 7514, 7515, 7516, 7517, 7518, 7519, 7598]);
        assert_eq!(DenialReason::PinInvalid.to_string(), "7513 PIN invalid");
    }

    #[test]
    fn a_reason_counts_once() {
        let denial = Denial::new(DenialReason::PinInvalid)
            .and(DenialReason::PinInvalid)
            .and(DenialReason::ZipCodeMissing)
            .and(DenialReason::ZipCodeMissing);
        let reasons: Vec<_> = denial.reasons().collect();
        assert_eq!(reasons, [DenialReason::PinInvalid, DenialReason::ZipCodeMissing]);
    }

    #[test]
    fn debug_shows_the_reasons_and_no_customer_data() {
        let values = AcceptableValues::new()
            .with_pin("2222")
            .with_account_number("555")
            .with_zip_code("02154")
            .with_subscriber_name("Ane B");
        let denial = Denial::new(DenialReason::PinInvalid).accepting(values);
        assert_eq!(
            format!("{denial:?}"),
            "Denial { first: PinInvalid, rest: [], acceptable: AcceptableValues { \
             telephone_numbers: 0, .. } }"
        );
    }
}
