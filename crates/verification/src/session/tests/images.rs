//! The ways that end before people.

use super::*;
use crate::evidence::RouteReason;
use crate::page::{Corner, PageMeasures, PagePrompt};
use crate::service::AssistedRoute;

/// A service that allows every way with people.
pub fn assisted() -> Service {
    Service {
        id: ServiceId("assisted".into()),
        consents: vec![ConsentDemand::required("processing", 1)],
        face: true,
        palm: true,
        assisted: vec![AssistedRoute::Video, AssistedRoute::ImageBased],
        ..Service::default()
    }
}

/// A page that is well in each respect.
pub fn page(kind: PageKind) -> PageMeasures {
    let corner = |x, y| Corner { x, y };
    PageMeasures {
        corners: [
            corner(0.2, 0.2),
            corner(0.8, 0.2),
            corner(0.8, 0.8),
            corner(0.2, 0.8),
        ],
        long_side_px: 760.0,
        aspect: kind.aspect(),
        sharpness: 0.5,
        glare_part: 0.0,
        luminance_mean: 140.0,
    }
}

impl Kiosk {
    pub fn reach_assisted_method(&mut self) -> &mut Self {
        self.session.opening.catalogue.push(assisted());
        self.give(Input::ServiceChosen(ServiceId("assisted".into())))
            .give(consents("processing"))
            .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
    }

    pub fn reach_pictures(&mut self, kind: PageKind) -> &mut Self {
        self.reach_assisted_method()
            .give(Input::AssistedChosen(AssistedRoute::ImageBased))
            .give(consents("images"))
            .give(Input::PageKindChosen(kind))
    }

    fn page(&mut self, page: Option<PageMeasures>) -> &mut Self {
        self.at += Duration::from_millis(33);
        self.frame += 1;
        let frame = self.frame;
        self.give(Input::PageSeen(PageObservation { frame, page }))
    }

    /// The camera sees nothing of what is asked for, at this very time.
    pub fn see_nothing(&mut self) {
        self.frame += 1;
        let frame = self.frame;
        let at_ms = u64::try_from(self.at.as_millis()).unwrap();
        self.give(match self.looks_for {
            Subject::Face => Input::Observed(seen(frame, at_ms, None)),
            Subject::Page => Input::PageSeen(PageObservation { frame, page: None }),
        });
    }

    /// Shows what is asked for until the picture is taken, or for five seconds.
    pub fn pose(&mut self, kind: PageKind) -> &mut Self {
        for _ in 0..150 {
            if !matches!(self.stage(), Some(ImagesStage::Taking(_))) {
                break;
            }
            match self.looks_for {
                Subject::Face => self.frame(Some(neutral())),
                Subject::Page => self.page(Some(page(kind))),
            };
        }
        self
    }

    /// Has face and passport pictured, keeps both pictures, and sends them.
    fn send_passport(&mut self) -> &mut Self {
        for _ in 0..2 {
            self.pose(PageKind::Passport).give(Input::PictureAccepted);
        }
        self.give(Input::PictureAccepted)
    }

    fn stage(&self) -> Option<ImagesStage> {
        match self.session.showing() {
            Showing::Images { stage, .. } => Some(stage),
            _ => None,
        }
    }

    fn hint(&self) -> Option<PictureHint> {
        match self.stage() {
            Some(ImagesStage::Taking(hint)) => Some(hint),
            _ => None,
        }
    }
}

fn purposes(document: &Evidence) -> Vec<StillPurpose> {
    document.stills.iter().map(|still| still.purpose).collect()
}

