//! When a notice is tried, tried again, or given up: the delivery machine of one route, without clock, randomness or IO.
//!
//! ```text
//!   places ─> the gateway claims so many, `taken` ─> each is tried ─> `finished` ─> Delivered
//!     ^                                                                │            Retry at …
//!     └──────────── after its time, or when the line is back ──────────┴─────────── Rejected
//! ```
//!
//! Two things fail in different ways. A *notice* that the receiver answers badly waits by itself and holds up no other one.
//! A *line* that is silent would be silent for all: then one notice alone is tried from time to time, until somebody
//! answers again. Nothing but a permanent refusal is ever given up.

use jiff::fmt::rfc2822;
use verification::time::UtcMs;

/// The longest pause that a receiver can ask for: a mistyped one must not hold a notice for years.
pub const RETRY_AFTER_MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// How one route is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many notices are under way at once; at least 1.
    pub parallel: u16,
    /// The pause after a first failure, in milliseconds; it doubles with every further one.
    pub retry_min_ms: u64,
    /// The longest pause, in milliseconds, unless the receiver asks for a longer one.
    pub retry_max_ms: u64,
}

/// Why a notice was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it says about the next try.
    pub class: Class,
    /// For the operator. Nothing personal.
    pub reason: String,
}

/// What a failure says about the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nobody has answered; nobody would answer another notice either.
    Network,
    /// The receiver cannot take it now.
    Transient {
        /// How long it asks to be left alone, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The receiver will never take it as it is.
    Permanent,
}

/// What becomes of a notice that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is tried again from this time on.
    Retry {
        /// When.
        at: UtcMs,
        /// Why it failed.
        reason: String,
    },
    /// It is not tried again by itself.
    Rejected {
        /// Why.
        reason: String,
    },
}

/// The machine of one route.
#[derive(Debug, Clone)]
pub struct Courier {
    settings: Settings,
    under_way: u16,
    /// How many times in a row nobody answered.
    silences: u32,
    /// Until when the line is left alone.
    quiet_until: UtcMs,
}

impl Courier {
    /// With nothing under way, and a line of which nothing bad is known.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            under_way: 0,
            silences: 0,
            quiet_until: UtcMs(i64::MIN),
        }
    }

    /// How many notices may be taken now.
    pub fn places(&self, now: UtcMs) -> u16 {
        if now < self.quiet_until {
            return 0;
        }
        let most = if self.silences > 0 {
            1
        } else {
            self.settings.parallel.max(1)
        };
        most.saturating_sub(self.under_way)
    }

    /// Until when the line is left alone, if it is at `now`.
    pub fn quiet_until(&self, now: UtcMs) -> Option<UtcMs> {
        (now < self.quiet_until).then_some(self.quiet_until)
    }

    /// So many notices were taken and are tried now.
    pub fn taken(&mut self, count: u16) {
        self.under_way = self.under_way.saturating_add(count);
    }

    /// A notice was tried, which before had failed so many times. `random` spreads the next tries.
    pub fn finished(
        &mut self,
        failures_before: u32,
        outcome: Result<(), Failure>,
        now: UtcMs,
        random: u64,
    ) -> Verdict {
        self.under_way = self.under_way.saturating_sub(1);
        let Failure { class, reason } = match outcome {
            Ok(()) => {
                self.line_is_back();
                return Verdict::Delivered;
            }
            Err(failure) => failure,
        };
        let least = match class {
            Class::Network => {
                // Those that were under way together have met the same silence.
                if now >= self.quiet_until {
                    let pause = self.pause(self.silences, random);
                    self.silences = self.silences.saturating_add(1);
                    self.quiet_until = later(now, pause);
                }
                0
            }
            Class::Transient { retry_after_ms } => {
                self.line_is_back();
                retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS)
            }
            Class::Permanent => {
                self.line_is_back();
                return Verdict::Rejected { reason };
            }
        };
        let pause = self.pause(failures_before, random).max(least);
        Verdict::Retry {
            at: later(now, pause),
            reason,
        }
    }

    fn line_is_back(&mut self) {
        self.silences = 0;
        self.quiet_until = UtcMs(i64::MIN);
    }

    /// Between half and all of the doubled pause, so that many do not come back at once.
    fn pause(&self, failures_before: u32, random: u64) -> u64 {
        let doubled = self
            .settings
            .retry_min_ms
            .saturating_mul(2_u64.saturating_pow(failures_before));
        let most = doubled.min(self.settings.retry_max_ms);
        most / 2 + random % (most - most / 2 + 1)
    }
}

