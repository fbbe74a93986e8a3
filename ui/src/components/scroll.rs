//! Scrolling by buttons: nobody must be able to drag.

use leptos::html;
use leptos::prelude::*;
use web_sys::Element;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc::{self, ScrollWatch};
use crate::locale::Key;

/// How much of what is seen goes with one press: a little stays, so that one finds the line again.
const STEP: f64 = 0.8;

/// What can be scrolled, and whether there is more above and below what is seen.
#[derive(Clone, Copy)]
pub struct Scroll {
    area: StoredValue<Option<(Element, ScrollWatch)>, LocalStorage>,
    above: RwSignal<bool>,
    below: RwSignal<bool>,
}

impl Scroll {
    /// Nothing yet.
    pub fn new() -> Self {
        let scroll = Self {
            area: StoredValue::new_local(None),
            above: RwSignal::new(false),
            below: RwSignal::new(false),
        };
        on_cleanup(move || {
            // Whatever is watched is let go with it.
            let _ = scroll.area.try_set_value(None);
        });
        scroll
    }

    /// Follows this element, whose first child holds what is scrolled.
    pub fn follow(self, area: Element) {
        let watch = ipc::watch_scroll(&area, move |above, below| {
            // Not `set` alone: every line of a long text would tell the buttons again what they know.
            if self.above.get_untracked() != above {
                self.above.set(above);
            }
            if self.below.get_untracked() != below {
                self.below.set(below);
            }
        });
        self.area.set_value(watch.map(|watch| (area, watch)));
    }

    fn go(self, way: f64) {
        self.area.with_value(|area| {
            if let Some((area, _)) = area {
                let by = f64::from(area.client_height()) * STEP * way;
                ipc::scroll_by(area, by);
            }
        });
    }
}

/// What scrolls the element that gets this reference, where its words are longer than anybody foresaw.
pub fn scrolled() -> (Scroll, NodeRef<html::Div>) {
    let scroll = Scroll::new();
    let area = NodeRef::<html::Div>::new();
    area.on_load(move |area| scroll.follow(area.into()));
    (scroll, area)
}

/// Up and down, where there is more than is seen.
#[component]
pub fn ScrollButtons(
    /// What they scroll.
    scroll: Scroll,
    /// Name for the WebDriver.
    testid: &'static str,
    /// Whether they stand beside the whole page, and not within a part of it that has its name.
    #[prop(optional)]
    landmark: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Scroll { above, below, .. } = scroll;
    let role = if landmark { "navigation" } else { "group" };
    let shown = Memo::new(move |_| above.get() || below.get());
    let button = move |name: &'static str, key: Key, glyph: Glyph, way: f64, can: RwSignal<bool>| {
        view! {
            <button
                type="button"
                class="scroll__button"
                data-testid=format!("{testid}-{name}")
                aria-label=kiosk.say(key)
                // Not `disabled`: that would take the focus away from who presses it to the end.
                aria-disabled=move || (!can.get()).to_string()
                on:click=move |_| scroll.go(way)
            >
                <Icon glyph />
            </button>
        }
    };
    view! {
        <Show when=move || shown.get()>
            <div class="scroll__buttons" role=role aria-label=kiosk.say(Key("scroll"))>
                {button("up", Key("scroll-up"), Glyph::Up, -1.0, above)}
                {button("down", Key("scroll-down"), Glyph::Down, 1.0, below)}
            </div>
        </Show>
    }
}
