//! The only file that talks out: to the shell by commands and channels, and to the browser where Leptos has no
//! word for it. All glue between Rust and JavaScript is here, but for reading the page aloud: `speech/page.rs`.

use std::cell::{Cell, RefCell};

use ::ipc::speech::{SpeechOrder, SpeechView};
use ::ipc::{Display, Intent, View};
use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, CanvasRenderingContext2d, Element, Event, HtmlCanvasElement, HtmlElement, ImageBitmap,
    KeyboardEvent, UiEvent,
};

use crate::components::scroll::Edges;
use crate::components::strikes::Struck;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["__TAURI__", "core"])]
    type Channel;

    #[wasm_bindgen(constructor, catch, js_namespace = ["__TAURI__", "core"])]
    fn new() -> Result<Channel, JsValue>;

    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Channel, handler: &JsValue);

    #[wasm_bindgen(catch, js_namespace = ["__TAURI__", "core"])]
    async fn invoke(command: &str, arguments: &JsValue) -> Result<JsValue, JsValue>;

    /// The browser's own; four lines here spare the whole library beside it.
    type ResizeObserver;

    #[wasm_bindgen(constructor, catch)]
    fn new(on_change: &JsValue) -> Result<ResizeObserver, JsValue>;

    #[wasm_bindgen(method)]
    fn observe(this: &ResizeObserver, element: &Element);

    #[wasm_bindgen(method)]
    fn disconnect(this: &ResizeObserver);
}

/// How long touches that change nothing are kept back after one was passed on.
const STAY_ALIVE_EVERY_MS: f64 = 5_000.0;

/// Asks the shell for views, each given to `on_view`, and for preview frames, drawn on the canvas of
/// [`show_preview_on`]; `on_display` is told once on which screen the page stands. Calls `on_failure` if there is no shell
/// or it refuses.
pub fn subscribe(
    on_display: impl FnOnce(Display) + 'static,
    on_view: impl Fn(View) + 'static,
    on_failure: impl FnOnce() + 'static,
) {
    spawn_local(async move {
        if let Err(error) = subscribe_to_shell(on_display, on_view).await {
            leptos::logging::error!("could not subscribe to the shell: {error:?}");
            on_failure();
        }
    });
}

async fn subscribe_to_shell(
    on_display: impl FnOnce(Display),
    on_view: impl Fn(View) + 'static,
) -> Result<(), JsValue> {
    let views = Channel::new()?;
    let shown = Cell::new(0_u32);
    let on_message = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        match serde_wasm_bindgen::from_value::<View>(message) {
            Ok(view) => {
                on_view(view);
                // How many were taken, for who must know when one is on the page.
                shown.set(shown.get().wrapping_add(1));
                set_on_document("data-views", &shown.get().to_string());
            }
            Err(error) => leptos::logging::error!("could not read a view: {error}"),
        }
    });
    // The channel lives as long as the page, and so does its handler.
    views.set_onmessage(&on_message.into_js_value());

    let preview = Channel::new()?;
    let on_frame = Closure::<dyn Fn(JsValue)>::new(|frame: JsValue| preview_frame(&frame));
    preview.set_onmessage(&on_frame.into_js_value());

    let arguments = Object::new();
    Reflect::set(&arguments, &"views".into(), views.as_ref())?;
    Reflect::set(&arguments, &"preview".into(), preview.as_ref())?;
    let display = invoke("subscribe", &arguments).await?;
    on_display(serde_wasm_bindgen::from_value(display)?);
    Ok(())
}

/// Sends an intent to the shell. The answer, if there is one, is a new view.
pub fn send(intent: Intent) {
    spawn_local(async move {
        // The error is not logged: it may quote the intent, and that may hold an IIN.
        if send_to_shell(&intent).await.is_err() {
            leptos::logging::error!("could not send an intent to the shell");
        }
    });
}

async fn send_to_shell(intent: &Intent) -> Result<(), JsValue> {
    let value = intent.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?;
    let arguments = Object::new();
    Reflect::set(&arguments, &"intent".into(), &value)?;
    invoke("intent", &arguments).await?;
    Ok(())
}