#[test]
fn pictures_are_recorded_and_only_an_examiner_verifies() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_pictures(PageKind::Card);
    for number in 1..=3 {
        assert_eq!(kiosk.pictures, 0, "the camera's picture is shown while it looks");
        kiosk.pose(PageKind::Card);
        assert_eq!(kiosk.stage(), Some(ImagesStage::Shown), "picture {number}");
        assert_eq!(kiosk.pictures, 1);
        kiosk.give(Input::PictureAccepted);
    }
    assert_eq!(kiosk.stage(), Some(ImagesStage::Review));
    assert_eq!(kiosk.pictures, 3);
    assert!(
        kiosk.documents.is_empty(),
        "nothing is recorded before the person sends it"
    );
    kiosk.give(Input::PictureAccepted);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    let [document] = &kiosk.documents[..] else {
        panic!("one document")
    };
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(
        (document.route, document.modality),
        (Route::Images, Some(Modality::Face))
    );
    assert_eq!(document.route_reason, Some(RouteReason::Chosen));
    assert_eq!(
        purposes(document),
        [
            StillPurpose::Portrait,
            StillPurpose::IdentityDocumentFront,
            StillPurpose::IdentityDocumentBack
        ]
    );
    for still in &document.stills {
        assert_eq!(still.quality.is_some(), !still.purpose.is_page());
        assert_eq!(still.page.is_some(), still.purpose.is_page());
    }
    assert!(document.consents.iter().any(|consent| consent.text == "images"));
    assert!(
        !kiosk.cleared,
        "pictures for people give no attempt with a device back"
    );

    let mut answer = |decided_by| {
        kiosk.give(Input::Identified {
            document_id: DOCUMENT,
            decided_by,
            verdict: Verdict::Match,
            request: None,
            reason: None,
        });
        kiosk.outcome()
    };
    assert_eq!(answer(Source::Centre), None, "the centre was not asked");
    assert_eq!(answer(Source::Examiner), Some(Outcome::Verified));
}

/// The reason of a refusal reaches the person; one that belongs to no refusal of an examiner does not.
#[test]
fn an_examiner_says_why() {
    let refused = |kiosk: &mut Kiosk, decided_by, verdict| {
        kiosk.give(Input::Identified {
            document_id: DOCUMENT,
            decided_by,
            verdict,
            request: None,
            reason: Some(RefusalReason::DocumentExpired),
        });
        match kiosk.session.showing() {
            Showing::Outcome { outcome, reason, .. } => Some((outcome, reason)),
            _ => None,
        }
    };
    let pictured = || {
        let mut kiosk = Kiosk::new();
        kiosk.reach_pictures(PageKind::Passport);
        kiosk.send_passport();
        kiosk
    };
    for verdict in [Verdict::NonMatch, Verdict::QualityInsufficient] {
        assert_eq!(
            refused(&mut pictured(), Source::Examiner, verdict),
            Some((Outcome::NotVerified, Some(RefusalReason::DocumentExpired)))
        );
    }
    assert_eq!(
        refused(&mut pictured(), Source::Examiner, Verdict::Match),
        Some((Outcome::Verified, None))
    );
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    assert_eq!(
        refused(&mut kiosk, Source::Centre, Verdict::NonMatch),
        Some((Outcome::NotVerified, None))
    );
}

#[test]
fn an_examiner_decides_about_nothing_else() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Examiner,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
}

#[test]
fn a_passport_has_one_page() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_pictures(PageKind::Passport);
    kiosk.send_passport();
    assert_eq!(
        purposes(&kiosk.documents[0]),
        [StillPurpose::Portrait, StillPurpose::IdentityDocumentFront]
    );
}

#[test]
fn a_picture_is_taken_only_when_it_is_good() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_pictures(PageKind::Card);
    for _ in 0..60 {
        kiosk.frame(None);
    }
    assert_eq!(kiosk.hint(), Some(PictureHint::Face(FacePrompt::ShowFace)));
    // Not even if the person asks for it.
    kiosk.give(Input::PictureWanted).frame(None);
    assert_eq!(kiosk.hint(), Some(PictureHint::Face(FacePrompt::ShowFace)));
    kiosk.pose(PageKind::Card).give(Input::PictureAccepted);

    let blurred = PageMeasures {
        sharpness: 0.0,
        ..page(PageKind::Card)
    };
    for _ in 0..60 {
        kiosk.page(Some(blurred));
    }
    assert_eq!(kiosk.hint(), Some(PictureHint::Page(PagePrompt::Sharper)));
    for _ in 0..60 {
        kiosk.page(Some(page(PageKind::Passport)));
    }
    assert_eq!(kiosk.hint(), Some(PictureHint::Page(PagePrompt::OtherKind)));
}

