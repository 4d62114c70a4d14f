//! A record of a customer, and what it says of a port-out.

use std::collections::BTreeSet;
use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::bandwidth::{
    AcceptableValues, Denial, DenialReason, PortOutAnswer, PortOutValidationRequest,
    TelephoneNumber,
};
use crate::error::ConfigError;
use crate::secret::Secret;

/// A customer, as the receiver's own records have it, that judges a port-out by
/// itself.
///
/// Every reason to deny is told at once, in the order of the codes, with the
/// values that would have been accepted:
///
/// - The account number must be the same, apart from white space, hyphens and
///   the case of letters. So must the ZIP code, of which only the first five
///   digits count where it has five or nine. The PIN must be the same, apart
///   from white space around it. PIN and ZIP code are asked for if the record
///   has one.
/// - Every telephone number must be one of the customer's active ones. `+1` and
///   punctuation do not matter.
/// - The name must be the same if the record has one, apart from case, white
///   space and punctuation.
///
/// Account number, PIN and ZIP code are compared in constant time, up to their
/// length. `Debug` shows none of them.
///
/// ```
/// use order_webhooks::bandwidth::{
///     DenialReason, PortOutAnswer, PortOutValidationRequest, Subscriber,
/// };
///
/// let subscriber = Subscriber::new("777", ["2223331000"])?.with_pin("1111")?;
/// let request = PortOutValidationRequest::parse_unverified(
///     b"<PortOutValidationRequest><AccountNumber>777</AccountNumber><Pin>2222</Pin>\
///       <TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
///       </PortOutValidationRequest>",
/// )?;
/// let PortOutAnswer::Deny(denial) = subscriber.judge(&request) else { panic!() };
/// assert_eq!(denial.reasons().collect::<Vec<_>>(), [DenialReason::PinInvalid]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subscriber {
    account_number: Secret,
    pin: Option<Secret>,
    zip_code: Option<Secret>,
    name: Option<Secret>,
    active: BTreeSet<String>,
    inactive: BTreeSet<String>,
    most_numbers: usize,
}

