//! The centre's own page is open for the person's phone.

use ::ipc::{Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::qr::Qr;
use crate::ipc;
use crate::locale::Key;

/// The address as a code and in words, and what to do with it.
#[component]
pub fn Phone() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    // While the next screen is already here and this one not yet gone, the address stays.
    let url = Memo::new(move |last: Option<&Option<String>>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Phone { url }) => url.clone(),
                _ => last.cloned().flatten(),
            })
    });
    let shown = move || match url.get() {
        Some(url) => view! {
            <Qr text=url.clone() label=Key("phone-qr") />
            <p class="phone__url" data-testid="phone-url">
                {url}
            </p>
        }
        .into_any(),
        None => view! {
            <span class="badge badge--turns">
                <Icon glyph=Glyph::Phone />
            </span>
            <p class="result__words">{kiosk.say(Key("phone-opening"))}</p>
        }
        .into_any(),
    };
    let steps = [Key("phone-step-1"), Key("phone-step-2"), Key("phone-step-3")]
        .map(|step| view! { <li>{kiosk.say(step)}</li> })
        .collect_view();
    view! {
        <section
            class="screen"
            data-screen="phone"
            data-open=move || url.with(Option::is_some).to_string()
        >
            <Heading step=5>{kiosk.say(Key("phone-title"))}</Heading>
            <div class="screen__body phone">
                <div class="phone__code" role="status">
                    {shown}
                </div>
                <div class="phone__words">
                    <ol class="phone__steps">{steps}</ol>
                    <p class="panel panel__line">
                        <Icon glyph=Glyph::Hourglass />
                        <span>{kiosk.say(Key("phone-waits"))}</span>
                    </p>
                </div>
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--end button--alone"
                    data-testid="phone-end"
                    on:click=|_| ipc::send(Intent::Cancel)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("cancel"))}</span>
                </button>
            </div>
        </section>
    }
}
