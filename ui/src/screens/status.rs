//! How the kiosk does, for the staff of the branch: to be read, not to be changed.

use ::ipc::{Health, Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::health::{Figures, Parts, Serving, Todo};
use crate::components::icon::{Glyph, Icon};
use crate::components::scrolled::Scrolled;
use crate::ipc;
use crate::locale::Key;

/// Whether it serves, what to do, the parts and the figures.
#[component]
pub fn Status() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let health = Memo::new(move |last: Option<&Health>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Status { health }) => (**health).clone(),
                _ => last.cloned().unwrap_or_default(),
            })
    });
    view! {
        <section class="screen upkeep" data-screen="status">
            <Heading>{kiosk.say(Key("status-title"))}</Heading>
            <div class="screen__body upkeep__body">
                <Scrolled testid="status-scroll">
                    <Serving health />
                    <Todo health />
                    <Parts health named=false />
                    <Figures health />
                </Scrolled>
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--alone"
                    data-testid="staff-leave"
                    on:click=|_| ipc::send(Intent::Back)
                >
                    <Icon glyph=Glyph::Leave />
                    <span>{kiosk.say(Key("staff-leave"))}</span>
                </button>
            </div>
        </section>
    }
}
