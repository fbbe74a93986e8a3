//! The heading of a screen.

use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::locale::Key;

/// Steps of a session, for the line above the heading: service, consent, claim, method, capture. A capture itself counts its
/// attempts, actions or pictures instead.
const STEPS: u32 = 5;

/// By which an entry under the heading has its name.
pub const HEADING_ID: &str = "heading";

/// More of them could not be told apart.
const SEGMENTS_MAX: u32 = 20;

/// The heading of a screen. It takes the focus when the screen appears, so that a screen reader begins with it
/// and the first tab leads to the first control under it.
#[component]
pub fn Heading(
    /// Which step of the session this is, from 1.
    #[prop(optional)]
    step: Option<u32>,
    /// Which question of how many at most this is, from 1, on a screen between the steps.
    #[prop(optional)]
    question: Option<(u32, u32)>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let heading = NodeRef::<html::H1>::new();
    heading.on_load(|heading| {
        // Without focus the screen still works; only the reading order is less good.
        let _ = heading.focus();
    });
    let counted = step
        .map(|step| (Key("step"), step, STEPS))
        .or_else(|| question.map(|(number, of)| (Key("field-number"), number, of)));
    let progress = counted.map(|(words, number, of)| {
        let segments = (1..=of.min(SEGMENTS_MAX))
            .map(|at| view! { <span class="steps__segment" class:steps__segment--done=at <= number></span> });
        view! {
            <p class="steps">
                <span class="steps__words">
                    {kiosk.say_with(
                        words,
                        move || vec![("number", number.into()), ("of", of.into())],
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
            <h1 id=HEADING_ID class="heading__words" tabindex="-1" node_ref=heading>
                {children()}
            </h1>
        </header>
    }
}
