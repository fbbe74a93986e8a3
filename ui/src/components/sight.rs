//! How this person sees, reaches and touches the screen: contrast, size of the text, place of the controls, strokes that
//! count once. None of it is known behind the page, and all of it ends with the session.

use std::cell::RefCell;

use ::ipc::Display;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::components::strikes::Strikes;
use crate::ipc;
use crate::locale::Key;

/// What one person chose.
#[derive(Clone, Copy)]
pub struct Sight {
    /// The colours of high contrast.
    pub high_contrast: RwSignal<bool>,
    /// Twice as large texts.
    pub large_text: RwSignal<bool>,
    /// All controls in the lower part of the screen.
    pub low: RwSignal<bool>,
    /// What is struck twice in a moment counts once.
    pub once: RwSignal<bool>,
}

impl Sight {
    /// As everybody begins.
    pub fn new() -> Self {
        Self {
            high_contrast: RwSignal::new(false),
            large_text: RwSignal::new(false),
            low: RwSignal::new(false),
            once: RwSignal::new(false),
        }
    }

    /// The next person begins as everybody does.
    pub fn reset(self) {
        self.high_contrast.set(false);
        self.large_text.set(false);
        self.low.set(false);
        self.once.set(false);
    }

    /// Keeps the document as the person wants it.
    pub fn follow(self) {
        Effect::new(move || {
            let contrast = if self.high_contrast.get() {
                "high"
            } else {
                "normal"
            };
            ipc::set_on_document("data-contrast", contrast);
        });
        Effect::new(move || {
            let text = if self.large_text.get() { "large" } else { "normal" };
            ipc::set_on_document("data-text", text);
        });
        Effect::new(move || {
            let reach = if self.low.get() { "low" } else { "whole" };
            ipc::set_on_document("data-reach", reach);
        });
        Effect::new(move || {
            let strokes = if self.once.get() { "once" } else { "all" };
            ipc::set_on_document("data-strokes", strokes);
        });
        let strikes = RefCell::new(Strikes::default());
        ipc::on_strike(move |struck, held, at_ms| {
            strikes
                .borrow_mut()
                .takes(struck, held, at_ms, self.once.get_untracked())
        });
    }
}

/// What a person in a wheelchair reaches, from the floor: EN 301 549, 8.3.
const REACH_MM: (f64, f64) = (380.0, 1220.0);

/// The part of a screen that can be reached, in pixels from its lower edge: where it begins, and how high it is.
/// None where all of it can be, or nobody knows and the screen is not upright.
pub fn reach_px(display: Display, width_px: f64, height_px: f64) -> Option<(f64, f64)> {
    let Display {
        px_per_mm,
        bottom_edge_mm: Some(edge_mm),
    } = display
    else {
        // Of an upright screen that hangs nobody knows where the lower part is the better guess.
        return (height_px > width_px).then_some((0.0, height_px * 0.7));
    };
    let from = ((REACH_MM.0 - edge_mm) * px_per_mm).clamp(0.0, height_px);
    let to = ((REACH_MM.1 - edge_mm) * px_per_mm).clamp(0.0, height_px);
    let whole = from <= 0.0 && to >= height_px;
    // Less than half of a screen is no room for any of ours.
    (!whole && to - from >= height_px / 2.0).then_some((from, to - from))
}

/// Tells the document how large and where the screen is.
pub fn measure(display: Display, can_be_low: RwSignal<bool>) {
    ipc::set_style_of_document("--mm", &format!("{:.4}px", display.px_per_mm));
    let reach = ipc::window_px().and_then(|(width, height)| reach_px(display, width, height));
    can_be_low.set(reach.is_some());
    let (from, height) = reach.unwrap_or_default();
    ipc::set_style_of_document("--reach-from", &format!("{from:.1}px"));
    ipc::set_style_of_document("--reach-height", &format!("{height:.1}px"));
}

/// The switches of the toolbar. Those that not everybody needs have a sign alone, where there is little room.
#[component]
pub fn SightChips() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Sight {
        high_contrast,
        large_text,
        low,
        once,
    } = kiosk.sight;
    let chip = move |name: &'static str, key: Key, glyph: Glyph, state: RwSignal<bool>| {
        view! {
            <button
                type="button"
                class=format!("chip chip--sight chip--{name}")
                data-testid=name
                aria-label=kiosk.say(key)
                aria-pressed=move || state.get().to_string()
                on:click=move |_| state.update(|state| *state = !*state)
            >
                <Icon glyph />
                <span>{kiosk.say(key)}</span>
            </button>
        }
    };
    view! {
        {chip("contrast", Key("contrast"), Glyph::Contrast, high_contrast)}
        {chip("large-text", Key("large-text"), Glyph::LargeText, large_text)}
        {chip("once", Key("count-once"), Glyph::Once, once)}
        <Show when=move || kiosk.can_be_low.get()>{chip("low", Key("low-controls"), Glyph::Lower, low)}</Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_within_reach_follows_from_where_the_screen_hangs() {
        let check = |bottom_edge_mm: Option<f64>, size: (f64, f64), expect: Option<(f64, f64)>| {
            let display = Display {
                px_per_mm: 2.0,
                bottom_edge_mm,
            };
            assert_eq!(reach_px(display, size.0, size.1), expect, "{bottom_edge_mm:?}");
        };
        // 700 mm above the floor, 960 mm high: the upper 440 mm are out of reach.
        check(Some(700.0), (1080.0, 1920.0), Some((0.0, 1040.0)));
        // It stands on the floor: the lowest 380 mm are too low, too.
        check(Some(0.0), (1080.0, 2800.0), Some((760.0, 1680.0)));
        // All of it can be reached, or hardly any of it.
        check(Some(700.0), (1280.0, 1024.0), None);
        check(Some(1200.0), (1080.0, 1920.0), None);
        check(None, (1080.0, 1920.0), Some((0.0, 1344.0)));
        check(None, (1920.0, 1080.0), None);
    }
}
