//! What a kiosk found when it looked at itself, and whether it may serve with that.
//!
//! A program in user space cannot prove that nobody changed it: who owns the system below can show it whatever they like.
//! What is found here raises the cost of a change and leaves a trace of it; `docs/integrity.md` says what it cannot do.
//!
//! The room `integrity` looks, this one decides. Nothing here is about a person.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use crate::time::UtcMs;

/// As many paths of one kind, and signs of one kind, are kept; the others are only counted, or left out.
pub const NAMED_MAX: usize = 16;

/// As many characters of a path, or of what was seen, are kept.
pub const TEXT_MAX_CHARS: usize = 200;

/// What a kiosk found when it looked at itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityReport {
    /// SHA-256 of the manifest whose signature counts. `None` where there is none such.
    pub manifest_sha256: Option<[u8; 32]>,
    /// The installed files against that manifest.
    pub files: FilesState,
    /// Whether somebody steps through the program, or may.
    pub debugger: Seen,
    /// Code in the program that comes from neither the system nor the installation.
    pub injected_libraries: Seen,
    /// Whether the machine is a virtual one, or the program is in a container.
    pub virtual_environment: Seen,
    /// When all of that was seen.
    pub checked_at: UtcMs,
}

/// How the installed files stand against the signed manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesState {
    /// Every listed file is what it was, and there is none beside them where there must be none.
    Intact {
        /// How many files the manifest lists.
        files: u64,
    },
    /// Something differs.
    Deviating(Deviations),
    /// The kiosk is configured with no key of a release, so that nothing could be held against anything.
    NoKey,
    /// There is no manifest, or no signature beside it.
    NoManifest,
    /// Manifest or signature are there and cannot be read.
    UnreadableManifest,
    /// The manifest is signed rightly, and its text breaks a rule. Whoever signed it did so by mistake.
    BadManifest,
    /// No release key made the signature for this manifest.
    BadSignature,
    /// The manifest is a genuine one of another release: its version or its target is not that of this program.
    OtherRelease {
        /// The version that it names.
        version: String,
        /// The target that it names.
        target: String,
    },
}

/// What differs from the manifest, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deviations {
    /// How many files the manifest lists.
    pub files: u64,
    /// Files of another size or content, and places where something else than a file stands, such as a link.
    pub altered: Paths,
    /// Files that are not there.
    pub missing: Paths,
    /// What stands in a folder of the installation and is not listed.
    pub extra: Paths,
    /// Files and folders that are there and cannot be read: nobody knows what they are.
    pub unreadable: Paths,
    /// The program that runs is not one of the listed files.
    pub is_program_elsewhere: bool,
}

impl Deviations {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        let paths = [&self.altered, &self.missing, &self.extra, &self.unreadable];
        paths.iter().all(|paths| paths.count() == 0) && !self.is_program_elsewhere
    }
}

/// Paths of one kind: all are counted, and the first [`NAMED_MAX`] in their order are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    count: u64,
    first: BTreeSet<String>,
}

impl Paths {
    /// Adds one. What is kept of it is at most [`TEXT_MAX_CHARS`] long, and on one line.
    pub fn add(&mut self, path: &str) {
        self.count = self.count.saturating_add(1);
        self.first.insert(shown(path));
        if self.first.len() > NAMED_MAX {
            self.first.pop_last();
        }
    }

    /// How many were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first ones, in the order of their names, whatever the order was in which they were added.
    pub fn first(&self) -> impl Iterator<Item = &str> {
        self.first.iter().map(String::as_str)
    }
}

impl<'a> FromIterator<&'a str> for Paths {
    fn from_iter<T: IntoIterator<Item = &'a str>>(paths: T) -> Self {
        let mut all = Self::default();
        for path in paths {
            all.add(path);
        }
        all
    }
}

/// Whether signs of something were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was looked for and there was none. That is no proof that there is none.
    No,
    /// There are these, at least one.
    Yes(Vec<Sign>),
    /// It could not be looked for.
    Unknown,
}

impl Seen {
    /// What these signs amount to, where it is known whether all that matters could be looked at. Of equal signs one is
    /// kept, and at most [`NAMED_MAX`] in all.
    pub fn from_signs(signs: Vec<Sign>, is_complete: bool) -> Self {
        let mut kept: Vec<Sign> = Vec::new();
        for sign in signs {
            if kept.len() < NAMED_MAX && !kept.contains(&sign) {
                kept.push(sign);
            }
        }
        match (kept.is_empty(), is_complete) {
            (false, _) => Self::Yes(kept),
            (true, true) => Self::No,
            (true, false) => Self::Unknown,
        }
    }

