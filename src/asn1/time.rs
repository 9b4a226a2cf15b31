//! Points in time, whole seconds (RFC 5280 §4.1.2.5, RFC 3339). Knows no clock: every point is given.
use super::{Tag, write};
use ::time::{
    Date, Month, OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Parses RFC 3339, with any offset; a date alone is midnight UTC.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let midnight;
        let text = if text.len() == 10 {
            midnight = format!("{text}T00:00:00Z");
            &midnight
        } else {
            text
        };
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .map(|moment| Self(moment.unix_timestamp()))
    }

    /// Parses the date-time of a mail header, with any offset (RFC 5322 §3.3, RFC 2822 §4.3).
    pub fn from_mail(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text.trim(), &Rfc2822)
            .ok()
            .map(|moment| Self(moment.unix_timestamp()))
    }

    /// Returns the date-time of a mail header, in UTC: `Sun, 01 Nov 2026 09:00:00 +0000`.
    pub fn to_mail(self) -> Option<String> {
        self.moment().format(&Rfc2822).ok()
    }

    /// Parses the content octets of UTCTime (tag 0x17, years 1950 to 2049) or GeneralizedTime (tag 0x18), in the forms of RFC 5280 §4.1.2.5
    /// and, tolerantly, without seconds, with a fraction of a second (dropped) or with an offset (BER).
    pub fn from_asn1(tag: Tag, content: &[u8]) -> Option<Self> {
        let mut text = Digits(content);
        let year = match tag {
            UTC_TIME => match text.two()? {
                year @ 50.. => 1900 + i32::from(year),
                year => 2000 + i32::from(year),
            },
            GENERALIZED_TIME => 100 * i32::from(text.two()?) + i32::from(text.two()?),
            _ => return None,
        };
        let (month, day) = (text.two()?, text.two()?);
        let (hour, minute) = (text.two()?, text.two()?);
        let mut second = 0;
        if text.0.first().is_some_and(u8::is_ascii_digit) {
            second = text.two()?;
            if tag == GENERALIZED_TIME {
                text.skip_fraction()?;
            }
        }
        let offset = text.offset()?;
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        let moment = date.with_hms(hour, minute, second).ok()?.assume_utc();
        Some(Self(moment.unix_timestamp() - offset))
    }

    /// Returns DER: UTCTime through 2049, GeneralizedTime after and before 1950 (RFC 5280 §4.1.2.5, RFC 5652 §11.3).
    pub fn to_der(self) -> Vec<u8> {
        let moment = self.moment();
        let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
        let (hour, minute, second) = moment.to_hms();
        let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
        match year {
            1950..=2049 => {
                let text = format!("{:02}{rest}", year % 100);
                write::tlv(UTC_TIME, text.as_bytes())
            }
            _ => write::tlv(GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes()),
        }
    }

    /// Returns the moment, within the years that both formats can write (0 to 9999).
    fn moment(self) -> OffsetDateTime {
        const YEAR_0: i64 = -62_167_219_200;
        const END_OF_9999: i64 = 253_402_300_799;
        OffsetDateTime::from_unix_timestamp(self.0.clamp(YEAR_0, END_OF_9999))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Time {
    /// RFC 3339 in UTC, `2026-11-01T09:00:00Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self
            .moment()
            .format(&Rfc3339)
            .map_err(|_| std::fmt::Error)?;
        f.write_str(&text)
    }
}

const UTC_TIME: Tag = Tag(0x17);
const GENERALIZED_TIME: Tag = Tag(0x18);

