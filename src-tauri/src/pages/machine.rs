//! Which page stands in front, which one comes, and which one goes. Pure: time is an argument, orders are answers.
//!
//! ```text
//!             open            ready, and nobody is served            a session ended, or long unused
//!  (nothing) ──────> coming ─────────────────────────────> shown ──────────────────────────────────> shown, one coming
//!                      ^                                     │ its web process died, or it does not answer
//!                      └─────────────────────────────────────┘
//! ```
//!
//! A fresh page is loaded behind the one that is shown and takes its place when it is ready, so that between two
//! persons nothing is to be seen of it. The web process of the old page ends, and with it whatever it remembers.

use std::time::Duration;

/// Number of a page; the name of its window is made of it.
pub type PageId = u32;

/// A page that was opened is given up when it has not asked for views after this time.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// A page is opened at most this often: one that dies at once must not keep the machine busy. Not so after a session: its page
/// worked, and the next person waits for theirs.
const OPEN_EVERY: Duration = Duration::from_secs(1);
/// How often the page in front is asked whether it lives, and how long an answer may take. A loaded machine paints slowly,
/// and a page that is ended by mistake costs a person their entry.
const PING_EVERY: Duration = Duration::from_secs(5);
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// When a page is replaced by a fresh one, beside that it died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// After each session.
    pub after_sessions: bool,
    /// After this time without a session; never where there is none.
    pub after_idle: Option<Duration>,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Make a page of this number, and show it to nobody yet.
    Open(PageId),
    /// Put it in front.
    Show(PageId),
    /// End it and its web process.
    Close(PageId),
    /// Ask it whether it lives.
    Ping(PageId),
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It has asked for views: it can be shown.
    Ready(PageId),
    /// Its web process ended.
    Died(PageId),
    /// It has answered a ping.
    Answered(PageId),
    /// A person is served from now on.
    SessionBegan,
    /// Nobody is served any more.
    SessionEnded,
    /// Only time went by.
    Tick,
}

#[derive(Debug, Clone, Copy)]
struct Coming {
    id: PageId,
    opened_at: Duration,
    ready: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    id: PageId,
    pinged_at: Duration,
    answered: bool,
}

/// The pages of the window.
#[derive(Debug)]
pub struct Pages {
    rules: Rules,
    shown: Option<Shown>,
    coming: Option<Coming>,
    next: PageId,
    opened_at: Option<Duration>,
    in_session: bool,
    /// The page in front is to go.
    stale: bool,
    /// Since when the page in front stands there without a session.
    idle_since: Duration,
    well_at: Duration,
}