/// A hand that trembles never holds still; its owner takes the picture by a touch.
#[test]
fn whoever_trembles_takes_the_picture() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_pictures(PageKind::Card)
        .pose(PageKind::Card)
        .give(Input::PictureAccepted);
    let trembles = |kiosk: &mut Kiosk| {
        let mut moved = page(PageKind::Card);
        if kiosk.frame.is_multiple_of(2) {
            moved.corners[0].x += 0.03;
        }
        kiosk.page(Some(moved));
    };
    for _ in 0..90 {
        trembles(&mut kiosk);
    }
    assert_eq!(kiosk.hint(), Some(PictureHint::Page(PagePrompt::Still)));
    kiosk.give(Input::PictureWanted);
    trembles(&mut kiosk);
    assert_eq!(kiosk.stage(), Some(ImagesStage::Shown));
}

#[test]
fn pictures_may_be_taken_again_but_not_without_end() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_pictures(PageKind::Passport);
    let times = usize::from(Policy::default().assisted.pictures_max);
    for _ in 1..times {
        kiosk.pose(PageKind::Passport).give(Input::PictureAgain(None));
    }
    kiosk.pose(PageKind::Passport);
    let Showing::Images { left, .. } = kiosk.session.showing() else {
        panic!("pictures")
    };
    assert_eq!(left, 0);
    kiosk.give(Input::PictureAgain(None));
    assert_eq!(kiosk.stage(), Some(ImagesStage::Shown), "there is none left");
    kiosk
        .give(Input::PictureAccepted)
        .pose(PageKind::Passport)
        .give(Input::PictureAccepted);
    assert_eq!(kiosk.stage(), Some(ImagesStage::Review));
    kiosk.give(Input::PictureAgain(Some(StillPurpose::Portrait)));
    assert_eq!(kiosk.stage(), Some(ImagesStage::Review));
    kiosk.give(Input::PictureAgain(Some(StillPurpose::IdentityDocumentBack)));
    assert_eq!(kiosk.stage(), Some(ImagesStage::Review), "a passport has none");
    kiosk.give(Input::PictureAgain(Some(StillPurpose::IdentityDocumentFront)));
    kiosk.pose(PageKind::Passport).give(Input::PictureAccepted);
    kiosk.give(Input::PictureAccepted);
    assert_eq!(kiosk.documents[0].stills.len(), 2, "the newest of each counts");
}

#[test]
fn a_picture_that_does_not_succeed_ends_in_time() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_pictures(PageKind::Card);
    let policy = Policy::default().assisted;
    let wait = |kiosk: &mut Kiosk| {
        let end = kiosk.at + policy.picture_limit;
        while kiosk.at < end {
            kiosk.at += Duration::from_secs(1);
            kiosk.frame(None).give(Input::Tick);
        }
    };
    for _ in 1..policy.pictures_max {
        wait(&mut kiosk);
        assert_eq!(kiosk.stage(), Some(ImagesStage::Failed));
        kiosk.give(Input::PictureAgain(None));
    }
    wait(&mut kiosk);
    assert_eq!(kiosk.outcome(), Some(Outcome::FailureToAcquire));
    assert!(kiosk.documents[0].stills.is_empty());
}

#[test]
fn a_camera_that_fails_costs_one_picture_and_comes_back() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_pictures(PageKind::Card)
        .pose(PageKind::Card)
        .give(Input::PictureAccepted);
    kiosk.give(Input::CameraFailed(DeviceFault::Disconnected));
    assert_eq!(
        kiosk.session.showing(),
        Showing::CameraTrouble {
            fault: DeviceFault::Disconnected
        }
    );
    kiosk.at = kiosk.session.deadline().unwrap();
    kiosk.give(Input::Tick);
    let Showing::Images { picture, .. } = kiosk.session.showing() else {
        panic!("{:?}", kiosk.session.showing())
    };
    assert_eq!(
        picture,
        StillPurpose::IdentityDocumentFront,
        "the first picture is kept"
    );
}

#[test]
fn without_the_consent_no_picture_is_taken() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::AssistedChosen(AssistedRoute::ImageBased))
        .give(Input::ConsentAnswered {
            text: "images".into(),
            given: false,
        });
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Method { face: true, .. }
    ));
    kiosk.give(Input::PageKindChosen(PageKind::Card));
    assert!(matches!(kiosk.session.showing(), Showing::Method { .. }));
}