/// Tells the shell how large the page is, now and whenever that changes. While the window is still being opened it has no
/// size yet: then there is nothing to tell.
pub fn tell_display() {
    tell_size();
    let Some(window) = web_sys::window() else { return };
    let on_resize = Closure::<dyn Fn()>::new(tell_size);
    // Without it the shell goes on with what it knows.
    let _ = window.add_event_listener_with_callback("resize", on_resize.as_ref().unchecked_ref());
    // As long as the page.
    on_resize.forget();
}

fn tell_size() {
    let size = |value: Result<JsValue, JsValue>| value.ok().and_then(|value| value.as_f64());
    let Some(window) = web_sys::window() else { return };
    if let (Some(width), Some(height)) = (size(window.inner_width()), size(window.inner_height())) {
        // Whole numbers of CSS pixels, far below what the type holds.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "see above"
        )]
        let (width_px, height_px) = (width as u32, height as u32);
        if width_px > 0 && height_px > 0 {
            send(Intent::Display { width_px, height_px });
        }
    }
}

/// Asks the shell how speech stands, now and with every change.
pub fn hear(on_state: impl Fn(SpeechView) + 'static) {
    spawn_local(async move {
        // Without an answer nothing is spoken, and all of it can still be read.
        if let Err(error) = hear_of_shell(on_state).await {
            leptos::logging::error!("could not ask the shell about speech: {error:?}");
        }
    });
}

async fn hear_of_shell(on_state: impl Fn(SpeechView) + 'static) -> Result<(), JsValue> {
    let states = Channel::new()?;
    let on_message = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        match serde_wasm_bindgen::from_value::<SpeechView>(message) {
            Ok(state) => on_state(state),
            Err(error) => leptos::logging::error!("could not read the state of speech: {error}"),
        }
    });
    states.set_onmessage(&on_message.into_js_value());
    let arguments = Object::new();
    Reflect::set(&arguments, &"states".into(), states.as_ref())?;
    invoke("hear", &arguments).await?;
    Ok(())
}

/// Hands an order to the voice. Orders arrive in the order in which they are given.
pub fn speak(order: SpeechOrder) {
    spawn_local(async move {
        let arguments = Object::new();
        let done = match order.serialize(&serde_wasm_bindgen::Serializer::json_compatible()) {
            Ok(value) => match Reflect::set(&arguments, &"order".into(), &value) {
                Ok(_) => invoke("speak", &arguments).await.is_ok(),
                Err(_) => false,
            },
            Err(_) => false,
        };
        if !done {
            // As with intents, the error may quote what a person typed.
            leptos::logging::error!("could not hand an order to the voice");
        }
    });
}

thread_local! {
    static LAST_STAY_ALIVE_MS: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
    static FOCUSED: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
    static CANVAS: RefCell<Option<HtmlCanvasElement>> = const { RefCell::new(None) };
    static DECODING: Cell<bool> = const { Cell::new(false) };
    static NEXT: RefCell<Option<Blob>> = const { RefCell::new(None) };
}

/// Tells the shell that somebody is there, at most once in a few seconds.
pub fn touched() {
    // Not the wall clock: it may be set back, and then touches would be kept back for as long.
    let Some(now_ms) = web_sys::window()
        .and_then(|window| window.performance())
        .map(|clock| clock.now())
    else {
        return;
    };
    LAST_STAY_ALIVE_MS.with(|last| {
        if now_ms - last.get() >= STAY_ALIVE_EVERY_MS {
            last.set(now_ms);
            send(Intent::StayAlive);
        }
    });
}

/// Draws preview frames on this canvas from now on.
pub fn show_preview_on(canvas: HtmlCanvasElement) {
    CANVAS.set(Some(canvas));
}

/// Stops drawing and lets go of the last frame, which shows a person.
pub fn hide_preview() {
    CANVAS.set(None);
    NEXT.set(None);
}

/// Takes one JPEG. While one is being decoded only the newest of those that arrive is kept, so that a slow
/// machine skips frames instead of collecting them.
fn preview_frame(frame: &JsValue) {
    if CANVAS.with_borrow(Option::is_none) {
        return;
    }
    let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::new(frame))) else {
        return;
    };
    NEXT.set(Some(blob));
    if !DECODING.replace(true) {
        spawn_local(async {
            while let Some(blob) = NEXT.take() {
                // A frame that cannot be decoded is skipped: the next one comes at once.
                let _ = draw(&blob).await;
            }
            DECODING.set(false);
        });
    }
}

