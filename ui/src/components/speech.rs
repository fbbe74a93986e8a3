//! What stands on the screen of speech: how it is begun, its buttons, and its captions.

use ::ipc::speech::SpeechOrder;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;
use crate::speech::Speech;

/// In the toolbar: begins and ends speech.
#[component]
pub fn SpeechChip() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let speech = expect_context::<Speech>().state;
    let available = Memo::new(move |_| speech.with(|speech| speech.available));
    let on = Memo::new(move |_| speech.with(|speech| speech.on));
    view! {
        <Show when=move || available.get()>
            <button
                type="button"
                class="chip chip--speech"
                data-testid="speech"
                aria-label=kiosk.say(Key("speech"))
                aria-pressed=move || on.get().to_string()
                on:click=move |_| {
                    ipc::speak(if on.get_untracked() { SpeechOrder::End } else { SpeechOrder::Start });
                }
            >
                <Icon glyph=Glyph::Speaker />
                <span>{kiosk.say(Key("speech"))}</span>
            </button>
        </Show>
    }
}

/// On the first screen: how speech is begun.
#[component]
pub fn SpeechInvitation() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let speech = expect_context::<Speech>().state;
    let shown = Memo::new(move |_| speech.with(|speech| speech.available && !speech.on));
    view! {
        <Show when=move || shown.get()>
            <p class="speech-invitation" data-testid="speech-invitation">
                <Icon glyph=Glyph::Speaker />
                <span>{kiosk.say(Key("speech-invitation"))}</span>
            </p>
        </Show>
    }
}

/// While screens are spoken: what is being said, and the buttons for it.
#[component]
pub fn SpeechBar() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Speech { state, caption } = expect_context();
    let on = Memo::new(move |_| state.with(|state| state.on));
    let private = Memo::new(move |_| state.with(|state| state.private_aloud));
    let silent = Memo::new(move |_| state.with(|state| !state.sound));
    let volume = Memo::new(move |_| state.with(|state| (state.volume, state.volumes)));
    let headset = Memo::new(move |_| state.with(|state| state.headset));
    let button = move |name: &'static str, glyph, words: Key, order: fn() -> SpeechOrder| {
        view! {
            <button
                type="button"
                class="chip"
                data-testid=name
                aria-label=kiosk.say(words)
                on:click=move |_| ipc::speak(order())
            >
                <Icon glyph />
            </button>
        }
    };
    view! {
        <Show when=move || on.get()>
            <div
                class="speech-bar"
                role="group"
                aria-label=kiosk.say(Key("speech-bar"))
                data-testid="speech-bar"
                data-volume=move || volume.get().0
                data-headset=move || headset.get().to_string()
            >
                <p class="speech-bar__caption" data-testid="caption">
                    {move || {
                        let words = caption.get();
                        if words.is_empty() && silent.get() { kiosk.say(Key("speech-no-sound"))() } else { words }
                    }}
                </p>
                <div class="speech-bar__buttons">
                    {button("speech-repeat", Glyph::Again, Key("speech-repeat"), || SpeechOrder::Repeat)}
                    {button("speech-stop", Glyph::Silence, Key("speech-stop"), || SpeechOrder::Stop)}
                    {button("speech-quieter", Glyph::Quieter, Key("speech-quieter"), || SpeechOrder::Quieter)}
                    {button("speech-louder", Glyph::Louder, Key("speech-louder"), || SpeechOrder::Louder)}
                    <button
                        type="button"
                        class="chip"
                        data-testid="speech-private"
                        aria-label=kiosk.say(Key("speech-private"))
                        aria-pressed=move || private.get().to_string()
                        on:click=move |_| {
                            ipc::speak(SpeechOrder::SetPrivateAloud {
                                allowed: !private.get_untracked(),
                            });
                        }
                    >
                        <Icon glyph=Glyph::Person />
                    </button>
                </div>
            </div>
        </Show>
    }
}
