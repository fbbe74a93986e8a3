//! The ways that end before people: pictures for an examiner, and calling back.
//!
//! ```text
//! ChoosingMethod ──┬─> CallBack ──────────────────────────────────────────────> Recording (referred)
//!                  └─> Consenting ─> Intro ─> OpeningCamera <─> Lost
//!  a device ──> ChoosingAssisted                    │
//!  cannot be used by this person                    v
//!                                     ┌──────── Taking ─> Keeping ─> Shown ── the next picture ─> Taking
//!                                     │            ^                   │
//!                                     v            │ again             v
//!                                  Failed ─────────┴──────────────── Review ─> Recording (awaiting an examiner)
//! ```
//! A person who cannot do what a device asks for says so, and chooses one of these ways without spending an attempt. That is
//! bounded as faults of devices are: so many attempts of a session are forgiven as the policy says, and none once
//! something spoke against the presentation. Who was suspected is not moved here.

use std::time::Duration;

use super::{
    ANSWER_LIMIT, AuditEvent, DEVICE_FAILURES_MAX, DEVICE_PATIENCE, DEVICE_RETRY, Effect, Failure, Session,
    Showing, State, may_come_back,
};
use crate::Sensitive;
use crate::capture::{CameraIdentity, CapturedSample, DeviceFault, FaceObservation};
use crate::evidence::{
    Modality, Outcome, PageQuality, Route, RouteReason, Still, StillPurpose, StillQuality,
};
use crate::identifier::Phone;
use crate::pad::AttemptFailure;
use crate::pad::positioning::{self, FacePrompt};
use crate::page::{self, PageKind, PageMeasures, PageObservation, PagePrompt};
use crate::policy::AssistedPolicy;
use crate::service::{AssistedRoute, Entry, FieldKind, IMAGES_CONSENT, Refusal};
use crate::time::Now;

/// For what the camera measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A face: frames come as [`super::Input::Observed`].
    Face,
    /// An identity document: frames come as [`super::Input::PageSeen`].
    Page,
}

/// What is wrong with what the camera sees, or that nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureHint {
    /// Of a face.
    Face(FacePrompt),
    /// Of an identity document.
    Page(PagePrompt),
}

/// Where the pictures stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImagesStage {
    /// What is going to happen, and the choice of the identity document.
    Intro,
    /// The camera looks.
    Taking(PictureHint),
    /// The picture is shown: use it, or take it again.
    Shown,
    /// The picture did not succeed in time.
    Failed,
    /// All pictures are shown once more.
    Review,
}

/// What is known of the pictures so far.
#[derive(Debug, Default)]
pub(super) struct ImagesFacts {
    kind: Option<PageKind>,
    stills: Vec<Still>,
    /// How often each was begun.
    begun: Vec<StillPurpose>,
    /// Attempts that do not count because the person cannot perform them.
    pub forgiven: u8,
    /// The person stood aside, and that used up an attempt.
    pub spent: bool,
}

impl ImagesFacts {
    /// The pictures, for the document.
    pub fn take(&mut self) -> Vec<Still> {
        std::mem::take(&mut self.stills)
    }

    fn left(&self, picture: StillPurpose, policy: &AssistedPolicy) -> u8 {
        let begun = self.begun.iter().filter(|begun| **begun == picture).count();
        policy
            .pictures_max
            .saturating_sub(u8::try_from(begun).unwrap_or(u8::MAX))
    }

    /// The pictures that are needed, in order.
    fn needed(&self) -> &'static [StillPurpose] {
        use StillPurpose::{IdentityDocumentBack, IdentityDocumentFront, Portrait};
        match self.kind {
            Some(PageKind::Card) => &[Portrait, IdentityDocumentFront, IdentityDocumentBack],
            Some(PageKind::Passport) | None => &[Portrait, IdentityDocumentFront],
        }
    }

    fn next_needed(&self) -> Option<StillPurpose> {
        let has = |picture: &StillPurpose| self.stills.iter().any(|still| still.purpose == *picture);
        self.needed().iter().copied().find(|picture| !has(picture))
    }
}

