//! The part of a session that happens before the palm scanner.
//!
//! ```text
//! ChoosingMethod ─> Consenting ─> CountingAttempts ─> Waiting ─> Finding ─> Drawing ─> Persisting ─> Scanning
//!        ^              │                               ^  │        │                                │   │
//!        └── refused ───┘          a face that passed ──┘  │        └─ not enrolled ─> ChoosingMethod │   │ passed
//!                                                          v                                         v   v
//!                                                       Enrolling ─> Recording      AttemptFailed <──┘ Recording
//! ```
//! An attempt is one scan that was ordered, whatever the scanner says while it lasts, and it is written down before
//! it is ordered. A fault of the scanner leads to `Lost` and, once it is back, to a new attempt; the one that was cut off
//! does not count.

use std::time::Duration;

use super::{
    ANSWER_LIMIT, AuditEvent, DEVICE_FAILURES_MAX, DEVICE_PATIENCE, DEVICE_RETRY, Effect, FORGIVEN_MAX,
    Failure, Session, Showing, State, may_come_back,
};
use crate::capture::DeviceFault;
use crate::evidence::{Modality, Outcome, PalmEvidence};
use crate::pad::plan;
use crate::palm::decision::{self, PalmFailure, PalmPart, PalmPartRecord};
use crate::palm::{
    EnrolOutcome, HandPosition, PalmAttemptRecord, PalmReference, PalmScan, ScanOrder, ScannerIdentity,
    SubjectTag,
};
use crate::service::{PALM_CONSENT, Refusal};
use crate::time::Now;

/// What is known of the palm so far.
#[derive(Debug, Default)]
pub(super) struct PalmFacts {
    evidence: PalmEvidence,
    /// Attempts that do not count.
    forgiven: u8,
    /// The scanner holds no palm of the claimed person.
    pub not_enrolled: bool,
}

impl PalmFacts {
    /// What the document says of it, if anything.
    pub fn evidence(&self) -> Option<PalmEvidence> {
        (self.evidence != PalmEvidence::default()).then(|| self.evidence.clone())
    }

    /// Attempts that were made, those of sessions before included.
    pub fn attempts_used(&self) -> u8 {
        let here = u8::try_from(self.evidence.attempts.len()).unwrap_or(u8::MAX);
        self.evidence
            .attempts_before
            .saturating_add(here.saturating_sub(self.forgiven))
    }

    /// Scans that were begun in this session.
    pub fn scans(&self) -> usize {
        self.evidence.attempts.len()
    }

    /// The newest attempt does not count.
    pub fn forgive(&mut self) {
        self.forgiven = self.forgiven.saturating_add(1);
    }

    /// Whether any attempt spoke for an attack.
    pub fn is_suspected(&self) -> bool {
        let failures = self
            .evidence
            .attempts
            .iter()
            .filter_map(|attempt| attempt.failure);
        failures.into_iter().any(PalmFailure::is_suspicious)
            || self.evidence.enrolments.contains(&EnrolOutcome::NotLive)
    }

    /// Whether the palm of somebody else than the claimed person was shown.
    pub fn has_met_another(&self) -> bool {
        let attempts = self.evidence.attempts.iter();
        attempts
            .filter_map(|attempt| attempt.failure)
            .any(|failure| failure == PalmFailure::AnotherPerson)
    }

    /// Whether a palm was enrolled.
    pub fn has_enrolled(&self) -> bool {
        self.evidence.enrolled().is_some()
    }

    fn enrolments(&self) -> u8 {
        u8::try_from(self.evidence.enrolments.len()).unwrap_or(u8::MAX)
    }
}

#[derive(Debug)]
pub(super) enum PalmState {
    /// The consent of its own.
    Consenting,
    /// The scanner has been asked for.
    Waiting,
    /// The reference of the claimed person is being looked up.
    Finding,
    /// The scanner failed and is asked for again and again.
    Lost {
        fault: DeviceFault,
        since: Duration,
        /// Whether an answer is due.
        asked: bool,
    },
    Drawing,
    Persisting {
        challenge: [u8; 32],
    },
    Scanning {
        number: u8,
        started: Now,
        position: HandPosition,
    },
    Enrolling {
        position: HandPosition,
    },
    /// Whose the new reference may become is being written down.
    Proposing,
}

impl PalmState {
    /// Whether the scanner is at work.
    pub fn has_order(&self) -> bool {
        matches!(self, Self::Scanning { .. } | Self::Enrolling { .. })
    }
}

