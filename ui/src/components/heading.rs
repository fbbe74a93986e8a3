//! The heading of a screen.

use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::locale::Key;

/// Screens on the way to the capture, for the line above the heading: service, consent, claim, method.
const STEPS: u32 = 4;

/// The heading of a screen. It takes the focus when the screen appears, so that a screen reader begins with it
/// and the first tab leads to the first control under it.
#[component]
pub fn Heading(
    /// Which step before the capture this is, from 1.
    #[prop(optional)]
    step: Option<u32>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let heading = NodeRef::<html::H1>::new();
    heading.on_load(|heading| {
        // Without focus the screen still works; only the reading order is less good.
        let _ = heading.focus();
    });
    let progress = step.map(|step| {
        let segments = (1..=STEPS)
            .map(|at| view! { <span class="steps__segment" class:steps__segment--done=at <= step></span> });
        view! {
            <p class="steps">
                <span class="steps__words">
                    {kiosk.say_with(
                        Key("step"),
                        move || vec![("number", step.into()), ("of", STEPS.into())],
                    )}
                </span>
                <span class="steps__bar" aria-hidden="true">
                    {segments.collect_view()}
                </span>
            </p>
        }
    });
    view! {
        <header class="heading">
            {progress}
            <h1 class="heading__words" tabindex="-1" node_ref=heading>
                {children()}
            </h1>
        </header>
    }
}
