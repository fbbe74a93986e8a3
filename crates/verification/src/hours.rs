//! When a branch is open.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::date::{DAY_MS, Date, Weekday, local_ms};
use crate::time::UtcMs;

const MINUTE_MS: i64 = 60_000;
/// Minutes of a day; the end of a time span may be this one.
const DAY_MINUTES: u16 = 24 * 60;
/// How many days ahead an opening is looked for, today included. A branch that stays closed for a year is not
/// said to open.
const LOOK_AHEAD_DAYS: i64 = 366;

/// A time span of one day, in minutes after midnight of Kazakhstan, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenSpan {
    from_minute: u16,
    to_minute: u16,
}

/// Why opening hours cannot be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HoursError {
    /// A span without a minute in it, or one that goes on after midnight. That is two spans of two days.
    #[error("a branch cannot be open from minute {from_minute} to minute {to_minute} of a day")]
    Span {
        /// Minutes after midnight.
        from_minute: u16,
        /// Minutes after midnight.
        to_minute: u16,
    },
    /// Two spans of the same day share a minute, at least this one.
    #[error("two opening times of one day share minute {minute}")]
    Overlap {
        /// Minutes after midnight.
        minute: u16,
    },
}

impl OpenSpan {
    /// From one minute after midnight (0 to 1439) up to another (to 1440).
    pub fn new(from_minute: u16, to_minute: u16) -> Result<Self, HoursError> {
        if from_minute < to_minute && to_minute <= DAY_MINUTES {
            Ok(Self {
                from_minute,
                to_minute,
            })
        } else {
            Err(HoursError::Span {
                from_minute,
                to_minute,
            })
        }
    }

    /// Its first minute after midnight.
    pub fn from_minute(self) -> u16 {
        self.from_minute
    }

    /// The minute after its last one.
    pub fn to_minute(self) -> u16 {
        self.to_minute
    }
}

/// The spans of one day, in order; two of them may touch. None: closed all day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenDay(Vec<OpenSpan>);

impl OpenDay {
    /// Spans in any order.
    pub fn new(mut spans: Vec<OpenSpan>) -> Result<Self, HoursError> {
        spans.sort();
        let overlap = spans
            .windows(2)
            .find(|pair| pair[1].from_minute < pair[0].to_minute);
        match overlap {
            Some(pair) => Err(HoursError::Overlap {
                minute: pair[1].from_minute,
            }),
            None => Ok(Self(spans)),
        }
    }

    /// The spans, from the first to the last.
    pub fn spans(&self) -> &[OpenSpan] {
        &self.0
    }
}

/// When a branch is open, on the clocks of Kazakhstan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpeningHours {
    /// Ordinary days, from Monday.
    pub week: [OpenDay; 7],
    /// Days with hours of their own, instead of those of their weekday.
    pub special: BTreeMap<Date, OpenDay>,
    /// Days on which the branch is closed, also where they are special ones.
    pub closed: BTreeSet<Date>,
}

impl OpeningHours {
    /// Whether the branch is open at that moment.
    pub fn is_open(&self, at: UtcMs) -> bool {
        let local = local_ms(at);
        let minute = local.rem_euclid(DAY_MS) / MINUTE_MS;
        self.spans_of(Date::from_utc(at))
            .iter()
            .any(|span| (i64::from(span.from_minute)..i64::from(span.to_minute)).contains(&minute))
    }

    /// The next moment after this one at which the branch, closed until then, opens. Where it is open now, that
    /// is the opening after the next closing. `None` where none comes within a year, also because it never
    /// closes.
    pub fn opens_next(&self, after: UtcMs) -> Option<UtcMs> {
        let today = Date::from_utc(after);
        (0..LOOK_AHEAD_DAYS)
            .map_while(|days| today.plus_days(days))
            .flat_map(|date| {
                let midnight = date.start_utc();
                self.spans_of(date).iter().map(move |span| {
                    UtcMs(midnight.0.saturating_add(i64::from(span.from_minute) * MINUTE_MS))
                })
            })
            .find(|opening| *opening > after && !self.is_open(UtcMs(opening.0 - 1)))
    }

    fn spans_of(&self, date: Date) -> &[OpenSpan] {
        if self.closed.contains(&date) {
            return &[];
        }
        let ordinary = self.on(date.weekday());
        self.special.get(&date).unwrap_or(ordinary).spans()
    }

