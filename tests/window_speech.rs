//! A whole session without sight: the walker presses keys and knows of the screens only what is said.
//!
//! A display must be there, and eSpeak NG; `cargo xtask test` brings both. The phrases are rendered once and kept in
//! `tmp` of the target folder.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Clip, IIN, Institution, LIMIT, PROFILE, alone, clip, offered};
use gallery::{Gallery, KIOSK, LYING, UPRIGHT, run};
use serde::Deserialize;
use speech::builder;
use speech::engine::Program;
use walk::{STEP_LIMIT, Walk};

/// A line of the log of speech.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    n: u64,
    language: Option<String>,
    text: Option<String>,
    found: Option<String>,
    private: Option<String>,
    volume: Option<u8>,
    interrupted: Option<bool>,
}

fn locales() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("locales")
}

/// The pack of the screens and of the profile of the stories.
fn pack() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phrases.pack");
    let mut phrases = builder::phrases(&locales()).unwrap();
    phrases.extend(builder::phrases_of_profile(Path::new(PROFILE)).unwrap());
    builder::build(&phrases, &mut Program::espeak(), &path).unwrap();
    path
}

/// A message without variables, as it stands in the locale files.
fn message(language: &str, key: &str) -> String {
    ["kiosk.ftl", "consents.ftl", "speech.ftl"]
        .into_iter()
        .find_map(|file| {
            let text = std::fs::read_to_string(locales().join(language).join(file)).unwrap();
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.map(str::to_owned)
        })
        .unwrap_or_else(|| panic!("{language} has no {key}"))
}

/// Somebody who hears and does not see.
struct Listener {
    walk: Walk,
    log: PathBuf,
    plug: PathBuf,
    /// Lines that were listened to.
    heard: usize,
    language: &'static str,
}

impl Listener {
    async fn before(institution: &Institution, clip: &Clip, size: (u32, u32)) -> Self {
        let policy = format!("{}\nidentification_patience_ms = 60000", offered(clip));
        let config = institution.kiosk_config(clip, &policy, size);
        let listener = Self::at(institution, &config).await;
        // Whoever cannot see finds the kiosk running, and hears nothing before the first key.
        listener.walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        listener
    }

    /// Before a kiosk with this configuration, to which a voice is added.
    async fn at(institution: &Institution, config: &Path) -> Self {
        let folder = institution.folder.path();
        let (log, plug) = (folder.join("said.jsonl"), folder.join("plug"));
        let text = std::fs::read_to_string(config).unwrap();
        let table = format!(
            "{text}\n[speech]\npack = {:?}\nlog = {log:?}\nheadset = \"file:{}\"\n",
            pack(),
            plug.display()
        );
        std::fs::write(config, table).unwrap();
        let walk = Walk::start(Path::new(KIOSK), config).await.unwrap();
        walk.client()
            .wait()
            .for_element(walk::css("[data-testid='speech']"))
            .await
            .unwrap();
        Self {
            walk,
            log,
            plug,
            heard: 0,
            language: "kk",
        }
    }

