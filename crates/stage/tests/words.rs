//! The words of every screen in the real web view: whether there is room for longer ones, whether all come from the lists of
//! words, and whether they change with the language without taking anything from the person.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use common::{found, nothing, out_of_reach, tell};
use ipc::Language;
use stage::fixtures::{all, named};
use stage::{Look, Size};
use walk::page::{FOREIGN, MARK, STATE, misfits};

const PSEUDO: &str = "document.documentElement.setAttribute('data-pseudo', ''); return true;";

/// What devices, files and the institution's own names say of themselves on the desk of the staff: it begins so.
const OWN_NAMES: [&str; 6] = [
    "Integrated Camera",
    "HD Pro Webcam",
    "usb ",
    "kiosk-0001",
    "bank 4f1c2a9e",
    "espeak-ng",
];

/// A language that is longer than any other fits on every screen in every size, what is below comes by the buttons that scroll,
/// and no word on one comes from elsewhere than from the lists of words.
#[test]
fn every_screen_has_room_for_longer_words_and_no_words_of_its_own() {
    let mut wrong = Vec::new();
    for size in Size::ALL {
        tell(size, async |stage| {
            // Before the first view, so that none is drawn in the usual words.
            stage.ask(PSEUDO).await.unwrap();
            let look = Look::plain(Language::En);
            for fixture in all() {
                stage.show_as(&fixture, look).await.unwrap();
                let mut here = found(stage, &misfits(true)).await;
                let missing = out_of_reach(stage).await;
                here.extend(missing.iter().map(|name| format!("out of reach: {name}")));
                let mut foreign = found(stage, FOREIGN).await;
                foreign.retain(|words| !OWN_NAMES.iter().any(|own| words.starts_with(own)));
                here.extend(foreign.iter().map(|words| format!("not of the lists: {words}")));
                wrong.extend(here.iter().map(|what| format!("{size} {}: {what}", fixture.name)));
            }
        });
    }
    nothing(&wrong);
}

/// The words of the page that are seen or spoken, and what the page says its language is.
const WORDS: &str = r"
    const words = [document.documentElement.lang];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim();
        if (text && !texts.currentNode.parentElement.closest('script, style')) words.push(text);
    }
    for (const element of document.querySelectorAll('[aria-label]')) words.push(element.getAttribute('aria-label'));
    return words.join('\n');";

const LANGUAGES: [Language; 3] = [Language::Kk, Language::Ru, Language::En];

/// Begins an entry, where the screen has keys for one; gives whether it has. A layout that was chosen stays.
const BEGIN_ENTRY: &str = r"
    document.querySelector('[data-testid=layout-kk]')?.click();
    const letters = [...document.querySelectorAll('.keyboard__row:nth-child(n + 2) .key:not(.key--wide)')];
    const digits = ['key-7', 'key-0', 'key-1'].map(key => document.querySelector(`[data-testid=${key}]`));
    const keys = letters.length > 0 ? letters.slice(2, 5) : digits;
    if (keys.includes(null)) return false;
    for (const key of keys) key.click();
    return true;";

/// In the middle of every screen the language changes: all words are then those that the screen has from the beginning in the
/// other language, and nothing that the person did is lost.
#[test]
fn the_language_changes_on_every_screen_and_nothing_is_lost() {
    tell(Size::DESK, async |stage| {
        let [attract, progress] = ["attract", "progress-camera"].map(|name| named(name).unwrap());
        let mut wrong = Vec::new();
        let mut entries = 0;
        for fixture in all() {
            // Between two screens of one kind stands another, so that nothing of the first stays.
            let other = if fixture.kind() == attract.kind() {
                &progress
            } else {
                &attract
            };
            let [kk, ru, en] = LANGUAGES.map(|language| fixture.view(Look::plain(language)));
            let mut fresh = Vec::new();
            for view in [&ru, &en, &kk] {
                stage.show(&other.view(Look::plain(view.language))).await.unwrap();
                stage.show(view).await.unwrap();
                fresh.push(stage.ask(WORDS).await.unwrap());
            }
            if fresh[0] == fresh[1] || fresh[1] == fresh[2] {
                wrong.push(format!("{} has the same words in two languages", fixture.name));
            }
            let typed = stage.ask(BEGIN_ENTRY).await.unwrap() == true;
            entries += u32::from(typed);
            let has_button = stage.ask(MARK).await.unwrap();
            let before = stage.ask(STATE).await.unwrap();
            if before["focus"] != has_button && !fixture.is_covered() {
                wrong.push(format!("{}: its last button takes no focus", fixture.name));
            }
            for (view, words) in [&ru, &en, &kk].into_iter().zip(&fresh) {
                stage.show(view).await.unwrap();
                let language = view.language;
                // What an entry says of itself follows from what was typed, and the first words were said of none.
                if !typed && stage.ask(WORDS).await.unwrap() != *words {
                    wrong.push(format!("{}: not all words change to {language:?}", fixture.name));
                }
                let after = stage.ask(STATE).await.unwrap();
                if after != before {
                    wrong.push(format!(
                        "{}: {before} became {after} in {language:?}",
                        fixture.name
                    ));
                }
            }
        }
        assert!(entries > 20, "only {entries} entries were begun");
        nothing(&wrong);
    });
}