    /// The signs; none where none were seen.
    pub fn signs(&self) -> &[Sign] {
        match self {
            Self::Yes(signs) => signs,
            Self::No | Self::Unknown => &[],
        }
    }

    fn codes(&self, topic: &str) -> Vec<String> {
        match self {
            Self::No => vec![format!("{topic}:no")],
            Self::Unknown => vec![format!("{topic}:unknown")],
            Self::Yes(signs) => {
                let codes: BTreeSet<&str> = signs.iter().map(|sign| sign.code).collect();
                codes.iter().map(|code| format!("{topic}:{code}")).collect()
            }
        }
    }
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// A short name of what it is a sign of, such as `kvm`. It never changes.
    pub code: &'static str,
    /// Where it was seen and what stood there, at most [`TEXT_MAX_CHARS`] long and on one line.
    pub seen: String,
}

impl Sign {
    /// A sign. What was seen may be any text.
    pub fn new(code: &'static str, seen: &str) -> Self {
        Self {
            code,
            seen: shown(seen),
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.seen)
    }
}

/// What of a text of unknown origin may stand in a log: one line of bounded length.
fn shown(text: &str) -> String {
    let mut kept = String::new();
    let mut chars = 0;
    for letter in text.chars() {
        // Letters that no eye can see, and those that turn the order of others around, could hide what a name says.
        let is_plain = !letter.is_control()
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let written = if is_plain {
            letter.to_string()
        } else {
            letter.escape_unicode().to_string()
        };
        chars += written.chars().count();
        if chars > TEXT_MAX_CHARS - 1 {
            kept.push('…');
            break;
        }
        kept.push_str(&written);
    }
    kept
}

impl IntegrityReport {
    /// A short list for the kiosk's greeting and its audit log, such as `files:intact`, `debugger:no`, `virtual:kvm`. Each
    /// topic stands in it at least once. The codes never change; there are at most [`CODES_MAX`], and none is longer than
    /// 80 bytes.
    pub fn codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        if let Some(sha256) = self.manifest_sha256 {
            let digits: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            codes.push(format!("manifest:{digits}"));
        }
        codes.extend(self.files.codes().iter().map(|code| format!("files:{code}")));
        codes.extend(self.debugger.codes("debugger"));
        codes.extend(self.injected_libraries.codes("injected"));
        codes.extend(self.virtual_environment.codes("virtual"));
        codes
    }
}

/// The most codes that one report has: the manifest, five deviations, and the signs.
pub const CODES_MAX: usize = 1 + 5 + 3 * NAMED_MAX;

impl FilesState {
    fn codes(&self) -> Vec<&'static str> {
        match self {
            Self::Intact { .. } => vec!["intact"],
            Self::NoKey => vec!["no-key"],
            Self::NoManifest => vec!["no-manifest"],
            Self::UnreadableManifest => vec!["unreadable-manifest"],
            Self::BadManifest => vec!["bad-manifest"],
            Self::BadSignature => vec!["bad-signature"],
            Self::OtherRelease { .. } => vec!["other-release"],
            Self::Deviating(deviations) => {
                let kinds = [
                    (deviations.altered.count() > 0, "altered"),
                    (deviations.missing.count() > 0, "missing"),
                    (deviations.extra.count() > 0, "extra"),
                    (deviations.unreadable.count() > 0, "unreadable"),
                    (deviations.is_program_elsewhere, "program-elsewhere"),
                ];
                let kinds = kinds.into_iter().filter(|(is_there, _)| *is_there);
                kinds.map(|(_, code)| code).collect()
            }
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// No session begins without it. What could not be looked at is not there.
    Required,
    /// It is told to the gateway and written down, and hinders nothing.
    Reported,
}

/// What a kiosk must find on itself before it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegrityPolicy {
    /// The installed files are those of the manifest.
    pub files: Demand,
    /// Nobody debugs the program.
    pub debugger: Demand,
    /// The program holds no code from elsewhere.
    pub injected_libraries: Demand,
    /// The machine is a real one.
    pub virtual_environment: Demand,
}

impl IntegrityPolicy {
    /// Production: intact files and no debugger. Some institutions put their kiosks on virtual machines on purpose, and
    /// drivers of graphics cards put code of their own into programs; both are reported, for the institution to judge.
    pub const fn production() -> Self {
        Self {
            files: Demand::Required,
            debugger: Demand::Required,
            injected_libraries: Demand::Reported,
            virtual_environment: Demand::Reported,
        }
    }

    /// Demonstrations and development: everything is reported and nothing hinders.
    pub const fn demo() -> Self {
        Self {
            files: Demand::Reported,
            debugger: Demand::Reported,
            injected_libraries: Demand::Reported,
            virtual_environment: Demand::Reported,
        }
    }
}