#[derive(Debug)]
pub(super) enum ImagesState {
    Consenting,
    Intro,
    OpeningCamera,
    /// The camera failed and is opened again and again.
    Lost {
        fault: DeviceFault,
        since: Duration,
        /// Whether an answer is due.
        opening: bool,
    },
    Taking(Taking),
    /// The picture was ordered.
    Keeping {
        picture: StillPurpose,
        frame: u64,
        measured: Measured,
    },
    Shown {
        picture: StillPurpose,
    },
    Failed {
        picture: StillPurpose,
    },
    Review,
}

/// What was measured on the frame that is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    face: Option<StillQuality>,
    page: Option<PageQuality>,
}

/// The camera looks for one picture.
#[derive(Debug)]
pub(super) struct Taking {
    picture: StillPurpose,
    since: Duration,
    /// When the camera gave the last frame.
    seen_at: Duration,
    hint: PictureHint,
    hint_since: Duration,
    /// Since when all is well.
    well_since: Option<Duration>,
    /// The page in the frame before.
    before: Option<PageMeasures>,
    /// The person asked for the picture: the next good one is taken, also of a hand that trembles.
    wanted: bool,
}

/// Nobody can follow hints that change faster.
const HINT_STAYS: Duration = Duration::from_millis(700);
/// A camera that gives no frame for so long has failed.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);

impl Taking {
    fn new(picture: StillPurpose, now: Duration) -> Self {
        let hint = if picture.is_page() {
            PictureHint::Page(PagePrompt::Show)
        } else {
            PictureHint::Face(FacePrompt::ShowFace)
        };
        Self {
            picture,
            since: now,
            seen_at: now,
            hint,
            hint_since: now,
            well_since: None,
            before: None,
            wanted: false,
        }
    }

    /// Takes what was seen; whether the picture is to be taken now.
    fn sees(&mut self, hint: PictureHint, usable: bool, now: Duration, hold: Duration) -> bool {
        self.seen_at = now;
        let well = matches!(
            hint,
            PictureHint::Face(FacePrompt::HoldStill) | PictureHint::Page(PagePrompt::Hold)
        );
        if hint != self.hint && now.saturating_sub(self.hint_since) >= HINT_STAYS {
            self.hint = hint;
            self.hint_since = now;
        }
        if well {
            let since = *self.well_since.get_or_insert(now);
            if now.saturating_sub(since) >= hold {
                return true;
            }
        } else {
            self.well_since = None;
        }
        self.wanted && usable
    }

    /// When nothing usable will have come before the camera for too long.
    pub(super) fn end(&self, policy: &AssistedPolicy) -> Duration {
        self.since + policy.picture_limit
    }

    /// The person says that they are there: they have the whole time again.
    pub(super) fn stay(&mut self, now: Now) {
        self.since = now.monotonic;
    }

    fn deadline(&self, policy: &AssistedPolicy) -> Duration {
        self.end(policy).min(self.seen_at + SILENCE_LIMIT)
    }
}

impl Session {
    /// Whether the person may say that they cannot do what is asked for, and go on with people.
    pub fn may_stand_aside(&self) -> bool {
        let before_device = match &self.state {
            State::OpeningCamera
            | State::CameraLost { .. }
            | State::Drawing { .. }
            | State::AttemptFailed {
                failure: Failure::Face(_) | Failure::FaceUsedUp | Failure::Palm { .. } | Failure::PalmUsedUp,
            } => true,
            // What is over already is told first.
            State::Capturing { ended, .. } => ended.is_none(),
            State::Palm(state) => state.is_before_scan(),
            _ => false,
        };
        before_device && self.people_follow()
    }

    /// Whether people may decide instead of a device. A suspicion stays one.
    pub(super) fn people_follow(&self) -> bool {
        self.has_assisted_routes() && !self.is_suspected()
    }