async fn draw(blob: &Blob) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("no window")?;
    let bitmap: ImageBitmap = JsFuture::from(window.create_image_bitmap_with_blob(blob)?)
        .await?
        .dyn_into()?;
    let drawn = CANVAS.with_borrow(|canvas| match canvas {
        Some(canvas) => draw_bitmap(canvas, &bitmap),
        None => Ok(()),
    });
    // Without this the pixels stay until the garbage collector comes, which on a kiosk can be too late.
    bitmap.close();
    drawn
}

fn draw_bitmap(canvas: &HtmlCanvasElement, bitmap: &ImageBitmap) -> Result<(), JsValue> {
    if (canvas.width(), canvas.height()) != (bitmap.width(), bitmap.height()) {
        canvas.set_width(bitmap.width());
        canvas.set_height(bitmap.height());
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or("no 2d context")?.dyn_into()?;
    context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0)?;
    canvas.set_attribute("data-live", "true")
}

/// Sets the language of the document, for speech and hyphenation.
pub fn set_document_language(tag: &str) {
    set_on_document("lang", tag);
}

/// Whether a test asks for English as [`locale`](crate::locale) makes it longer.
#[cfg(target_arch = "wasm32")]
pub fn is_pseudo_wanted() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.and_then(|page| page.document_element())
        .is_some_and(|root| root.has_attribute("data-pseudo"))
}

/// Tests without a browser read the texts as they are.
#[cfg(not(target_arch = "wasm32"))]
pub fn is_pseudo_wanted() -> bool {
    false
}

/// Sets an attribute of the document's root, by which the style sheet follows the person.
pub fn set_on_document(attribute: &str, value: &str) {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.document_element());
    if let Some(Err(error)) = root.map(|root| root.set_attribute(attribute, value)) {
        leptos::logging::error!("could not set {attribute} of the document: {error:?}");
    }
}

/// Sets a property of the style sheet, by CSSOM: the content security policy refuses the attribute.
pub fn set_style_of_document(property: &str, value: &str) {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.document_element())
        .and_then(|root| root.dyn_into::<HtmlElement>().ok());
    if let Some(Err(error)) = root.map(|root| root.style().set_property(property, value)) {
        leptos::logging::error!("could not set {property} of the document: {error:?}");
    }
}

/// Width and height of the page.
pub fn window_px() -> Option<(f64, f64)> {
    let window = web_sys::window()?;
    let width = window.inner_width().ok()?.as_f64()?;
    let height = window.inner_height().ok()?.as_f64()?;
    Some((width, height))
}

/// Follows how far an element is scrolled, until it is dropped.
pub struct ScrollWatch {
    area: Element,
    sizes: ResizeObserver,
    moved: Closure<dyn Fn()>,
    _resized: Closure<dyn Fn()>,
}

impl Drop for ScrollWatch {
    fn drop(&mut self) {
        self.sizes.disconnect();
        // An element that left the page has nothing to be taken from.
        let _ = self
            .area
            .remove_event_listener_with_callback("scroll", self.moved.as_ref().unchecked_ref());
    }
}

/// Calls `on_change` with whether there is more above and below what is seen of `area`, now and whenever it is scrolled or
/// its size or that of its first child changes.
pub fn watch_scroll(area: &Element, on_change: impl Fn(bool, bool) + Clone + 'static) -> Option<ScrollWatch> {
    let look = {
        let area = area.clone();
        let on_change = on_change.clone();
        move || {
            let left = area.scroll_height() - area.client_height() - area.scroll_top();
            // Half a pixel of a rounded size is nothing that somebody could not read.
            on_change(area.scroll_top() > 1, left > 1);
        }
    };
    let moved = Closure::<dyn Fn()>::new(look.clone());
    let resized = {
        let area = area.clone();
        Closure::<dyn Fn()>::new(move || match fits_alone(&area) {
            true => on_change(false, false),
            false => look(),
        })
    };
    let sizes = ResizeObserver::new(resized.as_ref()).ok()?;
    sizes.observe(area);
    if let Some(content) = area.first_element_child() {
        sizes.observe(&content);
    }
    area.add_event_listener_with_callback("scroll", moved.as_ref().unchecked_ref())
        .ok()?;
    Some(ScrollWatch {
        area: area.clone(),
        sizes,
        moved,
        _resized: resized,
    })
}

