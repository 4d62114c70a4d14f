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

/// How many of the customer's own numbers a denial has if no number of the
/// request is valid.
const MOST_TOLD: usize = 100;

/// The record of one customer, which judges a port-out.
/// [`Subscribers`](crate::bandwidth::Subscribers) finds the right one of many.
///
/// A denial has every reason at once, in the order of the codes:
///
/// - The account number must be the same, apart from white space, hyphens and
///   the case of letters: `ab 0777` is `AB-0777`, and `AB.0777` is not.
/// - So must the ZIP code, if the record has one. Of nine digits (ZIP+4) only
///   the first five count, in the record and in the request, because carriers
///   ask with either: `02154` is `02154-1234` is `02154-9999`.
/// - So must the PIN, if the record has one, apart from white space around it
///   only: `1-111` is not `1111`.
/// - Every telephone number must be one of the customer's active ones, in
///   whatever way it is written; see [`TelephoneNumber`].
/// - The name must be the same if the record has one, apart from case,
///   punctuation and the amount of white space: `ONEIL & SONS INC` is
///   `O'Neil & Sons, Inc.`, and `José` is not `Jose`.
///
/// A denial says what would have been accepted: the record's values where those
/// of the request are missing or wrong, and the numbers of the request that are
/// valid. If none is valid, it has the customer's own active numbers, 100 at
/// most, and if there are none, the account number. A request with neither a
/// number nor the account number of this customer is about somebody else: its
/// denial says nothing about the record.
///
/// Account number, PIN and ZIP code are compared in constant time, up to their
/// length. `Debug` shows none of them.
///
/// ```
/// use order_webhooks::bandwidth::{
///     DenialReason, PortOutAnswer, PortOutValidationRequest, Subscriber,
/// };
///
/// let pin_on_file: Option<String> = Some("1111".to_owned());
/// let zip_on_file = None;
/// let subscriber = Subscriber::new("777", ["2223331000"])?
///     .with_pin(pin_on_file.as_deref())?
///     .with_zip_code(zip_on_file)?;
/// let request = PortOutValidationRequest::parse_unverified(
///     b"<PortOutValidationRequest><AccountNumber>777</AccountNumber><Pin>2222</Pin>\
///       <TelephoneNumbers><TelephoneNumber>+12223331000</TelephoneNumber></TelephoneNumbers>\
///       </PortOutValidationRequest>",
/// )?;
/// let PortOutAnswer::Deny(denial) = subscriber.judge(&request) else { panic!() };
/// assert_eq!(denial.reasons().collect::<Vec<_>>(), [DenialReason::PinInvalid]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subscriber {
    account_number: Record,
    pin: Option<Record>,
    zip_code: Option<Record>,
    name: Option<Record>,
    active: BTreeSet<TelephoneNumber>,
    inactive: BTreeSet<TelephoneNumber>,
    most_numbers: usize,
}

