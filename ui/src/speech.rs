//! Says what stands on the screen.
//!
//! It reads the page as a screen reader does: what is said is what is shown, so that neither can drift from the other,
//! and a new screen is spoken without a line here. What is said besides, such as how to go on, is shown as a caption.

mod page;

use std::cell::RefCell;
use std::collections::BTreeMap;

use ::ipc::speech::{Private, SpeechOrder, SpeechView, Spoken, Urgency, Utterance};
use ::ipc::{Entered, Intent, Language, Screen, View};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::ipc;
use crate::locale::{self, Key, LANGUAGES};
use crate::speech::page::{Control, Look, Region, Words};

/// What the bar of speech needs; found in the context.
#[derive(Clone, Copy)]
pub struct Speech {
    /// How it stands.
    pub state: RwSignal<SpeechView>,
    /// The words that are being said, to be read; private ones too, for they stand on the screen anyway.
    pub caption: Memo<String>,
}

/// What is remembered between two looks at the page.
#[derive(Default)]
struct Memory {
    number: u32,
    /// Which screen was announced.
    announced: Option<String>,
    /// Whether the next screen is announced with its keys.
    keys_due: bool,
    /// The words of each live region at the last look.
    regions: BTreeMap<usize, Vec<String>>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// Follows the page from now on, and provides [`Speech`].
pub fn provide(kiosk: Kiosk) {
    let state = RwSignal::new(SpeechView::default());
    let caption = Memo::new(move |_| {
        let saying = state.with(|state| state.saying);
        saying.map(caption_of).unwrap_or_default()
    });
    provide_context(Speech { state, caption });
    ipc::hear(move |new| {
        let old = state.get_untracked();
        state.set(new);
        if new.on && !old.on {
            if attracts(kiosk) {
                // A headset was plugged in: somebody is there, and the welcome is said when it is shown.
                MEMORY.with_borrow_mut(|memory| {
                    memory.announced = None;
                    memory.keys_due = true;
                });
                ipc::send(Intent::StayAlive);
            } else {
                announce(kiosk, true);
            }
        }
        if new.on && old.on && new.volume != old.volume {
            let arguments = vec![("step", new.volume.into()), ("of", new.volumes.into())];
            let words = locale::text(kiosk.language.get_untracked(), Key("speech-volume"), arguments);
            say(Urgency::Now, vec![public(kiosk, words)]);
        }
        let listens = kiosk
            .view
            .with_untracked(|view| view.as_ref().is_some_and(|view| listens(old, new, view)));
        if listens {
            ipc::touched();
        }
    });
    let is_on = move || state.with_untracked(|state| state.on);
    page::on_change(move || {
        if is_on() {
            look(kiosk);
        }
    });
    page::on_focus(move |control| {
        if is_on() {
            say(Urgency::Now, control_parts(kiosk, control));
        }
    });
    page::on_press(move |key| {
        if is_on() {
            typed(kiosk, key.as_deref());
        }
    });
    page::on_key(move |name| {
        let speech = state.get_untracked();
        if !speech.available {
            return false;
        }
        key(kiosk, speech, name)
    });
}

/// Whether somebody has listened to the end of something, and so is there. To the warning that the session ends nobody may be
/// listening any more, and before the screen that attracts nobody is.
fn listens(old: SpeechView, new: SpeechView, view: &View) -> bool {
    new.heard != old.heard && view.screen != Screen::Attract && view.idle_warning_s.is_none()
}

/// Whether nobody seems to be there.
fn attracts(kiosk: Kiosk) -> bool {
    kiosk
        .view
        .with_untracked(|view| view.as_ref().is_some_and(|view| view.screen == Screen::Attract))
}

/// What a key means to speech; gives whether it means nothing else.
fn key(kiosk: Kiosk, speech: SpeechView, name: &str) -> bool {
    match (name, speech.on) {
        ("F6", false) => ipc::speak(SpeechOrder::Start),
        ("F6", true) => announce(kiosk, true),
        ("F7", true) => ipc::speak(SpeechOrder::Repeat),
        ("F8", true) => ipc::speak(SpeechOrder::Stop),
        ("F9", true) => ipc::speak(SpeechOrder::Quieter),
        ("F10", true) => ipc::speak(SpeechOrder::Louder),
        ("ArrowDown" | "ArrowRight", true) => page::move_focus(true),
        ("ArrowUp" | "ArrowLeft", true) => page::move_focus(false),
        ("Backspace" | "Delete", true) if page::entry().is_some() => {
            say(
                Urgency::Now,
                vec![public(kiosk, text(kiosk, Key("speech-deleted")))],
            );
            return false;
        }
        (_, true) => {
            if name.chars().count() == 1 && page::entry().is_some() {
                typed(kiosk, Some(name));
            } else {
                ipc::speak(SpeechOrder::Interrupt);
            }
            return false;
        }
        _ => return false,
    }
    true
}

/// A character came into an entry, from a key or a touch; none where something else was touched.
fn typed(kiosk: Kiosk, character: Option<&str>) {
    let (Some(character), Some(entry)) = (character, page::entry()) else {
        return ipc::speak(SpeechOrder::Interrupt);
    };
    let is_digit = character.chars().all(|character| character.is_ascii_digit());
    if entry.digits_only && !is_digit {
        return ipc::speak(SpeechOrder::Interrupt);
    }
    let instead = text(
        kiosk,
        if is_digit {
            Key("speech-digit")
        } else {
            Key("speech-character")
        },
    );
    let part = if entry.masked {
        // A secret is nobody's to hear.
        public(kiosk, instead)
    } else {
        Spoken {
            language: kiosk.language.get_untracked(),
            text: Entered(character.to_owned()),
            private: Some(Private::Typed),
            instead: Some(instead),
        }
    };
    say(Urgency::Now, vec![part]);
}

/// Says what is new on the page: a screen, or what changed in a region that is marked as live.
fn look(kiosk: Kiosk) {
    if attracts(kiosk) {
        // It invites those who see it, over and over; whoever comes is told of the screen that then stands there.
        return MEMORY.with_borrow_mut(|memory| memory.announced = None);
    }
    let Some(seen) = page::look() else { return };
    let is_new = MEMORY.with_borrow(|memory| memory.announced.as_ref() != Some(&seen.name));
    if is_new {
        return announce_seen(kiosk, &seen, false);
    }
    for (at, region) in seen.regions.iter().enumerate() {
        let fresh = MEMORY.with_borrow_mut(|memory| fresh(memory.regions.entry(at).or_default(), region));
        if fresh.is_empty() {
            continue;
        }
        let mut parts = Vec::new();
        if region.alert {
            // An error names the field.
            parts.extend(seen.heading.first().map(|words| part(kiosk, words)));
        }
        parts.extend(fresh.iter().map(|words| part(kiosk, words)));
        say(urgency(region), parts);
    }
}

fn urgency(region: &Region) -> Urgency {
    match (region.alert, region.assertive) {
        (true, _) => Urgency::Now,
        (false, true) => Urgency::Newest,
        (false, false) => Urgency::Next,
    }
}

/// The words of a region that were not there before; remembers those that are.
fn fresh(before: &mut Vec<String>, region: &Region) -> Vec<Words> {
    let now: Vec<String> = region.words.iter().map(|words| words.text.clone()).collect();
    let fresh = region
        .words
        .iter()
        .filter(|words| !before.contains(&words.text))
        .cloned()
        .collect();
    *before = now;
    fresh
}

/// Says the whole screen, and with `keys` also which keys there are.
fn announce(kiosk: Kiosk, keys: bool) {
    match page::look() {
        Some(seen) => announce_seen(kiosk, &seen, keys),
        None => ipc::speak(SpeechOrder::Interrupt),
    }
}

fn announce_seen(kiosk: Kiosk, seen: &Look, keys: bool) {
    let keys = keys || MEMORY.with_borrow_mut(|memory| std::mem::take(&mut memory.keys_due));
    MEMORY.with_borrow_mut(|memory| {
        memory.announced = Some(seen.name.clone());
        memory.regions = seen
            .regions
            .iter()
            .enumerate()
            .map(|(at, region)| (at, region.words.iter().map(|words| words.text.clone()).collect()))
            .collect();
    });
    let mut parts: Vec<Spoken> = seen
        .heading
        .iter()
        .chain(&seen.body)
        .map(|words| part(kiosk, words))
        .collect();
    let how = match (seen.warning, page::entry().is_some(), seen.choices) {
        (true, ..) => Some(Key("speech-how-stay")),
        (false, true, _) => Some(Key("speech-how-type")),
        (false, false, true) => Some(Key("speech-how-choose")),
        (false, false, false) => None,
    };
    let added = how.into_iter().chain(keys.then_some(Key("speech-keys")));
    // Nobody has chosen a language yet on the first screen.
    let all = kiosk
        .view
        .with_untracked(|view| view.as_ref().is_some_and(|view| view.screen == Screen::Welcome));
    let now = kiosk.language.get_untracked();
    for key in added {
        let languages = LANGUAGES.into_iter().filter(|language| all || *language == now);
        parts.extend(languages.map(|language| in_language(language, locale::text(language, key, vec![]))));
    }
    say(Urgency::Now, parts);
}

/// Name, kind and state of the control that has the focus.
fn control_parts(kiosk: Kiosk, control: Control) -> Vec<Spoken> {
    let mut parts: Vec<Spoken> = control.name.iter().map(|words| part(kiosk, words)).collect();
    if control.is_button {
        parts.push(public(kiosk, text(kiosk, Key("speech-button"))));
    }
    if let Some(pressed) = control.pressed {
        let key = if pressed {
            Key("speech-pressed")
        } else {
            Key("speech-not-pressed")
        };
        parts.push(public(kiosk, text(kiosk, key)));
    }
    parts
}

fn part(kiosk: Kiosk, words: &Words) -> Spoken {
    let shown = kiosk.language.get_untracked();
    let language = words.language.as_deref().and_then(|tag| {
        LANGUAGES
            .into_iter()
            .find(|language| locale::tag(*language) == tag)
    });
    Spoken {
        language: language.unwrap_or(shown),
        text: Entered(words.text.clone()),
        private: words.private.then_some(Private::Shown),
        instead: words.private.then(|| text(kiosk, Key("speech-private-shown"))),
    }
}

fn public(kiosk: Kiosk, text: String) -> Spoken {
    in_language(kiosk.language.get_untracked(), text)
}

fn in_language(language: Language, text: String) -> Spoken {
    Spoken {
        language,
        text: Entered(text),
        private: None,
        instead: None,
    }
}

fn text(kiosk: Kiosk, key: Key) -> String {
    locale::text(kiosk.language.get_untracked(), key, vec![])
}

fn say(urgency: Urgency, parts: Vec<Spoken>) {
    let number = MEMORY.with_borrow_mut(|memory| {
        memory.number = memory.number.wrapping_add(1);
        memory.number
    });
    remember(number, &parts);
    ipc::speak(SpeechOrder::Say {
        utterance: Utterance {
            number,
            urgency,
            parts,
        },
    });
}

/// So many utterances can wait or be repeated and still have a caption.
const REMEMBERED: usize = 8;

thread_local! {
    static SAID: RefCell<Vec<(u32, Vec<Spoken>)>> = const { RefCell::new(Vec::new()) };
}

fn remember(number: u32, parts: &[Spoken]) {
    SAID.with_borrow_mut(|said| {
        if said.len() == REMEMBERED {
            said.remove(0);
        }
        said.push((number, parts.to_vec()));
    });
}

/// Forgets what was said: the session is over.
pub fn forget() {
    SAID.with_borrow_mut(Vec::clear);
}

fn caption_of(caption: ::ipc::speech::Caption) -> String {
    SAID.with_borrow(|said| {
        let (_, parts) = said.iter().find(|(number, _)| *number == caption.utterance)?;
        let part = parts.get(usize::try_from(caption.part).ok()?)?;
        match (caption.instead, part.private) {
            (true, _) => part.instead.clone(),
            // What was typed stands in the entry, or is masked there.
            (false, Some(Private::Typed)) => None,
            (false, _) => Some(part.text.0.clone()),
        }
    })
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::without_shell;

    fn region(words: &[&str]) -> Region {
        let words = words.iter().map(|text| Words {
            text: (*text).to_owned(),
            language: None,
            private: false,
        });
        Region {
            words: words.collect(),
            alert: false,
            assertive: false,
        }
    }

    /// A long consent can be heard to its end; the warning does not keep a session alive for which nobody is there.
    #[test]
    fn whoever_listens_is_there_but_not_to_the_warning() {
        let view = |screen, idle_warning_s| View {
            screen,
            idle_warning_s,
            ..without_shell()
        };
        let heard = |heard| SpeechView {
            heard,
            ..SpeechView::default()
        };
        let claim = || Screen::Claim { error: None };
        let check = |before, after, screen, warning, expect| {
            assert_eq!(
                listens(heard(before), heard(after), &view(screen, warning)),
                expect,
                "{before} {after} {warning:?}"
            );
        };
        check(3, 4, claim(), None, true);
        check(3, 4, Screen::Welcome, None, true);
        check(3, 3, claim(), None, false);
        check(3, 4, claim(), Some(20), false);
        check(3, 4, claim(), Some(1), false);
        check(3, 4, Screen::Attract, None, false);
    }

    #[test]
    fn only_what_is_new_in_a_region_is_said_again() {
        let mut before = Vec::new();
        let mut check = |words: &[&str], expect: &[&str]| {
            let fresh = fresh(&mut before, &region(words));
            let fresh: Vec<&str> = fresh.iter().map(|words| words.text.as_str()).collect();
            assert_eq!(fresh, expect);
        };
        check(
            &["Turn left", "Then look straight"],
            &["Turn left", "Then look straight"],
        );
        check(&["Turn right", "Then look straight"], &["Turn right"]);
        check(&["Turn right", "Then look straight"], &[]);
        check(&[], &[]);
        check(&["Turn right"], &["Turn right"]);
    }

    #[test]
    fn an_error_takes_the_place_of_all_and_a_prompt_of_older_prompts() {
        let of = |alert, assertive| {
            urgency(&Region {
                words: Vec::new(),
                alert,
                assertive,
            })
        };
        assert_eq!(of(true, false), Urgency::Now);
        assert_eq!(of(false, true), Urgency::Newest);
        assert_eq!(of(false, false), Urgency::Next);
    }
}