#[test]
fn a_service_without_these_ways_has_none() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_method()
        .give(Input::AssistedChosen(AssistedRoute::ImageBased));
    assert!(matches!(kiosk.session.showing(), Showing::Method { .. }));
    kiosk.give(Input::MethodChosen(Modality::Face));
    assert!(!kiosk.session.may_stand_aside());
    kiosk.give(Input::CannotPerform);
    assert!(matches!(kiosk.session.showing(), Showing::Face { .. }));
}

#[test]
fn calling_back_is_referred_with_a_number() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::AssistedChosen(AssistedRoute::Video))
        .give(Input::CallBackOnGiven)
        .give(Input::CallBackEntered(Sensitive::new("12".into())));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::CallBack {
            error: Some(_),
            given: false
        }
    ));
    kiosk.give(Input::CallBackEntered(Sensitive::new("8 701 000 00 01".into())));
    assert_eq!(kiosk.outcome(), Some(Outcome::Referred));
    let [document] = &kiosk.documents[..] else {
        panic!("one document")
    };
    assert_eq!(document.route, Route::CallBack);
    assert_eq!(
        document.call_back.as_ref().map(|number| number.expose().as_str()),
        Some("+77010000001")
    );
    assert!(!format!("{document:?}").contains("0000001"));
    // No answer makes a success of it.
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Examiner,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(kiosk.outcome(), Some(Outcome::Referred));
}

#[test]
fn whoever_cannot_perform_spends_no_attempt() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Face));
    for _ in 0..40 {
        kiosk.frame(Some(neutral()));
    }
    assert_eq!(kiosk.written[Modality::Face as usize], 1, "the attempt has begun");
    assert!(kiosk.session.may_stand_aside());
    kiosk.give(Input::CannotPerform);
    assert_eq!(kiosk.written[Modality::Face as usize], 0);
    assert_eq!(
        kiosk.session.showing(),
        Showing::Assisted {
            routes: vec![AssistedRoute::Video, AssistedRoute::ImageBased],
            left: 3,
            spent: false,
        }
    );
    kiosk
        .give(Input::AssistedChosen(AssistedRoute::ImageBased))
        .give(consents("images"))
        .give(Input::PageKindChosen(PageKind::Passport));
    kiosk.send_passport();
    let document = &kiosk.documents[0];
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(document.route_reason, Some(RouteReason::CannotPerform));
    assert_eq!(
        document.attempts.last().and_then(|attempt| attempt.failure),
        Some(AttemptFailure::Interrupted)
    );
    assert!(kiosk.audit.contains(&AuditEvent::CannotPerform));
}

/// Whoever looks at prompts, stands aside and comes back runs out of attempts.
#[test]
fn standing_aside_is_forgiven_so_many_times_alone() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Face));
    let forgiven = Policy::default().assisted.cannot_perform_max;
    let attempts = Policy::default().attempts;
    for time in 1..=forgiven + attempts {
        for _ in 0..40 {
            kiosk.frame(Some(neutral()));
        }
        kiosk.give(Input::CannotPerform);
        assert_eq!(
            kiosk.written[Modality::Face as usize],
            time.saturating_sub(forgiven),
            "after {time} times"
        );
        // What was spent is said as it is, also behind a look at the way to people.
        for _ in 0..2 {
            let Showing::Assisted { left, spent, .. } = kiosk.session.showing() else {
                panic!("{:?}", kiosk.session.showing())
            };
            assert_eq!(spent, time > forgiven, "after {time} times");
            assert_eq!(
                left,
                attempts - time.saturating_sub(forgiven),
                "after {time} times"
            );
            kiosk
                .give(Input::AssistedChosen(AssistedRoute::ImageBased))
                .give(Input::Back);
        }
        kiosk.give(Input::Back);
    }
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Assisted { left: 0, .. }
    ));
    kiosk.give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
}

