//! What is signed in front of a body: texts, headers, and the time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::head::Head;
use crate::rejection::Reason;

/// What a sender signs in front of the body. [`BodySignature::before_body`] takes a
/// list of them.
///
/// Standard Webhooks signs `{webhook-id}.{webhook-timestamp}.{body}`:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use order_webhooks::auth::{SignedPart, SignedTime};
///
/// let tolerance = Duration::from_secs(5 * 60);
/// let time = SignedTime::in_header("webhook-timestamp".parse()?, tolerance, SystemTime::now);
/// let parts = [
///     SignedPart::Header("webhook-id".parse()?),
///     SignedPart::Text("."),
///     SignedPart::Time(time),
///     SignedPart::Text("."),
/// ];
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`BodySignature::before_body`]: crate::auth::BodySignature::before_body
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignedPart {
    /// This text: `.`
    Text(&'static str),
    /// The value of this header, as it came: an id of the delivery.
    ///
    /// If nothing stands between two headers, or between a header and the body, then
    /// `ab` and `c` have the signature of `a` and `bc`. Providers put a
    /// [`Text`](Self::Text) between them that the header's value does not have.
    Header(HeaderName),
    /// The time at which the sender signed.
    Time(SignedTime),
}

/// The time at which a sender signed: where it stands, and how far it may be from the
/// receiver's clock. It limits how long a delivery can be sent again by somebody who
/// recorded it.
///
/// On the wire it is a number of seconds since 1970 in decimal digits: `1614265330`.
///
/// The clock is yours to give, so that a test can set it. It is
/// [`SystemTime::now`] everywhere else. A delivery is refused with
/// [`Reason::Expired`] if its time is further from the clock than the tolerance,
/// before or after. Stripe and Standard Webhooks use five minutes.
#[derive(Clone)]
pub struct SignedTime {
    place: Place,
    tolerance: Duration,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

#[derive(Debug, Clone)]
enum Place {
    Header(HeaderName),
    List(&'static str),
}

impl SignedTime {
    /// The time stands in a header of its own: `webhook-timestamp: 1614265330`.
    #[must_use]
    pub fn in_header(
        name: HeaderName,
        tolerance: Duration,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        Self { place: Place::Header(name), tolerance, clock: Arc::new(clock) }
    }

    /// The time stands in the list with the signatures, behind this prefix: `t=` for
    /// `t=1492774577,v1=5257a869…`. The list needs
    /// [`BodySignature::in_list`](crate::auth::BodySignature::in_list).
    #[must_use]
    pub fn in_list(
        prefix: &'static str,
        tolerance: Duration,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        Self { place: Place::List(prefix), tolerance, clock: Arc::new(clock) }
    }

    /// Checks a time as it came.
    fn check(&self, text: &[u8]) -> Result<(), Reason> {
        let digits = str::from_utf8(text).ok().filter(|_| text.iter().all(u8::is_ascii_digit));
        let seconds = digits.and_then(|digits| digits.parse().ok());
        let seconds = seconds.ok_or(Reason::SignatureMalformed)?;
        let signed = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).ok_or(Reason::Expired)?;
        let now = (self.clock)();
        let distance = now.duration_since(signed).unwrap_or_else(|later| later.duration());
        if distance > self.tolerance { Err(Reason::Expired) } else { Ok(()) }
    }

    /// Now, as a sender writes it.
    fn now(&self) -> String {
        let since_1970 = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default();
        since_1970.as_secs().to_string()
    }
}

impl fmt::Debug for SignedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedTime")
            .field("place", &self.place)
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

impl SignedPart {
    /// Adds the part to what is signed, as a receiver of this head and of these items of
    /// the signature's header finds it.
    pub(super) fn read<'v>(
        &self,
        head: &Head<'_>,
        items: impl Iterator<Item = &'v [u8]>,
        signed: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        match self {
            Self::Text(text) => signed.extend_from_slice(text.as_bytes()),
            Self::Header(name) => signed.extend_from_slice(required(head, name)?),
            Self::Time(time) => {
                let text = match &time.place {
                    Place::Header(name) => required(head, name)?,
                    Place::List(prefix) => {
                        let mut times =
                            items.filter_map(|item| item.strip_prefix(prefix.as_bytes()));
                        match (times.next(), times.next()) {
                            (Some(text), None) => text,
                            _ => return Err(Reason::SignatureMalformed),
                        }
                    }
                };
                time.check(text)?;
                signed.extend_from_slice(text);
            }
        }
        Ok(())
    }

    /// Adds the header of the part that a sender makes itself, if it is not there.
    pub(super) fn write_header(&self, headers: &mut HeaderMap) {
        if let Self::Time(time @ SignedTime { place: Place::Header(name), .. }) = self
            && !headers.contains_key(name)
            && let Ok(value) = HeaderValue::try_from(time.now())
        {
            headers.insert(name.clone(), value);
        }
    }

    /// Adds the part to what is signed, as a sender with these headers does. What is
    /// returned belongs into the list of the signature's header.
    pub(super) fn write(&self, headers: &HeaderMap, signed: &mut Vec<u8>) -> Option<String> {
        match self {
            Self::Text(text) => signed.extend_from_slice(text.as_bytes()),
            Self::Header(name) | Self::Time(SignedTime { place: Place::Header(name), .. }) => {
                let value = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
                signed.extend_from_slice(value);
            }
            Self::Time(time @ SignedTime { place: Place::List(prefix), .. }) => {
                let now = time.now();
                signed.extend_from_slice(now.as_bytes());
                return Some([prefix, &*now].concat());
            }
        }
        None
    }
}

fn required<'h>(head: &Head<'h>, name: &HeaderName) -> Result<&'h [u8], Reason> {
    head.header(name)?.ok_or(Reason::SignatureMissing)
}