    fn lines(&self) -> Vec<Line> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The last line may not be whole yet.
        let whole = text
            .rfind('\n')
            .map_or("", |end| text.get(..=end).unwrap_or_default());
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Listens on until a line is right.
    async fn hears_line(
        &mut self,
        what: &str,
        limit: Duration,
        right: impl Fn(&Line) -> bool,
    ) -> Option<Line> {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let lines = self.lines();
            if let Some(at) = lines.iter().skip(self.heard).position(&right) {
                self.heard += at + 1;
                return lines.get(self.heard - 1).cloned();
            }
            if tokio::time::Instant::now() >= end {
                println!(
                    "{what} was not heard; the last: {:?}",
                    lines.iter().rev().take(6).collect::<Vec<_>>()
                );
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn hears_text(&mut self, text: &str, limit: Duration) -> Line {
        let right = |line: &Line| line.text.as_deref() == Some(text);
        self.hears_line(text, limit, right)
            .await
            .unwrap_or_else(|| panic!("{text} was not said"))
    }

    async fn hears(&mut self, key: &str, limit: Duration) -> Line {
        let text = message(self.language, key);
        let line = self.hears_text(&text, limit).await;
        assert_eq!(line.language.as_deref(), Some(self.language), "{text}");
        assert_eq!(line.found.as_deref(), Some("pack"), "{text}");
        line
    }

    /// Waits until no screen is spoken any more.
    async fn is_left_in_silence(&self) {
        let off = walk::css("[data-testid='speech'][aria-pressed='false']");
        let client = self.walk.client();
        client.wait().at_most(STEP_LIMIT).for_element(off).await.unwrap();
    }

    async fn presses(&self, key: &str) {
        self.walk.press(key).await.unwrap();
    }

    /// Goes from control to control until one of this name is said, and presses it.
    async fn chooses_text(&mut self, text: &str) {
        for _ in 0..60 {
            self.heard = self.lines().len();
            self.presses("Tab").await;
            let begun = |line: &Line| line.text.is_some() && line.interrupted.is_none();
            // Between the last control and the first one nothing may have the focus.
            let Some(line) = self.hears_line("a control", Duration::from_secs(3), begun).await else {
                continue;
            };
            if line.text.as_deref() == Some(text) {
                return self.presses("Enter").await;
            }
        }
        panic!("no control is called {text}");
    }

    async fn chooses(&mut self, key: &str) {
        let text = message(self.language, key);
        self.chooses_text(&text).await;
    }

    /// From the welcome to the entry of the IIN.
    async fn goes_to_the_claim(&mut self, service: &str) {
        self.chooses("welcome-begin").await;
        self.hears("service-title", STEP_LIMIT).await;
        self.chooses_text(service).await;
        for text in ["processing", "automated-decision"] {
            self.hears(&format!("consent-{text}-title"), STEP_LIMIT).await;
            self.chooses("consent-agree").await;
        }
        self.hears("claim-title", STEP_LIMIT).await;
    }

    async fn types(&mut self, digits: &str, right: impl Fn(&Line) -> bool) {
        for digit in digits.chars() {
            self.heard = self.lines().len();
            self.presses(&digit.to_string()).await;
            self.hears_line("a digit", STEP_LIMIT, &right)
                .await
                .expect("each digit is answered");
        }
    }

    /// From the method to the outcome. Where the machine is so busy that the camera's pictures jump, the attempt fails, which
    /// is said; then they try again as everybody may, by what they hear.
    async fn is_verified(&mut self) {
        self.hears("method-title", STEP_LIMIT).await;
        self.chooses("method-face").await;
        self.hears("face-title", LIMIT).await;
        let prompts: Vec<String> = [
            "prompt-turn-left",
            "prompt-turn-right",
            "prompt-look-up",
            "prompt-look-down",
            "prompt-blink",
            "prompt-open-mouth",
            "prompt-smile",
        ]
        .map(|key| message(self.language, key))
        .into();
        let verified = message(self.language, "outcome-verified");
        let failed = message(self.language, "attempt-failed-title");
        let mut was_asked = false;
        loop {
            let telling = |line: &Line| {
                line.text
                    .as_ref()
                    .is_some_and(|text| *text == verified || *text == failed || prompts.contains(text))
            };
            let line = self.hears_line("how it goes on", LIMIT, telling).await;
            let line = line.expect("it goes on");
            assert_eq!(line.language.as_deref(), Some(self.language));
            assert_eq!(line.found.as_deref(), Some("pack"));
            let text = line.text.unwrap_or_default();
            if text == verified {
                break;
            }
            if text == failed {
                self.chooses("retry").await;
            } else {
                was_asked = true;
            }
        }
        assert!(was_asked, "actions are asked for aloud");
    }
}

/// The IIN as it would have been heard, digit by digit or whole.
fn tells_the_iin(lines: &[Line]) -> bool {
    let digits: String = lines
        .iter()
        .filter_map(|line| line.text.as_deref())
        .filter(|text| text.chars().all(|letter| letter.is_ascii_digit()))
        .collect();
    let whole = lines
        .iter()
        .any(|line| line.text.as_ref().is_some_and(|text| text.contains(IIN)));
    whole || digits.contains(IIN)
}

/// Chooses the language by its own name, and ends at the outcome.
async fn a_session_in(language: &'static str, service: &str, institution: &Institution, clip: &Clip) {
    let mut person = Listener::before(institution, clip, UPRIGHT).await;
    assert!(person.lines().is_empty(), "a kiosk that nobody asked is silent");
    person.presses("F6").await;
    person.hears("welcome-greeting", STEP_LIMIT).await;
    if language != "kk" {
        person.language = language;
        person.chooses("language-name").await;
        person.hears("welcome-intro", STEP_LIMIT).await;
    }
    person.goes_to_the_claim(service).await;
    let instead = message(language, "speech-digit");
    person
        .types(IIN, |line| line.text.as_ref() == Some(&instead))
        .await;
    person.presses("Enter").await;
    person.is_verified().await;
    // The number of the record is not for the room.
    person.hears("speech-private-shown", STEP_LIMIT).await;
    let lines = person.lines();
    assert!(
        lines.iter().all(|line| line.private.is_none()),
        "nothing private was heard"
    );
    assert!(!tells_the_iin(&lines));
    assert!(
        lines.iter().all(|line| line.found.as_deref() != Some("missing")),
        "all could be said"
    );
    person.chooses("finish").await;
    person.walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    person.walk.close().await.unwrap();
}

#[test]
fn a_whole_session_by_speech_alone() {
    let _alone = alone();
    let clip = clip();
    for (language, service) in [
        ("kk", "Шот ашу"),
        ("ru", "Открытие счёта"),
        ("en", "Open an account"),
    ] {
        let mut institution = Institution::found();
        institution.open_gateway();
        run(a_session_in(language, service, &institution, &clip));
        assert_eq!(institution.documents().len(), 1, "{language}");
    }
}

/// What only a headset hears, what a new person finds, and what a key interrupts.
async fn has_a_headset(institution: &Institution, clip: &Clip) {
    let mut person = Listener::before(institution, clip, LYING).await;
    // Plugging it in begins speech.
    std::fs::write(&person.plug, "1").unwrap();
    let welcome = person.hears("welcome-greeting", STEP_LIMIT).await;
    let volume = welcome.volume.unwrap();
    for (key, wanted) in [("F10", volume + 1), ("F10", volume + 2), ("F9", volume + 1)] {
        person.presses(key).await;
        let so_loud = |line: &Line| line.volume == Some(wanted);
        let heard = person.hears_line("another volume", STEP_LIMIT, so_loud).await;
        assert!(heard.is_some(), "{key} makes it {wanted}");
    }
    person.presses("F6").await;
    let first = person.hears("welcome-greeting", STEP_LIMIT).await;
    person.presses("F7").await;
    let again = person.hears("welcome-greeting", STEP_LIMIT).await;
    assert!(again.n > first.n);
    person.presses("F8").await;
    let stopped = |line: &Line| line.n >= again.n && line.interrupted == Some(true);
    person
        .hears_line("the silence", STEP_LIMIT, stopped)
        .await
        .unwrap();
    person.goes_to_the_claim("Шот ашу").await;
    person
        .types(IIN, |line| line.private.as_deref() == Some("typed"))
        .await;
    let written = std::fs::read_to_string(&person.log).unwrap();
    assert!(!written.contains(IIN));
    assert!(
        person
            .lines()
            .iter()
            .all(|line| line.private.is_none() || line.text.is_none())
    );
    assert!(
        !tells_the_iin(&person.lines()),
        "what is private is said and not written down"
    );
    // Pulled out, and the same screen says no digit any more.
    std::fs::write(&person.plug, "0").unwrap();
    person.is_left_in_silence().await;
    person.presses("F6").await;
    person.hears("claim-title", STEP_LIMIT).await;
    let instead = message("kk", "speech-digit");
    person.presses("Backspace").await;
    person.hears("speech-deleted", STEP_LIMIT).await;
    person
        .types("6", |line| line.text.as_ref() == Some(&instead))
        .await;
    // The session ends; the next person begins with the volume of everybody.
    person.chooses("cancel").await;
    person.hears("outcome-withdrawn", STEP_LIMIT).await;
    person.chooses("finish").await;
    person.walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    person.is_left_in_silence().await;
    person.presses("F6").await;
    let next = person.hears("welcome-greeting", STEP_LIMIT).await;
    assert_eq!(next.volume, Some(volume));
    person.walk.close().await.unwrap();
}

#[test]
fn private_words_volume_and_silence() {
    let _alone = alone();
    run(has_a_headset(&Institution::found(), &clip()));
}

/// Whoever does not hear reads: each word that is said stands on the page while it is said.
async fn can_be_read(institution: &Institution, clip: &Clip, size: (u32, u32)) {
    let mut person = Listener::before(institution, clip, size).await;
    let gallery = Gallery::new("speech", size);
    gallery
        .show_in(&person.walk, "welcome", "invitation", "normal")
        .await;
    person.walk.touch("language-kk").await.unwrap();
    gallery.wait_for_language(&person.walk, "kk").await;
    stands_there(&mut person, "kk", 6).await;
    person.walk.touch("begin").await.unwrap();
    gallery
        .show_in(&person.walk, "service", "service", "normal")
        .await;
    person.walk.touch("service-account-opening").await.unwrap();
    gallery
        .show_in(&person.walk, "consent", "consent", "normal")
        .await;
    stands_there(&mut person, "en", 5).await;
    person.walk.touch("consent-agree").await.unwrap();
    person
        .walk
        .wait_for_change("data-consent", "processing")
        .await
        .unwrap();
    person.walk.touch("consent-agree").await.unwrap();
    person.walk.touch("contrast").await.unwrap();
    gallery.show_in(&person.walk, "claim", "claim", "high").await;
    person.walk.touch("contrast").await.unwrap();
    let (right, last) = IIN.split_at(IIN.len() - 1);
    let mistyped = if last == "7" { "8" } else { "7" };
    person.heard = person.lines().len();
    person
        .walk
        .enter_iin(&format!("{right}{mistyped}"))
        .await
        .unwrap();
    let error = message("en", "claim-error-check-digit");
    person.hears_text(&error, STEP_LIMIT).await;
    is_read(&person.walk, &error).await;
    person.walk.touch("key-delete").await.unwrap();
    person.walk.enter_iin(last).await.unwrap();
    gallery.show_in(&person.walk, "method", "method", "normal").await;
    person.walk.touch("cancel").await.unwrap();
    person.walk.wait_for(&["outcome"], STEP_LIMIT).await.unwrap();
    stands_there(&mut person, "en", 2).await;
    person.walk.close().await.unwrap();
}

/// Has the screen said once more, and reads so many things that are said.
async fn stands_there(person: &mut Listener, language: &str, count: usize) {
    person.heard = person.lines().len();
    person.presses("F6").await;
    let begun = |line: &Line| line.text.is_some() && line.language.as_deref() == Some(language);
    for _ in 0..count {
        let line = person.hears_line("words", STEP_LIMIT, begun).await;
        let text = line.and_then(|line| line.text).expect("the screen is said");
        is_read(&person.walk, &text).await;
    }
}

async fn is_read(walk: &Walk, text: &str) {
    let end = tokio::time::Instant::now() + STEP_LIMIT;
    while !shown(walk).await.contains(text) {
        assert!(
            tokio::time::Instant::now() < end,
            "{text:?} does not stand on the page"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn shown(walk: &Walk) -> String {
    let text = walk
        .client()
        .execute("return document.body.innerText", vec![])
        .await
        .unwrap();
    text.as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn all_that_is_said_can_be_read() {
    let _alone = alone();
    let clip = clip();
    for size in [UPRIGHT, LYING] {
        run(can_be_read(&Institution::found(), &clip, size));
    }
}
