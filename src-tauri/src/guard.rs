//! The kiosk's look at itself: when it looks, and whether it may serve with what it saw.

use std::path::PathBuf;
use std::time::Duration;

use integrity::{Effect, Input, Installation, Plan, Release, Watch};
use verification::evidence::IntegrityRecord;
use verification::integrity::{IntegrityFault, IntegrityPolicy, IntegrityReport, judge};
use verification::time::UtcMs;

use crate::config::Integrity;

/// The newest report, and what it means.
pub struct Guard {
    installation: Installation,
    policy: IntegrityPolicy,
    watch: Watch,
    report: IntegrityReport,
}

impl Guard {
    /// Looks at everything before anything else is done with the kiosk.
    pub fn start(settings: &Integrity, policy: IntegrityPolicy, now: Duration, utc: UtcMs) -> Self {
        let installation = installation(settings);
        let report = integrity::look(&installation, utc);
        let mut watch = Watch::new(Plan::default(), now);
        // The first look was this one.
        watch.step(Input::Time, now);
        let mut guard = Self {
            installation,
            policy,
            watch,
            report,
        };
        guard.watch.step(
            Input::Checked {
                is_fit: guard.fault().is_none(),
            },
            now,
        );
        guard
    }

    /// Why the kiosk must not serve, if it must not.
    pub fn fault(&self) -> Option<IntegrityFault> {
        judge(&self.report, &self.policy).err()
    }

    /// What the greeting and the log say of it.
    pub fn codes(&self) -> Vec<String> {
        self.report.codes()
    }

    /// What a document says of it.
    pub fn record(&self) -> IntegrityRecord {
        IntegrityRecord {
            codes: self.report.codes(),
            checked_at: self.report.checked_at,
        }
    }

    /// When to give [`Guard::tick`]; `None` while that would change nothing.
    pub fn next_at(&self) -> Option<Duration> {
        self.watch.next_at()
    }

    /// Orders a whole look where one is due; the report comes through `done`, from a thread of its own.
    pub fn tick(&mut self, now: Duration, utc: UtcMs, done: impl FnOnce(IntegrityReport) + Send + 'static) {
        self.follow(Input::Time, now, utc, done);
    }

    /// Somebody begins a session: a debugger is looked for at once.
    pub fn session_begins(&mut self, now: Duration) {
        for effect in self.watch.step(Input::SessionBegins, now) {
            match effect {
                Effect::CheckDebugger => self.report.debugger = integrity::debugger_now(),
                // Not while somebody waits: it falls due again when the session has ended.
                Effect::CheckAll => {}
            }
        }
    }

    /// The session is over.
    pub fn session_ended(
        &mut self,
        now: Duration,
        utc: UtcMs,
        done: impl FnOnce(IntegrityReport) + Send + 'static,
    ) {
        self.follow(Input::SessionEnded, now, utc, done);
    }

    /// A look that was ordered is done.
    pub fn looked(&mut self, report: IntegrityReport, now: Duration) {
        self.report = report;
        let is_fit = self.fault().is_none();
        self.watch.step(Input::Checked { is_fit }, now);
    }

    fn follow(
        &mut self,
        input: Input,
        now: Duration,
        utc: UtcMs,
        done: impl FnOnce(IntegrityReport) + Send + 'static,
    ) {
        if self.watch.step(input, now).contains(&Effect::CheckAll) {
            let installation = self.installation.clone();
            let started = std::thread::Builder::new()
                .name("integrity".into())
                .spawn(move || done(integrity::look(&installation, utc)));
            if let Err(error) = started {
                tracing::error!(%error, "the kiosk cannot look at itself");
                self.watch.step(Input::Checked { is_fit: false }, now);
            }
        }
    }
}

fn installation(settings: &Integrity) -> Installation {
    let folder = settings.folder.clone().unwrap_or_else(program_folder);
    Installation {
        manifest: settings
            .manifest
            .clone()
            .unwrap_or_else(|| folder.join(integrity::MANIFEST_NAME)),
        folder,
        keys: settings.keys.clone(),
        program: std::env::current_exe().ok(),
        release: Some(Release {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: integrity::this_target(),
        }),
    }
}

/// Where the program lies.
fn program_folder() -> PathBuf {
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(std::path::Path::parent);
    folder.map_or_else(|| PathBuf::from("."), std::path::Path::to_owned)
}