    /// Ways with people, which a palm that is to be enrolled does not have: nobody enrols it from a picture.
    pub(super) fn has_assisted_routes(&self) -> bool {
        let service = self.facts.service.as_ref();
        service.is_some_and(|service| !service.assisted.is_empty() && !service.enrols_palm)
    }

    /// The person says that they cannot do what the device asks for, or that people are to go on where no attempt is left.
    pub(super) fn cannot_perform(&mut self, now: Now) -> Vec<Effect> {
        if !self.may_stand_aside() {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        // Who has no attempt left could do it, and goes on with people by choice.
        let chosen = self.is_used_up();
        let used = self.attempts_used();
        let mut effects = vec![Effect::Audit(if chosen {
            AuditEvent::PeopleChosen
        } else {
            AuditEvent::CannotPerform
        })];
        let leaves = self.leave_devices();
        if let State::Capturing { attempt, .. } = &mut self.state
            && let Some(mut record) = attempt.interrupt(&self.opening.policy)
        {
            let failure = *record.failure.get_or_insert(AttemptFailure::Interrupted);
            self.facts.attempts.push(record);
            self.facts.stills.clear();
            if failure != AttemptFailure::Interrupted {
                // Something spoke against the presentation: the attempt counts, and a suspicion stays one.
                effects.extend(self.attempt_spoke_against(now, failure));
                return effects;
            }
            effects.extend(self.forgive_aside(Modality::Face));
        }
        effects.extend(leaves);
        let scans = self.facts.palm.scans();
        self.interrupt_scan(now);
        if self.facts.palm.scans() > scans {
            effects.extend(self.forgive_aside(Modality::Palm));
        }
        self.facts.route_reason = Some(if chosen {
            RouteReason::Chosen
        } else {
            RouteReason::CannotPerform
        });
        self.facts.images.spent = self.attempts_used() > used;
        self.state = State::ChoosingAssisted;
        effects
    }

    fn attempt_spoke_against(&mut self, now: Now, failure: AttemptFailure) -> Vec<Effect> {
        let mut effects = vec![Effect::Audit(AuditEvent::AttemptFailed(Failure::Face(failure)))];
        if self.is_used_up() {
            effects.extend(self.record(now, Outcome::NotVerified));
        } else {
            self.state = State::AttemptFailed {
                failure: Failure::Face(failure),
            };
        }
        effects
    }

    /// Gives back the attempt that was under way. Not without end: who sees a prompt and stands aside has seen it.
    fn forgive_aside(&mut self, modality: Modality) -> Option<Effect> {
        let subject = self.facts.claim.clone()?;
        if self.facts.images.forgiven >= self.opening.policy.assisted.cannot_perform_max {
            return None;
        }
        self.facts.images.forgiven += 1;
        if modality == Modality::Palm {
            self.facts.palm.forgive();
        } else {
            self.facts.forgiven_aside += 1;
        }
        Some(Effect::ForgiveAttempt { subject, modality })
    }

    pub(super) fn choose_assisted(&mut self, now: Now, route: AssistedRoute) -> Vec<Effect> {
        let service = self.facts.service.as_ref();
        let allowed =
            service.is_some_and(|service| service.assisted.contains(&route)) && self.people_follow();
        if !matches!(self.state, State::ChoosingMethod | State::ChoosingAssisted) || !allowed {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        self.facts.route_reason.get_or_insert(RouteReason::Chosen);
        match route {
            AssistedRoute::Video => self.state = State::CallBack { error: None },
            AssistedRoute::ImageBased => {
                let mut consents = self.facts.consents.iter();
                let given = consents.any(|consent| consent.given && consent.text == IMAGES_CONSENT.0);
                self.state = State::Images(if given {
                    ImagesState::Intro
                } else {
                    ImagesState::Consenting
                });
            }
        }
        vec![Effect::Audit(AuditEvent::AssistedChosen(route))]
    }

    /// Back to where the way was chosen.
    pub(super) fn back_from_assisted(&mut self) {
        let from_device = self.facts.route_reason == Some(RouteReason::CannotPerform) || self.is_used_up();
        self.state = if from_device {
            State::ChoosingAssisted
        } else {
            self.facts.route_reason = None;
            State::ChoosingMethod
        };
    }

    /// Back to the device, from the choice of a way with people.
    pub(super) fn back_to_device(&mut self, now: Now) -> Vec<Effect> {
        if self.is_used_up() {
            return Vec::new();
        }
        self.facts.route_reason = None;
        let mut effects = vec![Effect::Audit(AuditEvent::BackChosen)];
        if self.facts.modality == Some(Modality::Palm) {
            effects.extend(self.ask_scanner(now));
        } else {
            effects.push(self.open_camera(now));
        }
        effects
    }

    /// The mobile number that was entered last for the service and can be called: nobody has to enter it twice.
    pub(super) fn given_phone(&self) -> Option<Sensitive<String>> {
        let service = self.facts.service.as_ref()?;
        let is_phone = |entry: &&Entry| {
            let mut fields = service.fields.iter();
            fields
                .any(|field| field.name == entry.field && field.kind == FieldKind::Phone { call_back: true })
        };
        let given = self.facts.entries.iter().rev().find(is_phone)?;
        Some(given.value.clone())
    }

    pub(super) fn call_back(&mut self, now: Now, number: &Sensitive<String>) -> Vec<Effect> {
        let State::CallBack { error } = &mut self.state else {
            return Vec::new();
        };
        self.touched_at = now.monotonic;
        match number.expose().parse::<Phone>() {
            Ok(phone) => {
                self.facts.call_back = Some(Sensitive::new(phone.expose()));
                self.facts.route = Route::CallBack;
                self.record(now, Outcome::Referred)
            }
            Err(wrong) => {
                *error = Some(wrong);
                Vec::new()
            }
        }
    }

    pub(super) fn answer_images_consent(&mut self, now: Now, answered: &str, given: bool) -> Vec<Effect> {
        if answered != IMAGES_CONSENT.0 {
            return Vec::new();
        }
        let version = self.opening.images_consent.version;
        let noted = self.note_consent(now, IMAGES_CONSENT.0, version, given);
        if given {
            self.state = State::Images(ImagesState::Intro);
        } else {
            // Whoever keeps the pictures to themselves still has the other ways.
            self.back_from_assisted();
        }
        vec![noted]
    }

    pub(super) fn choose_page_kind(&mut self, now: Now, kind: PageKind) -> Vec<Effect> {
        if !matches!(self.state, State::Images(ImagesState::Intro)) {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        self.asked_at = now.monotonic;
        self.facts.images.kind = Some(kind);
        self.facts.route = Route::Images;
        self.state = State::Images(ImagesState::OpeningCamera);
        vec![Effect::OpenCamera]
    }

    pub(super) fn images_camera_opened(&mut self, now: Now, camera: CameraIdentity) -> Vec<Effect> {
        let State::Images(ImagesState::OpeningCamera | ImagesState::Lost { opening: true, .. }) = self.state
        else {
            return Vec::new();
        };
        if self.facts.camera.as_ref().is_some_and(|known| *known != camera) {
            let mut effects = vec![Effect::Audit(AuditEvent::CameraChanged)];
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        self.facts.camera = Some(camera);
        let mut effects = vec![Effect::Audit(AuditEvent::CameraOpened)];
        effects.extend(match self.facts.images.next_needed() {
            Some(picture) => self.begin_picture(now, picture),
            None => self.review(now),
        });
        effects
    }

    /// A fault of the camera costs the picture that was being taken, and no other.
    pub(super) fn images_camera_failed(&mut self, now: Now, fault: DeviceFault) -> Vec<Effect> {
        let State::Images(state) = &self.state else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        let since = match state {
            ImagesState::Consenting | ImagesState::Intro => return Vec::new(),
            ImagesState::Lost { since, .. } => *since,
            _ => now.monotonic,
        };
        if !matches!(state, ImagesState::Lost { .. }) {
            self.facts.device_failures = self.facts.device_failures.saturating_add(1);
            effects.push(Effect::Audit(AuditEvent::CameraFailed(fault)));
        }
        let given_up = now.monotonic.saturating_sub(since) >= DEVICE_PATIENCE
            || self.facts.device_failures >= DEVICE_FAILURES_MAX;
        if given_up || !may_come_back(fault) {
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        effects.push(Effect::CloseCamera);
        self.asked_at = now.monotonic;
        self.state = State::Images(ImagesState::Lost {
            fault,
            since,
            opening: false,
        });
        effects
    }

    fn begin_picture(&mut self, now: Now, picture: StillPurpose) -> Vec<Effect> {
        let policy = &self.opening.policy.assisted;
        if self.facts.images.left(picture, policy) == 0 {
            return self.record(now, Outcome::FailureToAcquire);
        }
        self.touched_at = now.monotonic;
        self.facts.images.begun.push(picture);
        self.facts.images.stills.retain(|still| still.purpose != picture);
        self.state = State::Images(ImagesState::Taking(Taking::new(picture, now.monotonic)));
        let subject = if picture.is_page() {
            Subject::Page
        } else {
            Subject::Face
        };
        vec![Effect::ShowPictures(Vec::new()), Effect::LookFor(subject)]
    }

    pub(super) fn images_observe(&mut self, now: Now, seen: &FaceObservation) -> Vec<Effect> {
        let policy = &self.opening.policy;
        let State::Images(ImagesState::Taking(taking)) = &mut self.state else {
            return Vec::new();
        };
        if taking.picture != StillPurpose::Portrait {
            return Vec::new();
        }
        let wrong = positioning::wrong(seen, policy);
        let hint = wrong.unwrap_or(FacePrompt::HoldStill);
        let hold = policy.assisted.picture_hold;
        if !taking.sees(PictureHint::Face(hint), wrong.is_none(), now.monotonic, hold) {
            return Vec::new();
        }
        let measured = Measured {
            face: seen.face.as_ref().map(StillQuality::from),
            page: None,
        };
        self.order_picture(now, StillPurpose::Portrait, seen.frame, measured)
    }

    pub(super) fn page_seen(&mut self, now: Now, seen: &PageObservation) -> Vec<Effect> {
        let policy = &self.opening.policy.assisted;
        let (State::Images(ImagesState::Taking(taking)), Some(kind)) =
            (&mut self.state, self.facts.images.kind)
        else {
            return Vec::new();
        };
        if !taking.picture.is_page() {
            return Vec::new();
        }
        let found = seen.page.as_ref();
        let hint = page::prompt(found, taking.before.as_ref(), kind, policy);
        // Whoever asks for the picture may tremble: only that the page moves is then no hindrance.
        let usable = page::prompt(found, found, kind, policy) == PagePrompt::Hold;
        taking.before = seen.page;
        if !taking.sees(
            PictureHint::Page(hint),
            usable,
            now.monotonic,
            policy.picture_hold,
        ) {
            return Vec::new();
        }
        let (picture, frame) = (taking.picture, seen.frame);
        let measured = Measured {
            face: None,
            page: found.map(PageQuality::from),
        };
        self.order_picture(now, picture, frame, measured)
    }

    fn order_picture(
        &mut self,
        now: Now,
        picture: StillPurpose,
        frame: u64,
        measured: Measured,
    ) -> Vec<Effect> {
        self.asked_at = now.monotonic;
        self.state = State::Images(ImagesState::Keeping {
            picture,
            frame,
            measured,
        });
        vec![Effect::KeepStill {
            frame,
            purpose: picture,
        }]
    }

    pub(super) fn want_picture(&mut self, now: Now) -> Vec<Effect> {
        if let State::Images(ImagesState::Taking(taking)) = &mut self.state {
            self.touched_at = now.monotonic;
            taking.wanted = true;
        }
        Vec::new()
    }

    pub(super) fn picture_kept(
        &mut self,
        now: Now,
        purpose: StillPurpose,
        sample: Option<CapturedSample>,
    ) -> Vec<Effect> {
        let State::Images(ImagesState::Keeping {
            picture,
            frame,
            measured,
        }) = self.state
        else {
            return Vec::new();
        };
        if purpose != picture {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        let Some(sample) = sample.filter(|sample| sample.frame == frame) else {
            self.state = State::Images(ImagesState::Failed { picture });
            return Vec::new();
        };
        let shown = sample.jpeg.clone();
        self.facts.images.stills.push(Still {
            purpose,
            sample,
            quality: measured.face,
            page: measured.page,
        });
        self.state = State::Images(ImagesState::Shown { picture });
        vec![
            Effect::Audit(AuditEvent::PictureTaken(purpose)),
            Effect::ShowPictures(vec![shown]),
        ]
    }

    /// The picture on the screen is good, or all of them are.
    pub(super) fn accept_picture(&mut self, now: Now) -> Vec<Effect> {
        match &self.state {
            State::Images(ImagesState::Shown { .. }) => {
                self.touched_at = now.monotonic;
                match self.facts.images.next_needed() {
                    Some(picture) => self.begin_picture(now, picture),
                    None => self.review(now),
                }
            }
            State::Images(ImagesState::Review) if self.facts.images.next_needed().is_none() => {
                self.touched_at = now.monotonic;
                self.record(now, Outcome::AwaitingIdentification)
            }
            _ => Vec::new(),
        }
    }

    fn review(&mut self, now: Now) -> Vec<Effect> {
        self.touched_at = now.monotonic;
        self.state = State::Images(ImagesState::Review);
        let order = |still: &&Still| {
            self.facts
                .images
                .needed()
                .iter()
                .position(|needed| *needed == still.purpose)
        };
        let mut stills: Vec<&Still> = self.facts.images.stills.iter().collect();
        stills.sort_by_key(order);
        let pictures = stills.into_iter().map(|still| still.sample.jpeg.clone());
        vec![Effect::ShowPictures(pictures.collect())]
    }

    /// One picture is to be taken again: the one on the screen, or from the review this one.
    pub(super) fn picture_again(&mut self, now: Now, which: Option<StillPurpose>) -> Vec<Effect> {
        let picture = match (&self.state, which) {
            (State::Images(ImagesState::Shown { picture } | ImagesState::Failed { picture }), _) => *picture,
            (State::Images(ImagesState::Review), Some(picture))
                if self.facts.images.needed().contains(&picture) =>
            {
                picture
            }
            _ => return Vec::new(),
        };
        if self.pictures_left(picture) == 0 {
            return Vec::new();
        }
        let mut effects = vec![Effect::Audit(AuditEvent::PictureAgain(picture))];
        effects.extend(self.begin_picture(now, picture));
        effects
    }

    fn pictures_left(&self, picture: StillPurpose) -> u8 {
        self.facts.images.left(picture, &self.opening.policy.assisted)
    }

    pub(super) fn images_showing(&self, state: &ImagesState) -> Showing {
        let needed = self.facts.images.needed();
        let place = |picture: StillPurpose| {
            let at = needed.iter().position(|needed| *needed == picture);
            at.map_or(1, |at| at + 1)
        };
        let show = |stage, picture: StillPurpose| Showing::Images {
            stage,
            picture,
            kind: self.facts.images.kind,
            number: place(picture),
            of: needed.len(),
            left: self.pictures_left(picture),
        };
        match state {
            ImagesState::Consenting => Showing::Consent {
                text: self.opening.images_consent.text.clone(),
                version: self.opening.images_consent.version,
                wording: self.opening.images_consent.wording.clone(),
                refusal: Refusal::Continues,
                number: 1,
                of: 1,
            },
            ImagesState::Intro => show(ImagesStage::Intro, StillPurpose::Portrait),
            ImagesState::OpeningCamera => Showing::OpeningCamera,
            ImagesState::Lost { fault, .. } => Showing::CameraTrouble { fault: *fault },
            ImagesState::Taking(taking) => show(ImagesStage::Taking(taking.hint), taking.picture),
            ImagesState::Keeping { picture, .. } => {
                let hint = if picture.is_page() {
                    PictureHint::Page(PagePrompt::Hold)
                } else {
                    PictureHint::Face(FacePrompt::HoldStill)
                };
                show(ImagesStage::Taking(hint), *picture)
            }
            ImagesState::Shown { picture } => show(ImagesStage::Shown, *picture),
            ImagesState::Failed { picture } => show(ImagesStage::Failed, *picture),
            ImagesState::Review => show(ImagesStage::Review, StillPurpose::Portrait),
        }
    }

    pub(super) fn images_deadline(&self, state: &ImagesState) -> Duration {
        match state {
            ImagesState::OpeningCamera
            | ImagesState::Lost { opening: true, .. }
            | ImagesState::Keeping { .. } => self.asked_at + ANSWER_LIMIT,
            ImagesState::Lost { .. } => self.asked_at + DEVICE_RETRY,
            ImagesState::Taking(taking) => taking.deadline(&self.opening.policy.assisted),
            _ => self.touched_at + self.opening.policy.idle_limit,
        }
    }

    pub(super) fn images_tick(&mut self, now: Now) -> Vec<Effect> {
        let policy = &self.opening.policy.assisted;
        let State::Images(state) = &mut self.state else {
            return Vec::new();
        };
        match state {
            ImagesState::Consenting | ImagesState::Intro => self.leave_assisted(now, Outcome::TimedOut),
            ImagesState::Lost { opening, .. } if !*opening => {
                *opening = true;
                self.asked_at = now.monotonic;
                vec![Effect::OpenCamera]
            }
            ImagesState::Taking(taking) if now.monotonic >= taking.end(policy) => {
                let picture = taking.picture;
                if self.pictures_left(picture) == 0 {
                    return self.record(now, Outcome::FailureToAcquire);
                }
                self.touched_at = now.monotonic;
                self.state = State::Images(ImagesState::Failed { picture });
                Vec::new()
            }
            ImagesState::OpeningCamera
            | ImagesState::Lost { .. }
            | ImagesState::Taking(_)
            | ImagesState::Keeping { .. } => self.images_camera_failed(now, DeviceFault::Timeout),
            ImagesState::Shown { .. } | ImagesState::Failed { .. } | ImagesState::Review => {
                self.leave_assisted(now, Outcome::TimedOut)
            }
        }
    }

    /// The end of a session on a way with people, before or after somebody was captured.
    ///
    /// Who leaves a way with people behind the last attempt was refused by the device, and the document says that alone.
    pub(super) fn leave_assisted(&mut self, now: Now, outcome: Outcome) -> Vec<Effect> {
        if self.is_used_up() {
            self.facts.route = Route::Kiosk;
            return self.record(now, Outcome::NotVerified);
        }
        let begun = self.facts.route == Route::Images || self.facts.camera.is_some();
        if begun || self.facts.route_reason == Some(RouteReason::CannotPerform) {
            return self.record(now, outcome);
        }
        self.end_before_capture(now, outcome)
    }

    /// Whether anything of this session spoke against the presentation.
    pub(super) fn is_suspected(&self) -> bool {
        let mut attempts = self.facts.attempts.iter();
        attempts.any(
            |attempt| matches!(attempt.failure, Some(AttemptFailure::Attack(sign)) if !sign.is_missing()),
        ) || self.facts.palm.is_suspected()
    }
}

impl super::palm::PalmState {
    /// Whether a palm is about to be scanned, or is.
    fn is_before_scan(&self) -> bool {
        !matches!(self, Self::Consenting | Self::Enrolling { .. } | Self::Proposing)
    }
}
