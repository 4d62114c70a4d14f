//! Dates and times as the providers write them.
//!
//! By hand, because no parser of the `time` crate takes all the forms that the
//! three providers use, and because the formats cost more than all the rest of
//! a delivery.

use std::fmt::{self, Display};

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// Reads `2018-12-10T13:12:40+0000`, `2021-06-08T12:16:40.32538Z` or
/// `2023-02-13T10:00+02:00`.
///
/// The seconds and their fraction are optional; digits past the ninth are cut.
/// The offset is `Z`, `±hh:mm` or `±hhmm`. A leap second, which can only be the
/// last second of a month, becomes the nanosecond before it, as in the `time`
/// crate. A time that has no form in UTC, because it falls into the year 10000
/// there, is refused: it would panic in the hands of whoever converts it.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let (head, rest) = text.as_bytes().split_first_chunk()?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2] = head else {
        return None;
    };
    let date = calendar_date([y1, y2, y3, y4], [m1, m2], [d1, d2])?;
    let (second, nanosecond, rest) = match rest {
        [b':', s1, s2, b'.', rest @ ..] => {
            let (nanosecond, rest) = fraction(rest)?;
            (two([*s1, *s2])?, nanosecond, rest)
        }
        [b':', s1, s2, rest @ ..] => (two([*s1, *s2])?, 0, rest),
        _ => (0, 0, rest),
    };
    let offset = offset(rest)?;
    let leap = second == 60;
    let (second, nanosecond) = if leap { (59, 999_999_999) } else { (second, nanosecond) };
    let time = Time::from_hms_nano(two([h1, h2])?, two([n1, n2])?, second, nanosecond).ok()?;
    let parsed = OffsetDateTime::new_in_offset(date, time, offset);
    if leap || date.year() == 9999 {
        let utc = parsed.checked_to_offset(UtcOffset::UTC)?;
        let last_second =
            (23, 59) == (utc.hour(), utc.minute()) && utc.day() == utc.month().length(utc.year());
        if leap && !last_second {
            return None;
        }
    }
    Some(parsed)
}

/// Reads `2023-02-13`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return None;
    };
    calendar_date([y1, y2, y3, y4], [m1, m2], [d1, d2])
}

fn calendar_date([y1, y2, y3, y4]: [u8; 4], month: [u8; 2], day: [u8; 2]) -> Option<Date> {
    let century = i32::from(two([y1, y2])?);
    let year = century.wrapping_mul(100).wrapping_add(i32::from(two([y3, y4])?));
    let month = Month::try_from(two(month)?).ok()?;
    Date::from_calendar_date(year, month, two(day)?).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(digit)
}

fn two([tens, ones]: [u8; 2]) -> Option<u8> {
    Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?))
}

/// The nanoseconds of the digits after a point, of which there is at least one,
/// and what follows them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let (first, mut rest) = text.split_first()?;
    let mut unit = 100_000_000_u32;
    let mut nanoseconds = unit.wrapping_mul(digit(*first)?.into());
    while let [byte @ b'0'..=b'9', after @ ..] = rest {
        unit /= 10;
        nanoseconds = nanoseconds.wrapping_add(unit.wrapping_mul(byte.wrapping_sub(b'0').into()));
        rest = after;
    }
    Some((nanoseconds, rest))
}

fn offset(text: &[u8]) -> Option<UtcOffset> {
    let (sign, hours, minutes) = match *text {
        [b'Z'] => return Some(UtcOffset::UTC),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => {
            (sign, two([h1, h2])?, two([m1, m2])?)
        }
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let (hours, minutes) = (hours.cast_signed(), minutes.cast_signed());
    match sign {
        b'+' => UtcOffset::from_hms(hours, minutes, 0).ok(),
        b'-' => UtcOffset::from_hms(hours.wrapping_neg(), minutes.wrapping_neg(), 0).ok(),
        _ => None,
    }
}

/// Writes `2018-12-10T13:12:40+0000`, with a fraction only if it is not zero.
pub(crate) fn basic(time: OffsetDateTime) -> impl Display {
    Basic(whole_minutes(time))
}

/// Writes `2021-06-08T12:16:40.32538Z`: RFC 3339 with the shortest fraction,
/// `Z` for UTC and else `±hh:mm`.
pub(crate) fn rfc3339(time: OffsetDateTime) -> impl Display {
    Rfc3339(whole_minutes(time))
}

/// Writes `2023-02-13`.
pub(crate) fn date(date: Date) -> impl Display {
    Day(date)
}

/// The same instant at an offset that can be written: neither form has room for
/// the seconds of an offset.
fn whole_minutes(time: OffsetDateTime) -> OffsetDateTime {
    let (hours, minutes, _) = time.offset().as_hms();
    UtcOffset::from_hms(hours, minutes, 0)
        .ok()
        .and_then(|offset| time.checked_to_offset(offset))
        .unwrap_or(time)
}

struct Basic(OffsetDateTime);
struct Rfc3339(OffsetDateTime);
struct Day(Date);
struct LocalTime(OffsetDateTime);

impl Display for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, hours, minutes) = offset_parts(self.0);
        write!(f, "{}{sign}{hours:02}{minutes:02}", LocalTime(self.0))
    }
}

