//! What must never be hidden: that this is a demonstration or a replay, and the state of the line.

use ::ipc::Link;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::locale::Key;
use crate::screens::out_of_service::code_name;

/// Notices under the toolbar.
#[component]
pub fn Notices() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let demo = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| view.as_ref().is_some_and(|view| view.demo))
    });
    let replay = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| view.as_ref().and_then(|view| view.replay.clone()))
    });
    view! {
        <div class="notices">
            <Show when=move || demo.get()>
                <p class="notice notice--demo" data-testid="notice-demo">
                    <Icon glyph=Glyph::Flask />
                    <span>{kiosk.say(Key("notice-demo"))}</span>
                </p>
            </Show>
            <Show when=move || replay.get().is_some()>
                <p class="notice notice--replay" data-testid="notice-replay">
                    <Icon glyph=Glyph::Film />
                    <span>
                        {kiosk.say_with(
                            Key("notice-replay"),
                            move || vec![("name", replay.get().unwrap_or_default().into())],
                        )}
                    </span>
                </p>
            </Show>
        </div>
    }
}

/// The line to the gateway, the documents that wait, and what the staff should see to, at the bottom.
#[component]
pub fn StatusStrip() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let link = Memo::new(move |_| kiosk.view.with(|view| view.as_ref().map(|view| view.link)));
    let pending = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| view.as_ref().map_or(0, |view| view.pending))
    });
    let attention = Memo::new(move |_| {
        let codes = kiosk
            .view
            .with(|view| view.as_ref().map_or(Vec::new(), |view| view.attention.clone()));
        codes.into_iter().map(code_name).collect::<Vec<_>>().join(", ")
    });
    let shown = move |link| match link {
        Link::Online => (Glyph::Online, "online", Key("link-online")),
        Link::Offline => (Glyph::Offline, "offline", Key("link-offline")),
    };
    view! {
        <footer class="status">
            {move || {
                link.get()
                    .map(|link| {
                        let (glyph, name, key) = shown(link);
                        view! {
                            <p class="status__item" data-testid="link" data-link=name>
                                <Icon glyph />
                                <span>{kiosk.say(key)}</span>
                            </p>
                        }
                    })
            }}
            <p class="status__item" data-testid="pending" data-pending=move || pending.get()>
                <Icon glyph=Glyph::Document />
                <span>{kiosk.say_with(Key("pending"), move || vec![("count", pending.get().into())])}</span>
            </p>
            <Show when=move || !attention.get().is_empty()>
                <p class="status__item" data-testid="attention" data-codes=move || attention.get()>
                    <Icon glyph=Glyph::Wrench />
                    <span>{kiosk.say_with(Key("attention"), move || vec![("codes", attention.get().into())])}</span>
                </p>
            </Show>
        </footer>
    }
}