impl Default for IntegrityPolicy {
    /// That of [production](Self::production).
    fn default() -> Self {
        Self::production()
    }
}

/// Why a kiosk must not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum IntegrityFault {
    /// Installed files are not those of the release.
    #[error("installed files are not those of the release")]
    FilesDeviate,
    /// The files could not be held against a release: no key, no manifest, a bad one, or one of another release.
    #[error("the installed files could not be held against a signed manifest of this release")]
    FilesUnproven,
    /// The program is being debugged.
    #[error("the program is being debugged, or prepared for it")]
    Debugger,
    /// Whether it is debugged could not be told.
    #[error("it could not be told whether the program is being debugged")]
    DebuggerUnknown,
    /// There is code of others in the program.
    #[error("there is code in the program that is neither the system's nor the release's")]
    InjectedLibraries,
    /// Whether there is could not be told.
    #[error("it could not be told what code is in the program")]
    InjectedLibrariesUnknown,
    /// The machine is a virtual one.
    #[error("the kiosk runs on a virtual machine or in a container")]
    VirtualEnvironment,
    /// Whether it is one could not be told.
    #[error("it could not be told whether the machine is a real one")]
    VirtualEnvironmentUnknown,
}

impl IntegrityFault {
    /// A short name for logs and for the corner of the screen. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FilesDeviate => "files-deviate",
            Self::FilesUnproven => "files-unproven",
            Self::Debugger => "debugger",
            Self::DebuggerUnknown => "debugger-unknown",
            Self::InjectedLibraries => "injected-libraries",
            Self::InjectedLibrariesUnknown => "injected-libraries-unknown",
            Self::VirtualEnvironment => "virtual-environment",
            Self::VirtualEnvironmentUnknown => "virtual-environment-unknown",
        }
    }
}

