//! Days of the civil calendar.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use crate::time::UtcMs;

/// How far the clocks of Kazakhstan are ahead of UTC, in milliseconds: five hours, in the whole country, all
/// year, since 1 March 2024 (tz database 2024a; announced by the Ministry of Trade and Integration on 19 January
/// 2024). Before that day most regions were at six hours; a moment of then may be given the day before.
pub const KAZAKHSTAN_AHEAD_OF_UTC_MS: i64 = 5 * 60 * 60 * 1000;

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day of the Gregorian calendar, also for days before it was introduced.
///
/// Days are ordered. `Display` and `FromStr` write them as ISO 8601 does: `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DateError {
    /// Not four, two and two digits with hyphens between.
    #[error("a date is written as YYYY-MM-DD")]
    Shape,
    /// The calendar has no such day.
    #[error("the calendar has no such day")]
    NoSuchDay,
}

/// A day of the week. Ordered as ISO 8601 orders them, from Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// The first.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The last.
    Sunday,
}

impl Weekday {
    /// All seven, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

impl Date {
    /// The day with this year, month (from 1) and day (from 1); `None` where the calendar has none.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        is_day(year, month, day).then_some(Self { year, month, day })
    }

    /// The day in Kazakhstan at a moment. See [`KAZAKHSTAN_AHEAD_OF_UTC_MS`].
    pub fn from_utc(at: UtcMs) -> Self {
        Self::of_days(local_ms(at).div_euclid(DAY_MS))
    }

    /// The day so many days after 1970-01-01; `None` where its year does not fit.
    pub fn from_days_since_epoch(days: i64) -> Option<Self> {
        let within = Self::MIN.days_since_epoch()..=Self::MAX.days_since_epoch();
        within.contains(&days).then(|| Self::of_days(days))
    }

    const MIN: Self = Self {
        year: i32::MIN,
        month: 1,
        day: 1,
    };
    const MAX: Self = Self {
        year: i32::MAX,
        month: 12,
        day: 31,
    };

