//! How new an event is.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use time::{OffsetDateTime, UtcOffset};

use crate::error::{ParseError, ParseErrorKind};
use crate::tracking::ContentDigest;
use crate::wire::time::Timestamp;

/// How new an event is, among those about one thing.
///
/// Compare it with revisions of the same [`Key`](crate::tracking::Key) only.
/// The text form is one of
///
/// - `n` and 20 digits: the provider counts the changes of the thing;
/// - `t`, a time in UTC with nine digits of fraction, a slash and the digest of
///   the content: the provider says when the thing changed;
/// - `u/` and the digest of the content: the provider says neither.
///
/// The text forms of counts, and of times, sort as the revisions do.
///
/// ```
/// use order_webhooks::tracking::{Revision, Standing};
///
/// let revision = Revision::counted(22);
/// assert_eq!(revision.to_string(), "n00000000000000000022");
/// let stored: Revision = "n00000000000000000021".parse()?;
/// assert_eq!(revision.compare(&stored), Standing::Newer);
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision(Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Counted(u64),
    Dated { at: OffsetDateTime, content: ContentDigest },
    Unordered { content: ContentDigest },
}

/// How an event compares with another one; see [`Revision::compare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is about the same thing, and newer.
    Newer,
    /// It says the same once more.
    Same,
    /// It is about the same thing, and older.
    Older,
    /// They are about different things, or do not say enough to put them in
    /// order.
    Unknown,
}

impl Revision {
    /// The change with this number: of two, the greater is the newer.
    #[must_use]
    pub fn counted(number: u64) -> Self {
        Self(Place::Counted(number))
    }

    /// The state since this time, with the digest of what is said about it: of
    /// two, the later is the newer. With the same time and the same content
    /// they are the same; with other content they cannot be put in order.
    ///
    /// With `None`, where the provider gives no time, it is
    /// [`unordered`](Self::unordered). So is a time that is not in the years 0 to 9999
    /// in UTC, which no provider can write.
    #[must_use]
    pub fn dated(at: impl Into<Option<OffsetDateTime>>, content: ContentDigest) -> Self {
        match at.into().and_then(|at| at.checked_to_offset(UtcOffset::UTC)) {
            Some(at) if (0..=9999).contains(&at.year()) => Self(Place::Dated { at, content }),
            _ => Self::unordered(content),
        }
    }

    /// A state without a count and without a time. It cannot be put in order,
    /// not even with one that says the same.
    #[must_use]
    pub fn unordered(content: ContentDigest) -> Self {
        Self(Place::Unordered { content })
    }

    /// Whether the revision has a count or a time. Without one,
    /// [`compare`](Self::compare) is always `Unknown`.
    #[must_use]
    pub fn can_be_ordered(&self) -> bool {
        !matches!(self.0, Place::Unordered { .. })
    }

    /// How this revision compares with another one of the same key.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Standing {
        let (order, same) = match (&self.0, &other.0) {
            (Place::Counted(this), Place::Counted(that)) => (this.cmp(that), true),
            (
                Place::Dated { at: this, content },
                Place::Dated { at: that, content: other_content },
            ) => (this.cmp(that), content == other_content),
            _ => return Standing::Unknown,
        };
        match order {
            Ordering::Greater => Standing::Newer,
            Ordering::Less => Standing::Older,
            Ordering::Equal if same => Standing::Same,
            Ordering::Equal => Standing::Unknown,
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Counted(number) => write!(f, "n{number:020}"),
            Place::Dated { at, content } => {
                let (year, month, day) = at.to_calendar_date();
                let (hour, minute, second, nanosecond) = at.to_hms_nano();
                write!(f, "t{year:04}-{:02}-{day:02}T", u8::from(month))?;
                write!(f, "{hour:02}:{minute:02}:{second:02}.{nanosecond:09}Z/{content}")
            }
            Place::Unordered { content } => write!(f, "u/{content}"),
        }
    }
}

impl FromStr for Revision {
    type Err = ParseError;

    /// # Errors
    ///
    /// For text that is not a revision's: `"22"`, `"n22"`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let read = || match text.split_at_checked(1)? {
            ("n", number) => number.parse().ok().map(Self::counted),
            ("t", rest) => {
                let (at, content) = rest.split_once('/')?;
                let at = Timestamp::from(at).to_offset_date_time()?;
                Some(Self::dated(at, content.parse().ok()?))
            }
            ("u", rest) => Some(Self::unordered(rest.strip_prefix('/')?.parse().ok()?)),
            _ => None,
        };
        // One revision has one text, so that texts can be compared as they are.
        let canonical = read().filter(|revision| revision.to_string() == text);
        canonical.ok_or_else(|| ParseError::new(ParseErrorKind::Invalid("a revision".into())))
    }
}

