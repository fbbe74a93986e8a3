//! What a kiosk makes of a profile: its own differences, and the hours and the calendar that the rules count by.

use toml::Spanned;
use verification::calendar::WorkCalendar;
use verification::date::Date;
use verification::hours::{OpenDay, OpenSpan, OpeningHours};
use verification::policy::Policy;

use crate::error::ProfileError;
use crate::file::FileHours;
use crate::parse::{self, Source};
use crate::{Hours, Profile};

impl Hours {
    /// Reads the table `[hours]` of a file, of which `source` is the whole text.
    ///
    /// # Errors
    /// When an interval or a day is none.
    pub fn read(source: Source<'_>, table: &Spanned<FileHours>) -> Result<Self, ProfileError> {
        parse::hours(source, table)
    }
}

impl Profile {
    /// The profile with another policy and, where given, other hours: those of one kiosk. The hash is that of what is in
    /// force.
    #[must_use]
    pub fn of_kiosk(mut self, policy: Policy, hours: Option<Hours>) -> Self {
        self.policy = policy;
        if let Some(hours) = hours {
            self.hours = hours;
        }
        self.sealed()
    }

    /// The hours, as the rules ask for them.
    pub fn opening_hours(&self) -> OpeningHours {
        let week = self.hours.week.each_ref().map(|spans| open_day(spans));
        let mut hours = OpeningHours {
            week,
            ..OpeningHours::default()
        };
        for (year, month, day, spans) in &self.hours.special {
            // Days were checked when they were read.
            let Some(date) = Date::new(*year, *month, *day) else {
                continue;
            };
            if spans.is_empty() {
                hours.closed.insert(date);
            } else {
                hours.special.insert(date, open_day(spans));
            }
        }
        hours
    }

    /// The working calendar, as the rules ask for it.
    pub fn work_calendar(&self) -> WorkCalendar {
        let days = |days: &[(i32, u8, u8)]| {
            days.iter()
                .filter_map(|(year, month, day)| Date::new(*year, *month, *day))
                .collect()
        };
        WorkCalendar {
            holidays: days(&self.calendar.holidays),
            working_weekends: days(&self.calendar.working_weekends),
            covers: self.calendar.years.clone(),
        }
    }
}

/// Spans that were read are whole, in order and apart, so that none of them is lost here.
fn open_day(spans: &[(u16, u16)]) -> OpenDay {
    let spans = spans
        .iter()
        .filter_map(|(from, to)| OpenSpan::new(*from, *to).ok())
        .collect();
    OpenDay::new(spans).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use verification::time::UtcMs;

    use super::*;

    fn bank() -> Profile {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/bank.toml");
        crate::load(std::path::Path::new(file)).unwrap()
    }

    #[test]
    fn the_rules_count_by_what_the_file_says() {
        let profile = bank();
        let hours = profile.opening_hours();
        // Monday, 23 November 2026: opens at nine of Kazakhstan, four of UTC.
        let monday = Date::new(2026, 11, 23).unwrap().start_utc().0;
        let at = |minutes: i64| UtcMs(monday + minutes * 60_000);
        assert!(!hours.is_open(at(8 * 60 + 59)));
        assert!(hours.is_open(at(9 * 60)));
        assert!(!hours.is_open(at(18 * 60)));
        // The day before is a Sunday.
        assert_eq!(hours.opens_next(at(-60)), Some(at(9 * 60)));
        let calendar = profile.work_calendar();
        let friday = Date::new(2026, 11, 27).unwrap();
        let due = calendar.add_working_days(friday, 1).unwrap();
        assert_eq!(due, Date::new(2026, 11, 30).unwrap());
        let new_year = Date::new(2027, 1, 1).unwrap();
        assert_eq!(calendar.is_working_day(new_year), Ok(false));
    }

    #[test]
    fn a_kiosk_of_its_own_has_a_hash_of_its_own() {
        let profile = bank();
        let same = profile.clone().of_kiosk(profile.policy.clone(), None);
        assert_eq!(same, profile);
        let policy = Policy {
            comparison_min: 0.97,
            ..profile.policy.clone()
        };
        assert_ne!(profile.clone().of_kiosk(policy, None).sha256, profile.sha256);
        let hours = Hours {
            week: std::array::from_fn(|_| vec![(0, 1440)]),
            special: Vec::new(),
        };
        let always = profile.clone().of_kiosk(profile.policy.clone(), Some(hours));
        assert_ne!(always.sha256, profile.sha256);
        assert!(always.opening_hours().is_open(UtcMs(0)));
    }
}
