//! The door before the centre: the breaker with a clock, through which every call to the centre goes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::idec::CentreError;
use crate::idec::breaker::{Breaker, Outcome, Permit, Settings, Standing};
use crate::metrics::Metrics;

/// Lets calls to the centre through, or does not.
#[derive(Debug)]
pub struct Door {
    breaker: Mutex<Breaker>,
    origin: Instant,
    metrics: Arc<Metrics>,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It was not made, for the centre does not work.
    #[error("the centre is not asked now")]
    Held,
    /// The centre.
    #[error(transparent)]
    Centre(#[from] CentreError),
}

impl Door {
    /// An open one.
    pub fn new(settings: Settings, metrics: Arc<Metrics>) -> Self {
        Self {
            breaker: Mutex::new(Breaker::new(settings)),
            origin: Instant::now(),
            metrics,
        }
    }

    /// How the breaker stands.
    pub fn standing(&self) -> Standing {
        self.lock().standing(self.origin.elapsed())
    }

    /// How many calls may be begun now.
    pub fn room(&self) -> u32 {
        self.lock().room(self.origin.elapsed())
    }

    /// After how long there may be room again; `None` where that only depends on a call that is under way.
    pub fn opens_in(&self) -> Option<Duration> {
        let now = self.origin.elapsed();
        let at = self.lock().opens_at(now)?;
        Some(at.saturating_sub(now))
    }

    /// Makes a call, unless the centre does not work. It may be dropped before its end.
    pub async fn call<T>(&self, call: impl Future<Output = Result<T, CentreError>>) -> Result<T, CallError> {
        let permit = self.lock().ask(self.origin.elapsed()).ok_or(CallError::Held)?;
        let mut pass = Pass {
            door: self,
            permit: Some(permit),
        };
        let result = call.await;
        pass.end(match &result {
            Ok(_) => Outcome::Well,
            Err(error) => outcome(error),
        });
        Ok(result?)
    }

    fn end(&self, permit: Permit, outcome: Outcome) {
        let now = self.origin.elapsed();
        let mut breaker = self.lock();
        let before = (breaker.standing(now), breaker.opened());
        breaker.ended(now, permit, outcome);
        let standing = breaker.standing(now);
        if breaker.opened() > before.1 {
            self.metrics.breaker_opened();
            tracing::error!("the centre does not work; it is left alone for a while, and questions wait");
        } else if before.0 != Standing::Closed && standing == Standing::Closed {
            tracing::info!("the centre works again");
        }
        self.metrics.breaker(standing);
    }

    /// The breaker is whole between any two calls.
    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a failure says about the centre.
fn outcome(error: &CentreError) -> Outcome {
    match error {
        CentreError::Unreachable(_) | CentreError::TimedOut => Outcome::Failed { retry_after: None },
        CentreError::Unavailable { retry_after, .. } => Outcome::Failed {
            retry_after: *retry_after,
        },
        CentreError::Nonsense(_) => Outcome::Unclear,
        CentreError::Rejected { .. } => Outcome::Well,
    }
}

/// A call that is under way.
struct Pass<'a> {
    door: &'a Door,
    permit: Option<Permit>,
}

impl Pass<'_> {
    fn end(&mut self, outcome: Outcome) {
        if let Some(permit) = self.permit.take() {
            self.door.end(permit, outcome);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.end(Outcome::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_is_dropped_keeps_nobody_waiting() {
        let settings = Settings {
            failures: 1,
            pause: Duration::ZERO,
        };
        let door = Door::new(settings, Arc::new(Metrics::new()));
        let failed = door.call::<()>(async { Err(CentreError::TimedOut) }).await;
        assert!(matches!(failed, Err(CallError::Centre(CentreError::TimedOut))));
        // The probe is under way, so there is no room for another one; then it is dropped.
        let mut probe = Box::pin(door.call::<()>(std::future::pending()));
        assert!(futures_util::poll!(&mut probe).is_pending());
        assert!(matches!(door.call(async { Ok(()) }).await, Err(CallError::Held)));
        drop(probe);
        door.call(async { Ok(()) }).await.unwrap();
        assert_eq!(door.standing(), Standing::Closed);
    }
}
