//! The kiosk's look at itself: when it looks, and whether it may serve with what it saw.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use integrity::{Effect, Input, Installation, Plan, Release, Watch};
use verification::evidence::IntegrityRecord;
use verification::integrity::{IntegrityFault, IntegrityPolicy, IntegrityReport, judge};
use verification::time::Now;

use crate::config::Integrity;

/// Takes the reports of looks that were ordered, on a thread of their own.
type Reports = Arc<dyn Fn(IntegrityReport) + Send + Sync>;

/// The newest report, and what it means.
pub struct Guard {
    installation: Installation,
    policy: IntegrityPolicy,
    watch: Watch,
    report: IntegrityReport,
    reports: Reports,
}

impl Guard {
    /// Looks at everything before anything else is done with the kiosk. Later looks tell `reports`, which hands each back by
    /// [`Guard::looked`].
    pub fn start(
        settings: &Integrity,
        policy: IntegrityPolicy,
        now: Now,
        reports: impl Fn(IntegrityReport) + Send + Sync + 'static,
    ) -> Self {
        let installation = installation(settings);
        let report = integrity::look(&installation, now.utc);
        let mut watch = Watch::new(Plan::default(), now.monotonic);
        // The first look was this one.
        watch.step(Input::Time, now.monotonic);
        let mut guard = Self {
            installation,
            policy,
            watch,
            report: report.clone(),
            reports: Arc::new(reports),
        };
        guard.looked(report, now.monotonic);
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

    /// Orders a whole look where one is due.
    pub fn tick(&mut self, now: Now) {
        self.follow(Input::Time, now);
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
    pub fn session_ended(&mut self, now: Now) {
        self.follow(Input::SessionEnded, now);
    }

    /// A look that was ordered is done.
    pub fn looked(&mut self, report: IntegrityReport, now: Duration) {
        self.report = report;
        let is_fit = self.fault().is_none();
        self.watch.step(Input::Checked { is_fit }, now);
    }

    fn follow(&mut self, input: Input, now: Now) {
        if self.watch.step(input, now.monotonic).contains(&Effect::CheckAll) {
            let (installation, reports) = (self.installation.clone(), Arc::clone(&self.reports));
            let started = std::thread::Builder::new()
                .name("integrity".into())
                .spawn(move || reports(integrity::look(&installation, now.utc)));
            if let Err(error) = started {
                tracing::error!(%error, "the kiosk cannot look at itself");
                self.watch.step(Input::Checked { is_fit: false }, now.monotonic);
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
