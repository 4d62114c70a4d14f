//! Dates and times as the providers write them.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::wire::text::ShortText;

/// The longest form that a provider prints, with nine digits of fraction:
/// `2021-06-08T12:16:40.123456789+02:00`.
const LONGEST: usize = 35;

/// The length of `2018-12-10`.
const DAY: usize = 10;

/// A date, a time, or whatever a provider writes in its place: it keeps the
/// text as it came, and reads the moment from it when you ask.
///
/// What the providers print, and what can be read from it:
///
/// | text | printed by | a moment | a day |
/// |---|---|---|---|
/// | `2018-12-10T13:12:40+0000` | Musement, everywhere | yes | yes |
/// | `2021-06-08T12:16:40.32538Z` | Porterbuddy, "Fetch order status" | yes | yes |
/// | `2023-02-13T10:00+02:00` | Porterbuddy, order request | yes | yes |
/// | `2023-09-12T15:11:31.705Z` | Bandwidth, "Order Webhook" | yes | yes |
/// | `2014-03-25 12:55:11.0`, `2015-02-25 00:00:00` | Bandwidth, numbers API | no: without an offset | yes |
/// | `2015-03-25`, `2021-06-30Z` | Bandwidth, numbers API | no: without a time | yes |
/// | anything else: `soon`, an empty text | nobody | no | no |
///
/// No offset and no time of day is guessed, so that events are never put in
/// order by a guess. `Serialize` writes the text as it came, and so does
/// `Display`, with control characters escaped. Two are equal if their texts
/// are; compare [`to_offset_date_time`](Self::to_offset_date_time) to know
/// whether they are the same moment.
///
/// ```
/// use order_webhooks::tracking::Timestamp;
///
/// let created = Timestamp::from("2018-12-10T13:12:40+0000");
/// let moment = created.to_offset_date_time().expect("it has an offset");
/// assert_eq!(moment.unix_timestamp(), 1_544_447_560);
/// assert_eq!(Timestamp::basic_offset(moment), created);
///
/// let day = Timestamp::from("2015-03-25");
/// assert_eq!(day.to_offset_date_time(), None);
/// assert_eq!(day.to_date().map(|day| day.ordinal()), Some(84));
/// assert_eq!(day.to_string(), "2015-03-25");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(ShortText<LONGEST>);

impl Timestamp {
    /// The moment in RFC 3339, as Porterbuddy and Bandwidth write it:
    /// `2021-06-08T12:16:40.32538Z`, `2023-02-13T15:00:00+02:00`.
    ///
    /// The fraction is the shortest. The form has no room for the seconds of an
    /// offset, so it is the same moment at an offset of whole minutes. A year before 0,
    /// which no provider writes, is written as `time` prints it.
    #[must_use]
    pub fn rfc3339(moment: OffsetDateTime) -> Self {
        let (hours, minutes, _) = moment.offset().as_hms();
        let offset = UtcOffset::from_hms(hours, minutes, 0).ok();
        let moment = offset.and_then(|offset| moment.checked_to_offset(offset)).unwrap_or(moment);
        let text = moment.format(&Rfc3339).unwrap_or_else(|_| moment.to_string());
        Self::from(&*text)
    }

    /// The moment with a basic offset of ISO 8601, as Musement writes it:
    /// `2018-12-10T13:12:40+0000`. It has a fraction only if that is not zero.
    #[must_use]
    pub fn basic_offset(moment: OffsetDateTime) -> Self {
        let extended = Self::rfc3339(moment);
        let text = extended.as_str();
        match (text.strip_suffix('Z'), text.rsplit_once(':')) {
            (Some(utc), _) => Self::from(&*format!("{utc}+0000")),
            (None, Some((hours, minutes))) => Self::from(&*format!("{hours}{minutes}")),
            (None, None) => extended,
        }
    }

    /// The text, as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The moment, with the offset that it was given. `None` without an offset,
    /// without a time of day, or if the text is not a timestamp.
    ///
    /// Digits of the fraction past the ninth are cut. A leap second, which can
    /// only be the last second of a month, becomes the nanosecond before it.
    /// `None` for a moment that is past the year 9999 in UTC, too.
    #[must_use]
    pub fn to_offset_date_time(&self) -> Option<OffsetDateTime> {
        // RFC 3339, once what the providers leave out of it is filled in: the seconds,
        // the colon of the offset, the `T`.
        let (day, rest) = self.as_str().split_at_checked(DAY)?;
        let rest = rest.strip_prefix(['T', ' '])?;
        let (clock, offset) = rest.split_at_checked(rest.find(['Z', '+', '-'])?)?;
        let seconds = if clock.len() == "13:12".len() { ":00" } else { "" };
        let (hours, minutes) = match offset.split_at_checked("+00".len()) {
            Some((hours, minutes)) if minutes.len() == "00".len() => (hours, minutes),
            _ => (offset, ""),
        };
        let colon = if minutes.is_empty() { "" } else { ":" };
        let filled = [day, "T", clock, seconds, hours, colon, minutes].concat();
        let moment = OffsetDateTime::parse(&filled, &Rfc3339).ok()?;
        // The last hours of the year 9999, at a negative offset, would panic in the
        // hands of whoever converts them to UTC, and with `time/large-dates` later.
        let in_utc = moment.checked_to_offset(UtcOffset::UTC)?;
        (in_utc.year() <= 9999).then_some(moment)
    }

