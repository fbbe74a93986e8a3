//! The ways that end before people, on the whole kiosk: a recorded face and a drawn identity document before a simulated
//! camera, real measuring, real store, real line, real gateway.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use camera::FaultHandle;
use common::examiner::Examiner;
use common::{Institution, Person, alone, clip, offered, sitting_still};
use ipc::{ImagesStage, Intent, Method, Outcome, PageKind, Picture, PicturesRefused, Prompt, Screen, Stage};
use verification::capture::CameraIdentity;
use verification::evidence::{Outcome as Recorded, Route, RouteReason, StillPurpose};
use verification::page::PageKind as Kind;

/// Nearly the shape of a card, so that it fills also the small frames of a recording, and can be read.
const DRAWN_PX: (i32, i32) = (1280, 800);

/// The pictures are with an examiner.
const EXAMINED: Screen = Screen::Progress {
    stage: Stage::Examining,
};

fn plug() -> FaultHandle {
    FaultHandle::new(CameraIdentity {
        name: "simulated".into(),
        bus_id: "simulated".into(),
        replay: true,
    })
}

fn sees_picture(person: &mut Person, wanted: Picture) {
    person.sees("a picture that was taken", |view| {
        matches!(view.screen, Screen::Images { stage: ImagesStage::Shown, picture, .. } if picture == wanted)
    });
    person.wants(Intent::AcceptPicture);
}

/// From the welcome to the pictures of face and card that are on their way to an examiner.
fn sends_pictures(person: &mut Person, lens: &FaultHandle) {
    person.goes_to_the_methods("account-opening", &["processing", "automated-decision"]);
    person.wants(Intent::ChooseMethod {
        method: Method::Images,
    });
    person.consents("images");
    person.sees("what is going to happen", |view| {
        matches!(
            view.screen,
            Screen::Images {
                stage: ImagesStage::Intro,
                ..
            }
        )
    });
    person.wants(Intent::ChoosePage { page: PageKind::Card });
    sees_picture(person, Picture::Portrait);
    lens.hold(Some(puppet::card::held(Kind::Card.aspect(), DRAWN_PX).unwrap()));
    sees_picture(person, Picture::DocumentFront);
    sees_picture(person, Picture::DocumentBack);
    person.sees("all pictures", |view| {
        matches!(
            view.screen,
            Screen::Images {
                stage: ImagesStage::Review,
                ..
            }
        )
    });
    person.wants(Intent::AcceptPicture);
}

#[test]
fn pictures_are_taken_recorded_and_wait_for_an_examiner() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let lens = plug();
    let policy = format!("{}\nidentification_patience_ms = 1000", offered(&clip));
    let mut person = institution.kiosk_with_plug(&clip, &policy, &lens);
    sends_pictures(&mut person, &lens);
    let (_, record) = person.sees_outcome(&[Outcome::AwaitingExaminer]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);

    assert_eq!(institution.comparisons(), 0, "the centre is not asked");
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.document_id.to_string(), record);
    assert_eq!(document.outcome, Recorded::AwaitingIdentification);
    assert_eq!(document.route, Route::Images);
    assert_eq!(document.route_reason, Some(RouteReason::Chosen));
    let purposes: Vec<_> = document.stills.iter().map(|still| still.purpose).collect();
    assert_eq!(
        purposes,
        [
            StillPurpose::Portrait,
            StillPurpose::IdentityDocumentFront,
            StillPurpose::IdentityDocumentBack
        ]
    );
    for still in &document.stills {
        assert!(still.sample.jpeg.expose().starts_with(&[0xff, 0xd8]));
        let policy = &document.policy.assisted;
        assert_eq!(still.page.is_some(), still.purpose.is_page());
        if let Some(page) = still.page {
            assert!(page.sharpness >= policy.page_sharpness_min, "{page:?}");
            assert!(page.long_side_px >= policy.page_long_side_min_px, "{page:?}");
        }
    }
}