impl Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LocalTime(self.0).fmt(f)?;
        match offset_parts(self.0) {
            (_, 0, 0) => f.write_str("Z"),
            (sign, hours, minutes) => write!(f, "{sign}{hours:02}:{minutes:02}"),
        }
    }
}

fn offset_parts(time: OffsetDateTime) -> (char, u8, u8) {
    let (hours, minutes, _) = time.offset().as_hms();
    let sign = if time.offset().is_negative() { '-' } else { '+' };
    (sign, hours.unsigned_abs(), minutes.unsigned_abs())
}

impl Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second, nanosecond) = self.0.to_hms_nano();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}", Day(self.0.date()))?;
        if nanosecond != 0 {
            let (mut digits, mut width) = (nanosecond, 9_usize);
            while digits.is_multiple_of(10) {
                (digits, width) = (digits / 10, width.wrapping_sub(1));
            }
            write!(f, ".{digits:0width$}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339 as Oracle;

    use super::*;

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
            ("2023-02-13T10:00:00.1234567899+01:00", "2023-02-13T10:00:00.123456789+01:00"),
            ("2023-02-13T10:00:00.000Z", "2023-02-13T10:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z"),
            ("2017-01-01T00:59:60.5+0100", "2017-01-01T00:59:59.999999999+01:00"),
            ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
            ("0000-01-01T00:00:00+23:59", "0000-01-01T00:00:00+23:59"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
            ("9999-12-31T23:59:59+23:59", "9999-12-31T23:59:59+23:59"),
        ] {
            let time = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(rfc3339(time).to_string(), same_in_rfc3339, "{text}");
            let oracle = OffsetDateTime::parse(same_in_rfc3339, &Oracle).unwrap();
            assert_eq!((time, time.offset()), (oracle, oracle.offset()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2018-12-10",
            "2018-12-10T13:12",
            "2018-12-10T13:12:40",
            "2018-12-10 13:12:40Z",
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
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_strict() {
        let day = parse_date("2023-02-13").unwrap();
        assert_eq!(day, Date::from_calendar_date(2023, Month::February, 13).unwrap());
        assert_eq!(date(day).to_string(), "2023-02-13");
        for text in
            ["", "2023-2-13", "2023-02-30", "2023-02-13T", "20230213", "2023/02/13", " 023-02-13"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_with_seconds_is_written_as_the_same_instant() {
        let offset = UtcOffset::from_hms(1, 2, 3).unwrap();
        let time = OffsetDateTime::UNIX_EPOCH.to_offset(offset);
        assert_eq!(rfc3339(time).to_string(), "1970-01-01T01:02:00+01:02");
        assert_eq!(basic(time).to_string(), "1970-01-01T01:02:00+0102");
        assert_eq!(parse("1970-01-01T01:02:00+01:02"), Some(time));
    }

    prop_compose! {
        fn any_time()(
            // From 0001-01-01 to 9999-12-30, so that no offset leaves the four digits.
            second in -62_135_510_400_i64..253_402_128_000,
            nanosecond in prop_oneof![Just(0), Just(500_000_000), 0..1_000_000_000_i64],
            minutes in -1439..1440_i32,
        ) -> OffsetDateTime {
            let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
            let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
            (time + time::Duration::nanoseconds(nanosecond)).to_offset(offset)
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(time in any_time()) {
            for text in [basic(time).to_string(), rfc3339(time).to_string()] {
                let read = parse(&text);
                prop_assert_eq!(read, Some(time));
                prop_assert_eq!(read.map(OffsetDateTime::offset), Some(time.offset()));
            }
            prop_assert_eq!(parse_date(&date(time.date()).to_string()), Some(time.date()));
        }

        #[test]
        fn rfc_3339_is_written_as_time_writes_it(time in any_time()) {
            prop_assert_eq!(rfc3339(time).to_string(), time.format(&Oracle).unwrap());
        }

        /// Forms that both take. `time` takes in addition any separator for the
        /// `T`, a lower-case `z`, and the last hours of the year 9999 at a
        /// negative offset.
        #[test]
        fn rfc_3339_is_read_as_time_reads_it(
            text in "[0-9]{3}[0-8]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\
                     ([.][0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-6][0-9])[0Z]?"
        ) {
            let oracle = OffsetDateTime::parse(&text, &Oracle).ok();
            prop_assert_eq!(parse(&text), oracle);
            prop_assert_eq!(
                parse(&text).map(OffsetDateTime::offset),
                oracle.map(OffsetDateTime::offset)
            );
        }

        #[test]
        fn last_seconds_of_a_month_are_read_as_time_reads_them(
            text in "20[012][0-9]-(01|02|06|12)-(28|29|30|31)T(23|22|00):(59|29):(59|60)([.]5)?\
                     (Z|[+-]0[01]:[03]0)"
        ) {
            prop_assert_eq!(parse(&text), OffsetDateTime::parse(&text, &Oracle).ok());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", cut in "[-0-9T:.+Z]{0,40}") {
            let _ = (parse(&text), parse_date(&text), parse(&cut), parse_date(&cut));
        }
    }
}