impl Subscriber {
    /// The customer with this account number and these active telephone numbers.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for an account number without a letter or
    /// digit (`" - "`): it would match a request that leaves it out.
    pub fn new<N: AsRef<str>>(
        account_number: &str,
        active: impl IntoIterator<Item = N>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            account_number: record(account_number, compact)?,
            pin: None,
            zip_code: None,
            name: None,
            active: numbers(active),
            inactive: BTreeSet::new(),
            most_numbers: usize::MAX,
        })
    }

    /// Asks for this PIN.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for `""` and for white space.
    pub fn with_pin(mut self, pin: &str) -> Result<Self, ConfigError> {
        self.pin = Some(record(pin, trimmed)?);
        Ok(self)
    }

    /// Asks for this ZIP code.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for one without a letter or digit.
    pub fn with_zip_code(mut self, zip_code: &str) -> Result<Self, ConfigError> {
        self.zip_code = Some(record(zip_code, zip)?);
        Ok(self)
    }

    /// Asks for this name. A request without a name is denied.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for one without a letter or digit.
    pub fn with_name(mut self, name: &str) -> Result<Self, ConfigError> {
        self.name = Some(record(name, folded)?);
        Ok(self)
    }

    /// Knows these telephone numbers as the customer's, and as not active.
    #[must_use]
    pub fn with_inactive_numbers<N: AsRef<str>>(
        mut self,
        inactive: impl IntoIterator<Item = N>,
    ) -> Self {
        self.inactive = numbers(inactive);
        self
    }

    /// Lets at most this many telephone numbers leave with one request.
    #[must_use]
    pub fn with_most_numbers(mut self, most_numbers: usize) -> Self {
        self.most_numbers = most_numbers;
        self
    }

    /// Whether the numbers of this request may leave.
    pub fn judge(&self, request: &PortOutValidationRequest) -> PortOutAnswer {
        use DenialReason as R;
        let mut acceptable = AcceptableValues::new();
        let mut reasons = Vec::new();

        let given = request.account_number().map(compact);
        if let Some(reason) =
            fault(&self.account_number, given, R::AccountNumberMissing, R::AccountNumberInvalid)
        {
            reasons.push(reason);
            acceptable = acceptable.with_account_number(shown(&self.account_number));
        }
        if let Some(pin) = &self.pin {
            let given = request.pin().map(trimmed);
            if let Some(reason) = fault(pin, given, R::PinMissing, R::PinInvalid) {
                reasons.push(reason);
                acceptable = acceptable.with_pin(shown(pin));
            }
        }
        if let Some(zip_code) = &self.zip_code {
            let given = request.zip_code().map(zip);
            if let Some(reason) = fault(zip_code, given, R::ZipCodeMissing, R::ZipCodeInvalid) {
                reasons.push(reason);
                acceptable = acceptable.with_zip_code(shown(zip_code));
            }
        }
        let numbers: BTreeSet<String> =
            request.telephone_numbers().iter().map(|number| digits(number.as_str())).collect();
        let known =
            |number: &String| self.active.contains(number) || self.inactive.contains(number);
        if !numbers.iter().all(known) {
            reasons.push(R::TelephoneNumberUnknown);
        }
        if numbers.len() > self.most_numbers {
            reasons.push(R::TooManyTelephoneNumbers);
        }
        if numbers.iter().any(|number| self.inactive.contains(number)) {
            reasons.push(R::TelephoneNumberInactive);
        }
        if let Some(name) = &self.name {
            let given = request.subscriber_name().map(folded);
            reasons.extend(fault(name, given, R::CustomerMismatch, R::CustomerMismatch));
        }

        let mut reasons = reasons.into_iter();
        let Some(first) = reasons.next() else { return PortOutAnswer::Allow };
        let valid = numbers.intersection(&self.active).map(|number| number.as_str().into());
        let acceptable = acceptable.with_telephone_numbers(valid.collect::<Vec<TelephoneNumber>>());
        PortOutAnswer::Deny(reasons.fold(Denial::new(first), Denial::and).accepting(acceptable))
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("active", &self.active.len())
            .field("inactive", &self.inactive.len())
            .finish_non_exhaustive()
    }
}

fn record(value: &str, form: fn(&str) -> String) -> Result<Secret, ConfigError> {
    Secret::new(form(value))
}

fn shown(record: &Secret) -> String {
    String::from_utf8_lossy(record.expose()).into_owned()
}

/// What is wrong with a given value, if anything.
fn fault(
    record: &Secret,
    given: Option<String>,
    missing: DenialReason,
    invalid: DenialReason,
) -> Option<DenialReason> {
    let given = given.filter(|given| !given.is_empty());
    match given {
        None => Some(missing),
        Some(given) => {
            let same = record.expose().ct_eq(given.as_bytes());
            (!bool::from(same)).then_some(invalid)
        }
    }
}

/// Text in which white space around it does not count.
fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// Text in which only letters and digits count, in either case.
fn compact(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// A ZIP code: five digits, without the four that can follow, or a foreign one.
fn zip(text: &str) -> String {
    let mut code = compact(text);
    if code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.truncate(5);
    }
    code
}

/// Text in which case, punctuation and the amount of white space do not count.
fn folded(text: &str) -> String {
    text.split_whitespace()
        .map(compact)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn numbers<N: AsRef<str>>(numbers: impl IntoIterator<Item = N>) -> BTreeSet<String> {
    let numbers = numbers.into_iter().map(|number| digits(number.as_ref()));
    numbers.filter(|number| !number.is_empty()).collect()
}

/// A number without country code and punctuation, or nothing if there is a letter
/// in it: then it is no number that anyone has.
fn digits(text: &str) -> String {
    if text.chars().any(char::is_alphabetic) {
        return String::new();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('1') {
        Some(rest) if rest.len() == 10 => rest.to_owned(),
        _ => digits,
    }
}

#[cfg(test)]
mod tests;