/// The person still stands before the screen when the examiner, over the institution's own page, refuses and says why.
#[test]
fn who_waits_is_told_why_an_examiner_refused() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.has_an_examiner();
    institution.open_gateway();
    let lens = plug();
    let policy = format!("{}\nidentification_patience_ms = 60000", offered(&clip));
    let mut person = institution.kiosk_with_plug(&clip, &policy, &lens);
    sends_pictures(&mut person, &lens);
    person.sees("that an answer is awaited", |view| view.screen == EXAMINED);
    person.sees("an empty outbox", |view| view.pending == 0);

    let examiner = Examiner::of(&institution);
    let id = examiner.only_review();
    assert_eq!(
        examiner.asks("POST", &format!("/v1/reviews/{id}/take"), None).0,
        204
    );
    let (status, facts) = examiner.asks("GET", &format!("/v1/reviews/{id}"), None);
    assert_eq!(status, 200);
    assert_eq!(facts["iin"], common::IIN);
    assert!(person.seen.screen == EXAMINED, "nobody has decided yet");
    let reason = serde_json::json!({ "reason": "document-expired" });
    assert_eq!(
        examiner
            .asks("POST", &format!("/v1/reviews/{id}/refuse"), Some(reason))
            .0,
        204
    );

    let (_, record) = person.sees_outcome(&[Outcome::NotVerified]);
    assert_eq!(record, id);
    assert!(
        matches!(
            person.seen.screen,
            Screen::Outcome {
                refused: Some(PicturesRefused::DocumentExpired),
                ..
            }
        ),
        "{:?}",
        person.seen.screen
    );
    let (_, listed) = examiner.asks("GET", "/v1/reviews?all=true", None);
    assert_eq!(listed["reviews"][0]["state"], "refused", "{listed}");
    drop(person);

    assert_eq!(institution.comparisons(), 0, "the centre is not asked");
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.document_id.to_string(), id);
    assert_eq!(
        (document.outcome, document.route, document.stills.len()),
        (Recorded::AwaitingIdentification, Route::Images, 3)
    );
}

/// Where nothing is given back, whoever stands aside in an attempt is told that it counts, and how many are left.
#[test]
fn who_stands_aside_too_often_is_told_that_the_attempt_counts() {
    let _alone = alone();
    let clip = clip();
    let (_folder, sitting) = sitting_still(&clip);
    let mut institution = Institution::found();
    institution.open_gateway();
    let policy = format!("{}\n[policy.assisted]\ncannot_perform_max = 0", offered(&clip));
    let mut person = institution.kiosk(&sitting, &policy);
    person.goes_to_the_camera();
    person.sees("the first action", |view| {
        let acts = [
            Prompt::TurnLeft,
            Prompt::TurnRight,
            Prompt::LookUp,
            Prompt::LookDown,
            Prompt::Blink,
            Prompt::OpenMouth,
            Prompt::Smile,
        ];
        matches!(view.screen, Screen::Face { prompt, .. } if acts.contains(&prompt)) && view.may_stand_aside
    });
    person.wants(Intent::CannotPerform);
    person.sees("that it counts", |view| {
        matches!(
            view.screen,
            Screen::Assisted {
                left: 2,
                spent: true,
                ..
            }
        )
    });
    person.wants(Intent::Cancel);
    person.sees_outcome(&[Outcome::Withdrawn]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.attempts.len(), 1);
    assert_eq!(document.route_reason, Some(RouteReason::CannotPerform));
}

#[test]
fn who_cannot_perform_is_called_back_and_spends_no_attempt() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.goes_to_the_camera();
    person.sees("the camera", |view| {
        matches!(view.screen, Screen::Face { .. }) && view.may_stand_aside
    });
    person.wants(Intent::CannotPerform);
    person.sees("the ways with people", |view| {
        matches!(
            view.screen,
            Screen::Assisted {
                left: 3,
                spent: false,
                ..
            }
        )
    });
    person.wants(Intent::ChooseMethod {
        method: Method::Video,
    });
    person.sees("the number", |view| {
        matches!(view.screen, Screen::CallBack { .. })
    });
    person.wants(Intent::CallBack {
        number: ipc::Entered("+77010000001".into()),
    });
    person.sees_outcome(&[Outcome::CallBackRequested]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);

    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.outcome, Recorded::Referred);
    assert_eq!(document.route, Route::CallBack);
    assert_eq!(document.route_reason, Some(RouteReason::CannotPerform));
    let number = document.call_back.as_ref().unwrap();
    assert_eq!(number.expose(), "+77010000001");
    assert_eq!(institution.comparisons(), 0);
}
