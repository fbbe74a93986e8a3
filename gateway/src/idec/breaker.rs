//! The circuit breaker before the centre: when it fails again and again, nothing is sent for a while, and then one
//! question to see whether it is well. Pure: time is an argument, and what is sent is somebody else's.
//!
//! ```text
//!              N failures in a row                     the pause is over
//!   Closed ─────────────────────────> Open ──────────────────────────────> HalfOpen
//!     ^                                ^                                     │  │
//!     │                                └──────── the probe fails ────────────┘  │
//!     └───────────────────────────── the probe is answered ────────────────────┘
//! ```
//!
//! Failures are those that say that the centre does not work: no line, no answer in time, a status that asks to come
//! back later. An answer counts as health, and so does a rejection: somebody has read the question. An answer that makes
//! no sense says neither; only as a probe it is a failure.

use std::time::Duration;

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// After how many failures in a row; at least 1.
    pub failures: u32,
    /// For how long, unless the centre asks for longer.
    pub pause: Duration,
}

/// Allows one question. To be given back by [`Breaker::ended`], whatever became of the question.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a question that is never ended keeps a half-open breaker waiting"]
pub struct Permit {
    /// The life of the breaker in which it was given. What comes out of an earlier one says nothing about now.
    life: u64,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The centre works.
    Well,
    /// It does not, and may say when to come back.
    Failed {
        /// At least after this time.
        retry_after: Option<Duration>,
    },
    /// It says nothing about the centre.
    Unclear,
    /// It was never sent, or given up before its end.
    Abandoned,
}

/// How the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All questions may be asked.
    Closed,
    /// The next question is the probe, or the probe is on its way.
    HalfOpen,
    /// No question may be asked.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    HalfOpen { probing: bool },
}

/// The breaker. Times are those of one clock that does not go back.
#[derive(Debug)]
pub struct Breaker {
    settings: Settings,
    state: State,
    life: u64,
    /// Before this time the centre does not want to be asked, as it has said in one of the failures in a row.
    not_before: Duration,
    opened: u64,
}