/// A scan that was ordered is spent as well, once nothing is forgiven any more; what had not begun never is.
#[test]
fn a_scan_is_spent_where_nothing_is_forgiven_any_more() {
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.policy.assisted.cannot_perform_max = 0;
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Palm))
        .give(consents("palm"))
        .give(Input::CannotPerform);
    let told = |kiosk: &Kiosk| match kiosk.session.showing() {
        Showing::Assisted { left, spent, .. } => (left, spent),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&kiosk), (2, true));
    assert_eq!(kiosk.written[Modality::Palm as usize], 1);
    // The scanner is away when the person comes back, and no scan begins.
    kiosk.scanner = Err(DeviceFault::Disconnected);
    kiosk.give(Input::Back).give(Input::CannotPerform);
    assert_eq!(told(&kiosk), (2, false));
    assert_eq!(kiosk.written[Modality::Palm as usize], 1);
}

#[test]
fn a_palm_under_way_is_let_go() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Palm))
        .give(consents("palm"));
    assert!(matches!(kiosk.session.showing(), Showing::Palm { .. }));
    kiosk.give(Input::CannotPerform);
    assert_eq!(kiosk.scans_cancelled, 1);
    assert_eq!(kiosk.written[Modality::Palm as usize], 0);
    assert!(matches!(kiosk.session.showing(), Showing::Assisted { .. }));
    // What the scanner still says is nobody's.
    kiosk.give(Input::Scanned(Ok(None)));
    assert!(matches!(kiosk.session.showing(), Showing::Assisted { .. }));
    kiosk.give(Input::Back);
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm { attempt: 1, .. }
    ));
}

#[test]
fn used_up_attempts_leave_people() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Face));
    for _ in 0..3 {
        kiosk.act(false).give(Input::Retry);
    }
    assert!(matches!(
        kiosk.session.showing(),
        Showing::AttemptFailed { left: 0, .. }
    ));
    kiosk.give(Input::CannotPerform);
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Assisted {
            left: 0,
            spent: false,
            ..
        }
    ));
    kiosk
        .give(Input::AssistedChosen(AssistedRoute::Video))
        .give(Input::CallBackEntered(Sensitive::new("+77010000001".into())));
    assert_eq!(kiosk.documents[0].attempts.len(), 3);
    assert_eq!(kiosk.documents[0].route_reason, Some(RouteReason::Chosen));
    assert_eq!(kiosk.written[Modality::Face as usize], 3);
    assert!(!kiosk.cleared);
}

/// Whoever comes with attempts that earlier sessions have used up, and whoever uses them up where nothing else is left, is
/// offered people: with pictures, and with a call.
#[test]
fn nobody_without_an_attempt_is_left_without_a_way() {
    let face_before = |kiosk: &mut Kiosk| {
        kiosk.used_before = 3;
        kiosk
            .reach_assisted_method()
            .give(Input::MethodChosen(Modality::Face));
    };
    let palm = |kiosk: &mut Kiosk| {
        kiosk.session.opening.policy.palm.fallback_to_face = false;
        kiosk
            .reach_assisted_method()
            .give(Input::MethodChosen(Modality::Palm))
            .give(consents("palm"));
    };
    let palm_before = |kiosk: &mut Kiosk| {
        kiosk.used_before = 3;
        palm(kiosk);
    };
    let palm_now = |kiosk: &mut Kiosk| {
        palm(kiosk);
        for _ in 0..3 {
            kiosk
                .give(Input::Retry)
                .give(Input::Scanned(Ok(Some(palm::no_match()))));
        }
    };
    // From the palm to the face, of which nothing is left either.
    let palm_then_face = |kiosk: &mut Kiosk| {
        kiosk.used_before = 3;
        kiosk
            .reach_assisted_method()
            .give(Input::MethodChosen(Modality::Palm))
            .give(consents("palm"));
        assert!(matches!(
            kiosk.session.showing(),
            Showing::AttemptFailed { face_next: true, .. }
        ));
        kiosk.give(Input::Retry);
    };
    let ways: [&dyn Fn(&mut Kiosk); 4] = [&face_before, &palm_before, &palm_now, &palm_then_face];
    for (way, walk) in ways.into_iter().enumerate() {
        let used_up = || {
            let mut kiosk = Kiosk::new();
            walk(&mut kiosk);
            assert!(
                matches!(
                    kiosk.session.showing(),
                    Showing::AttemptFailed {
                        left: 0,
                        face_next: false,
                        ..
                    }
                ),
                "{way}: {:?}",
                kiosk.session.showing()
            );
            kiosk
        };
        let asked = || {
            let mut kiosk = used_up();
            let (scans, written) = (kiosk.scans_ordered, kiosk.written);
            kiosk.give(Input::Retry);
            assert_eq!((kiosk.scans_ordered, kiosk.written), (scans, written), "{way}");
            assert!(kiosk.session.may_stand_aside(), "{way}");
            kiosk.give(Input::CannotPerform);
            assert_eq!(
                kiosk.session.showing(),
                Showing::Assisted {
                    routes: vec![AssistedRoute::Video, AssistedRoute::ImageBased],
                    left: 0,
                    spent: false,
                },
                "{way}"
            );
            assert!(kiosk.audit.contains(&AuditEvent::PeopleChosen), "{way}");
            kiosk
        };

        let mut kiosk = asked();
        kiosk
            .give(Input::AssistedChosen(AssistedRoute::ImageBased))
            .give(Input::Back);
        assert!(
            matches!(kiosk.session.showing(), Showing::Assisted { .. }),
            "{way}"
        );
        kiosk
            .give(Input::AssistedChosen(AssistedRoute::ImageBased))
            .give(consents("images"))
            .give(Input::PageKindChosen(PageKind::Passport));
        kiosk.send_passport();
        let document = &kiosk.documents[0];
        assert_eq!(
            (document.outcome, document.route, document.route_reason),
            (
                Outcome::AwaitingIdentification,
                Route::Images,
                Some(RouteReason::Chosen)
            ),
            "{way}"
        );
        assert!(!kiosk.cleared, "{way}: people give no attempt with a device back");

        let mut kiosk = asked();
        kiosk
            .give(Input::AssistedChosen(AssistedRoute::Video))
            .give(Input::CallBackEntered(Sensitive::new("+77010000001".into())));
        assert_eq!(kiosk.outcome(), Some(Outcome::Referred), "{way}");

        // Who wants none of it, or leaves, was not verified.
        let mut kiosk = used_up();
        kiosk.give(Input::Cancel);
        assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified), "{way}");
        let mut kiosk = asked();
        kiosk.at = kiosk.session.deadline().unwrap();
        kiosk.give(Input::Tick);
        assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified), "{way}");
    }
}

