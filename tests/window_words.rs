//! Words in the real window: the language is changed in the middle of everything, and a language that is longer than any
//! other is put in its place.
//!
//! The pictures stay in `tmp/screens` of the target folder, to be looked at.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;
use std::time::Duration;

use common::{IIN, Institution, LIMIT, alone, clip, sitting_still};
use gallery::{Gallery, KIOSK, LANGUAGES, LYING, UPRIGHT, lines, misfits_if_scrolled, resize, run};
use serde_json::Value;
use walk::page::{FOREIGN, MARK, STATE};
use walk::{STEP_LIMIT, Walk};

const ALWAYS_OPEN: &str = r#"
[hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]
"#;

/// What is looked at wherever the walk stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing that the person did is lost when the language changes.
    Switch,
    /// Everything fits that is longer, and all words are from the lists of words.
    Pseudo,
}

impl Look {
    async fn at(self, walk: &Walk, screen: &str, name: &str) {
        walk.wait_for(&[screen], STEP_LIMIT).await.unwrap();
        match self {
            Self::Switch => keeps_everything(walk, name).await,
            Self::Pseudo => has_room(walk, name).await,
        }
    }
}

async fn ask(walk: &Walk, script: &str) -> Value {
    walk.client().execute(script, vec![]).await.unwrap()
}

/// Waits until the page says that it is in this language.
async fn speaks(walk: &Walk, language: &str) {
    let end = tokio::time::Instant::now() + STEP_LIMIT;
    while ask(walk, "return document.documentElement.lang").await != language {
        assert!(tokio::time::Instant::now() < end, "the language does not change");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Changes the language without taking the focus, as somebody does whose keyboard stays where it is.
async fn switch(walk: &Walk, language: &str) {
    let click = format!("document.querySelector(\"[data-testid='language-{language}']\").click()");
    ask(walk, &click).await;
    speaks(walk, language).await;
}

async fn keeps_everything(walk: &Walk, name: &str) {
    let has_button = ask(walk, MARK).await;
    let before = ask(walk, STATE).await;
    assert_eq!(before["focus"], has_button, "{name}");
    for language in ["ru", "en", "kk"] {
        switch(walk, language).await;
        assert_eq!(
            ask(walk, STATE).await,
            before,
            "{name}: something is lost in {language}"
        );
    }
}

async fn has_room(walk: &Walk, name: &str) {
    ask(walk, "document.documentElement.setAttribute('data-pseudo', '')").await;
    switch(walk, "ru").await;
    switch(walk, "en").await;
    for size in [UPRIGHT, LYING] {
        resize(walk, size).await;
        let picture = Gallery::new(&format!("pseudo/{name}"), size)
            .folder
            .join("pseudo.png");
        walk.picture(&picture).await.unwrap();
        // Buttons scroll a page whose words are longer than the window.
        let found = misfits_if_scrolled(walk).await;
        assert_eq!(found, "", "{name} has no room at {size:?}");
    }
    assert_eq!(lines(walk, FOREIGN).await, "", "{name} has words of its own");
    ask(walk, "document.documentElement.removeAttribute('data-pseudo')").await;
    switch(walk, "kk").await;
    resize(walk, UPRIGHT).await;
}

/// A session that stops wherever a person can have done something: half an answer to each kind of question, half a number,
/// half a zone of a card, a capture that has begun.
async fn everywhere(look: Look, config: &Path) {
    let walk = Walk::start(Path::new(KIOSK), config).await.unwrap();
    if look == Look::Switch {
        // The consents are longer than this window.
        resize(&walk, LYING).await;
    }
    look.at(&walk, "welcome", "welcome").await;
    walk.touch("begin").await.unwrap();
    look.at(&walk, "service", "service").await;
    if walk.is_there("page-next").await.unwrap() {
        walk.touch("page-next").await.unwrap();
        look.at(&walk, "service", "service-page-2").await;
    }
    walk.touch("own-data").await.unwrap();
    look.at(&walk, "service", "own-data").await;
    walk.touch("own-data-back").await.unwrap();
    walk.choose("sim-registration").await.unwrap();
    for text in ["processing", "automated-decision", "nbas-enrolment"] {
        walk.wait_for_value("data-consent", text, STEP_LIMIT)
            .await
            .unwrap();
        look.at(&walk, "consent", &format!("consent-{text}")).await;
        walk.touch("consent-agree").await.unwrap();
        walk.wait_for_change("data-consent", text).await.unwrap();
    }
    asks(&walk, "subscriber").await;
    look.at(&walk, "field", "field-choice").await;
    walk.touch("choice-staff").await.unwrap();
    for (field, first, rest) in [
        ("bin", "050140", "000001"),
        ("new-number", "70123", "45678"),
        ("numbers", "1", "2"),
        ("purposes", "қала, ", "үй"),
        ("devices", "ме", "тр"),
    ] {
        asks(&walk, field).await;
        if matches!(field, "purposes" | "devices") {
            walk.touch("layout-kk").await.unwrap();
        }
        walk.type_on_screen(first).await.unwrap();
        look.at(&walk, "field", &format!("field-{field}")).await;
        walk.type_on_screen(rest).await.unwrap();
        walk.touch("field-next").await.unwrap();
    }
    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.touch("claim-by-zone").await.unwrap();
    walk.wait_for_value("data-way", "zone", STEP_LIMIT).await.unwrap();
    walk.type_on_screen("IDKAZ0412365878880412401006<<<8804")
        .await
        .unwrap();
    look.at(&walk, "claim", "zone").await;
    walk.touch("claim-by-iin").await.unwrap();
    walk.wait_for_value("data-way", "iin", STEP_LIMIT).await.unwrap();
    walk.type_on_screen(&IIN[..6]).await.unwrap();
    look.at(&walk, "claim", "claim").await;
    walk.type_on_screen(&IIN[6..]).await.unwrap();
    if walk.screen().await.unwrap() == "claim" {
        walk.touch("claim-next").await.unwrap();
    }
    look.at(&walk, "method", "method").await;
    walk.touch("method-face").await.unwrap();
    look.at(&walk, "face", "face").await;
    walk.touch("cancel").await.unwrap();
    walk.wait_for(&["outcome"], LIMIT).await.unwrap();
    look.at(&walk, "outcome", "outcome-withdrawn").await;
    walk.close().await.unwrap();
}

/// Waits until this field is asked for.
async fn asks(walk: &Walk, field: &str) {
    walk.wait_for_value("data-field", field, STEP_LIMIT)
        .await
        .unwrap();
}

fn walked(look: Look) {
    let _alone = alone();
    let (_folder, sitting) = sitting_still(&clip());
    let mut institution = Institution::found();
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/mobile-operator.toml");
    // A capture that waits for as long as is looked at it, without the colours of the screen.
    let policy = format!("challenge_window_ms = 120000\nlight = \"off\"\n{ALWAYS_OPEN}");
    let config = institution.kiosk_config(&sitting, &policy, UPRIGHT);
    run(everywhere(look, &config));
}

#[test]
fn the_language_changes_on_every_screen_and_nothing_is_lost() {
    assert_eq!(LANGUAGES, ["kk", "ru", "en"]);
    walked(Look::Switch);
}

#[test]
fn every_screen_has_room_for_longer_words_and_no_words_of_its_own() {
    walked(Look::Pseudo);
}