/// What is left of a time's text.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// Takes two digits.
    fn two(&mut self) -> Option<u8> {
        let (&[tens, ones], rest) = self.0.split_first_chunk()?;
        if !(tens.is_ascii_digit() && ones.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        Some(10 * (tens - b'0') + (ones - b'0'))
    }

    /// Takes a fraction, if there is one.
    fn skip_fraction(&mut self) -> Option<()> {
        if let [b'.' | b',', rest @ ..] = self.0 {
            let digits = rest.iter().take_while(|o| o.is_ascii_digit()).count();
            self.0 = rest.get(digits..).filter(|_| digits > 0)?;
        }
        Some(())
    }

    /// Takes `Z` or an offset, with which the text must end; returns seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let (&sign, rest) = self.0.split_first()?;
        self.0 = rest;
        let seconds = match sign {
            b'Z' => 0,
            b'+' | b'-' => {
                let (hours, minutes) = (self.two()?, self.two()?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let east = 3600 * i64::from(hours) + 60 * i64::from(minutes);
                if sign == b'+' { east } else { -east }
            }
            _ => return None,
        };
        self.0.is_empty().then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> Option<String> {
        Time::from_asn1(UTC_TIME, text.as_bytes()).map(|t| t.to_string())
    }
    fn generalized(text: &str) -> Option<String> {
        Time::from_asn1(GENERALIZED_TIME, text.as_bytes()).map(|t| t.to_string())
    }

    #[test]
    fn dates_of_mail() {
        let time = Time::from_rfc3339("2023-01-11T21:08:43Z");
        for text in [
            "Wed, 11 Jan 2023 16:08:43 -0500",
            "11 Jan 2023 21:08:43 GMT",
            " Wed, 11 Jan 2023 21:08:43 +0000 (UTC)",
        ] {
            assert_eq!(Time::from_mail(text), time, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2023-01-11T21:08:43Z",
            "Wed, 31 Feb 2023 21:08:43 +0000",
        ] {
            assert_eq!(Time::from_mail(text), None, "{text}");
        }
        let written = time.and_then(Time::to_mail);
        assert_eq!(written.as_deref(), Some("Wed, 11 Jan 2023 21:08:43 +0000"));
    }

    #[test]
    fn utc_time() {
        assert_eq!(utc("261101090000Z").unwrap(), "2026-11-01T09:00:00Z");
        assert_eq!(utc("500101000000Z").unwrap(), "1950-01-01T00:00:00Z");
        assert_eq!(utc("491231235959Z").unwrap(), "2049-12-31T23:59:59Z");
        assert_eq!(utc("2611010900Z").unwrap(), "2026-11-01T09:00:00Z");
        assert_eq!(utc("261101090000+0130").unwrap(), "2026-11-01T07:30:00Z");
        for bad in [
            "",
            "Z",
            "261101090000",
            "261301090000Z",
            "260230090000Z",
            "261101240000Z",
            "261101096000Z",
            "261101090000Zx",
            "2611010900000Z",
            "261101090000.5Z",
            "26110109000aZ",
            "261101090000+2400",
            "+61101090000Z",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
    }

    #[test]
    fn generalized_time() {
        assert_eq!(
            generalized("20500101000000Z").unwrap(),
            "2050-01-01T00:00:00Z"
        );
        assert_eq!(
            generalized("99991231235959Z").unwrap(),
            "9999-12-31T23:59:59Z"
        );
        assert_eq!(
            generalized("20261101090000.25Z").unwrap(),
            "2026-11-01T09:00:00Z"
        );
        assert_eq!(
            generalized("202611010900-0100").unwrap(),
            "2026-11-01T10:00:00Z"
        );
        for bad in [
            "20261101090000",
            "20261101090000.Z",
            "2026110109Z",
            "20261101090000.5",
        ] {
            assert_eq!(generalized(bad), None, "{bad}");
        }
        assert!(Time::from_asn1(Tag(0x16), b"20500101000000Z").is_none());
    }

    #[test]
    fn rfc3339() {
        assert_eq!(Time::from_rfc3339("1970-01-01"), Some(Time(0)));
        assert_eq!(
            Time::from_rfc3339("1970-01-01T01:00:00+01:00"),
            Some(Time(0))
        );
        assert_eq!(
            Time::from_rfc3339("2026-11-01T09:00:00Z")
                .unwrap()
                .to_string(),
            "2026-11-01T09:00:00Z"
        );
        for bad in [
            "",
            "2026-11-01T09:00:00",
            "2026-02-30",
            "20261101",
            "2026-1-011",
            "now",
        ] {
            assert_eq!(Time::from_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn extremes_are_clamped() {
        assert_eq!(Time(i64::MAX).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Time(i64::MIN).to_string(), "0000-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn der_round_trip(seconds in -62_167_219_200i64..=253_402_300_799) {
            let der = Time(seconds).to_der();
            prop_assert_eq!(Time::from_asn1(Tag(der[0]), &der[2..]), Some(Time(seconds)));
            prop_assert_eq!(Time::from_rfc3339(&Time(seconds).to_string()), Some(Time(seconds)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}", octets in proptest::collection::vec(any::<u8>(), 0..24)) {
            let _ = Time::from_rfc3339(&text);
            let _ = Time::from_asn1(UTC_TIME, &octets);
            let _ = Time::from_asn1(GENERALIZED_TIME, &octets);
        }
    }
}