serde_by_text!(Revision);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dated(at: &str, content: &str) -> Revision {
        let at = Timestamp::from(at).to_offset_date_time().unwrap();
        Revision::dated(at, ContentDigest::of(content.as_bytes()))
    }

    fn unordered(content: &str) -> Revision {
        Revision::unordered(ContentDigest::of(content.as_bytes()))
    }

    #[test]
    fn how_two_revisions_compare() {
        use Standing::{Newer, Older, Same, Unknown};
        let noon = dated("2021-06-08T12:00:00Z", "a");
        for (this, that, standing) in [
            (Revision::counted(10), Revision::counted(9), Newer),
            (Revision::counted(9), Revision::counted(9), Same),
            (Revision::counted(0), Revision::counted(u64::MAX), Older),
            (dated("2021-06-08T12:00:00.000000001Z", "a"), noon, Newer),
            (dated("2021-06-08T14:00:00+02:00", "a"), noon, Same),
            (dated("2021-06-08T13:59:59+02:00", "b"), noon, Older),
            (dated("2021-06-08T12:00:00Z", "b"), noon, Unknown),
            (unordered("a"), unordered("a"), Unknown),
            (unordered("a"), noon, Unknown),
            (noon, unordered("a"), Unknown),
            (Revision::counted(1), noon, Unknown),
        ] {
            assert_eq!(this.compare(&that), standing, "{this} to {that}");
        }
    }

    #[test]
    fn the_text_is_stable() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (revision, text) in [
            (Revision::counted(22), "n00000000000000000022".to_owned()),
            (Revision::counted(u64::MAX), "n18446744073709551615".to_owned()),
            (
                dated("2021-06-08T12:16:40.32538+02:00", ""),
                format!("t2021-06-08T10:16:40.325380000Z/{empty}"),
            ),
            (unordered(""), format!("u/{empty}")),
            (dated("0000-01-01T00:00:00+23:59", ""), format!("u/{empty}")),
        ] {
            assert_eq!(revision.to_string(), text);
            assert_eq!(text.parse(), Ok(revision));
            assert_eq!(serde_json::to_value(revision).unwrap(), text);
            assert_eq!(serde_json::from_value::<Revision>(text.into()).unwrap(), revision);
        }
        for text in ["", "n", "n22", "22", "n+0000000000000000022", "n18446744073709551616", "é"]
            .into_iter()
            .map(str::to_owned)
            .chain([
                format!("t2021-06-08T10:16:40Z/{empty}"),
                format!("t2021-06-08T12:16:40.325380000+02:00/{empty}"),
                "t2021-06-08T10:16:40.325380000Z/".to_owned(),
                format!("u{empty}"),
                format!("u/{empty}0"),
            ])
        {
            let error = text.parse::<Revision>().unwrap_err();
            assert_eq!(error.to_string(), "not a revision", "{text}");
        }
    }

    #[test]
    fn a_count_or_a_time_can_be_ordered() {
        assert!(Revision::counted(0).can_be_ordered());
        assert!(dated("2021-06-08T12:00:00Z", "").can_be_ordered());
        assert!(!unordered("").can_be_ordered());
    }

    prop_compose! {
        fn any_dated()(second in -62_167_219_200_i64..253_402_300_800, nano in 0..3_i64) -> Revision {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let at = at.checked_add(time::Duration::nanoseconds(nano.saturating_mul(10))).unwrap();
            Revision::dated(at, ContentDigest::of(b""))
        }
    }

    proptest! {
        #[test]
        fn texts_sort_as_revisions_do(a in any_dated(), b in any_dated(), m: u64, n: u64) {
            for (a, b) in [(a, b), (Revision::counted(m), Revision::counted(n))] {
                let texts = match a.to_string().cmp(&b.to_string()) {
                    Ordering::Greater => Standing::Newer,
                    Ordering::Less => Standing::Older,
                    Ordering::Equal => Standing::Same,
                };
                prop_assert_eq!(a.compare(&b), texts);
                prop_assert_eq!(a.to_string().parse(), Ok(a));
            }
        }
    }
}