    /// The same text for all texts of a moment: RFC 3339 in UTC. A text that is no
    /// moment stays as it is.
    pub(crate) fn normal(&self) -> Self {
        let moment = self.to_offset_date_time().map(|moment| moment.to_offset(UtcOffset::UTC));
        moment.map_or_else(|| self.clone(), Self::rfc3339)
    }

    /// The day, as it is written: of `2014-03-25 12:55:11.0` and `2014-03-25Z`
    /// 25 March 2014, wherever that was.
    #[must_use]
    pub fn to_date(&self) -> Option<Date> {
        let (day, rest) = self.as_str().split_at_checked(DAY)?;
        let ends = rest.is_empty() || rest.starts_with(['T', ' ', 'Z', '+', '-']);
        let midnight = ends.then(|| Self::from(&*format!("{day}T00:00Z")))?;
        midnight.to_offset_date_time().map(OffsetDateTime::date)
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for Timestamp {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of a test are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The instant and the offset.
    fn read(text: &str) -> Option<(OffsetDateTime, UtcOffset)> {
        let moment = Timestamp::from(text).to_offset_date_time()?;
        Some((moment, moment.offset()))
    }

    fn in_rfc3339(text: &str) -> Option<(OffsetDateTime, UtcOffset)> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some((moment, moment.offset()))
    }

    #[test]
    fn the_forms_of_the_providers_are_read() {
        for (text, same_in_rfc3339) in [
            ("2018-12-10T13:12:40+0000", "2018-12-10T13:12:40Z"),
            ("2018-12-10T13:12:40-0330", "2018-12-10T13:12:40-03:30"),
            ("2021-06-08T12:16:40.32538Z", "2021-06-08T12:16:40.32538Z"),
            ("2023-09-12T15:11:31.705Z", "2023-09-12T15:11:31.705Z"),
            ("2023-02-13T10:00+02:00", "2023-02-13T10:00:00+02:00"),
            ("2023-02-13T17:30:00+01:00", "2023-02-13T17:30:00+01:00"),
            ("2023-02-13T10:00Z", "2023-02-13T10:00:00Z"),
            ("2023-02-13 10:00:00Z", "2023-02-13T10:00:00Z"),
            ("2023-02-13T10:00:00.1234567899+01:00", "2023-02-13T10:00:00.123456789+01:00"),
            ("2023-02-13T10:00:00.000Z", "2023-02-13T10:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z"),
            ("2017-01-01T00:59:60.5+0100", "2017-01-01T00:59:59.999999999+01:00"),
            ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
            ("0000-01-01T00:00:00+23:59", "0000-01-01T00:00:00+23:59"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
            ("9999-12-31T23:59:59+23:59", "9999-12-31T23:59:59+23:59"),
        ] {
            assert_eq!(read(text), in_rfc3339(same_in_rfc3339), "{text}");
            assert!(read(text).is_some(), "{text}");
            assert_eq!(Timestamp::from(text).as_str(), text);
            assert_eq!(Timestamp::from(text).to_string(), text);
        }
    }

    #[test]
    fn a_day_is_read_where_no_moment_can_be() {
        for text in [
            "2015-03-25",
            "2015-03-25Z",
            "2015-03-25+02:00",
            "2015-03-25 12:55:11.0",
            "2015-03-25 00:00:00",
            "2015-03-25T12:55:11",
        ] {
            let day = Date::from_ordinal_date(2015, 84).ok();
            assert_eq!((read(text), Timestamp::from(text).to_date()), (None, day), "{text}");
        }
        let late = Timestamp::from("2015-03-25T23:59:59-0800");
        assert_eq!(late.to_date(), Date::from_ordinal_date(2015, 84).ok());
        for text in ["2015-02-29", "2015-03-25x", "25.03.2015", "2015-3-25", "", " 2015-03-2"] {
            assert_eq!(Timestamp::from(text).to_date(), None, "{text}");
        }
    }

    #[test]
    fn everything_else_keeps_its_text() {
        for text in [
            "",
            "soon",
            "2018-12-10T13:12",
            "2018-12-10t13:12:40Z",
            "2018-12-10T13:12:40z",
            " 2018-12-10T13:12:40Z",
            "2018-12-10T13:12:40Z ",
            "2018-12-10T13:12:40 Z",
            "2018-12-10T13:12:40ZZ",
            "2018-12-10T13:12:40.Z",
            "2018-12-10T13:12:40,5Z",
            "2018-12-10T13:12.5Z",
            "2018-12-10T13Z",
            "20181210T131240Z",
            "2018-12-10T13:12:4Z",
            "2018-12-10T13:12:401Z",
            "2018-12-10T13:12:40+00",
            "2018-12-10T13:12:40+0",
            "2018-12-10T13:12:40+00:0",
            "2018-12-10T13:12:40+000",
            "2018-12-10T13:12:40+00000",
            "2018-12-10T13:12:40+00:00:00",
            "2018-12-10T13:12:40+24:00",
            "2018-12-10T13:12:40+00:60",
            "2018-12-10T13:12:40*0000",
            "2018-12-10T13:12:40\u{2212}0100",
            "2018-12-10T24:00:00Z",
            "2018-12-10T13:60:00Z",
            "2018-12-10T13:12:60Z",
            "2018-12-10T23:59:60Z",
            "2016-12-31T23:59:61Z",
            "2018-13-10T13:12:40Z",
            "2018-00-10T13:12:40Z",
            "2018-12-00T13:12:40Z",
            "2018-12-32T13:12:40Z",
            "2023-02-29T13:12:40Z",
            "+2018-12-10T13:12:40Z",
            "-018-12-10T13:12:40Z",
            "2018-12-1:T13:12:40Z",
            "2018-12-10T1/:12:40Z",
            "٢018-12-10T13:12:40Z",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(read(text), None, "{text}");
            let quoted = serde_json::to_string(text).unwrap();
            let timestamp: Timestamp = serde_json::from_str(&quoted).unwrap();
            assert_eq!(serde_json::to_string(&timestamp).unwrap(), quoted);
        }
        let hostile = Timestamp::from("\x1b[2J\n");
        assert_eq!(hostile.to_string(), "\\u{1b}[2J\\n");
        assert_eq!(format!("{hostile:?}"), "\"\\u{1b}[2J\\n\"");
    }

    #[test]
    fn a_number_is_its_digits() {
        let number: Timestamp = serde_json::from_str("1544447560").unwrap();
        assert_eq!(number.as_str(), "1544447560");
        for value in ["null", "true", "[]", "{}", "1.5"] {
            assert!(serde_json::from_str::<Timestamp>(value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_no_provider_writes_is_written_as_the_same_instant() {
        let offset = UtcOffset::from_hms(1, 2, 3).unwrap();
        let moment = OffsetDateTime::UNIX_EPOCH.to_offset(offset);
        assert_eq!(Timestamp::rfc3339(moment).as_str(), "1970-01-01T01:02:00+01:02");
        assert_eq!(Timestamp::basic_offset(moment).as_str(), "1970-01-01T01:02:00+0102");
        assert_eq!(Timestamp::rfc3339(moment).to_offset_date_time(), Some(moment));
        let before = moment.replace_year(-1).unwrap();
        assert_eq!(Timestamp::rfc3339(before).to_offset_date_time(), None);
    }

    prop_compose! {
        fn any_moment()(
            // From 0001-01-01 to 9999-12-30, so that no offset leaves the four digits.
            second in -62_135_510_400_i64..253_402_128_000,
            nanosecond in prop_oneof![Just(0), Just(500_000_000), 0..1_000_000_000_i64],
            minutes in -1439..1440_i32,
        ) -> OffsetDateTime {
            let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
            let moment = OffsetDateTime::from_unix_timestamp(second).unwrap();
            (moment + time::Duration::nanoseconds(nanosecond)).to_offset(offset)
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(moment in any_moment()) {
            for written in [Timestamp::basic_offset(moment), Timestamp::rfc3339(moment)] {
                prop_assert_eq!(read(written.as_str()), Some((moment, moment.offset())));
                prop_assert_eq!(written.to_date(), Some(moment.date()));
            }
        }

        /// Forms that both take. `time` takes in addition any separator for the
        /// `T`, a lower-case `z`, and the last hours of the year 9999 at a
        /// negative offset.
        #[test]
        fn rfc_3339_is_read_as_time_reads_it(
            text in "[0-9]{3}[0-8]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\
                     ([.][0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-6][0-9])[0Z]?"
        ) {
            prop_assert_eq!(read(&text), in_rfc3339(&text));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", cut in "[-0-9T:.+Z ]{0,40}") {
            for text in [text, cut] {
                let timestamp = Timestamp::from(&*text);
                let _ = (timestamp.to_offset_date_time(), timestamp.to_date());
                prop_assert_eq!(timestamp.as_str(), text);
            }
        }
    }
}