fn later(now: UtcMs, pause_ms: u64) -> UtcMs {
    UtcMs(now.0.saturating_add_unsigned(pause_ms))
}

/// What the status of an HTTP answer says.
///
/// # Errors
/// Everything but 2xx is a failure. A redirect is never followed: it may pass when the receiver is set right.
pub fn of_status(status: u16, retry_after_ms: Option<u64>) -> Result<(), Failure> {
    let class = match status {
        200..=299 => return Ok(()),
        408 | 425 | 429 => Class::Transient { retry_after_ms },
        400..=499 => Class::Permanent,
        _ => Class::Transient { retry_after_ms },
    };
    let what = if (300..=399).contains(&status) {
        ", a redirect, which is not followed"
    } else {
        ""
    };
    Err(Failure {
        class,
        reason: format!("the receiver answers with status {status}{what}"),
    })
}

/// The header `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. `None` where it is neither.
pub fn retry_after_ms(text: &str, now: UtcMs) -> Option<u64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean for ever, which has its limit elsewhere.
        return Some(
            text.parse::<u64>()
                .map_or(u64::MAX, |seconds| seconds.saturating_mul(1000)),
        );
    }
    let at = rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(u64::try_from(at.saturating_sub(now.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: Settings = Settings {
        parallel: 4,
        retry_min_ms: 100,
        retry_max_ms: 10_000,
    };

    fn failure(class: Class) -> Result<(), Failure> {
        let reason = "x".into();
        Err(Failure { class, reason })
    }

    fn transient(retry_after_ms: Option<u64>) -> Result<(), Failure> {
        failure(Class::Transient { retry_after_ms })
    }

    fn pause(verdict: &Verdict, now: UtcMs) -> i64 {
        match verdict {
            Verdict::Retry { at, .. } => at.0 - now.0,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread() {
        let now = UtcMs(1_000);
        let check = |failures, random, expect| {
            let verdict = Courier::new(SETTINGS).finished(failures, transient(None), now, random);
            assert_eq!(pause(&verdict, now), expect, "{failures} {random}");
        };
        check(0, 0, 50);
        check(0, 50, 100);
        check(0, 51, 50);
        check(1, 100, 200);
        check(6, 3200, 6400);
        check(7, 5000, 10_000);
        check(u32::MAX, 5000, 10_000);
    }

    #[test]
    fn a_receiver_that_asks_for_a_pause_gets_it() {
        let now = UtcMs(1_000);
        let check = |retry_after, expect| {
            let verdict = Courier::new(SETTINGS).finished(0, transient(retry_after), now, 0);
            assert_eq!(pause(&verdict, now), expect);
        };
        check(Some(0), 50);
        check(Some(60_000), 60_000);
        check(Some(u64::MAX), 86_400_000);
    }

    #[test]
    fn a_silent_line_is_tried_with_one_notice_until_somebody_answers() {
        let mut courier = Courier::new(SETTINGS);
        let mut now = UtcMs(0);
        assert_eq!(courier.places(now), 4);
        courier.taken(4);
        assert_eq!(courier.places(now), 0);
        for _ in 0..4 {
            courier.finished(0, failure(Class::Network), now, 50);
        }
        // Four silences at once are one.
        assert_eq!(
            (courier.quiet_until(now), courier.places(now)),
            (Some(UtcMs(100)), 0)
        );
        now = UtcMs(100);
        assert_eq!(courier.places(now), 1);
        courier.taken(1);
        assert_eq!(courier.places(now), 0);
        courier.finished(1, failure(Class::Network), now, 100);
        assert_eq!(courier.quiet_until(now), Some(UtcMs(300)));
        now = UtcMs(300);
        courier.taken(1);
        // A bad answer is one too.
        courier.finished(2, transient(None), now, 0);
        assert_eq!((courier.places(now), courier.quiet_until(now)), (4, None));
    }

    #[test]
    fn statuses_have_their_class() {
        let check = |status, expect: Option<Class>| {
            let class = of_status(status, Some(7)).err().map(|failure| failure.class);
            assert_eq!(class, expect, "{status}");
        };
        let transient = Some(Class::Transient {
            retry_after_ms: Some(7),
        });
        for status in [200, 202, 204, 299] {
            check(status, None);
        }
        for status in [
            100, 301, 302, 304, 307, 308, 408, 425, 429, 500, 503, 599, 600, 0, 999,
        ] {
            check(status, transient);
        }
        for status in [400, 401, 403, 404, 409, 410, 413, 422, 451, 499] {
            check(status, Some(Class::Permanent));
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = UtcMs(784_111_777_000);
        let check = |text: &str, expect| assert_eq!(retry_after_ms(text, now), expect, "{text}");
        check("0", Some(0));
        check(" 120 ", Some(120_000));
        check("99999999999999999999999", Some(u64::MAX));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check("", None);
        check("-1", None);
        check("soon", None);
    }

    /// What happens to one of several notices.
    #[derive(Debug, Clone, Copy)]
    enum Fate {
        Well,
        Bad(Class),
    }

    fn fates() -> impl Strategy<Value = Fate> {
        let after = prop_oneof![
            Just(None),
            any::<u64>().prop_map(Some),
            (0..100_000_u64).prop_map(Some)
        ];
        prop_oneof![
            Just(Fate::Well),
            Just(Fate::Bad(Class::Network)),
            Just(Fate::Bad(Class::Permanent)),
            after.prop_map(|retry_after_ms| Fate::Bad(Class::Transient { retry_after_ms })),
        ]
    }

    proptest! {
        #[test]
        fn nothing_but_a_permanent_refusal_is_given_up(
            steps in prop::collection::vec((fates(), any::<u32>(), any::<u64>(), 0..20_000_i64), 1..60),
        ) {
            let mut courier = Courier::new(SETTINGS);
            let mut now = UtcMs(0);
            for (fate, failures, random, passes) in steps {
                now = UtcMs(now.0 + passes);
                let places = courier.places(now);
                prop_assert!(places <= SETTINGS.parallel);
                // Whatever has happened, the line is tried again within the longest pause.
                prop_assert!(courier.quiet_until(now).is_none_or(|at| at.0 - now.0 <= 10_000));
                prop_assert_eq!(places == 0, courier.quiet_until(now).is_some());
                if places == 0 {
                    continue;
                }
                courier.taken(1);
                let (outcome, class) = match fate {
                    Fate::Well => (Ok(()), None),
                    Fate::Bad(class) => (failure(class), Some(class)),
                };
                let verdict = courier.finished(failures, outcome, now, random);
                match (class, &verdict) {
                    (None, Verdict::Delivered) | (Some(Class::Permanent), Verdict::Rejected { .. }) => {}
                    (Some(Class::Network), Verdict::Retry { at, .. }) => {
                        prop_assert!((now.0 + 50..=now.0 + 10_000).contains(&at.0));
                    }
                    (Some(Class::Transient { retry_after_ms }), Verdict::Retry { at, .. }) => {
                        let asked = i64::try_from(retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS)).unwrap();
                        prop_assert!((now.0 + asked.max(50)..=now.0 + asked.max(10_000)).contains(&at.0));
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn a_bad_notice_holds_up_no_other(
            bad in prop_oneof![
                Just(Class::Permanent),
                any::<Option<u64>>().prop_map(|retry_after_ms| Class::Transient { retry_after_ms }),
            ],
            random: u64,
        ) {
            let mut courier = Courier::new(SETTINGS);
            courier.taken(1);
            courier.finished(9, failure(bad), UtcMs(5), random);
            prop_assert_eq!(courier.places(UtcMs(5)), SETTINGS.parallel);
        }

        #[test]
        fn foreign_headers_never_panic(text in ".{0,60}", now: i64) {
            let _ = retry_after_ms(&text, UtcMs(now));
        }

        #[test]
        fn extreme_settings_and_times_never_panic(
            parallel: u16, retry_min_ms: u64, retry_max_ms: u64, failures: u32, random: u64, now: i64,
        ) {
            let mut courier = Courier::new(Settings { parallel, retry_min_ms, retry_max_ms });
            for class in [Class::Network, Class::Transient { retry_after_ms: Some(u64::MAX) }] {
                courier.taken(1);
                courier.finished(failures, failure(class), UtcMs(now), random);
                courier.places(UtcMs(now));
            }
        }
    }
}
