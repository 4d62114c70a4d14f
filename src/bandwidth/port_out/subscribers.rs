//! The records of many customers, found by telephone number.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::bandwidth::{
    DenialReason, PortOutAnswer, PortOutValidationRequest, Subscriber, TelephoneNumber,
};
use crate::error::ConfigError;

/// The records of many customers, found by telephone number in every spelling.
///
/// A request is judged by the [`Subscriber`] whose numbers it names:
///
/// - A number that nobody has is
///   [`TelephoneNumberUnknown`](DenialReason::TelephoneNumberUnknown).
/// - So are numbers of two customers in one request, because they are not all
///   of one account. If the account number of the request is that of one of
///   them, that one judges, and says which of the numbers are valid. Otherwise
///   the denial says nothing about either.
///
/// ```
/// use order_webhooks::bandwidth::{
///     PortOutAnswer, PortOutValidationRequest, Subscriber, Subscribers,
/// };
///
/// let on_file = [("777", "2223331000", Some("1111")), ("778", "2223331001", None)];
/// let records = on_file.iter().map(|&(account, number, pin)| {
///     Subscriber::new(account, [number]).and_then(|record| record.with_pin(pin))
/// });
/// let subscribers = Subscribers::new(records.collect::<Result<Vec<_>, _>>()?)?;
/// let request = PortOutValidationRequest::parse_unverified(
///     b"<PortOutValidationRequest><AccountNumber>778</AccountNumber><TelephoneNumbers>\
///       <TelephoneNumber>+12223331001</TelephoneNumber></TelephoneNumbers>\
///       </PortOutValidationRequest>",
/// )?;
/// assert_eq!(subscribers.judge(&request), PortOutAnswer::Allow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subscribers {
    records: Vec<Subscriber>,
    by_number: HashMap<TelephoneNumber, usize>,
}

impl Subscribers {
    /// These customers.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NumberTwice`] if two of them have the same telephone number, and
    /// [`ConfigError::AccountTwice`] for the same account number (`7-77` and `77-7`), in
    /// whatever spelling: it is not clear then whose number it is.
    pub fn new(records: impl IntoIterator<Item = Subscriber>) -> Result<Self, ConfigError> {
        let records: Vec<_> = records.into_iter().collect();
        let mut by_number = HashMap::new();
        let mut accounts = HashSet::new();
        for (place, record) in records.iter().enumerate() {
            let position = place.saturating_add(1);
            if !accounts.insert(record.account_key()) {
                return Err(ConfigError::AccountTwice { position });
            }
            for number in record.numbers() {
                // A number can be both active and not in one record.
                let earlier = by_number.insert(number.clone(), place);
                if earlier.is_some_and(|owner| owner != place) {
                    return Err(ConfigError::NumberTwice { position });
                }
            }
        }
        drop(accounts);
        Ok(Self { records, by_number })
    }

    /// The customer with this number.
    #[must_use]
    pub fn find(&self, number: &TelephoneNumber) -> Option<&Subscriber> {
        self.records.get(*self.by_number.get(number)?)
    }

    /// Whether the numbers of this request may leave.
    pub fn judge(&self, request: &PortOutValidationRequest) -> PortOutAnswer {
        let mut owners = request.telephone_numbers.iter().filter_map(|number| self.find(number));
        let unknown = PortOutAnswer::deny(DenialReason::TelephoneNumberUnknown);
        let Some(first) = owners.next() else { return unknown };
        if owners.clone().all(|owner| std::ptr::eq(owner, first)) {
            return first.judge(request);
        }
        let named =
            std::iter::once(first).chain(owners).find(|owner| owner.has_account_of(request));
        named.map_or(unknown, |owner| owner.judge(request))
    }
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribers").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
