//! A part of a screen that scrolls by buttons where it is longer than there is room.

use leptos::prelude::*;

use crate::components::scroll::{ScrollButtons, scrolled};

/// What it holds, and the buttons beside it. A keyboard scrolls it too.
#[component]
pub fn Scrolled(
    /// Name of its buttons for the WebDriver.
    testid: &'static str,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    let (scroll, area) = scrolled();
    view! {
        <div class="scrolled">
            <div
                class="scrolled__area"
                tabindex="0"
                // Where what is cut off fades out.
                data-above=move || scroll.is_more_above().then_some("")
                data-below=move || scroll.is_more_below().then_some("")
                node_ref=area
            >
                <div class="scrolled__content">{children()}</div>
            </div>
            <ScrollButtons scroll testid />
        </div>
    }
}
