//! Working days.
//!
//! Which days are holidays, and which weekends are worked instead, is decided anew for every year. The lists come
//! in from outside; a year without a list is told apart from a year without holidays.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::date::{Date, Weekday};

/// Which days are worked. A week has five working days, Monday to Friday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    /// Days on which nobody works, also those to which a holiday was moved.
    pub holidays: BTreeSet<Date>,
    /// Saturdays and Sundays that are worked in exchange for another day. A day that is also a holiday stays one.
    pub working_weekends: BTreeSet<Date>,
    /// Years for which both lists are complete.
    pub covers: RangeInclusive<i32>,
}

/// A day of a year for which the calendar holds no lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the working calendar does not cover the year {year}")]
pub struct NotCovered {
    /// That year.
    pub year: i32,
}

impl WorkCalendar {
    /// Whether the day is worked.
    pub fn is_working_day(&self, date: Date) -> Result<bool, NotCovered> {
        if !self.covers.contains(&date.year()) {
            return Err(NotCovered { year: date.year() });
        }
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        Ok(!self.holidays.contains(&date) && (!weekend || self.working_weekends.contains(&date)))
    }

    /// The last day of a term of so many working days. The day of the event is not counted, worked or not: a
    /// term begins on the day after, as is the habit of the civil code. A term of no days ends on the day of the
    /// event, worked or not.
    pub fn add_working_days(&self, event: Date, working_days: u16) -> Result<Date, NotCovered> {
        let mut date = event;
        let mut left = working_days;
        while left > 0 {
            // A day without a successor lies in the last year of all.
            date = date.plus_days(1).ok_or(NotCovered { year: date.year() })?;
            if self.is_working_day(date)? {
                left -= 1;
            }
        }
        Ok(date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// Not the decree of any year: enough days to meet every rule.
    fn calendar() -> WorkCalendar {
        WorkCalendar {
            holidays: ["2026-03-09", "2026-03-23", "2026-12-16", "2026-10-25"]
                .map(date)
                .into(),
            working_weekends: ["2026-10-24", "2026-10-25"].map(date).into(),
            covers: 2026..=2026,
        }
    }

    #[test]
    fn knows_working_days() {
        let check = |text: &str, expect: Result<bool, i32>| {
            let found = calendar().is_working_day(date(text));
            assert_eq!(found.map_err(|missing| missing.year), expect, "{text}");
        };
        check("2026-11-20", Ok(true)); // Friday
        check("2026-11-21", Ok(false));
        check("2026-11-22", Ok(false));
        check("2026-12-16", Ok(false)); // a holiday on a Wednesday
        check("2026-10-24", Ok(true)); // a Saturday that is worked
        check("2026-10-25", Ok(false)); // both: stays a holiday
        check("2027-01-04", Err(2027));
        check("2025-12-31", Err(2025));
    }

    #[test]
    fn counts_terms_from_the_day_after() {
        let check = |event: &str, days: u16, expect: Result<&str, i32>| {
            let found = calendar().add_working_days(date(event), days);
            assert_eq!(
                found.map_err(|missing| missing.year),
                expect.map(date),
                "{event} {days}"
            );
        };
        check("2026-11-20", 1, Ok("2026-11-23")); // Friday to Monday
        check("2026-11-18", 3, Ok("2026-11-23"));
        check("2026-11-21", 3, Ok("2026-11-25")); // an event on a Saturday
        check("2026-12-15", 1, Ok("2026-12-17")); // over a holiday
        check("2026-10-23", 1, Ok("2026-10-24"));
        check("2026-10-24", 1, Ok("2026-10-26"));
        check("2026-11-21", 0, Ok("2026-11-21"));
        check("2026-12-30", 1, Ok("2026-12-31"));
        check("2026-12-30", 2, Err(2027));
        check("2026-12-31", 65_535, Err(2027));
    }

    proptest! {
        #[test]
        fn a_term_ends_on_a_working_day(day in 0_i64..365, days in 1_u16..200) {
            let calendar = calendar();
            let event = date("2026-01-01").plus_days(day).unwrap();
            let Ok(end) = calendar.add_working_days(event, days) else { return Ok(()) };
            prop_assert_eq!(calendar.is_working_day(end), Ok(true));
            let worked = (1..=end.days_since_epoch() - event.days_since_epoch())
                .filter(|later| calendar.is_working_day(event.plus_days(*later).unwrap()) == Ok(true));
            prop_assert_eq!(worked.count(), usize::from(days));
        }

        #[test]
        fn never_panics(days in any::<i64>(), term in 0_u16..1000) {
            let date = Date::from_utc(crate::time::UtcMs(days));
            let _ = calendar().is_working_day(date);
            let _ = calendar().add_working_days(date, term);
        }
    }

    #[test]
    fn the_end_of_time_is_not_covered() {
        let calendar = WorkCalendar {
            covers: i32::MIN..=i32::MAX,
            ..calendar()
        };
        let last = Date::new(i32::MAX, 12, 31).unwrap();
        assert_eq!(
            calendar.add_working_days(last, 1),
            Err(NotCovered { year: i32::MAX })
        );
    }
}
