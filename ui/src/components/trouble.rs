//! A device that cannot be used just now: what the screens of all devices have in common.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// What is wrong, in words and as a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// As in JSON.
    pub name: &'static str,
    /// Its sign.
    pub glyph: Glyph,
    /// What is wrong.
    pub title: Key,
    /// Whose fault it is not, and what can be done.
    pub body: Key,
}

/// What is wrong, what the person may do, and that the kiosk goes on by itself.
#[component]
pub fn TroubleShown(
    /// Name of the screen.
    screen: &'static str,
    /// What is wrong.
    trouble: Trouble,
    /// That the kiosk goes on by itself.
    goes_on: Key,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Trouble {
        name,
        glyph,
        title,
        body,
    } = trouble;
    view! {
        <section class="screen" data-screen=screen data-trouble=name>
            <div class="screen__body result" role="status">
                <span class="badge badge--wait">
                    <Icon glyph />
                </span>
                <Heading>{kiosk.say(title)}</Heading>
                <p class="result__words">{kiosk.say(body)}</p>
                <div class="panel panel--lines">
                    <p class="panel__line">
                        <Icon glyph=Glyph::Clock />
                        <span>{kiosk.say(Key("trouble-choice"))}</span>
                    </p>
                    <p class="panel__line">
                        <Icon glyph=Glyph::Again />
                        <span>{kiosk.say(goes_on)}</span>
                    </p>
                </div>
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--end button--alone"
                    data-testid=format!("{screen}-end")
                    on:click=|_| ipc::send(Intent::Cancel)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("cancel"))}</span>
                </button>
            </div>
        </section>
    }
}

/// Each of these has its own name of the shell, its own title and its own sign.
#[cfg(test)]
pub fn check_all_differ<T: serde::Serialize + Copy>(troubles: &[T], words: impl Fn(T) -> Trouble) {
    for (at, trouble) in troubles.iter().enumerate() {
        let shown = words(*trouble);
        assert_eq!(serde_json::json!(shown.name), serde_json::json!(trouble));
        for other in troubles.iter().skip(at + 1).map(|other| words(*other)) {
            assert_ne!(shown.title, other.title);
            assert_ne!(shown.glyph, other.glyph, "{} and {}", shown.name, other.name);
        }
    }
}
