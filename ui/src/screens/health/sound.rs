//! The page of the sound: with what the kiosk speaks, and how that sounds.

use ::ipc::{Desk, Language, Pack, Sound, SoundFrom, SoundTrial, VoiceHealth, Wish};
use leptos::prelude::*;

use super::wish;
use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::components::scrolled::Scrolled;
use crate::locale::{self, Key, LANGUAGES};

/// A number that no pack holds, so that the synthesiser is heard too.
const NUMBER: &str = "4785";

/// Device, headset, volume, pack and synthesiser; each language, with a phrase to be played.
#[component]
pub fn SoundShown(desk: Memo<Desk>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let sound = Memo::new(move |_| desk.with(|desk| desk.sound.clone()));
    let figure = move |name: &'static str, key: Key, value: fn(&Sound, Language) -> String| {
        view! {
            <div class="figure">
                <dt>{kiosk.say(key)}</dt>
                <dd data-testid=name>{move || sound.with(|sound| value(sound, kiosk.language.get()))}</dd>
            </div>
        }
    };
    let row = move |language: Language| {
        let found = Memo::new(move |_| {
            sound.with(|sound| {
                let mut languages = sound.languages.iter();
                languages.find(|of| of.language == language).copied()
            })
        });
        let held = Memo::new(move |_| sound.with(|sound| matches!(sound.pack, Pack::Holds { .. })));
        view! {
            <li class="offer" data-language=locale::tag(language) data-whole=move || is_whole(found.get(), held.get()).to_string()>
                <span class="offer__words">
                    <strong lang=locale::tag(language)>{locale::text(language, Key("language-name"), vec![])}</strong>
                    <span lang=locale::tag(language)>{phrase(language)}</span>
                    {move || {
                        lines(found.get(), held.get(), kiosk.language.get())
                            .into_iter()
                            .map(|(glyph, text)| {
                                view! {
                                    <span class="offer__state">
                                        <Icon glyph />
                                        <span>{text}</span>
                                    </span>
                                }
                            })
                            .collect_view()
                    }}
                </span>
                <button
                    type="button"
                    class="button"
                    data-testid=format!("play-{}", locale::tag(language))
                    disabled=move || sound.with(|sound| !sound.is_set_up)
                    on:focus=reveal
                    on:click=move |_| {
                        let text = phrase(language);
                        wish(Wish::TrySound { language, text });
                    }
                >
                    {kiosk.say(Key("sound-play"))}
                </button>
            </li>
        }
    };
    view! {
        <p data-testid="sound-trial" data-trial=move || sound.with(|sound| trial_words(sound).0) aria-live="polite">
            {move || sound.with(|sound| kiosk.say(trial_words(sound).1)())}
        </p>
        <Scrolled testid="sound-scroll">
            <dl class="figures" aria-label=kiosk.say(Key("desk-sound"))>
                {figure("sound-device", Key("sound-device"), |sound, language| {
                    let state = if sound.has_device { Key("state-works") } else { Key("state-fails") };
                    locale::text(language, state, vec![])
                })}
                {figure("sound-headset", Key("sound-headset"), |sound, language| {
                    let state = if sound.has_headset { Key("sound-plugged") } else { Key("sound-unplugged") };
                    locale::text(language, state, vec![])
                })}
                {figure("sound-volume", Key("sound-volume"), |sound, language| {
                    let step = vec![
                        ("step", sound.volume.to_string().into()),
                        ("of", sound.volumes.to_string().into()),
                    ];
                    locale::text(language, Key("sound-step"), step)
                })}
                {figure("sound-pack", Key("sound-pack"), |sound, language| match sound.pack {
                    Pack::Unknown => locale::text(language, Key("figure-unknown"), vec![]),
                    Pack::None => locale::text(language, Key("sound-none"), vec![]),
                    Pack::Unusable => locale::text(language, Key("sound-unusable"), vec![]),
                    Pack::Holds { phrases } => locale::grouped(language, &phrases.to_string()),
                })}
                {figure("sound-engine", Key("sound-engine"), |sound, language| {
                    match (sound.engine.as_str(), sound.pack) {
                        ("", Pack::Unknown) => locale::text(language, Key("figure-unknown"), vec![]),
                        ("", _) => locale::text(language, Key("sound-none"), vec![]),
                        (engine, _) => engine.to_owned(),
                    }
                })}
            </dl>
            <ul class="offers__list" aria-label=kiosk.say(Key("sound-languages"))>
                {LANGUAGES.map(row).collect_view()}
            </ul>
        </Scrolled>
    }
}