impl Pages {
    /// No page yet; the first [`Happened::Tick`] opens one.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            shown: None,
            coming: None,
            next: 0,
            opened_at: None,
            in_session: false,
            stale: true,
            idle_since: Duration::ZERO,
            well_at: Duration::ZERO,
        }
    }

    /// The page in front.
    pub fn in_front(&self) -> Option<PageId> {
        self.shown.map(|shown| shown.id)
    }

    /// When the page in front last answered, or came to the front; the latest such time where there is none.
    pub fn well_at(&self) -> Duration {
        self.well_at
    }

    /// How long nothing has to be done without an event.
    pub fn patience(&self) -> Duration {
        OPEN_EVERY
    }

    /// Takes in what happened and says what is to be done.
    pub fn step(&mut self, now: Duration, happened: Happened) -> Vec<Order> {
        let mut orders = Vec::new();
        match happened {
            Happened::Ready(id) => {
                if let Some(coming) = self.coming.as_mut().filter(|coming| coming.id == id) {
                    coming.ready = true;
                }
            }
            Happened::Died(id) => self.ended(id, &mut orders),
            Happened::Answered(id) => {
                if let Some(shown) = self.shown.as_mut().filter(|shown| shown.id == id) {
                    shown.answered = true;
                    self.well_at = now;
                }
            }
            Happened::SessionBegan => self.in_session = true,
            Happened::SessionEnded => {
                self.in_session = false;
                self.idle_since = now;
                self.stale |= self.rules.after_sessions;
                self.opened_at = None;
            }
            Happened::Tick => {}
        }
        self.look_at_the_clock(now, &mut orders);
        self.swap(now, &mut orders);
        self.open(now, &mut orders);
        orders
    }

    fn ended(&mut self, id: PageId, orders: &mut Vec<Order>) {
        if self.in_front() == Some(id) {
            self.shown = None;
            self.stale = true;
            orders.push(Order::Close(id));
        } else if self.coming.is_some_and(|coming| coming.id == id) {
            self.coming = None;
            orders.push(Order::Close(id));
        }
    }

    fn look_at_the_clock(&mut self, now: Duration, orders: &mut Vec<Order>) {
        if let Some(coming) = self.coming
            && !coming.ready
            && now.saturating_sub(coming.opened_at) >= READY_WITHIN
        {
            self.ended(coming.id, orders);
        }
        if let Some(shown) = &mut self.shown {
            let since = now.saturating_sub(shown.pinged_at);
            if shown.answered && since >= PING_EVERY {
                (shown.pinged_at, shown.answered) = (now, false);
                orders.push(Order::Ping(shown.id));
            } else if !shown.answered && since >= PONG_WITHIN {
                let id = shown.id;
                self.ended(id, orders);
            }
        }
        let unused = now.saturating_sub(self.idle_since);
        if !self.in_session && self.rules.after_idle.is_some_and(|limit| unused >= limit) {
            self.stale = true;
        }
    }

    /// Nobody is disturbed: a page that works is replaced only while nobody is served.
    fn swap(&mut self, now: Duration, orders: &mut Vec<Order>) {
        let Some(coming) = self.coming.filter(|coming| coming.ready) else {
            return;
        };
        if self.shown.is_some() && self.in_session {
            return;
        }
        orders.push(Order::Show(coming.id));
        orders.extend(self.shown.map(|old| Order::Close(old.id)));
        self.shown = Some(Shown {
            id: coming.id,
            pinged_at: now,
            answered: true,
        });
        self.coming = None;
        self.stale = false;
        self.idle_since = now;
        self.well_at = now;
    }

    fn open(&mut self, now: Duration, orders: &mut Vec<Order>) {
        let rested = self
            .opened_at
            .is_none_or(|opened| now.saturating_sub(opened) >= OPEN_EVERY);
        if !self.stale || self.coming.is_some() || !rested {
            return;
        }
        let id = self.next;
        self.next += 1;
        self.opened_at = Some(now);
        self.coming = Some(Coming {
            id,
            opened_at: now,
            ready: false,
        });
        orders.push(Order::Open(id));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Happened::{Answered, Died, Ready, SessionBegan, SessionEnded, Tick};
    use super::Order::{Close, Open, Ping, Show};
    use super::*;

    const RULES: Rules = Rules {
        after_sessions: true,
        after_idle: Some(Duration::from_secs(3600)),
    };

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A page in front since second 0.
    fn shown() -> Pages {
        let mut pages = Pages::new(RULES);
        assert_eq!(pages.step(s(0), Tick), [Open(0)]);
        assert_eq!(pages.step(s(0), Ready(0)), [Show(0)]);
        pages
    }

    #[test]
    fn a_session_that_ended_brings_a_fresh_page() {
        let mut pages = shown();
        assert_eq!(pages.step(s(2), SessionBegan), []);
        assert_eq!(pages.step(s(3), SessionEnded), [Open(1)]);
        assert_eq!(pages.in_front(), Some(0), "the old one stands until then");
        assert_eq!(pages.step(s(4), Ready(1)), [Show(1), Close(0)]);
        assert_eq!(pages.step(s(5), Tick), []);
    }

    #[test]
    fn who_begins_before_the_fresh_page_is_ready_is_not_disturbed() {
        let mut pages = shown();
        pages.step(s(2), SessionBegan);
        assert_eq!(pages.step(s(3), SessionEnded), [Open(1)]);
        pages.step(s(3), SessionBegan);
        assert_eq!(pages.step(s(4), Ready(1)), []);
        assert_eq!(pages.step(s(4), SessionEnded), [Show(1), Close(0)]);
        assert_eq!(pages.step(s(6), Tick), []);
    }

    #[test]
    fn a_dead_page_is_replaced_also_in_a_session() {
        let mut pages = shown();
        pages.step(s(2), SessionBegan);
        assert_eq!(pages.step(s(3), Died(0)), [Close(0), Open(1)]);
        assert_eq!(pages.in_front(), None);
        assert_eq!(pages.step(s(3), Ready(1)), [Show(1)]);
        assert_eq!(pages.step(s(3), Died(0)), [], "it is gone already");
    }

    #[test]
    fn pages_that_die_at_once_are_opened_slowly() {
        let mut pages = shown();
        assert_eq!(pages.step(s(3), Died(0)), [Close(0), Open(1)]);
        assert_eq!(pages.step(s(3), Died(1)), [Close(1)]);
        assert_eq!(pages.step(Duration::from_millis(3_900), Tick), []);
        assert_eq!(pages.step(s(4), Tick), [Open(2)]);
    }

    #[test]
    fn after_a_session_nobody_waits() {
        let mut pages = shown();
        assert_eq!(pages.step(Duration::from_millis(100), SessionBegan), []);
        assert_eq!(
            pages.step(Duration::from_millis(200), SessionEnded),
            [Open(1)],
            "within a second of the page before"
        );
        assert_eq!(
            pages.step(Duration::from_millis(300), Died(1)),
            [Close(1)],
            "but not when it dies"
        );
        assert_eq!(pages.step(Duration::from_millis(1_200), Tick), [Open(2)]);
    }

    #[test]
    fn a_page_that_does_not_answer_is_replaced() {
        let mut pages = shown();
        assert_eq!(pages.step(s(4), Tick), []);
        assert_eq!(pages.step(s(5), Tick), [Ping(0)]);
        assert_eq!(pages.step(s(24), Tick), []);
        assert_eq!(pages.step(s(24), Answered(0)), [Ping(0)]);
        assert_eq!(pages.step(s(44), Tick), [Close(0), Open(1)]);
    }

    #[test]
    fn a_page_that_never_asks_for_views_is_given_up() {
        let mut pages = Pages::new(RULES);
        assert_eq!(pages.step(s(0), Tick), [Open(0)]);
        assert_eq!(pages.step(s(119), Tick), []);
        assert_eq!(pages.step(s(120), Tick), [Close(0), Open(1)]);
    }

    #[test]
    fn a_page_that_nobody_used_is_renewed_after_a_while() {
        let mut pages = shown();
        let opened: Vec<_> = (1..=3700)
            .filter(|second| {
                let orders = pages.step(s(*second), Tick);
                pages.step(s(*second), Answered(0));
                orders.contains(&Open(1))
            })
            .collect();
        assert_eq!(opened, [3600]);
    }

    fn happening() -> impl Strategy<Value = Happened> {
        prop_oneof![
            (0..6_u32).prop_map(Ready),
            (0..6_u32).prop_map(Died),
            (0..6_u32).prop_map(Answered),
            Just(SessionBegan),
            Just(SessionEnded),
            Just(Tick),
        ]
    }

    proptest! {
        /// Whatever happens: each page is opened once, shown only when it is there, closed at most once, and there are never
        /// more than two. Left alone with pages that work, one stands in front.
        #[test]
        fn pages_are_opened_shown_and_closed_in_order(
            happened in proptest::collection::vec((0..40_u64, happening()), 0..80),
        ) {
            let mut pages = Pages::new(RULES);
            let mut now = Duration::ZERO;
            let mut open = Vec::new();
            let mut follow = |pages: &mut Pages, now, happened| {
                let orders = pages.step(now, happened);
                for order in &orders {
                    match order {
                        Open(id) => {
                            assert!(!open.contains(id));
                            open.push(*id);
                        }
                        Show(id) | Ping(id) => assert!(open.contains(id)),
                        Close(id) => {
                            assert!(open.contains(id));
                            open.retain(|other| other != id);
                        }
                    }
                    // Where one takes the other's place, both are there until the old one is closed.
                    assert!(open.len() <= 2);
                }
                orders
            };
            for (pause, happened) in happened {
                now += s(pause);
                follow(&mut pages, now, happened);
            }
            follow(&mut pages, now, SessionEnded);
            for _ in 0..3 {
                now += OPEN_EVERY;
                for order in follow(&mut pages, now, Tick) {
                    match order {
                        Open(id) => drop(follow(&mut pages, now, Ready(id))),
                        Ping(id) => drop(follow(&mut pages, now, Answered(id))),
                        Show(_) | Close(_) => {}
                    }
                }
                if let Some(coming) = pages.coming {
                    follow(&mut pages, now, Ready(coming.id));
                }
            }
            prop_assert!(pages.in_front().is_some());
        }
    }
}
