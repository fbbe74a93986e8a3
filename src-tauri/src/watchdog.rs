//! Tells the system that the kiosk lives, and only while it does: its loop and its camera thread have answered, and a page
//! stands in front that answers. A kiosk that does not say so is ended and started anew by systemd.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A loop or page that was not heard for this long is stuck. Opening a recorded person takes the longest, half of it.
const STUCK_AFTER: Duration = Duration::from_secs(60);
/// How often the loop is asked where the system does not want to hear more often.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// When each part was last heard.
#[derive(Debug, Clone, Copy)]
struct Life {
    loop_at: Duration,
    page_at: Duration,
}

impl Life {
    /// The part that is stuck, if one is.
    fn stuck(self, now: Duration) -> Option<&'static str> {
        let is_stuck = |heard_at: Duration| now.saturating_sub(heard_at) >= STUCK_AFTER;
        if is_stuck(self.loop_at) {
            Some("loop")
        } else if is_stuck(self.page_at) {
            Some("page")
        } else {
            None
        }
    }
}

/// How often systemd wants to hear something: half of its limit. `WATCHDOG_PID` is not asked, for the kiosk is a child of
/// the compositor that systemd has started.
fn wanted_every(limit_us: Option<&str>) -> Option<Duration> {
    let limit = limit_us?.parse().ok().map(Duration::from_micros)?;
    (limit > Duration::ZERO).then(|| limit / 2)
}

/// The thread that tells. It ends when this is dropped.
pub struct Watchdog {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts the thread. `ask` asks the loop and its camera thread, which answer by the channel; `page_at` says when a page
    /// was last well. `origin` is the zero of all times.
    pub fn start(
        origin: Instant,
        ask: impl Fn(Sender<()>) + Send + 'static,
        page_at: impl Fn() -> Duration + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let every = wanted_every(std::env::var("WATCHDOG_USEC").ok().as_deref());
        let every = every.unwrap_or(ASK_EVERY).min(ASK_EVERY);
        let thread = std::thread::Builder::new()
            .name("watchdog".into())
            .spawn(move || watch(origin, every, &stopped, ask, page_at))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(
    origin: Instant,
    every: Duration,
    stopped: &Receiver<()>,
    ask: impl Fn(Sender<()>),
    page_at: impl Fn() -> Duration,
) {
    let (answer, answers) = channel();
    let now = origin.elapsed();
    let mut life = Life {
        loop_at: now,
        page_at: now,
    };
    let mut told = None;
    let mut ready = false;
    loop {
        ask(answer.clone());
        match stopped.recv_timeout(every) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                tell(&[sd_notify::NotifyState::Stopping]);
                return;
            }
        }
        let now = origin.elapsed();
        if answers.try_iter().count() > 0 {
            life.loop_at = now;
        }
        let page_at = page_at();
        if page_at > Duration::ZERO && !ready {
            ready = true;
            tell(&[sd_notify::NotifyState::Ready]);
        }
        life.page_at = life.page_at.max(page_at);
        let stuck = life.stuck(now);
        if stuck != told {
            match stuck {
                Some(part) => tracing::error!(part, "a part of the kiosk is stuck"),
                None => tracing::info!("the kiosk goes on"),
            }
            told = stuck;
        }
        if stuck.is_none() {
            tell(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

/// Says so to systemd, where that has started the kiosk.
fn tell(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_not_heard_is_stuck() {
        let check = |loop_s: u64, page_s: u64, now_s: u64, expect| {
            let life = Life {
                loop_at: Duration::from_secs(loop_s),
                page_at: Duration::from_secs(page_s),
            };
            assert_eq!(life.stuck(Duration::from_secs(now_s)), expect);
        };
        check(0, 0, 59, None);
        check(10, 60, 69, None);
        check(10, 60, 70, Some("loop"));
        check(60, 10, 70, Some("page"));
        check(10, 10, 500, Some("loop"));
    }

    #[test]
    fn systemd_is_told_twice_within_its_limit() {
        let check = |limit: Option<&str>, expect| assert_eq!(wanted_every(limit), expect, "{limit:?}");
        check(None, None);
        check(Some(""), None);
        check(Some("soon"), None);
        check(Some("-1"), None);
        check(Some("0"), None);
        check(Some("90000000"), Some(Duration::from_secs(45)));
    }
}
