//! The only file that talks out: to the shell by commands and channels, and to the browser where Leptos has no
//! word for it. All glue between Rust and JavaScript is here.

use std::cell::{Cell, RefCell};

use ::ipc::{Intent, View};
use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, ImageBitmap, KeyboardEvent,
};

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
}

/// How long touches that change nothing are kept back after one was passed on.
const STAY_ALIVE_EVERY_MS: f64 = 5_000.0;

/// Asks the shell for views, each given to `on_view`, and for preview frames, drawn on the canvas of
/// [`show_preview_on`]. Calls `on_failure` if there is no shell or it refuses.
pub fn subscribe(on_view: impl Fn(View) + 'static, on_failure: impl FnOnce() + 'static) {
    spawn_local(async move {
        if let Err(error) = subscribe_to_shell(on_view).await {
            leptos::logging::error!("could not subscribe to the shell: {error:?}");
            on_failure();
        }
    });
}

async fn subscribe_to_shell(on_view: impl Fn(View) + 'static) -> Result<(), JsValue> {
    let views = Channel::new()?;
    let on_message = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        match serde_wasm_bindgen::from_value::<View>(message) {
            Ok(view) => on_view(view),
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
    invoke("subscribe", &arguments).await?;
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

/// Chooses the colours of the document.
pub fn set_document_contrast(high: bool) {
    set_on_document("data-contrast", if high { "high" } else { "normal" });
}

fn set_on_document(attribute: &str, value: &str) {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.document_element());
    if let Some(Err(error)) = root.map(|root| root.set_attribute(attribute, value)) {
        leptos::logging::error!("could not set {attribute} of the document: {error:?}");
    }
}

/// Whether the key went to a button, which knows what to do with it.
pub fn is_on_button(event: &KeyboardEvent) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.tag_name() == "BUTTON")
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
