//! Who is let in, and for how long.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use verification::Sensitive;

use super::desk::Desk;
use super::examiners::{Examiners, HashError};
use super::lockout::{self, Gate, Lockout};
use super::sessions::{self, Admitted, Sessions, TOKEN_BYTES};
use crate::config::{Examiner, Review};
use crate::pace::Paces;
use crate::store::StoreError;
use crate::utc_now;

/// How many secrets are looked at, at once: each takes 19 MiB for some tens of milliseconds.
const CHECKS_MAX: usize = 2;

/// Everything that pages and API need.
pub struct Office {
    /// What examiners may do.
    pub desk: Desk,
    examiners: Arc<Examiners>,
    sessions: Mutex<Sessions>,
    lockout: Mutex<Lockout>,
    paces: Paces,
    checks: Semaphore,
    origin: Instant,
    idle: Duration,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Number or secret are not right; which one is not said.
    #[error("number or secret are not right")]
    Wrong,
    /// Too many wrong ones; also the right one is refused for a while.
    #[error("there were too many wrong secrets; also the right one is refused for a while")]
    Locked,
    /// This address tries too often.
    #[error("this address tries too often")]
    TooOften,
    /// It cannot be noted in the audit log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// A task was lost.
    #[error("a task was lost")]
    Lost,
}

/// A new session.
pub struct Entered {
    /// For the cookie.
    pub token: Sensitive<String>,
    /// Who it is.
    pub admitted: Admitted,
}

impl Office {
    /// Nobody is in it.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(desk: Desk, settings: &Review, examiners: Vec<Examiner>) -> Result<Self, HashError> {
        Ok(Self {
            desk,
            examiners: Arc::new(Examiners::new(examiners)?),
            sessions: Mutex::new(Sessions::new(sessions::Rules {
                idle: Duration::from_millis(settings.idle_ms),
                longest: Duration::from_millis(settings.session_ms),
            })),
            lockout: Mutex::new(Lockout::new(lockout::Rules {
                failures_max: settings.failures_max,
                locked: Duration::from_millis(settings.locked_ms),
            })),
            paces: Paces::new(settings.logins_per_minute),
            checks: Semaphore::new(CHECKS_MAX),
            origin: Instant::now(),
            idle: Duration::from_millis(settings.idle_ms),
        })
    }

    /// After how long without a request a session ends.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// Lets an examiner in, noted in the audit log; so is who is not, by the code where the number is somebody's.
    pub async fn log_in(
        &self,
        peer: IpAddr,
        number: &str,
        secret: Sensitive<String>,
    ) -> Result<Entered, LoginError> {
        if !self.paces.allows(peer, Instant::now()) {
            self.desk.metrics.login("too-often");
            return Err(LoginError::TooOften);
        }
        let name = self.examiners.name_of(number).map(str::to_owned);
        let gate = lock(&self.lockout).begin(name.as_deref(), self.origin.elapsed());
        let Gate::Open { last } = gate else {
            self.desk.metrics.login("locked");
            return Err(LoginError::Locked);
        };
        let fits = {
            let _place = self.checks.acquire().await.map_err(|_| LoginError::Lost)?;
            let (examiners, number) = (Arc::clone(&self.examiners), number.to_owned());
            let checked = tokio::task::spawn_blocking(move || examiners.fits(&number, &secret));
            checked.await.map_err(|_| LoginError::Lost)?
        };
        let Some(name) = name.as_deref().filter(|_| fits) else {
            // What was typed is not written down: it may be a secret in the wrong field.
            let who = name.as_deref().unwrap_or("nobody");
            let what = if last {
                "review-locked"
            } else {
                "review-login-refused"
            };
            self.note(&format!("{what} {who}")).await?;
            self.desk.metrics.login(if last { "locking" } else { "wrong" });
            tracing::warn!(who, last, "an examiner was not let in");
            return Err(LoginError::Wrong);
        };
        let mut random = Sensitive::new([0; 2 * TOKEN_BYTES]);
        fill(&mut random)?;
        self.note(&format!("review-login {name}")).await?;
        lock(&self.lockout).succeeded(name);
        let (token, admitted) = lock(&self.sessions).begin(name, &random, self.origin.elapsed());
        self.desk.metrics.login("admitted");
        Ok(Entered { token, admitted })
    }

    /// Whose token this is.
    pub fn admit(&self, token: &str) -> Option<Admitted> {
        lock(&self.sessions).admit(token, self.origin.elapsed())
    }

    /// Ends a session, noted in the audit log.
    pub async fn log_out(&self, token: &str, admitted: &Admitted) -> Result<(), StoreError> {
        lock(&self.sessions).end(token);
        self.note(&format!("review-logout {}", admitted.examiner)).await
    }

    async fn note(&self, event: &str) -> Result<(), StoreError> {
        self.desk
            .store
            .append_audit(event, None, utc_now())
            .await
            .map(|_| ())
    }
}

fn fill(random: &mut Sensitive<[u8; 2 * TOKEN_BYTES]>) -> Result<(), LoginError> {
    let mut bytes = [0; 2 * TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(LoginError::Random)?;
    *random = Sensitive::new(bytes);
    Ok(())
}

/// What is locked is whole between any two calls.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