impl Subscriber {
    /// The customer with this account number and these active telephone
    /// numbers, in whatever form. Text that is not a telephone number is left
    /// out: nobody can ask for it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for an account number of which nothing counts
    /// (`" - "`): it would match a request that leaves it out.
    pub fn new<N: AsRef<str>>(
        account_number: &str,
        active: impl IntoIterator<Item = N>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            account_number: Record::new(account_number, compact)?,
            pin: None,
            zip_code: None,
            name: None,
            active: numbers(active),
            inactive: BTreeSet::new(),
            most_numbers: usize::MAX,
        })
    }

    /// Asks for this PIN, if there is one.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for `""` and for white space.
    pub fn with_pin<'a>(mut self, pin: impl Into<Option<&'a str>>) -> Result<Self, ConfigError> {
        self.pin = Record::maybe(pin, trimmed)?;
        Ok(self)
    }

    /// Asks for this ZIP code, if there is one.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for one of which nothing counts: `" - "`.
    pub fn with_zip_code<'a>(
        mut self,
        zip_code: impl Into<Option<&'a str>>,
    ) -> Result<Self, ConfigError> {
        self.zip_code = Record::maybe(zip_code, zip)?;
        Ok(self)
    }

    /// Asks for this name, if there is one. A request without a name is denied
    /// then.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for white space and punctuation: `"'"`.
    pub fn with_name<'a>(mut self, name: impl Into<Option<&'a str>>) -> Result<Self, ConfigError> {
        self.name = Record::maybe(name, folded)?;
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
        let mut reasons = Vec::new();
        let mut acceptable = AcceptableValues::new();

        let account = self.account_number.denies(
            request.account_number.as_deref(),
            [R::AccountNumberMissing, R::AccountNumberInvalid],
        );
        if let Some(reason) = account {
            reasons.push(reason);
            acceptable = acceptable.with_account_number(self.account_number.shown());
        }
        if let Some(pin) = &self.pin
            && let Some(reason) = pin.denies(request.pin.as_deref(), [R::PinMissing, R::PinInvalid])
        {
            reasons.push(reason);
            acceptable = acceptable.with_pin(pin.shown());
        }
        if let Some(zip_code) = &self.zip_code
            && let Some(reason) =
                zip_code.denies(request.zip_code.as_deref(), [R::ZipCodeMissing, R::ZipCodeInvalid])
        {
            reasons.push(reason);
            acceptable = acceptable.with_zip_code(zip_code.shown());
        }
        let asked: BTreeSet<_> = request.telephone_numbers.iter().collect();
        let known = asked.iter().filter(|number| self.has(number)).count();
        if asked.is_empty() || known < asked.len() {
            reasons.push(R::TelephoneNumberUnknown);
        }
        if asked.len() > self.most_numbers {
            reasons.push(R::TooManyTelephoneNumbers);
        }
        if asked.iter().any(|number| self.inactive.contains(*number)) {
            reasons.push(R::TelephoneNumberInactive);
        }
        if let Some(name) = &self.name
            && let Some(reason) =
                name.denies(request.subscriber_name.as_deref(), [R::CustomerMismatch; 2])
        {
            reasons.push(reason);
            acceptable = acceptable.with_subscriber_name(name.shown());
        }

        let mut reasons = reasons.into_iter();
        let Some(first) = reasons.next() else { return PortOutAnswer::Allow };
        let denial = reasons.fold(Denial::new(first), Denial::and);
        if account.is_some() && known == 0 {
            // It is about another customer, who is not told of this one.
            return denial.into();
        }
        let valid = self.valid_numbers(&asked);
        if valid.is_empty() {
            acceptable = acceptable.with_account_number(self.account_number.shown());
        }
        denial.accepting(acceptable.with_telephone_numbers(valid)).into()
    }

    /// The customer's numbers, active and not.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &TelephoneNumber> {
        self.active.iter().chain(&self.inactive)
    }

    /// What counts of the account number.
    pub(super) fn account_key(&self) -> &[u8] {
        self.account_number.counts.expose()
    }

    /// Whether the request names this customer's account.
    pub(super) fn has_account_of(&self, request: &PortOutValidationRequest) -> bool {
        self.account_number.is_given(request.account_number.as_deref()) == Some(true)
    }

    fn has(&self, number: &TelephoneNumber) -> bool {
        self.active.contains(number) || self.inactive.contains(number)
    }

    /// The numbers with which a request would be valid: those of it that are, as
    /// they are written there, or else the customer's own.
    fn valid_numbers(&self, asked: &BTreeSet<&TelephoneNumber>) -> Vec<TelephoneNumber> {
        let valid = asked.iter().copied().filter(|number| self.active.contains(*number));
        let valid: Vec<_> = valid.take(self.most_numbers).cloned().collect();
        if valid.is_empty() {
            let own = self.active.iter().take(self.most_numbers.min(MOST_TOLD));
            return own.cloned().collect();
        }
        valid
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

/// A value that a request has to give.
struct Record {
    /// As the record has it.
    shown: Secret,
    /// What of it counts.
    counts: Secret,
    /// What of a text counts.
    form: fn(&str) -> String,
}

impl Record {
    fn new(value: &str, form: fn(&str) -> String) -> Result<Self, ConfigError> {
        Ok(Self { counts: Secret::new(form(value))?, shown: Secret::new(value.trim())?, form })
    }

    fn maybe<'a>(
        value: impl Into<Option<&'a str>>,
        form: fn(&str) -> String,
    ) -> Result<Option<Self>, ConfigError> {
        value.into().map(|value| Self::new(value, form)).transpose()
    }

    fn shown(&self) -> &str {
        str::from_utf8(self.shown.expose()).unwrap_or_default()
    }

    /// Whether this is the value on record, or `None` if no value is given.
    fn is_given(&self, given: Option<&str>) -> Option<bool> {
        let given = given.map(self.form).filter(|given| !given.is_empty())?;
        Some(self.counts.expose().ct_eq(given.as_bytes()).into())
    }

    /// The reason to deny a request that gives no value or another one.
    fn denies(
        &self,
        given: Option<&str>,
        [missing, invalid]: [DenialReason; 2],
    ) -> Option<DenialReason> {
        match self.is_given(given) {
            Some(true) => None,
            Some(false) => Some(invalid),
            None => Some(missing),
        }
    }
}

/// Text in which white space around it does not count.
fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// Text in which white space, hyphens and the case of letters do not count.
fn compact(text: &str) -> String {
    let counts = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '\u{2011}');
    text.chars().filter(counts).flat_map(char::to_lowercase).collect()
}

/// A ZIP code, of which the first five digits count where it has nine.
fn zip(text: &str) -> String {
    let mut code = compact(text);
    if code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.truncate(5);
    }
    code
}

/// Words in which punctuation and the case of letters do not count.
fn folded(text: &str) -> String {
    let punctuation = |c: char| c.is_ascii_punctuation() || matches!(c, '\u{2010}'..='\u{201f}');
    text.split_whitespace()
        .map(|word| word.replace(punctuation, "").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn numbers<N: AsRef<str>>(numbers: impl IntoIterator<Item = N>) -> BTreeSet<TelephoneNumber> {
    let numbers = numbers.into_iter().map(|number| TelephoneNumber::from(number.as_ref()));
    numbers.filter(|number| number.e164().is_some()).collect()
}

#[cfg(test)]
mod tests;