/// Whether a kiosk that found this may serve.
///
/// # Errors
/// The first demand that is not met, in the order of the policy's fields.
pub fn judge(report: &IntegrityReport, policy: &IntegrityPolicy) -> Result<(), IntegrityFault> {
    if policy.files == Demand::Required {
        match &report.files {
            FilesState::Intact { .. } => {}
            FilesState::Deviating(_) => return Err(IntegrityFault::FilesDeviate),
            FilesState::NoKey
            | FilesState::NoManifest
            | FilesState::UnreadableManifest
            | FilesState::BadManifest
            | FilesState::BadSignature
            | FilesState::OtherRelease { .. } => return Err(IntegrityFault::FilesUnproven),
        }
    }
    let demands = [
        (
            policy.debugger,
            &report.debugger,
            IntegrityFault::Debugger,
            IntegrityFault::DebuggerUnknown,
        ),
        (
            policy.injected_libraries,
            &report.injected_libraries,
            IntegrityFault::InjectedLibraries,
            IntegrityFault::InjectedLibrariesUnknown,
        ),
        (
            policy.virtual_environment,
            &report.virtual_environment,
            IntegrityFault::VirtualEnvironment,
            IntegrityFault::VirtualEnvironmentUnknown,
        ),
    ];
    for (demand, seen, there, unknown) in demands {
        match (demand, seen) {
            (Demand::Reported, _) | (Demand::Required, Seen::No) => {}
            (Demand::Required, Seen::Yes(_)) => return Err(there),
            (Demand::Required, Seen::Unknown) => return Err(unknown),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn well() -> IntegrityReport {
        IntegrityReport {
            manifest_sha256: Some([0xa5; 32]),
            files: FilesState::Intact { files: 7 },
            debugger: Seen::No,
            injected_libraries: Seen::No,
            virtual_environment: Seen::No,
            checked_at: UtcMs(1),
        }
    }

    fn yes(code: &'static str) -> Seen {
        Seen::Yes(vec![Sign::new(code, "somewhere")])
    }

    #[test]
    fn production_wants_intact_files_and_no_debugger() {
        let check = |change: &dyn Fn(&mut IntegrityReport), expect: Result<(), IntegrityFault>| {
            let mut report = well();
            change(&mut report);
            assert_eq!(judge(&report, &IntegrityPolicy::default()), expect);
            assert_eq!(judge(&report, &IntegrityPolicy::demo()), Ok(()));
        };
        let mut deviations = Deviations::default();
        deviations.extra.add("plug-in.so");
        let unproven = Err(IntegrityFault::FilesUnproven);
        check(&|_| {}, Ok(()));
        check(
            &|report| report.files = FilesState::Deviating(deviations.clone()),
            Err(IntegrityFault::FilesDeviate),
        );
        check(&|report| report.files = FilesState::NoKey, unproven);
        check(&|report| report.files = FilesState::NoManifest, unproven);
        check(&|report| report.files = FilesState::UnreadableManifest, unproven);
        check(&|report| report.files = FilesState::BadManifest, unproven);
        check(&|report| report.files = FilesState::BadSignature, unproven);
        check(
            &|report| {
                report.files = FilesState::OtherRelease {
                    version: "0.0.9".into(),
                    target: "x".into(),
                };
            },
            unproven,
        );
        check(
            &|report| report.debugger = yes("tracer"),
            Err(IntegrityFault::Debugger),
        );
        check(
            &|report| report.debugger = Seen::Unknown,
            Err(IntegrityFault::DebuggerUnknown),
        );
        check(&|report| report.injected_libraries = yes("ld-preload"), Ok(()));
        check(&|report| report.virtual_environment = yes("kvm"), Ok(()));
    }

    #[test]
    fn what_is_required_and_not_known_is_not_there() {
        let all = IntegrityPolicy {
            files: Demand::Required,
            debugger: Demand::Required,
            injected_libraries: Demand::Required,
            virtual_environment: Demand::Required,
        };
        let check = |change: &dyn Fn(&mut IntegrityReport), expect: &str| {
            let mut report = well();
            change(&mut report);
            let fault = judge(&report, &all).unwrap_err();
            assert_eq!(fault.code(), expect);
        };
        assert_eq!(judge(&well(), &all), Ok(()));
        check(
            &|report| report.virtual_environment = yes("xen"),
            "virtual-environment",
        );
        check(
            &|report| report.virtual_environment = Seen::Unknown,
            "virtual-environment-unknown",
        );
        check(
            &|report| report.injected_libraries = yes("library"),
            "injected-libraries",
        );
        check(
            &|report| report.injected_libraries = Seen::Unknown,
            "injected-libraries-unknown",
        );
    }

    #[test]
    fn the_codes_never_change() {
        assert_eq!(
            well().codes(),
            [
                "manifest:a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
                "files:intact",
                "debugger:no",
                "injected:no",
                "virtual:no"
            ]
        );
        let mut report = well();
        report.manifest_sha256 = None;
        report.files = FilesState::Deviating(Deviations {
            files: 7,
            altered: Paths::from_iter(["a"]),
            missing: Paths::from_iter(["b"]),
            extra: Paths::from_iter(["c"]),
            unreadable: Paths::from_iter(["d"]),
            is_program_elsewhere: true,
        });
        report.debugger = Seen::Unknown;
        report.virtual_environment = Seen::Yes(vec![
            Sign::new("kvm", "one place"),
            Sign::new("hypervisor", "flag"),
            Sign::new("kvm", "another place"),
        ]);
        assert_eq!(
            report.codes(),
            [
                "files:altered",
                "files:missing",
                "files:extra",
                "files:unreadable",
                "files:program-elsewhere",
                "debugger:unknown",
                "injected:no",
                "virtual:hypervisor",
                "virtual:kvm"
            ]
        );
        let check = |files: FilesState, code: &str| {
            report_of(files, code);
        };
        check(FilesState::NoKey, "files:no-key");
        check(FilesState::NoManifest, "files:no-manifest");
        check(FilesState::UnreadableManifest, "files:unreadable-manifest");
        check(FilesState::BadManifest, "files:bad-manifest");
        check(FilesState::BadSignature, "files:bad-signature");
        check(
            FilesState::OtherRelease {
                version: String::new(),
                target: String::new(),
            },
            "files:other-release",
        );
    }

    fn report_of(files: FilesState, code: &str) {
        let report = IntegrityReport { files, ..well() };
        assert_eq!(report.codes()[1], code);
    }

    #[test]
    fn a_text_of_unknown_origin_stays_on_one_line() {
        let sign = Sign::new("library", "/tmp/a\n2026-01-01 all is well\u{202e}\u{1b}[2J");
        assert_eq!(
            sign.to_string(),
            r"library: /tmp/a\u{a}2026-01-01 all is well\u{202e}\u{1b}[2J"
        );
    }

    #[test]
    fn the_first_paths_are_the_same_in_any_order() {
        let names: Vec<String> = (0..40).map(|number| format!("file-{number:02}")).collect();
        let forth: Paths = names.iter().map(String::as_str).collect();
        let back: Paths = names.iter().rev().map(String::as_str).collect();
        assert_eq!(forth, back);
        assert_eq!(forth.count(), 40);
        assert_eq!(forth.first().collect::<Vec<_>>(), &names[..NAMED_MAX]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_long_or_has_a_line_of_its_own(text in any::<String>()) {
            let sign = Sign::new("x", &text);
            prop_assert!(sign.seen.chars().count() <= TEXT_MAX_CHARS);
            prop_assert!(!sign.seen.chars().any(char::is_control));
        }
    }
}
