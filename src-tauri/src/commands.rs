//! The two commands of the window.

use ipc::{Intent, View};
use tauri::ipc::{Channel, InvokeResponseBody, Response};

use crate::kiosk::Kiosk;

/// Sends every new view, and preview frames as raw JPEG bytes, to the screens. A reloaded page subscribes anew
/// and takes the place of the old one.
#[tauri::command]
pub fn subscribe(kiosk: tauri::State<'_, Kiosk>, views: Channel<View>, preview: Channel<Response>) {
    kiosk.subscribe(
        move |view| {
            // A channel fails when its page is gone; the next page subscribes anew.
            let _ = views.send(view.clone());
        },
        move |jpeg| {
            let _ = preview.send(Response::new(InvokeResponseBody::Raw(jpeg)));
        },
    );
}

/// Hands an intent to the kiosk; the answer is the next view.
#[tauri::command]
pub fn intent(kiosk: tauri::State<'_, Kiosk>, intent: Intent) {
    kiosk.intent(intent);
}