    /// The hours of one weekday.
    pub fn on(&self, weekday: Weekday) -> &OpenDay {
        &self.week[weekday as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(spans: &[(u16, u16)]) -> OpenDay {
        let spans = spans.iter().map(|(from, to)| OpenSpan::new(*from, *to).unwrap());
        OpenDay::new(spans.collect()).unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// `2026-11-22 09:30` on the clocks of Kazakhstan.
    fn at(text: &str) -> UtcMs {
        let (day, time) = text.split_once(' ').unwrap();
        let (hour, minute) = time.split_once(':').unwrap();
        let minutes: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        UtcMs(date(day).start_utc().0 + minutes * MINUTE_MS)
    }

    /// Monday to Friday 9 to 13 and 14 to 18, Saturday 10 to 14. On 16 December closed; on the 25th shorter.
    fn hours() -> OpeningHours {
        let work = day(&[(14 * 60, 18 * 60), (9 * 60, 13 * 60)]);
        OpeningHours {
            week: [
                work.clone(),
                work.clone(),
                work.clone(),
                work.clone(),
                work,
                day(&[(600, 840)]),
                OpenDay::default(),
            ],
            special: [
                (date("2026-11-25"), day(&[(540, 780)])),
                (date("2026-12-16"), day(&[(540, 780)])),
            ]
            .into(),
            closed: [date("2026-12-16")].into(),
        }
    }

    #[test]
    fn knows_when_it_is_open() {
        let check = |text: &str, expect: bool| assert_eq!(hours().is_open(at(text)), expect, "{text}");
        check("2026-11-23 08:59", false);
        check("2026-11-23 09:00", true);
        check("2026-11-23 12:59", true);
        check("2026-11-23 13:00", false);
        check("2026-11-23 14:00", true);
        check("2026-11-23 18:00", false);
        check("2026-11-21 10:00", true); // Saturday
        check("2026-11-22 10:00", false); // Sunday
        check("2026-11-25 14:00", false); // special
        check("2026-12-16 10:00", false); // special, but closed
        let end = at("2026-11-23 13:00");
        assert!(hours().is_open(UtcMs(end.0 - 1)));
        assert_eq!(
            hours().on(Weekday::Saturday).spans(),
            [OpenSpan::new(600, 840).unwrap()]
        );
    }

    #[test]
    fn knows_when_it_opens_next() {
        let check = |text: &str, expect: &str| {
            assert_eq!(hours().opens_next(at(text)), Some(at(expect)), "{text}");
        };
        check("2026-11-23 08:00", "2026-11-23 09:00");
        check("2026-11-23 09:00", "2026-11-23 14:00"); // open: the opening after the next closing
        check("2026-11-23 13:30", "2026-11-23 14:00");
        check("2026-11-23 18:00", "2026-11-24 09:00");
        check("2026-11-21 15:00", "2026-11-23 09:00"); // over Sunday
        check("2026-11-25 10:00", "2026-11-26 09:00");
        check("2026-12-15 19:00", "2026-12-17 09:00");
    }

    #[test]
    fn midnight_is_no_opening() {
        let all_day = day(&[(0, 720), (720, DAY_MINUTES)]);
        let mut hours = OpeningHours {
            week: std::array::from_fn(|_| all_day.clone()),
            ..OpeningHours::default()
        };
        assert_eq!(hours.opens_next(at("2026-11-22 10:00")), None);
        hours.closed.insert(date("2026-11-24"));
        assert_eq!(
            hours.opens_next(at("2026-11-22 10:00")),
            Some(at("2026-11-25 00:00"))
        );
        assert_eq!(OpeningHours::default().opens_next(at("2026-11-22 10:00")), None);
    }

    #[test]
    fn impossible_hours_are_refused() {
        let span = |from_minute, to_minute| OpenSpan::new(from_minute, to_minute);
        let refused = |from_minute, to_minute| {
            Err(HoursError::Span {
                from_minute,
                to_minute,
            })
        };
        assert_eq!(span(600, 600), refused(600, 600));
        assert_eq!(span(1320, 120), refused(1320, 120));
        assert_eq!(span(0, 1441), refused(0, 1441));
        let both = vec![span(840, 1080).unwrap(), span(540, 841).unwrap()];
        assert_eq!(OpenDay::new(both), Err(HoursError::Overlap { minute: 840 }));
    }

    fn any_day() -> impl Strategy<Value = OpenDay> {
        prop::collection::btree_set(0_u16..=DAY_MINUTES, 0..6).prop_map(|edges| {
            let edges: Vec<u16> = edges.into_iter().collect();
            let pairs: Vec<(u16, u16)> = edges.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            day(&pairs)
        })
    }

    proptest! {
        #[test]
        fn it_is_open_from_the_next_opening_and_not_before(
            week in prop::array::uniform7(any_day()),
            minutes in 29_000_000_i64..30_000_000,
        ) {
            let hours = OpeningHours { week, ..OpeningHours::default() };
            let after = UtcMs(minutes * MINUTE_MS);
            if let Some(opening) = hours.opens_next(after) {
                prop_assert!(opening > after);
                prop_assert!(hours.is_open(opening));
                prop_assert!(!hours.is_open(UtcMs(opening.0 - 1)));
                // Nothing opens in between: once it is closed it stays so.
                let between = (minutes..opening.0 / MINUTE_MS).map(|minute| hours.is_open(UtcMs(minute * MINUTE_MS)));
                let mut closed = false;
                for open in between {
                    prop_assert!(!(closed && open));
                    closed |= !open;
                }
            }
        }

        #[test]
        fn never_panics(at in any::<i64>()) {
            let _ = hours().is_open(UtcMs(at));
            let _ = hours().opens_next(UtcMs(at));
        }
    }
}
