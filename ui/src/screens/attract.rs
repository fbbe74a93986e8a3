//! What stands while nobody is there: greets in all languages in turn, dark, and never long in the same place.

use ::ipc::Intent;
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::{self, Key, LANGUAGES};

/// One large button over all of it: wherever it is touched, and whatever key is pressed, the welcome screen comes.
#[component]
pub fn Attract() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let button = NodeRef::<html::Button>::new();
    button.on_load(|button| {
        // So that any key reaches it.
        let _ = button.focus();
    });
    let turns = LANGUAGES
        .into_iter()
        .enumerate()
        .map(|(at, language)| {
            let say = |key| locale::text(language, key, vec![]);
            let greeting = say(Key("welcome-greeting"));
            view! {
                <div class="attract__turn" lang=locale::tag(language)>
                    {if at == 0 {
                        view! { <h1 class="attract__greeting">{greeting}</h1> }.into_any()
                    } else {
                        view! { <p class="attract__greeting">{greeting}</p> }.into_any()
                    }}
                    <p class="attract__invitation">{say(Key("attract-invitation"))}</p>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="attract" data-screen="attract">
            <div class="attract__across">
                <div class="attract__along">
                    <span class="attract__mark">
                        <Icon glyph=Glyph::Palm />
                    </span>
                    <div class="attract__turns">{turns}</div>
                </div>
            </div>
            <button
                type="button"
                class="attract__button"
                data-testid="attract"
                aria-label=kiosk.say(Key("attract-invitation"))
                node_ref=button
                on:click=|_| ipc::send(Intent::StayAlive)
                on:keydown=|_| ipc::send(Intent::StayAlive)
            ></button>
        </section>
    }
}
