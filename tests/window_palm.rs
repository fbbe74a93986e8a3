//! The palm in the real window, with a simulated scanner on a real pseudo-terminal: what `window` is for the face.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;
use std::time::Duration;

use common::{Clip, IIN, Institution, LIMIT, alone, clip, offered};
use gallery::{Gallery, KIOSK, LYING, UPRIGHT, run, verified_meanwhile};
use palm::sim::{Handle, Presented, Protocol, SimSettings, Simulator};
use verification::evidence::{Modality, Outcome};
use walk::{STEP_LIMIT, Walk};

#[test]
fn the_palm_upright() {
    the_palm(UPRIGHT);
}

#[test]
fn the_palm_lying() {
    the_palm(LYING);
}

fn the_palm(size: (u32, u32)) {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    // Nobody's hand is there at first.
    let scanner = Simulator::start(SimSettings {
        protocol: Protocol::Reference,
        link: Some(institution.folder.path().join("scanner")),
        note_interval: Duration::from_millis(100),
        presented: Presented::Nobody,
        ..SimSettings::default()
    })
    .unwrap();
    run(uses_the_palm(&mut institution, &clip, &scanner, size));
    let mut captured: Vec<_> = institution
        .documents()
        .iter()
        .map(|document| (document.modality, document.outcome))
        .collect();
    // Ordered by what they are: two documents may have the same second.
    captured.sort_by_key(|captured| format!("{captured:?}"));
    assert_eq!(
        captured,
        [
            (Some(Modality::Face), Outcome::AwaitingIdentification),
            (Some(Modality::Palm), Outcome::AwaitingIdentification),
            (Some(Modality::Palm), Outcome::NotVerified),
        ]
    );
}

async fn uses_the_palm(institution: &mut Institution, clip: &Clip, scanner: &Simulator, size: (u32, u32)) {
    // Time enough for three pictures of one scan.
    let policy = format!(
        "{}\nidentification_patience_ms = 1000\n[policy.palm]\nscan_limit_ms = 20000\n[palm]\nport = {:?}\ndriver = {:?}\n",
        offered(clip),
        scanner.port(),
        Protocol::Reference.name()
    );
    let config = institution.kiosk_config(clip, &policy, size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("palm", size);
    let hand = scanner.handle();
    enrols(institution, &walk, &gallery, &hand).await;
    verifies(&walk, &gallery, &hand).await;
    fails(&walk, &gallery, &hand).await;
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    pending_is_empty(&walk).await;
    walk.close().await.unwrap();
}

/// A new customer: the face first, then the palm, which counts only once the centre has answered.
async fn enrols(institution: &mut Institution, walk: &Walk, gallery: &Gallery, hand: &Handle) {
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    walk.touch("begin").await.unwrap();
    gallery.show(walk, "service", "service").await;
    walk.touch("service-palm-enrolment").await.unwrap();
    for text in ["processing", "automated-decision", "palm"] {
        walk.wait_for_value("data-consent", text, STEP_LIMIT)
            .await
            .unwrap();
        walk.touch("consent-agree").await.unwrap();
    }
    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    walk.touch("method-face").await.unwrap();
    walk.wait_for(&["palm"], LIMIT).await.unwrap();
    assert_eq!(walk.attribute("data-purpose").await.unwrap(), "enrol");
    gallery.show_in(walk, "palm", "palm-enrol", "normal").await;
    walk.wait_for_value("data-reason", "no-palm-shown", LIMIT)
        .await
        .unwrap();
    hand.present(Presented::Stranger);
    walk.touch("retry").await.unwrap();
    walk.wait_for(&["outcome"], LIMIT).await.unwrap();
    gallery.show(walk, "outcome", "outcome-palm-awaits").await;
    institution.open_gateway();
    verified_meanwhile(walk).await;
    gallery.show(walk, "outcome", "outcome-palm-registered").await;
    walk.touch("finish").await.unwrap();
}

/// The palm is refused and given after all, and the scanner is unplugged in the middle.
async fn verifies(walk: &Walk, gallery: &Gallery, hand: &Handle) {
    hand.present(Presented::Nobody);
    walk.identify_as("account-opening", IIN).await.unwrap();
    gallery.show(walk, "method", "method").await;
    walk.touch("method-palm").await.unwrap();
    gallery.show(walk, "consent", "consent-palm").await;
    walk.touch("consent-refuse").await.unwrap();
    walk.wait_for(&["method"], STEP_LIMIT).await.unwrap();
    walk.touch("method-palm").await.unwrap();
    walk.wait_for(&["consent"], STEP_LIMIT).await.unwrap();
    walk.touch("consent-agree").await.unwrap();
    walk.wait_for_value("data-prompt", "show-hand", STEP_LIMIT)
        .await
        .unwrap();
    gallery.show_in(walk, "palm", "palm-show-hand", "normal").await;
    hand.unplug();
    gallery.show(walk, "scanner-trouble", "scanner-trouble").await;
    assert_eq!(walk.attribute("data-trouble").await.unwrap(), "missing");
    hand.present(Presented::LastEnrolled);
    hand.replug().unwrap();
    walk.wait_for_value("data-outcome", "verified", LIMIT)
        .await
        .unwrap();
    walk.touch("finish").await.unwrap();
}

/// A palm that nobody knows, three times; the face would be left, but the person leaves.
async fn fails(walk: &Walk, gallery: &Gallery, hand: &Handle) {
    hand.present(Presented::Nobody);
    walk.identify_as("account-opening", IIN).await.unwrap();
    walk.touch("method-palm").await.unwrap();
    walk.wait_for(&["consent"], STEP_LIMIT).await.unwrap();
    walk.touch("contrast").await.unwrap();
    walk.touch("consent-agree").await.unwrap();
    walk.wait_for(&["palm"], STEP_LIMIT).await.unwrap();
    gallery.show_in(walk, "palm", "palm-show-hand", "high").await;
    walk.wait_for_value("data-reason", "no-palm-shown", LIMIT)
        .await
        .unwrap();
    walk.touch("contrast").await.unwrap();
    gallery
        .show(walk, "attempt-failed", "attempt-failed-no-palm-shown")
        .await;
    // It did not count.
    hand.present(Presented::Stranger);
    for left in ["2", "1"] {
        walk.touch("retry").await.unwrap();
        let left = format!("[data-reason='palm-not-recognised'] [data-left='{left}']");
        walk.client()
            .wait()
            .at_most(LIMIT)
            .for_element(walk::css(&left))
            .await
            .unwrap();
    }
    gallery.show(walk, "attempt-failed", "attempt-failed-palm").await;
    walk.touch("retry").await.unwrap();
    walk.wait_for_value("data-next", "face", LIMIT).await.unwrap();
    gallery
        .show(walk, "attempt-failed", "attempt-failed-face-is-left")
        .await;
    walk.touch("attempt-end").await.unwrap();
    // The palm has said no for the last time.
    walk.wait_for_value("data-outcome", "not-verified", LIMIT)
        .await
        .unwrap();
    walk.touch("finish").await.unwrap();
}

async fn pending_is_empty(walk: &Walk) {
    let delivered = "[data-testid='pending'][data-pending='0']";
    walk.client()
        .wait()
        .at_most(LIMIT)
        .for_element(walk::css(delivered))
        .await
        .unwrap();
}