impl Session {
    pub(super) fn palm_showing(&self, state: &PalmState) -> Showing {
        let attempts = self.opening.policy.attempts;
        match state {
            PalmState::Consenting => Showing::Consent {
                text: self.opening.palm_consent.text.clone(),
                version: self.opening.palm_consent.version,
                wording: self.opening.palm_consent.wording.clone(),
                refusal: Refusal::Continues,
                number: 1,
                of: 1,
            },
            PalmState::Waiting | PalmState::Finding | PalmState::Drawing | PalmState::Persisting { .. } => {
                Showing::OpeningScanner
            }
            PalmState::Proposing => Showing::Recording,
            PalmState::Lost { fault, .. } => Showing::ScannerTrouble { fault: *fault },
            PalmState::Scanning { number, position, .. } => Showing::Palm {
                enrolling: false,
                position: *position,
                attempt: *number,
                attempts,
            },
            PalmState::Enrolling { position } => Showing::Palm {
                enrolling: true,
                position: *position,
                attempt: self.facts.palm.enrolments().saturating_add(1),
                attempts,
            },
        }
    }

    pub(super) fn palm_deadline(&self, state: &PalmState) -> Duration {
        match state {
            PalmState::Consenting => self.touched_at + self.opening.policy.idle_limit,
            PalmState::Lost { asked: false, .. } => self.asked_at + DEVICE_RETRY,
            // A scanner rounds the limit up and takes its time to say that nothing came.
            PalmState::Scanning { .. } | PalmState::Enrolling { .. } => {
                self.asked_at + self.opening.policy.palm.scan_limit + ANSWER_LIMIT
            }
            _ => self.asked_at + ANSWER_LIMIT,
        }
    }

    pub(super) fn palm_tick(&mut self, now: Now) -> Vec<Effect> {
        let State::Palm(state) = &mut self.state else {
            return Vec::new();
        };
        match state {
            PalmState::Consenting => self.end_before_capture(now, Outcome::TimedOut),
            PalmState::Lost { asked, .. } if !*asked => {
                *asked = true;
                self.asked_at = now.monotonic;
                vec![Effect::AskScanner]
            }
            PalmState::Finding | PalmState::Persisting { .. } | PalmState::Proposing => self.store_failed(),
            _ => self.scanner_failed(now, DeviceFault::Timeout),
        }
    }

    pub(super) fn choose_palm(&mut self, now: Now) -> Vec<Effect> {
        let given = self
            .facts
            .consents
            .iter()
            .any(|consent| consent.given && consent.text == PALM_CONSENT.0);
        if given {
            return self.count_attempts(now, Modality::Palm);
        }
        self.state = State::Palm(PalmState::Consenting);
        Vec::new()
    }

    pub(super) fn answer_palm_consent(&mut self, now: Now, answered: &str, given: bool) -> Vec<Effect> {
        if answered != PALM_CONSENT.0 {
            return Vec::new();
        }
        let version = self.opening.palm_consent.version;
        let mut effects = vec![self.note_consent(now, PALM_CONSENT.0, version, given)];
        if given {
            effects.extend(self.count_attempts(now, Modality::Palm));
        } else {
            // Whoever keeps the palm to themselves still has the other ways.
            self.state = State::ChoosingMethod;
        }
        effects
    }

    pub(super) fn palm_attempts_counted(&mut self, now: Now, used: u8) -> Vec<Effect> {
        self.facts.palm.evidence.attempts_before = used;
        if used >= self.opening.policy.attempts {
            return self.device_is_used_up(now, Failure::PalmUsedUp);
        }
        self.ask_scanner(now)
    }

    /// A face that passed is followed by the enrolment of the palm, where that is what was asked for.
    pub(super) fn begin_enrolment(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = vec![Effect::CloseCamera];
        effects.extend(self.ask_scanner(now));
        effects
    }