impl Breaker {
    /// A closed one.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Closed { failures: 0 },
            life: 0,
            not_before: Duration::ZERO,
            opened: 0,
        }
    }

    /// How it stands.
    pub fn standing(&self, now: Duration) -> Standing {
        match self.state {
            State::Closed { .. } => Standing::Closed,
            State::Open { until } if now < until => Standing::Open,
            State::Open { .. } | State::HalfOpen { .. } => Standing::HalfOpen,
        }
    }

    /// How often it has opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// How many questions may be begun now.
    pub fn room(&self, now: Duration) -> u32 {
        match self.state {
            State::Closed { .. } => u32::MAX,
            State::Open { until } => u32::from(now >= until),
            State::HalfOpen { probing } => u32::from(!probing),
        }
    }

    /// When there may be room again; `None` where there is some, or where it only depends on the probe.
    pub fn opens_at(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Open { until } if now < until => Some(until),
            _ => None,
        }
    }

    /// Whether a question may be sent now.
    pub fn ask(&mut self, now: Duration) -> Option<Permit> {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until } if now < until => return None,
            State::HalfOpen { probing: true } => return None,
            State::Open { .. } | State::HalfOpen { probing: false } => {
                if matches!(self.state, State::Open { .. }) {
                    self.life += 1;
                }
                self.state = State::HalfOpen { probing: true };
            }
        }
        Some(Permit { life: self.life })
    }

    /// Takes in what became of a question.
    pub fn ended(&mut self, now: Duration, permit: Permit, outcome: Outcome) {
        if let Outcome::Failed {
            retry_after: Some(after),
        } = outcome
        {
            self.not_before = self.not_before.max(now.saturating_add(after));
        }
        if permit.life != self.life {
            // Of a question that was sent before it opened: what the centre asks for still counts.
            if let State::Open { until } = &mut self.state {
                *until = (*until).max(self.not_before);
            }
            return;
        }
        match (self.state, outcome) {
            (State::Closed { failures }, Outcome::Failed { .. }) => {
                let failures = failures.saturating_add(1);
                if failures >= self.settings.failures {
                    self.open(now);
                } else {
                    self.state = State::Closed { failures };
                }
            }
            (State::HalfOpen { .. }, Outcome::Failed { .. } | Outcome::Unclear) => self.open(now),
            (State::HalfOpen { .. }, Outcome::Abandoned) => self.state = State::HalfOpen { probing: false },
            (State::Closed { .. } | State::HalfOpen { .. }, Outcome::Well) => {
                self.state = State::Closed { failures: 0 };
                self.not_before = Duration::ZERO;
            }
            (State::Closed { .. }, Outcome::Unclear | Outcome::Abandoned) | (State::Open { .. }, _) => {}
        }
    }

    fn open(&mut self, now: Duration) {
        let until = now.saturating_add(self.settings.pause).max(self.not_before);
        self.state = State::Open { until };
        self.life += 1;
        self.opened += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAILED: Outcome = Outcome::Failed { retry_after: None };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn breaker() -> Breaker {
        Breaker::new(Settings {
            failures: 3,
            pause: ms(1000),
        })
    }

    fn question(breaker: &mut Breaker, at: u64, outcome: Outcome) {
        let permit = breaker.ask(ms(at)).unwrap();
        breaker.ended(ms(at), permit, outcome);
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_by_a_probe() {
        let mut breaker = breaker();
        for outcome in [FAILED, FAILED, Outcome::Well, FAILED, Outcome::Unclear, FAILED] {
            question(&mut breaker, 0, outcome);
        }
        assert_eq!(
            (breaker.standing(ms(0)), breaker.room(ms(0))),
            (Standing::Closed, u32::MAX)
        );
        question(&mut breaker, 10, FAILED);
        assert_eq!(breaker.standing(ms(1009)), Standing::Open);
        assert_eq!(
            (breaker.room(ms(1009)), breaker.opens_at(ms(10))),
            (0, Some(ms(1010)))
        );
        assert_eq!(breaker.ask(ms(1009)), None);
        assert_eq!(
            (breaker.standing(ms(1010)), breaker.room(ms(1010))),
            (Standing::HalfOpen, 1)
        );
        let probe = breaker.ask(ms(1010)).unwrap();
        assert_eq!((breaker.ask(ms(1010)), breaker.room(ms(1010))), (None, 0));
        breaker.ended(ms(1020), probe, FAILED);
        assert_eq!(breaker.opens_at(ms(1020)), Some(ms(2020)));
        let probe = breaker.ask(ms(2020)).unwrap();
        breaker.ended(ms(2020), probe, Outcome::Abandoned);
        let probe = breaker.ask(ms(2021)).unwrap();
        breaker.ended(ms(2022), probe, Outcome::Well);
        assert_eq!(
            (breaker.standing(ms(2022)), breaker.opened()),
            (Standing::Closed, 2)
        );
        // It begins to count anew.
        question(&mut breaker, 2022, FAILED);
        assert_eq!(breaker.standing(ms(2022)), Standing::Closed);
    }

    #[test]
    fn the_centre_may_ask_for_a_longer_pause() {
        let mut breaker = breaker();
        let later = Outcome::Failed {
            retry_after: Some(ms(5000)),
        };
        question(&mut breaker, 100, later);
        question(&mut breaker, 200, FAILED);
        question(&mut breaker, 300, FAILED);
        assert_eq!(breaker.opens_at(ms(300)), Some(ms(5100)));
    }

    #[test]
    fn what_was_sent_before_it_opened_opens_and_closes_nothing() {
        let mut breaker = breaker();
        let (good, bad) = (breaker.ask(ms(0)).unwrap(), breaker.ask(ms(0)).unwrap());
        for _ in 0..3 {
            question(&mut breaker, 0, FAILED);
        }
        breaker.ended(ms(1), good, Outcome::Well);
        assert_eq!(breaker.standing(ms(1)), Standing::Open);
        let later = Outcome::Failed {
            retry_after: Some(ms(9000)),
        };
        breaker.ended(ms(2), bad, later);
        assert_eq!((breaker.opens_at(ms(2)), breaker.opened()), (Some(ms(9002)), 1));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Ask,
        End(prop::sample::Index, Outcome),
    }

    fn step() -> impl Strategy<Value = Step> {
        let failed = prop::option::of(0_u64..4000).prop_map(|after| Outcome::Failed {
            retry_after: after.map(ms),
        });
        let outcome = prop_oneof![
            Just(Outcome::Well),
            failed,
            Just(Outcome::Unclear),
            Just(Outcome::Abandoned)
        ];
        prop_oneof![
            (0_u64..1500).prop_map(Step::Wait),
            Just(Step::Ask),
            (any::<prop::sample::Index>(), outcome).prop_map(|(at, outcome)| Step::End(at, outcome)),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: nothing is sent before its time, at most one question is a probe, it
        /// opens only by a failure, and where all questions end it gives room again.
        #[test]
        fn the_rules_hold(steps in prop::collection::vec(step(), 0..80)) {
            let mut breaker = breaker();
            let mut now = Duration::ZERO;
            let mut under_way: Vec<(Permit, bool)> = Vec::new();
            let mut failures_in_a_row = 0;
            for step in steps {
                let before = breaker.standing(now);
                match step {
                    Step::Wait(wait) => now += ms(wait),
                    Step::Ask => {
                        let room = breaker.room(now);
                        let is_probe = before != Standing::Closed;
                        match breaker.ask(now) {
                            Some(permit) => {
                                prop_assert!(room > 0 && before != Standing::Open);
                                prop_assert!(!is_probe || under_way.iter().all(|(_, probe)| !probe));
                                under_way.push((permit, is_probe));
                            }
                            None => prop_assert_eq!(room, 0),
                        }
                    }
                    Step::End(at, outcome) if !under_way.is_empty() => {
                        let (permit, probe) = under_way.remove(at.index(under_way.len()));
                        let current = permit.life == breaker.life;
                        let opened = breaker.opened();
                        breaker.ended(now, permit, outcome);
                        match outcome {
                            Outcome::Failed { .. } if current => failures_in_a_row += 1,
                            Outcome::Well if current => failures_in_a_row = 0,
                            _ => {}
                        }
                        if breaker.opened() > opened {
                            prop_assert!(probe || failures_in_a_row >= 3);
                            prop_assert!(breaker.opens_at(now) >= Some(now + ms(1000)));
                            failures_in_a_row = 0;
                        }
                        if probe && outcome == Outcome::Well {
                            prop_assert_eq!(breaker.standing(now), Standing::Closed);
                        }
                    }
                    Step::End(..) => {}
                }
            }
            for (permit, _) in under_way {
                breaker.ended(now, permit, Outcome::Abandoned);
            }
            let at = breaker.opens_at(now).unwrap_or(now);
            prop_assert!(breaker.ask(at).is_some());
        }
    }
}
