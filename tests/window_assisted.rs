//! The ways that end before people, in the real window: pictures for an examiner, who accepts them over the institution's own
//! page, and calling back. A recorded face and a drawn identity document come before the camera by turns.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;
use std::time::Duration;

use common::examiner::Examiner;
use common::{Clip, IIN, Institution, LIMIT, alone, clip, offered};
use gallery::{KIOSK, LANGUAGES, UPRIGHT, run};
use tempfile::TempDir;
use verification::evidence::{Evidence, Outcome, Route, RouteReason, StillPurpose};
use verification::page::PageKind;
use walk::{STEP_LIMIT, Walk};

const DIGITS: &str = "7010000001";
/// Longer than it takes to look at three pictures, so that the screen waits for the examiner.
const PATIENT: &str = "identification_patience_ms = 120000";

/// The same person, who now and then holds an identity card before the camera.
fn with_a_card(clip: &Clip) -> (TempDir, Clip) {
    let folder = TempDir::new().unwrap();
    let listed = camera::clips(&clip.folder).unwrap();
    let listed = listed.into_iter().find(|entry| entry.file == clip.file);
    let events = listed.unwrap().events;
    let frontal = events.iter().find(|event| event.kind == "frontal").unwrap();
    let film = clip.folder.join(&clip.file);
    let file = puppet::visit::render(&film, frontal.first, PageKind::Card.aspect(), folder.path()).unwrap();
    let visitor = Clip {
        folder: folder.path().to_owned(),
        file: file.to_owned(),
        offers: Vec::new(),
    };
    (folder, visitor)
}

async fn window(config: &Path) -> Walk {
    Walk::start(Path::new(KIOSK), config).await.unwrap()
}

/// Waits until the camera has taken this picture by itself, and says that it is good.
async fn takes(walk: &Walk, picture: &str) {
    let shown = format!("[data-stage='shown'][data-picture='{picture}']");
    is_there(walk, &shown).await;
    walk.touch("accept-picture").await.unwrap();
}

async fn is_there(walk: &Walk, selector: &str) {
    let client = walk.client();
    let found = client
        .wait()
        .at_most(LIMIT)
        .for_element(walk::css(selector))
        .await;
    let shown = walk.screen().await.unwrap();
    assert!(found.is_ok(), "{selector} does not come; {shown:?} is shown");
}

/// From the welcome to the three pictures, which are sent.
async fn sends_pictures(walk: &Walk) {
    walk.identify_as("account-opening", IIN).await.unwrap();
    walk.touch("method-images").await.unwrap();
    walk.wait_for_value("data-consent", "images", STEP_LIMIT)
        .await
        .unwrap();
    walk.touch("consent-agree").await.unwrap();
    walk.wait_for(&["images"], STEP_LIMIT).await.unwrap();
    assert_eq!(walk.attribute("data-stage").await.unwrap(), "intro");
    walk.touch("page-card").await.unwrap();
    takes(walk, "portrait").await;
    takes(walk, "document-front").await;
    takes(walk, "document-back").await;
    is_there(walk, "[data-stage='review']").await;
    // Not what was meant: the front once more, and nothing else.
    walk.touch("retake-front").await.unwrap();
    takes(walk, "document-front").await;
    is_there(walk, "[data-stage='review']").await;
    walk.touch("accept-picture").await.unwrap();
}

/// Waits for this outcome as somebody does who touches the screen now and then; gives the number of the record.
async fn ends(walk: &Walk, outcome: &str) -> String {
    let touched_every = Duration::from_secs(5);
    for language in LANGUAGES.iter().cycle().take(24) {
        let came = walk.wait_for_value("data-outcome", outcome, touched_every).await;
        if came.is_ok() {
            return walk.attribute("data-record").await.unwrap();
        }
        walk.touch(&format!("language-{language}")).await.unwrap();
    }
    let shown = walk.attribute("data-outcome").await.unwrap();
    panic!("{outcome} does not come; {shown:?} is shown");
}

async fn finishes(walk: Walk) {
    walk.touch("finish").await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    is_there(&walk, "[data-testid='pending'][data-pending='0']").await;
    walk.close().await.unwrap();
}

/// The one document that the gateway keeps, which has this number.
fn only_document(institution: &mut Institution, record: &str) -> Evidence {
    let documents = institution.documents();
    let [document] = &documents[..] else {
        panic!("{} documents", documents.len())
    };
    assert_eq!(document.document_id.to_string(), record);
    document.clone()
}