/// Where the buttons stand that scroll an element, seen from what holds it.
const BUTTONS_BESIDE: &str = ":scope > .scroll__buttons, :scope > .actions > .scroll__buttons";

/// Whether there are buttons beside an element without which all of it would be seen: they take the room that it lacks.
fn fits_alone(area: &Element) -> bool {
    let buttons = area
        .parent_element()
        .and_then(|parent| parent.query_selector(BUTTONS_BESIDE).ok().flatten())
        .and_then(|buttons| buttons.dyn_into::<HtmlElement>().ok());
    let Some(buttons) = buttons else { return false };
    let seen_from = area.scroll_top();
    // Out of the way, and yet there: what has the focus keeps it.
    let moved = buttons.style().set_property("position", "absolute").is_ok();
    let fits = moved && area.scroll_height() <= area.client_height() + 1;
    let _ = buttons.style().remove_property("position");
    area.set_scroll_top(seen_from);
    fits
}

/// Scrolls an element down by so many pixels, or up.
pub fn scroll_by(area: &Element, down_px: f64) {
    area.scroll_by_with_x_and_y(0.0, down_px);
}

/// From where to where an element reaches in the window, and the same of the buttons in it, in pixels from above.
pub fn edges_of_buttons(area: &Element) -> (Edges, Vec<Edges>) {
    let edges = |element: &Element| {
        let found = element.get_bounding_client_rect();
        (found.top(), found.bottom())
    };
    let buttons = area.query_selector_all("button").ok();
    let buttons = buttons
        .iter()
        .flat_map(|all| (0..all.length()).filter_map(|at| all.item(at)));
    let buttons = buttons
        .filter_map(|node| node.dyn_into::<Element>().ok())
        .map(|button| edges(&button))
        .filter(|(start, end)| end > start);
    (edges(area), buttons.collect())
}

/// Whether the key went to a button, which knows what to do with it.
pub fn is_on_button(event: &KeyboardEvent) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.tag_name() == "BUTTON")
}

/// Asks `takes` of each stroke of a key and each touch of a control, before anything else of the page hears of it: what was
/// struck, whether it is held only, and when, in milliseconds. What is not taken is as if it had not been.
pub fn on_strike(takes: impl Fn(Struck<'_>, bool, f64) -> bool + 'static) {
    let Some(window) = web_sys::window() else { return };
    let on_event = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        if !is_taken(&event, &takes) {
            event.prevent_default();
            event.stop_immediate_propagation();
        }
    });
    for name in ["keydown", "click"] {
        // Without it every stroke counts, as for everybody who did not ask.
        let _ =
            window.add_event_listener_with_callback_and_bool(name, on_event.as_ref().unchecked_ref(), true);
    }
    // As long as the page.
    on_event.forget();
}

fn is_taken(event: &Event, takes: impl Fn(Struck<'_>, bool, f64) -> bool) -> bool {
    let at_ms = event.time_stamp();
    if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
        let code = Some(key.code()).filter(|code| !code.is_empty());
        let struck = Struck::Key {
            code: &code.unwrap_or_else(|| key.key()),
            shift: key.shift_key(),
        };
        return takes(struck, key.repeat(), at_ms);
    }
    // A click without a count was made by a key, which was asked about already.
    if event.dyn_ref::<UiEvent>().is_none_or(|click| click.detail() == 0) {
        return true;
    }
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    element
        .and_then(|element| element.closest("button").ok().flatten())
        .and_then(|button| button.get_attribute("data-testid"))
        .is_none_or(|name| takes(Struck::Control(&name), false, at_ms))
}

/// Notes which element has the focus, for [`restore_focus`].
pub fn remember_focus() {
    let page = web_sys::window().and_then(|window| window.document());
    FOCUSED.set(
        page.and_then(|page| page.active_element())
            .and_then(|element| element.dyn_into().ok()),
    );
}

/// Gives the focus back to the element of [`remember_focus`], if it is still there.
pub fn restore_focus() {
    if let Some(element) = FOCUSED.take() {
        // An element that left the page meanwhile takes no focus, and needs none.
        let _ = element.focus();
    }
}