    /// The days must lie between those of [`MIN`](Self::MIN) and [`MAX`](Self::MAX), as all of [`UtcMs`] do.
    /// Eras of 400 years with years that begin in March, as in Howard Hinnant's `civil_from_days`: the leap day
    /// is then the last of its year.
    fn of_days(days: i64) -> Self {
        let days = days + DAYS_TO_EPOCH;
        let era = days.div_euclid(DAYS_OF_ERA);
        let day_of_era = days.rem_euclid(DAYS_OF_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_since_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
        let month = if months_since_march < 10 {
            months_since_march + 3
        } else {
            months_since_march - 9
        };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self {
            year: year as i32,
            month: month as u8,
            day: day as u8,
        }
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Days after 1970-01-01; negative before.
    pub fn days_since_epoch(self) -> i64 {
        let months_since_march = (i64::from(self.month) + 9) % 12;
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * months_since_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        year.div_euclid(400) * DAYS_OF_ERA + day_of_era - DAYS_TO_EPOCH
    }

    /// The moment at which the day begins in Kazakhstan, or the last moment there is for days so far away.
    pub fn start_utc(self) -> UtcMs {
        UtcMs(
            self.days_since_epoch()
                .saturating_mul(DAY_MS)
                .saturating_sub(KAZAKHSTAN_AHEAD_OF_UTC_MS),
        )
    }

    /// The day so many days later, or earlier where negative; `None` where its year does not fit.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days_since_epoch(self.days_since_epoch().checked_add(days)?)
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        Weekday::ALL[(self.days_since_epoch() + 3).rem_euclid(7) as usize]
    }

    /// Full years from this day to a later one: an age. Who was born on 29 February is a year older on 1 March
    /// of other years. Negative where the other day is earlier.
    pub fn full_years_until(self, later: Self) -> i32 {
        let before_birthday = (later.month, later.day) < (self.month, self.day);
        later
            .year
            .saturating_sub(self.year)
            .saturating_sub(i32::from(before_birthday))
    }
}

/// Milliseconds since 1970-01-01T00:00:00 on the clocks of Kazakhstan.
pub(crate) fn local_ms(at: UtcMs) -> i64 {
    at.0.saturating_add(KAZAKHSTAN_AHEAD_OF_UTC_MS)
}

const DAYS_OF_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Whether the calendar has this day.
pub(crate) fn is_day(year: i32, month: u8, day: u8) -> bool {
    let divides = |by: i32| year.rem_euclid(by) == 0;
    let leap = divides(4) && (!divides(100) || divides(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

impl Zeroize for Date {
    /// Leaves 0000-01-01, which is a day.
    fn zeroize(&mut self) {
        self.year.zeroize();
        self.month.zeroize();
        self.day.zeroize();
        self.month = 1;
        self.day = 1;
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = *self;
        // ISO 8601 wants a sign before years that have not four digits.
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(f, "{year:+05}-{month:02}-{day:02}")
        }
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads the years 0000 to 9999.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes: &[u8; 10] = text.as_bytes().try_into().map_err(|_| DateError::Shape)?;
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().try_fold(0_u16, |sum, byte| {
                byte.is_ascii_digit()
                    .then(|| sum * 10 + u16::from(byte - b'0'))
                    .ok_or(DateError::Shape)
            })
        };
        if (bytes[4], bytes[7]) != (b'-', b'-') {
            return Err(DateError::Shape);
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        // Two digits fit into a byte.
        Self::new(i32::from(year), month as u8, day as u8).ok_or(DateError::NoSuchDay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_days_of_the_calendar() {
        let check = |text: &str, expect: Result<(i32, u8, u8), DateError>| {
            let found = text
                .parse::<Date>()
                .map(|date| (date.year(), date.month(), date.day()));
            assert_eq!(found, expect, "{text}");
        };
        check("2026-11-22", Ok((2026, 11, 22)));
        check("2024-02-29", Ok((2024, 2, 29)));
        check("2000-02-29", Ok((2000, 2, 29)));
        check("2026-02-29", Err(DateError::NoSuchDay));
        check("1900-02-29", Err(DateError::NoSuchDay));
        check("2026-04-31", Err(DateError::NoSuchDay));
        check("2026-13-01", Err(DateError::NoSuchDay));
        check("2026-00-01", Err(DateError::NoSuchDay));
        check("2026-01-00", Err(DateError::NoSuchDay));
        check("22.11.2026", Err(DateError::Shape));
        check("2026-11-2x", Err(DateError::Shape));
        check("+026-11-22", Err(DateError::Shape));
        check("2026-11-222", Err(DateError::Shape));
        check("", Err(DateError::Shape));
    }

    #[test]
    fn counts_days_and_names_them() {
        let check = |text: &str, days: i64, weekday: Weekday| {
            let date: Date = text.parse().unwrap();
            assert_eq!(
                (date.days_since_epoch(), date.weekday()),
                (days, weekday),
                "{text}"
            );
        };
        check("1970-01-01", 0, Weekday::Thursday);
        check("1969-12-31", -1, Weekday::Wednesday);
        check("2000-03-01", 11_017, Weekday::Wednesday);
        check("2024-02-29", 19_782, Weekday::Thursday);
        check("2026-11-22", 20_779, Weekday::Sunday);
        check("0000-03-01", -719_468, Weekday::Wednesday);
    }

    #[test]
    fn a_day_begins_five_hours_before_that_of_utc() {
        let check = |utc_ms: i64, expect: &str| {
            assert_eq!(Date::from_utc(UtcMs(utc_ms)).to_string(), expect, "{utc_ms}");
        };
        let midnight_utc = 20_779 * DAY_MS;
        check(midnight_utc, "2026-11-22");
        check(midnight_utc - KAZAKHSTAN_AHEAD_OF_UTC_MS, "2026-11-22");
        check(midnight_utc - KAZAKHSTAN_AHEAD_OF_UTC_MS - 1, "2026-11-21");
        check(midnight_utc + 19 * 3_600_000 - 1, "2026-11-22");
        check(midnight_utc + 19 * 3_600_000, "2026-11-23");
        check(0, "1970-01-01");
        check(i64::MAX, "+292278994-08-17");
        check(i64::MIN, "-292275055-05-16");
    }

    #[test]
    fn counts_full_years() {
        let check = |from: &str, to: &str, expect: i32| {
            let [from, to]: [Date; 2] = [from, to].map(|text| text.parse().unwrap());
            assert_eq!(from.full_years_until(to), expect, "{from} {to}");
        };
        check("1988-04-12", "2026-04-11", 37);
        check("1988-04-12", "2026-04-12", 38);
        check("2004-02-29", "2025-02-28", 20);
        check("2004-02-29", "2025-03-01", 21);
        check("2004-02-29", "2024-02-29", 20);
        check("2004-02-29", "2004-02-28", -1);
    }

    #[test]
    fn a_wiped_date_is_still_a_day() {
        let mut date: Date = "1988-04-12".parse().unwrap();
        date.zeroize();
        assert_eq!(date.to_string(), "0000-01-01");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}", at in any::<i64>()) {
            let _ = text.parse::<Date>();
            let _ = Date::from_utc(UtcMs(at)).start_utc();
            let _ = Date::from_days_since_epoch(at);
        }

        #[test]
        fn what_is_written_is_read(days in -719_528_i64..2_932_896) {
            let date = Date::from_days_since_epoch(days).unwrap();
            prop_assert_eq!(date.days_since_epoch(), days);
            prop_assert_eq!(date.to_string().parse::<Date>(), Ok(date));
        }

        #[test]
        fn days_and_numbers_run_together(year in any::<i32>(), month in any::<u8>(), day in any::<u8>()) {
            let Some(date) = Date::new(year, month % 14, day % 33) else { return Ok(()) };
            prop_assert_eq!(Date::from_days_since_epoch(date.days_since_epoch()), Some(date));
            if let Some(next) = date.plus_days(1) {
                prop_assert!(date < next);
                prop_assert_eq!(next.plus_days(-1), Some(date));
                prop_assert_eq!((date.weekday() as u8 + 1) % 7, next.weekday() as u8);
            }
        }

        #[test]
        fn a_day_begins_with_itself(days in -719_528_i64..2_932_896) {
            let date = Date::from_days_since_epoch(days).unwrap();
            let start = date.start_utc();
            prop_assert_eq!(Date::from_utc(start), date);
            prop_assert_eq!(Some(Date::from_utc(UtcMs(start.0 - 1))), date.plus_days(-1));
        }
    }
}
