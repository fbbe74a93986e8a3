//! Stories in the real window: the real program in the real web view, driven through WebDriver.
//!
//! A display must be there; `cargo xtask test` brings one. The pictures stay in `tmp/screens` of the target
//! folder, to be looked at.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;
use std::time::Duration;

use common::{Clip, IIN, Institution, LIMIT, alone, clip, offered, sitting_still};
use gallery::{Gallery, KIOSK, LYING, UPRIGHT, misfits, run, verified_meanwhile};
use walk::{STEP_LIMIT, Walk};

/// The whole way, without a line at first: every screen of a session that goes well.
async fn goes_well(institution: &mut Institution, clip: &Clip, size: (u32, u32)) {
    let policy = format!("{}\nidentification_patience_ms = 20000", offered(clip));
    let config = institution.kiosk_config(clip, &policy, size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("well", size);

    gallery.show(&walk, "welcome", "welcome").await;
    walk.touch("begin").await.unwrap();
    gallery.show(&walk, "service", "service").await;
    walk.touch("service-account-opening").await.unwrap();
    for text in ["processing", "automated-decision"] {
        gallery.show(&walk, "consent", &format!("consent-{text}")).await;
        walk.touch("consent-agree").await.unwrap();
        walk.wait_for_change("data-consent", text).await.unwrap();
    }
    gallery.show(&walk, "claim", "claim").await;
    walk.enter_iin("880412401007").await.unwrap();
    walk.client()
        .wait()
        .for_element(walk::css("[data-testid='claim-error'] *"))
        .await
        .unwrap();
    gallery.show(&walk, "claim", "claim-error").await;
    for _ in 0..IIN.len() {
        walk.touch("key-delete").await.unwrap();
    }
    walk.enter_iin(IIN).await.unwrap();
    gallery.show(&walk, "method", "method").await;
    walk.touch("method-face").await.unwrap();
    walk.wait_for_value("data-stage", "identifying", LIMIT)
        .await
        .unwrap();
    gallery.show(&walk, "progress", "progress-identifying").await;
    walk.wait_for(&["outcome"], LIMIT).await.unwrap();
    gallery
        .show(&walk, "outcome", "outcome-awaiting-identification")
        .await;
    institution.open_gateway();
    verified_meanwhile(&walk).await;
    gallery.show(&walk, "outcome", "outcome-verified").await;
    walk.touch("finish").await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    walk.close().await.unwrap();
}

/// Attempts that do not pass.
async fn goes_badly(institution: &Institution, sitting: &Clip, size: (u32, u32)) {
    let gallery = Gallery::new("not-well", size);
    // Without the colours of the screen, which change faster than pictures are taken, and with time for all of them.
    let policy = "challenge_window_ms = 120000\nlight = \"off\"";
    let config = institution.kiosk_config(sitting, policy, size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    walk.identify_as("account-opening", IIN).await.unwrap();
    walk.touch("method-face").await.unwrap();
    gallery.show(&walk, "face", "face").await;
    walk.touch("cancel").await.unwrap();
    gallery.show(&walk, "outcome", "outcome-withdrawn").await;
    walk.close().await.unwrap();

    // The attempt that was left still counts.
    let policy = "challenge_window_ms = 3000\nlight = \"off\"";
    let config = institution.kiosk_config(sitting, policy, size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    walk.identify_as("account-opening", IIN).await.unwrap();
    walk.touch("method-face").await.unwrap();
    walk.wait_for(&["attempt-failed"], LIMIT).await.unwrap();
    gallery.show(&walk, "attempt-failed", "attempt-failed").await;
    walk.touch("retry").await.unwrap();
    // No attempt is left, but people are.
    walk.wait_for_value("data-next", "people", LIMIT).await.unwrap();
    gallery
        .show(&walk, "attempt-failed", "attempt-failed-people-are-left")
        .await;
    walk.touch("attempt-end").await.unwrap();
    walk.wait_for(&["outcome"], LIMIT).await.unwrap();
    gallery.show(&walk, "outcome", "outcome-not-verified").await;
    walk.close().await.unwrap();
}

/// The screen lights the face, once in each language, faintly and in full colours, in normal and in high contrast.
async fn lights_the_face(institution: &Institution, sitting: &Clip, size: (u32, u32)) {
    let config = institution.kiosk_config(sitting, "", size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("lit", size);
    for (language, calm, contrast) in [
        ("kk", false, "normal"),
        ("ru", true, "normal"),
        ("en", true, "high"),
    ] {
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        walk.touch(&format!("language-{language}")).await.unwrap();
        gallery.wait_for_language(&walk, language).await;
        if contrast == "high" {
            walk.touch("contrast").await.unwrap();
        }
        walk.identify_as("account-opening", IIN).await.unwrap();
        if calm {
            walk.touch("calm").await.unwrap();
            walk.client()
                .wait()
                .for_element(walk::css("[data-testid='calm'][aria-pressed='true']"))
                .await
                .unwrap();
        }
        walk.touch("method-face").await.unwrap();
        walk.wait_for(&["face"], LIMIT).await.unwrap();
        let colour = walk.wait_for_change("data-light", "none").await.unwrap();
        assert_eq!(colour.split(',').count(), 3, "{colour} is no colour");
        assert_eq!(
            misfits(&walk).await,
            "",
            "the lit screen does not fit in {language}"
        );
        let picture = format!("lit-{language}-{contrast}.png");
        walk.picture(&gallery.folder.join(picture)).await.unwrap();
        walk.touch("cancel").await.unwrap();
        walk.wait_for(&["outcome"], LIMIT).await.unwrap();
        walk.touch("finish").await.unwrap();
    }
    walk.close().await.unwrap();
}

/// A camera that does not come, and a person who does not wait for it.
async fn has_no_camera(institution: &Institution, broken: &Clip, size: (u32, u32)) {
    let config = institution.kiosk_config(broken, "", size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("no-camera", size);
    walk.identify_as("account-opening", IIN).await.unwrap();
    walk.touch("method-face").await.unwrap();
    gallery.show(&walk, "camera-trouble", "camera-trouble").await;
    assert_eq!(walk.attribute("data-trouble").await.unwrap(), "missing");
    walk.touch("camera-trouble-end").await.unwrap();
    walk.wait_for_value("data-outcome", "withdrawn", LIMIT)
        .await
        .unwrap();
    walk.close().await.unwrap();
}

/// A store that cannot be opened, until it can.
async fn is_out_of_service(institution: &Institution, clip: &Clip, size: (u32, u32)) {
    let config = institution.kiosk_config(clip, &offered(clip), size);
    // A file stands where the folder of the store should be.
    let data = institution.folder.path().join("data");
    let aside = institution.folder.path().join("aside");
    std::fs::rename(&data, &aside).unwrap();
    std::fs::write(&data, "").unwrap();
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("out-of-service", size);
    gallery.show(&walk, "out-of-service", "out-of-service").await;
    assert_eq!(walk.attribute("data-code").await.unwrap(), "store");
    std::fs::remove_file(&data).unwrap();
    std::fs::rename(&aside, &data).unwrap();
    walk.wait_for(&["welcome"], LIMIT).await.unwrap();
    walk.close().await.unwrap();
}

/// A kiosk that nobody knows, until its code is typed.
async fn is_not_enrolled(institution: &mut Institution, clip: &Clip, size: (u32, u32)) {
    let config = institution.kiosk_config(clip, &offered(clip), size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("not-enrolled", size);
    gallery.show(&walk, "out-of-service", "not-enrolled").await;
    assert_eq!(walk.attribute("data-code").await.unwrap(), "not-enrolled");
    institution.enrol();
    walk.wait_for(&["welcome"], LIMIT).await.unwrap();
    walk.close().await.unwrap();
}

#[test]
fn every_screen_upright() {
    every_screen(UPRIGHT);
}

#[test]
fn every_screen_lying() {
    every_screen(LYING);
}

fn every_screen(size: (u32, u32)) {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    run(goes_well(&mut institution, &clip, size));
    assert_eq!(institution.documents().len(), 1);

    let (_folder, sitting) = sitting_still(&clip);
    let institution = Institution::found();
    run(goes_badly(&institution, &sitting, size));
    run(lights_the_face(&Institution::found(), &sitting, size));
    let (folder, broken) = sitting_still(&clip);
    std::fs::write(folder.path().join(&broken.file), b"this is no film").unwrap();
    run(has_no_camera(&Institution::found(), &broken, size));
    run(is_out_of_service(&Institution::found(), &clip, size));
    run(is_not_enrolled(&mut Institution::stranger(), &clip, size));
}

#[test]
fn killed_between_put_and_receipt() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    let policy = format!("{}\nidentification_patience_ms = 500", offered(&clip));
    let config = institution.kiosk_config(&clip, &policy, (1080, 1920));
    let record = run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.identify_as("account-opening", IIN).await.unwrap();
        walk.touch("method-face").await.unwrap();
        walk.wait_for(&["outcome"], LIMIT).await.unwrap();
        assert_eq!(
            walk.attribute("data-outcome").await.unwrap(),
            "awaiting-identification"
        );
        let record = walk.attribute("data-record").await.unwrap();
        signal("-KILL", &config);
        record
    });
    institution.open_gateway();
    run(delivers(&config));
    let documents = institution.documents();
    let ids: Vec<_> = documents
        .iter()
        .map(|document| document.document_id.to_string())
        .collect();
    assert_eq!(ids, [record], "delivered, and once");
}

#[test]
fn told_to_end_in_the_middle_of_a_capture() {
    let _alone = alone();
    let (_folder, sitting) = sitting_still(&clip());
    let mut institution = Institution::found();
    let config = institution.kiosk_config(&sitting, "", (1080, 1920));
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.identify_as("account-opening", IIN).await.unwrap();
        walk.touch("method-face").await.unwrap();
        walk.wait_for(&["face"], LIMIT).await.unwrap();
        signal("-TERM", &config);
        let end = tokio::time::Instant::now() + LIMIT;
        while !kiosks(&config).is_empty() {
            assert!(tokio::time::Instant::now() < end, "the kiosk does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    institution.open_gateway();
    run(delivers(&config));
    let outcomes: Vec<_> = institution
        .documents()
        .iter()
        .map(|document| document.outcome)
        .collect();
    assert_eq!(outcomes, [verification::evidence::Outcome::Withdrawn]);
}

/// Starts the kiosk again and waits until the gateway has everything.
async fn delivers(config: &Path) {
    let walk = Walk::start(Path::new(KIOSK), config).await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    let delivered = "[data-testid='pending'][data-pending='0']";
    let delivered = walk
        .client()
        .wait()
        .at_most(LIMIT)
        .for_element(walk::css(delivered))
        .await;
    delivered.unwrap();
    walk.close().await.unwrap();
}

/// Sends a signal to the kiosk that runs with this configuration; KILL is what a power cut does.
fn signal(signal: &str, config: &Path) {
    let [kiosk] = &kiosks(config)[..] else {
        panic!("one kiosk")
    };
    assert!(
        std::process::Command::new("kill")
            .args([signal, kiosk])
            .status()
            .unwrap()
            .success()
    );
}

/// The processes of the kiosks that run with this configuration.
fn kiosks(config: &Path) -> Vec<String> {
    let config = config.to_str().unwrap();
    let runs = |entry: std::fs::DirEntry| {
        let command = std::fs::read(entry.path().join("cmdline")).ok()?;
        let mut words = command.split(|byte| *byte == 0);
        let is_kiosk = words.next() == Some(KIOSK.as_bytes()) && words.any(|word| word == config.as_bytes());
        is_kiosk.then(|| entry.file_name().to_string_lossy().into_owned())
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(runs)
        .collect()
}