/// Whoever comes by keys sees the whole control: the browser leaves a part of it beyond the edge of what scrolls.
fn reveal(event: web_sys::FocusEvent) {
    event_target::<web_sys::Element>(&event).scroll_into_view_with_bool(false);
}

/// What is played: words of the pack, and a number for the synthesiser.
fn phrase(language: Language) -> String {
    locale::text(language, Key("sound-phrase"), vec![("number", NUMBER.into())])
}

/// Whether all is there of a language; `held` is whether there is a pack.
fn is_whole(found: Option<VoiceHealth>, held: bool) -> bool {
    found.is_some_and(|of| of.is_synthesised && (!held || of.found == of.wanted))
}

/// What is there of a language, and what is wrong with it.
fn lines(found: Option<VoiceHealth>, held: bool, language: Language) -> Vec<(Glyph, String)> {
    let Some(of) = found else { return Vec::new() };
    let say = |key, arguments| locale::text(language, key, arguments);
    let sign = |well| if well { Glyph::Check } else { Glyph::Exclamation };
    let mut lines = Vec::new();
    if held {
        let counts = vec![
            ("found", locale::grouped(language, &of.found.to_string()).into()),
            ("wanted", locale::grouped(language, &of.wanted.to_string()).into()),
        ];
        let is_present = of.found == of.wanted;
        lines.push((sign(is_present), say(Key("sound-found"), counts)));
        if !is_present {
            lines.push((Glyph::Exclamation, say(Key("sound-older"), vec![])));
        }
    }
    let engine = if of.is_synthesised {
        Key("sound-speaks")
    } else {
        Key("sound-speaks-not")
    };
    lines.push((sign(of.is_synthesised), say(engine, vec![])));
    lines
}

fn trial_words(sound: &Sound) -> (&'static str, Key) {
    match sound.trial {
        _ if !sound.is_set_up => ("not-set-up", Key("sound-not-set-up")),
        SoundTrial::Nothing => ("nothing", Key("sound-trial-nothing")),
        SoundTrial::Playing => ("playing", Key("sound-trial-playing")),
        SoundTrial::Played { .. } if !sound.has_device => ("unheard", Key("sound-trial-unheard")),
        SoundTrial::Played { from } => match from {
            SoundFrom::Pack => ("pack", Key("sound-trial-pack")),
            SoundFrom::Engine => ("engine", Key("sound-trial-engine")),
            SoundFrom::Both => ("both", Key("sound-trial-both")),
            SoundFrom::Missing => ("missing", Key("sound-trial-missing")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A language that the pack lacks something of is told in words, not by its sign alone.
    #[test]
    fn what_is_missing_is_said() {
        let voice = |found, is_synthesised| {
            Some(VoiceHealth {
                language: Language::Kk,
                wanted: 1_204,
                found,
                is_synthesised,
            })
        };
        let said = |found, held| {
            let lines = lines(found, held, Language::En);
            lines.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert!(is_whole(voice(1_204, true), true) && is_whole(voice(0, true), false));
        assert!(
            !is_whole(voice(1_203, true), true)
                && !is_whole(voice(1_204, false), true)
                && !is_whole(None, true)
        );
        let whole = said(voice(1_204, true), true);
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[0], "Recorded phrases: 1,204 of 1,204");
        let older = said(voice(1_203, true), true);
        assert_eq!(older.len(), 3);
        assert_ne!(said(voice(0, true), false), said(voice(0, false), false));
        assert!(said(None, true).is_empty());
    }

    /// What comes out of no device is not called played.
    #[test]
    fn nothing_is_heard_without_a_device() {
        let told = |has_device, from| {
            let trial = SoundTrial::Played { from };
            let sound = Sound {
                is_set_up: true,
                has_device,
                trial,
                ..Sound::default()
            };
            trial_words(&sound).0
        };
        assert_eq!(told(true, SoundFrom::Pack), "pack");
        assert_eq!(told(false, SoundFrom::Pack), "unheard");
        assert_eq!(told(false, SoundFrom::Missing), "unheard");
    }

    /// The phrase needs both: words that a pack can hold, and a number that it does not.
    #[test]
    fn the_phrase_has_words_and_a_large_number() {
        for language in LANGUAGES {
            let phrase = phrase(language);
            assert!(phrase.contains(NUMBER), "{phrase}");
            assert!(
                phrase.chars().filter(|letter| letter.is_alphabetic()).count() > 10,
                "{phrase}"
            );
        }
    }
}
