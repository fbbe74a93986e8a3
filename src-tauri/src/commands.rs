//! The commands of the window.

use std::sync::mpsc::Sender;

use ipc::speech::{SpeechOrder, SpeechView};
use ipc::{Display, Intent, View};
use tauri::ipc::{Channel, Response};
use tauri::{State, WebviewWindow};

use crate::kiosk::Kiosk;
use crate::pages::Pages;
use crate::speech::Speech;

/// What stands behind the window: it sends views and takes intents.
///
/// Beside [`Kiosk`] there is the stage of the tests, which shows each screen as it is told to.
pub trait Shell: Send + Sync {
    /// The screen of the window.
    fn display(&self) -> Display;
    /// Shows every new view and preview frame (JPEG, mirrored) to these from now on, and the present view at once.
    fn subscribe(&self, views: Box<dyn Fn(&View) + Send>, preview: Box<dyn Fn(Vec<u8>) + Send>);
    /// Takes what the person wants.
    fn intent(&self, intent: Intent);
    /// Answers once every part that can get stuck has shown that it lives.
    fn ask(&self, answer: Sender<()>);
    /// Ends in order. Nothing is shown afterwards.
    fn stop(&self);
}

impl Shell for Kiosk {
    fn display(&self) -> Display {
        Kiosk::display(self)
    }

    fn subscribe(&self, views: Box<dyn Fn(&View) + Send>, preview: Box<dyn Fn(Vec<u8>) + Send>) {
        Kiosk::subscribe(self, views, preview);
    }

    fn intent(&self, intent: Intent) {
        Kiosk::intent(self, intent);
    }

    fn ask(&self, answer: Sender<()>) {
        Kiosk::ask(self, answer);
    }

    fn stop(&self) {
        Kiosk::stop(self);
    }
}

/// Sends every new view, and preview frames as raw JPEG bytes, to the screens. A reloaded page subscribes anew
/// and takes the place of the old one. The answer is the screen on which they stand.
#[tauri::command]
pub fn subscribe(
    shell: State<'_, Box<dyn Shell>>,
    pages: State<'_, Pages>,
    window: WebviewWindow,
    views: Channel<View>,
    preview: Channel<Response>,
) -> Display {
    pages.subscribe(&window, views, preview);
    shell.display()
}

/// Hands an intent to the kiosk; the answer is the next view. Only the page in front is listened to.
#[tauri::command]
pub fn intent(
    shell: State<'_, Box<dyn Shell>>,
    pages: State<'_, Pages>,
    window: WebviewWindow,
    intent: Intent,
) {
    if pages.is_in_front(&window) {
        shell.intent(intent);
    }
}

/// Tells the screens how speech stands, now and with every change.
#[tauri::command]
pub fn hear(pages: State<'_, Pages>, window: WebviewWindow, states: Channel<SpeechView>) {
    pages.hear(&window, states);
}

/// Hands to the voice what the screens want of it. Only the page in front is listened to.
#[tauri::command]
pub fn speak(speech: State<'_, Speech>, pages: State<'_, Pages>, window: WebviewWindow, order: SpeechOrder) {
    if pages.is_in_front(&window) {
        speech.order(order);
    }
}