    pub(super) fn ask_scanner(&mut self, now: Now) -> Vec<Effect> {
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Waiting);
        vec![Effect::AskScanner]
    }

    /// How the scanner stands: the answer to the question, or a change that nobody asked about.
    pub(super) fn scanner(&mut self, now: Now, found: Result<ScannerIdentity, DeviceFault>) -> Vec<Effect> {
        let State::Palm(state) = &self.state else {
            return Vec::new();
        };
        match (found, state) {
            (Ok(identity), PalmState::Waiting | PalmState::Lost { .. }) => self.scanner_ready(now, identity),
            // Its numbers mean other people, and the order may have reached it.
            (Ok(identity), _) if self.is_another_scanner(&identity) => self.scanner_changed(now),
            (Ok(_), _) => Vec::new(),
            (Err(fault), _) => self.scanner_failed(now, fault),
        }
    }

    fn is_another_scanner(&self, identity: &ScannerIdentity) -> bool {
        let known = self.facts.palm.evidence.scanner.as_ref();
        known.is_some_and(|known| known != identity)
    }

    fn scanner_changed(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = vec![Effect::Audit(AuditEvent::ScannerChanged)];
        effects.extend(self.record(now, Outcome::DeviceUnavailable));
        effects
    }

    fn scanner_ready(&mut self, now: Now, identity: ScannerIdentity) -> Vec<Effect> {
        if self.is_another_scanner(&identity) {
            return self.scanner_changed(now);
        }
        let returns = self.facts.palm.evidence.scanner.is_some();
        let serial = identity.serial.clone();
        let fitness = decision::fitness(&identity, &self.opening.policy.palm);
        self.facts.palm.evidence.scanner = Some(identity);
        let mut effects = vec![Effect::Audit(AuditEvent::ScannerOpened)];
        if fitness.is_err() {
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        self.asked_at = now.monotonic;
        if self.facts.modality == Some(Modality::Face) {
            let passed = self
                .facts
                .attempts
                .iter()
                .any(|attempt| attempt.failure.is_none());
            effects.extend(if passed {
                self.enrol(now)
            } else {
                Some(self.open_camera(now))
            });
        } else if returns && self.facts.palm.evidence.expected.is_some() {
            effects.push(self.draw_challenge(now));
        } else if let Some(subject) = self.facts.claim.clone() {
            self.state = State::Palm(PalmState::Finding);
            effects.push(Effect::FindPalmReference {
                subject,
                scanner: serial,
            });
        }
        effects
    }

    pub(super) fn palm_reference_found(&mut self, now: Now, reference: Option<PalmReference>) -> Vec<Effect> {
        if !matches!(self.state, State::Palm(PalmState::Finding)) {
            return Vec::new();
        }
        self.facts.palm.evidence.expected = reference;
        if reference.is_some() {
            return vec![self.draw_challenge(now)];
        }
        // Nothing was captured and no attempt made: the other ways are open.
        self.facts.palm.not_enrolled = true;
        self.facts.modality = None;
        self.touched_at = now.monotonic;
        self.state = State::ChoosingMethod;
        vec![Effect::Audit(AuditEvent::PalmNotEnrolled)]
    }

    fn draw_challenge(&mut self, now: Now) -> Effect {
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Drawing);
        Effect::DrawRandom
    }

    /// The attempt is written down before the scan is ordered: a kiosk that is cut off in between has counted it.
    pub(super) fn palm_random_drawn(&mut self, now: Now, random: [u8; plan::RANDOM_BYTES]) -> Vec<Effect> {
        let (State::Palm(PalmState::Drawing), Some(subject), Some(challenge)) =
            (&self.state, self.facts.claim.clone(), random.first_chunk())
        else {
            return Vec::new();
        };
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Persisting {
            challenge: *challenge,
        });
        vec![
            Effect::Audit(AuditEvent::AttemptStarted),
            Effect::PersistAttempt {
                subject,
                modality: Modality::Palm,
            },
        ]
    }

    pub(super) fn palm_attempt_persisted(&mut self, now: Now) -> Vec<Effect> {
        let State::Palm(PalmState::Persisting { challenge }) = self.state else {
            return Vec::new();
        };
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Scanning {
            number: self.facts.palm.attempts_used().saturating_add(1),
            started: now,
            position: HandPosition::NotSeen,
        });
        vec![Effect::Scan(ScanOrder {
            limit: self.opening.policy.palm.scan_limit,
            challenge,
        })]
    }

    pub(super) fn hand_seen(&mut self, seen: HandPosition) -> Vec<Effect> {
        if let State::Palm(PalmState::Scanning { position, .. } | PalmState::Enrolling { position }) =
            &mut self.state
        {
            *position = seen;
        }
        Vec::new()
    }

    pub(super) fn scanned(&mut self, now: Now, scan: Result<Option<PalmScan>, DeviceFault>) -> Vec<Effect> {
        let State::Palm(PalmState::Scanning { .. }) = self.state else {
            return Vec::new();
        };
        let scan = match scan {
            Ok(Some(scan)) => scan,
            // Nobody here ended it.
            Ok(None) => return self.scanner_failed(now, DeviceFault::Protocol),
            Err(fault) => return self.scanner_failed(now, fault),
        };
        let evidence = &self.facts.palm.evidence;
        let (Some(scanner), Some(expected)) = (&evidence.scanner, evidence.expected) else {
            return self.scanner_failed(now, DeviceFault::Identity);
        };
        let policy = &self.opening.policy.palm;
        let (parts, verdict) = decision::decide(&scan, scanner.capabilities, expected, policy);
        let failure = verdict.err();
        self.close_scan(now, Some(scan), parts, failure);
        let Some(failure) = failure else {
            let mut effects = vec![Effect::Audit(AuditEvent::AttemptPassed)];
            effects.extend(self.record(now, Outcome::AwaitingIdentification));
            return effects;
        };
        let mut effects = vec![Effect::Audit(AuditEvent::AttemptFailed(
            self.palm_failure(failure),
        ))];
        if failure == PalmFailure::AnotherPerson {
            effects.push(Effect::Audit(AuditEvent::AnotherPalm));
        }
        if failure == PalmFailure::NothingPresented && !self.opening.policy.palm.nothing_presented_counts {
            effects.extend(self.forgive_palm());
        }
        if self.facts.palm.attempts_used() >= self.opening.policy.attempts {
            let failure = self.palm_failure(failure);
            effects.extend(self.device_is_used_up(now, failure));
        } else {
            self.touched_at = now.monotonic;
            self.state = State::AttemptFailed {
                failure: self.palm_failure(failure),
            };
        }
        effects
    }

    /// The failure as the person is told: a cold hand can be warmed.
    fn palm_failure(&self, failure: PalmFailure) -> Failure {
        let last = self.facts.palm.evidence.attempts.last();
        let cold = |part: &PalmPartRecord| {
            matches!(part.part, PalmPart::Temperature | PalmPart::Warmth)
                && part.value.zip(part.min).is_some_and(|(value, min)| value < min)
        };
        Failure::Palm {
            failure,
            cold: last.is_some_and(|attempt| attempt.parts.iter().any(cold)),
        }
    }

    /// The attempt that is under way ends here, if there is one.
    pub(super) fn interrupt_scan(&mut self, now: Now) {
        self.close_scan(now, None, Vec::new(), Some(PalmFailure::Interrupted));
    }

    /// The state that is left behind orders nothing; the caller goes on from there.
    fn close_scan(
        &mut self,
        now: Now,
        scan: Option<PalmScan>,
        parts: Vec<PalmPartRecord>,
        failure: Option<PalmFailure>,
    ) {
        let (number, started) = match &self.state {
            State::Palm(PalmState::Scanning { number, started, .. }) => (*number, *started),
            // Written down already, and never ordered.
            State::Palm(PalmState::Persisting { .. }) => {
                (self.facts.palm.attempts_used().saturating_add(1), now)
            }
            _ => return,
        };
        self.state = State::Palm(PalmState::Waiting);
        self.facts.palm.evidence.attempts.push(PalmAttemptRecord {
            number,
            started_at: started.utc,
            took: now.monotonic.saturating_sub(started.monotonic),
            scan,
            parts,
            failure,
        });
    }

    /// Whether the face is what another attempt would be.
    pub(super) fn face_follows(&self) -> bool {
        let service = self.facts.service.as_ref();
        let has_face = service.is_some_and(|service| service.face);
        self.is_palm_used_up() && has_face && self.opening.policy.palm.fallback_to_face
    }

    fn is_palm_used_up(&self) -> bool {
        self.facts.modality == Some(Modality::Palm)
            && self.facts.palm.attempts_used() >= self.opening.policy.attempts
    }

    /// A fault of the scanner burns no attempt. Where it may come back it is waited for.
    fn scanner_failed(&mut self, now: Now, fault: DeviceFault) -> Vec<Effect> {
        let State::Palm(state) = &self.state else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        let since = match state {
            PalmState::Consenting => return Vec::new(),
            PalmState::Lost { since, .. } => *since,
            _ => now.monotonic,
        };
        if state.has_order() {
            effects.push(Effect::CancelScan);
        }
        if !matches!(state, PalmState::Lost { .. }) {
            let began = matches!(state, PalmState::Scanning { .. } | PalmState::Persisting { .. });
            self.interrupt_scan(now);
            if began {
                effects.extend(self.forgive_palm());
            }
            self.facts.device_failures = self.facts.device_failures.saturating_add(1);
            effects.push(Effect::Audit(AuditEvent::ScannerFailed(fault)));
        }
        if self.facts.modality == Some(Modality::Palm)
            && self.facts.palm.attempts_used() >= self.opening.policy.attempts
        {
            effects.extend(self.device_is_used_up(now, Failure::PalmUsedUp));
            return effects;
        }
        let given_up = now.monotonic.saturating_sub(since) >= DEVICE_PATIENCE
            || self.facts.device_failures >= DEVICE_FAILURES_MAX;
        if given_up || !may_come_back(fault) {
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Lost {
            fault,
            since,
            asked: false,
        });
        effects
    }

    /// Gives back an attempt that proves nothing about the person. Not without end: who pulls the plug whenever a
    /// comparison goes wrong would have attempts without number.
    fn forgive_palm(&mut self) -> Option<Effect> {
        let subject = self.facts.claim.clone()?;
        if self.facts.palm.forgiven >= FORGIVEN_MAX {
            return None;
        }
        self.facts.palm.forgiven += 1;
        Some(Effect::ForgiveAttempt {
            subject,
            modality: Modality::Palm,
        })
    }

    fn enrol(&mut self, now: Now) -> Option<Effect> {
        // The name says nothing about the person, and is as unique as the document.
        let tag = SubjectTag::new(self.opening.document_id.to_string().get(..24)?)?;
        self.asked_at = now.monotonic;
        self.state = State::Palm(PalmState::Enrolling {
            position: HandPosition::NotSeen,
        });
        Some(Effect::EnrolPalm {
            tag,
            limit: self.opening.policy.palm.scan_limit,
        })
    }

    pub(super) fn enrolled(
        &mut self,
        now: Now,
        enrolled: Result<Option<EnrolOutcome>, DeviceFault>,
    ) -> Vec<Effect> {
        if !matches!(self.state, State::Palm(PalmState::Enrolling { .. })) {
            return Vec::new();
        }
        let outcome = match enrolled {
            Ok(Some(outcome)) => outcome,
            Ok(None) => return self.scanner_failed(now, DeviceFault::Protocol),
            Err(fault) => return self.scanner_failed(now, fault),
        };
        self.state = State::Palm(PalmState::Proposing);
        self.asked_at = now.monotonic;
        self.facts.palm.evidence.enrolments.push(outcome);
        let EnrolOutcome::Enrolled(reference) = outcome else {
            return self.not_enrolled(now, outcome);
        };
        let (Some(scanner), Some(subject)) = (&self.facts.palm.evidence.scanner, &self.facts.claim) else {
            return self.scanner_failed(now, DeviceFault::Identity);
        };
        vec![
            Effect::Audit(AuditEvent::PalmEnrolled),
            Effect::ProposePalm {
                subject: subject.clone(),
                scanner: scanner.serial.clone(),
                reference,
            },
        ]
    }

    fn not_enrolled(&mut self, now: Now, outcome: EnrolOutcome) -> Vec<Effect> {
        let mut effects = vec![Effect::Audit(AuditEvent::EnrolmentFailed)];
        if outcome == EnrolOutcome::Full {
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
        } else if self.enrolments_left() == 0 {
            effects.extend(self.record(now, Outcome::FailureToAcquire));
        } else {
            self.touched_at = now.monotonic;
            self.state = State::AttemptFailed {
                failure: Failure::Enrolment(outcome),
            };
        }
        effects
    }

    /// Only now does anybody know whose the new reference may become.
    pub(super) fn palm_proposed(&mut self, now: Now) -> Vec<Effect> {
        if !matches!(self.state, State::Palm(PalmState::Proposing)) {
            return Vec::new();
        }
        self.record(now, Outcome::AwaitingIdentification)
    }

    /// What another attempt is after one before the scanner.
    pub(super) fn retry_palm(&mut self, now: Now, failure: Failure) -> Vec<Effect> {
        match failure {
            Failure::Enrolment(_) => self.ask_scanner(now),
            _ if self.face_follows() => self.count_attempts(now, Modality::Face),
            _ => self.ask_scanner(now),
        }
    }

    /// Enrolments that may still be tried.
    pub(super) fn enrolments_left(&self) -> u8 {
        self.opening
            .policy
            .attempts
            .saturating_sub(self.facts.palm.enrolments())
    }
}
