//! The strip at the top: what can be done at any time.

use ::ipc::{Intent, Language, Screen, Stage};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::calm::CalmChip;
use crate::components::icon::{Glyph, Icon};
use crate::components::sight::SightChips;
use crate::components::speech::SpeechChip;
use crate::components::staff::Brand;
use crate::ipc;
use crate::locale::{self, Key, LANGUAGES};

/// Languages, calm colours, contrast, size of the text, place of the controls, end of the session.
#[component]
pub fn Toolbar() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let on = move |test: fn(&Screen) -> bool| {
        kiosk
            .view
            .with(|view| view.as_ref().is_some_and(|view| test(&view.screen)))
    };
    // The welcome screen has its own, larger buttons for the languages.
    let languages = Memo::new(move |_| on(|screen| !matches!(screen, Screen::Welcome)));
    // What is captured is recorded: from then on there is nothing to end.
    let cancel = Memo::new(move |_| {
        on(|screen| {
            !matches!(
                screen,
                Screen::Attract
                    | Screen::Welcome
                    | Screen::Progress {
                        stage: Stage::Recording | Stage::Identifying | Stage::Examining
                    }
                    | Screen::Outcome { .. }
                    | Screen::Closed { .. }
                    | Screen::OutOfService { .. }
                    | Screen::TechnicianLogin { .. }
                    | Screen::Health { .. }
                    | Screen::Status { .. }
            )
        })
    });
    // The screen of the methods has its own, larger switch, which says for whom it is.
    let calm = Memo::new(move |_| cancel.get() && on(|screen| !matches!(screen, Screen::Method { .. })));
    view! {
        <div class="toolbar" role="group" aria-label=kiosk.say(Key("toolbar"))>
            <Brand>{kiosk.say(Key("brand"))}</Brand>
            <Show when=move || languages.get()>
                <div class="toolbar__languages" role="group" aria-label=kiosk.say(Key("language-choice"))>
                    {LANGUAGES.map(|language| view! { <LanguageButton language class="chip" /> }).collect_view()}
                </div>
            </Show>
            <Show when=move || calm.get()>
                <CalmChip />
            </Show>
            <SpeechChip />
            <SightChips />
            <Show when=move || cancel.get()>
                <button
                    type="button"
                    class="chip chip--cancel"
                    data-testid="cancel"
                    on:click=|_| ipc::send(Intent::Cancel)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("cancel"))}</span>
                </button>
            </Show>
        </div>
    }
}

/// A button that changes the language, named in that language.
#[component]
pub fn LanguageButton(
    /// The language.
    language: Language,
    /// Class of the button.
    class: &'static str,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let tag = locale::tag(language);
    view! {
        <button
            type="button"
            class=class
            lang=tag
            data-testid=format!("language-{tag}")
            aria-pressed=move || (kiosk.language.get() == language).to_string()
            on:click=move |_| ipc::send(Intent::SetLanguage { language })
        >
            <Icon glyph=Glyph::Check />
            <span>{locale::text(language, Key("language-name"), vec![])}</span>
        </button>
    }
}
