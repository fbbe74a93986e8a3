//! The line over a capture: what it is, and which attempt.

use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::locale::Key;

/// The heading of a capture and the number of the attempt.
#[component]
pub fn AttemptTitle(
    /// What is captured.
    #[prop(into)]
    title: Signal<Key>,
    /// This attempt, from 1.
    #[prop(into)]
    attempt: Signal<u32>,
    /// Attempts allowed.
    #[prop(into)]
    attempts: Signal<u32>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <div class="capture__title">
            <Heading>{move || kiosk.say(title.get())()}</Heading>
            <p class="capture__attempt" data-testid="attempt">
                {kiosk.say_with(
                    Key("capture-attempt"),
                    move || vec![("attempt", attempt.get().into()), ("attempts", attempts.get().into())],
                )}
            </p>
        </div>
    }
}