/// The attempts have failed, with the face or with the palm. Who then begins with pictures and leaves, or is gone, was refused:
/// the document says so wherever that was, and what had been pictured is not in it.
#[test]
fn who_leaves_the_pictures_behind_the_last_attempt_was_not_verified() {
    type Way = fn(&mut Kiosk);
    let face: Way = |kiosk| {
        kiosk.give(Input::MethodChosen(Modality::Face));
        for _ in 0..3 {
            kiosk.act(false).give(Input::Retry);
        }
    };
    let palm: Way = |kiosk| {
        kiosk.session.opening.policy.palm.fallback_to_face = false;
        kiosk
            .give(Input::MethodChosen(Modality::Palm))
            .give(consents("palm"));
        for _ in 0..3 {
            kiosk
                .give(Input::Retry)
                .give(Input::Scanned(Ok(Some(palm::no_match()))));
        }
    };
    // Nothing has failed: the person had one attempt with the face and cannot perform it.
    let nothing: Way = |kiosk| {
        kiosk.give(Input::MethodChosen(Modality::Face));
        for _ in 0..40 {
            kiosk.frame(Some(neutral()));
        }
    };
    let steps: [(&str, Way); 6] = [
        ("the consent", |_| {}),
        ("the kind of document", |kiosk| {
            kiosk.give(consents("images"));
        }),
        ("the camera", |kiosk| {
            kiosk.stuck = true;
            kiosk
                .give(consents("images"))
                .give(Input::PageKindChosen(PageKind::Passport));
        }),
        ("a picture being taken", |kiosk| {
            kiosk
                .give(consents("images"))
                .give(Input::PageKindChosen(PageKind::Passport));
        }),
        ("a picture that is shown", |kiosk| {
            kiosk
                .give(consents("images"))
                .give(Input::PageKindChosen(PageKind::Passport))
                .pose(PageKind::Passport);
        }),
        ("all pictures", |kiosk| {
            kiosk
                .give(consents("images"))
                .give(Input::PageKindChosen(PageKind::Passport));
            for _ in 0..2 {
                kiosk.pose(PageKind::Passport).give(Input::PictureAccepted);
            }
        }),
    ];
    let ways = [
        ("face", face, Some(Modality::Face)),
        ("palm", palm, Some(Modality::Palm)),
        ("nothing", nothing, None),
    ];
    for (name, way, used_up) in ways {
        for (step, walk) in &steps {
            let at = || {
                let mut kiosk = Kiosk::new();
                way(kiosk.reach_assisted_method());
                kiosk
                    .give(Input::CannotPerform)
                    .give(Input::AssistedChosen(AssistedRoute::ImageBased));
                walk(&mut kiosk);
                assert!(kiosk.documents.is_empty(), "{name}, {step}");
                kiosk
            };
            let check = |kiosk: &Kiosk, otherwise| {
                let [document] = &kiosk.documents[..] else {
                    panic!("{name}, {step}: one document")
                };
                assert_eq!(kiosk.outcome(), Some(document.outcome), "{name}, {step}");
                assert!(document.stills.is_empty(), "{name}, {step}");
                let Some(device) = used_up else {
                    assert_eq!(document.outcome, otherwise, "{name}, {step}");
                    return;
                };
                assert_eq!(document.outcome, Outcome::NotVerified, "{name}, {step}");
                assert_eq!(document.route, Route::Kiosk, "{name}, {step}");
                assert_eq!(document.modality, Some(device), "{name}, {step}");
                let failed =
                    document.attempts.len() + document.palm.as_ref().map_or(0, |palm| palm.attempts.len());
                assert_eq!(failed, 3, "{name}, {step}");
            };
            let mut kiosk = at();
            kiosk.give(Input::Cancel);
            check(&kiosk, Outcome::Withdrawn);
            let mut kiosk = at();
            // A device that is at work ends otherwise when it is left alone.
            if kiosk.session.idle_end().is_some() && !matches!(kiosk.stage(), Some(ImagesStage::Taking(_))) {
                kiosk.at = kiosk.session.deadline().unwrap();
                kiosk.give(Input::Tick);
                check(&kiosk, Outcome::TimedOut);
            }
        }
    }
}

