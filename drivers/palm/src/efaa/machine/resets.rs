use std::time::Duration;

/// How long after its reply to a reset a module may say READY.
const REST: Duration = Duration::from_millis(300);
/// The same for a module that has been seen to take longer.
const LONG_REST: Duration = Duration::from_millis(1200);
/// How long after a reset the capture that it ended may still say that it was aborted.
const ABORT_GRACE: Duration = Duration::from_millis(500);

/// How long after the first reset of a conversation a capture may say that it was aborted which somebody else had begun.
const FOREIGN_ABORT_GRACE: Duration = Duration::from_secs(1);

/// What the module may still say because it was reset.
pub(super) struct Resets {
    last: Option<Answered>,
    rest: Duration,
    /// Message ids of the command that the last reset cut short, until it has said so.
    cut: Vec<u8>,
    /// Whether it was reset but once, and no capture of somebody else has been seen to end.
    may_end_others: bool,
}

/// The last reset that was answered.
struct Answered {
    at: Duration,
    /// How many resets have been sent and not answered: they were lost while the module started, or it is slow.
    outstanding: u32,
    /// Whether the READY that it may cause has not been seen.
    ready_is_due: bool,
}

impl Default for Resets {
    fn default() -> Self {
        Self {
            last: None,
            rest: REST,
            cut: Vec::new(),
            may_end_others: true,
        }
    }
}

impl Resets {
    /// The module has answered the first of `sent` resets, which cut that command short.
    pub fn answered(&mut self, now: Duration, sent: u32, cut: Vec<u8>) {
        self.cut = cut;
        self.may_end_others &= self.last.is_none();
        self.last = Some(Answered {
            at: now,
            outstanding: sent.saturating_sub(1),
            ready_is_due: true,
        });
    }

    /// It has answered another one of them, and may say READY another time.
    pub fn answered_again(&mut self, now: Duration) {
        if let Some(last) = &mut self.last {
            last.at = now;
            last.outstanding = last.outstanding.saturating_sub(1);
            last.ready_is_due = true;
        }
    }

    /// Whether a READY now would be that of a reset.
    pub fn ready_may_come(&self, now: Duration) -> bool {
        self.is_ready_due(now, self.rest)
    }

    /// That READY has come. While another answer may come, so may another READY.
    pub fn absorb_ready(&mut self) {
        if let Some(last) = &mut self.last {
            last.ready_is_due = last.outstanding > 0;
        }
    }

    /// A READY has come when none was waited for. If it may be that of the last reset after all, which is answered,
    /// more time is left for it from now on.
    pub fn ready_surprised(&mut self, now: Duration) -> bool {
        let late = self.is_ready_due(now, LONG_REST);
        if late {
            self.rest = LONG_REST;
        }
        late
    }

    /// Whether an "aborted" speaks of the command that the reset cut short, and not of one that came later. There is
    /// one for each.
    pub fn take_abort(&mut self, message: u8, now: Duration) -> bool {
        let last = self.last.as_ref();
        let recent = last.is_some_and(|last| now.saturating_sub(last.at) < ABORT_GRACE);
        let was_cut = recent && self.cut.contains(&message);
        if was_cut {
            self.cut.clear();
        }
        was_cut
    }

    /// Whether an "aborted" may speak of a capture that was under way before this conversation began. There is one.
    pub fn take_abort_of_others(&mut self, now: Duration) -> bool {
        let last = self.last.as_ref();
        let may = self.may_end_others && last.is_some_and(|last| is_recent(last.at, now));
        self.may_end_others &= !may;
        may
    }

    fn is_ready_due(&self, now: Duration, within: Duration) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|last| last.ready_is_due && now.saturating_sub(last.at) < within)
    }
}

/// Whether that was a moment ago, so that what it ended may still say so.
pub(super) fn is_recent(at: Duration, now: Duration) -> bool {
    now.saturating_sub(at) < FOREIGN_ABORT_GRACE
}
