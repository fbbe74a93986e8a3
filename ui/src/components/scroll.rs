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
/// Of such a step, so much at least: else it would be no step.
const STEP_LEAST: f64 = 0.1;
/// Room for the frame of the focus, in pixels.
const AIR: f64 = 8.0;

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

    /// Whether there is more above what is seen.
    pub fn is_more_above(self) -> bool {
        self.above.get()
    }

    /// Whether there is more below what is seen.
    pub fn is_more_below(self) -> bool {
        self.below.get()
    }

    fn go(self, way: Way) {
        self.area.with_value(|area| {
            if let Some((area, _)) = area {
                let (edges, buttons) = ipc::edges_of_buttons(area);
                ipc::scroll_by(area, step(way, edges, &buttons));
            }
        });
    }
}

/// Where one scrolls to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// From where to where something reaches, in pixels from above.
pub type Edges = (f64, f64);

/// How far one press goes down. A button that the edge cuts off comes wholly into sight, where it is not larger than that.
fn step(way: Way, (top, bottom): Edges, buttons: &[Edges]) -> f64 {
    let most = (bottom - top) * STEP;
    let to_cut = match way {
        Way::Down => buttons
            .iter()
            .filter(|(start, end)| *start < bottom && *end > bottom)
            .map(|(start, _)| start - top - AIR)
            .fold(most, f64::min),
        Way::Up => buttons
            .iter()
            .filter(|(start, end)| *start < top && *end > top)
            .map(|(_, end)| bottom - end - AIR)
            .fold(most, f64::min),
    };
    // What is larger than the area, or begins at its edge, is scrolled past.
    let by = if to_cut < most * STEP_LEAST { most } else { to_cut };
    match way {
        Way::Down => by,
        Way::Up => -by,
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
    let button = move |name: &'static str, key: Key, glyph: Glyph, way: Way, can: RwSignal<bool>| {
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
                {button("up", Key("scroll-up"), Glyph::Up, Way::Up, above)}
                {button("down", Key("scroll-down"), Glyph::Down, Way::Down, below)}
            </div>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_that_is_cut_off_comes_wholly_into_sight() {
        // Three cards of 200 pixels with 20 between them.
        let cards = [(100.0, 300.0), (320.0, 520.0), (540.0, 740.0)];
        let check = |way, edges, expect: f64| {
            let by = step(way, edges, &cards);
            assert!((by - expect).abs() < 0.001, "{way:?} {edges:?}: {by}");
        };
        // The third is cut off below: it stands at the top next. The second is cut off above: at the bottom.
        check(Way::Down, (100.0, 700.0), 432.0);
        check(Way::Up, (400.0, 900.0), -372.0);
        // Nothing is cut off, or what is does not fit.
        check(Way::Down, (100.0, 530.0), 344.0);
        check(Way::Up, (310.0, 740.0), -344.0);
        check(Way::Down, (318.0, 418.0), 80.0);
    }
}
