//! Greeting, languages, start.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::components::speech::SpeechInvitation;
use crate::components::toolbar::LanguageButton;
use crate::ipc;
use crate::locale::{self, Key, LANGUAGES};

/// The first screen. It greets in every language at once, for nobody has chosen one yet.
#[component]
pub fn Welcome() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let greeting = LANGUAGES
        .map(|language| {
            view! {
                <span class="welcome__greeting" lang=locale::tag(language)>
                    {locale::text(language, Key("welcome-greeting"), vec![])}
                </span>
            }
        })
        .collect_view();
    view! {
        <section class="screen welcome" data-screen="welcome">
            <div class="welcome__hero">
                <span class="welcome__mark">
                    <Icon glyph=Glyph::Palm />
                </span>
                <h1>{greeting}</h1>
                <p class="welcome__intro">{kiosk.say(Key("welcome-intro"))}</p>
                <p class="welcome__iin">
                    <Icon glyph=Glyph::Card />
                    <span>{kiosk.say(Key("welcome-iin"))}</span>
                </p>
            </div>
            <div class="welcome__actions">
                <div class="welcome__languages" role="group" aria-label=kiosk.say(Key("language-choice"))>
                    {LANGUAGES
                        .map(|language| view! { <LanguageButton language class="button button--language" /> })
                        .collect_view()}
                </div>
                <button
                    type="button"
                    class="button button--main button--huge"
                    data-testid="begin"
                    on:click=|_| ipc::send(Intent::Begin)
                >
                    <span>{kiosk.say(Key("welcome-begin"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
                <SpeechInvitation />
            </div>
        </section>
    }
}