#[test]
fn pictures_are_taken_in_the_window_and_an_examiner_accepts_them() {
    let _alone = alone();
    let (_folder, visitor) = with_a_card(&clip());
    let mut institution = Institution::found();
    institution.has_an_examiner();
    institution.open_gateway();
    let config = institution.kiosk_config(&visitor, PATIENT, UPRIGHT);
    let record = run(async {
        let walk = window(&config).await;
        sends_pictures(&walk).await;
        is_there(&walk, "[data-screen='progress'][data-stage='examining']").await;
        is_there(&walk, "[data-testid='pending'][data-pending='0']").await;
        let accepted = accepts(&institution);
        let record = ends(&walk, "verified").await;
        assert_eq!(record, accepted);
        finishes(walk).await;
        record
    });
    assert_eq!(institution.comparisons(), 0, "the centre is not asked");
    let document = only_document(&mut institution, &record);
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(document.route, Route::Images);
    assert_eq!(document.route_reason, Some(RouteReason::Chosen));
    assert!(document.attempts.is_empty());
    let purposes: Vec<_> = document.stills.iter().map(|still| still.purpose).collect();
    // In the order in which they were taken: the front was taken again.
    assert_eq!(purposes.len(), 3, "{purposes:?}");
    for purpose in [
        StillPurpose::Portrait,
        StillPurpose::IdentityDocumentFront,
        StillPurpose::IdentityDocumentBack,
    ] {
        assert!(purposes.contains(&purpose), "{purposes:?}");
    }
}

/// The examiner takes the one entry of the queue, looks at its pictures, and accepts them; gives its number.
fn accepts(institution: &Institution) -> String {
    let examiner = Examiner::of(institution);
    let id = examiner.only_review();
    let step = |step: &str| examiner.asks("POST", &format!("/v1/reviews/{id}/{step}"), None).0;
    assert_eq!(step("take"), 204);
    let (status, facts) = examiner.asks("GET", &format!("/v1/reviews/{id}"), None);
    assert_eq!(status, 200);
    assert_eq!(facts["iin"], IIN);
    assert_eq!(step("accept"), 204);
    id
}

#[test]
fn who_wants_to_be_called_leaves_a_number() {
    let _alone = alone();
    let mut institution = Institution::found();
    institution.open_gateway();
    let config = institution.kiosk_config(&clip(), "", UPRIGHT);
    let record = run(async {
        let walk = window(&config).await;
        walk.identify_as("account-opening", IIN).await.unwrap();
        walk.touch("method-video").await.unwrap();
        walk.wait_for(&["call-back"], STEP_LIMIT).await.unwrap();
        // Of a house, not of a mobile: said, and nothing is recorded.
        walk.type_on_screen("7272000001").await.unwrap();
        walk.touch("call-back-send").await.unwrap();
        is_there(&walk, "[data-testid='call-back-error'] .error").await;
        for _ in 0..DIGITS.len() {
            walk.touch("key-delete").await.unwrap();
        }
        leaves_the_number(&walk).await
    });
    let document = only_document(&mut institution, &record);
    assert_eq!(document.outcome, Outcome::Referred);
    assert_eq!(document.route, Route::CallBack);
    assert_eq!(document.route_reason, Some(RouteReason::Chosen));
    let number = document.call_back.as_ref().unwrap();
    assert_eq!(*number.expose(), format!("+7{DIGITS}"));
}

#[test]
fn who_cannot_do_what_the_camera_asks_for_goes_on_with_people_and_spends_nothing() {
    let _alone = alone();
    let clip = clip();
    // Nobody acts, so that the camera waits.
    let (_folder, sitting) = common::sitting_still(&clip);
    let mut institution = Institution::found();
    institution.open_gateway();
    let config = institution.kiosk_config(&sitting, &offered(&clip), UPRIGHT);
    let record = run(async {
        let walk = window(&config).await;
        walk.identify_as("account-opening", IIN).await.unwrap();
        walk.touch("method-face").await.unwrap();
        walk.wait_for(&["face"], LIMIT).await.unwrap();
        walk.touch("cannot-perform").await.unwrap();
        walk.wait_for(&["assisted"], STEP_LIMIT).await.unwrap();
        assert_eq!(walk.attribute("data-told").await.unwrap(), "none-spent");
        // Back to the camera, and aside once more: still nothing is spent.
        walk.touch("back").await.unwrap();
        walk.wait_for(&["face"], LIMIT).await.unwrap();
        walk.touch("cannot-perform").await.unwrap();
        walk.wait_for(&["assisted"], STEP_LIMIT).await.unwrap();
        assert_eq!(walk.attribute("data-told").await.unwrap(), "none-spent");
        walk.touch("method-video").await.unwrap();
        walk.wait_for(&["call-back"], STEP_LIMIT).await.unwrap();
        leaves_the_number(&walk).await
    });
    let document = only_document(&mut institution, &record);
    assert_eq!(document.outcome, Outcome::Referred);
    assert_eq!(document.route, Route::CallBack);
    assert_eq!(document.route_reason, Some(RouteReason::CannotPerform));
    assert_eq!(institution.comparisons(), 0);
}

/// From the entry of the number to the welcome; gives the number of the record.
async fn leaves_the_number(walk: &Walk) -> String {
    walk.type_on_screen(DIGITS).await.unwrap();
    walk.touch("call-back-send").await.unwrap();
    let record = ends(walk, "call-back-requested").await;
    walk.touch("finish").await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    is_there(walk, "[data-testid='pending'][data-pending='0']").await;
    record
}