#[test]
fn used_up_attempts_that_are_left_alone_are_not_verified() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Face));
    for _ in 0..3 {
        kiosk.act(false).give(Input::Retry);
    }
    kiosk.at = kiosk.session.deadline().unwrap();
    kiosk.give(Input::Tick);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
}

/// A suspicion stays a suspicion: nobody is moved to people by it.
#[test]
fn whoever_was_suspected_is_not_moved() {
    let mut kiosk = Kiosk::new();
    kiosk.passive_real = 0.05;
    kiosk
        .reach_assisted_method()
        .give(Input::MethodChosen(Modality::Face))
        .act(true);
    assert!(matches!(kiosk.session.showing(), Showing::AttemptFailed { .. }));
    assert!(!kiosk.session.may_stand_aside());
    kiosk.give(Input::CannotPerform);
    assert!(matches!(kiosk.session.showing(), Showing::AttemptFailed { .. }));
    kiosk.give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
}

pub fn any_images_input() -> impl Strategy<Value = Input> {
    let kind = || prop_oneof![Just(PageKind::Card), Just(PageKind::Passport)];
    let picture = prop::sample::select(vec![
        None,
        Some(StillPurpose::Portrait),
        Some(StillPurpose::IdentityDocumentFront),
        Some(StillPurpose::Comparison),
    ]);
    prop_oneof![
        prop_oneof![Just(AssistedRoute::Video), Just(AssistedRoute::ImageBased)]
            .prop_map(Input::AssistedChosen),
        Just(Input::CannotPerform),
        kind().prop_map(Input::PageKindChosen),
        Just(Input::PictureWanted),
        Just(Input::PictureAccepted),
        picture.prop_map(Input::PictureAgain),
        "[+0-9]{0,12}".prop_map(|number| Input::CallBackEntered(Sensitive::new(number))),
        Just(Input::CallBackEntered(Sensitive::new("+77010000001".into()))),
        Just(Input::CallBackOnGiven),
        (any::<u64>(), prop::option::of(kind())).prop_map(|(frame, kind)| Input::PageSeen(PageObservation {
            frame,
            page: kind.map(page),
        })),
    ]
}
