//! The window and the page in it: which page stands in front, who sees views, and what a page may do to the system.
//!
//! Each page has a window of its own, and on Linux a web process of its own. What the engine remembers is emptied with each page
//! that goes. A fresh page comes up behind the one in front, as [`machine`] orders it, and then takes its place.

pub mod machine;
#[cfg(target_os = "linux")]
mod webkit;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ipc::View;
use ipc::speech::SpeechView;
use tauri::ipc::{Channel, InvokeResponseBody, Response};
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::config::Window;
use machine::{Happened, Order, PageId, Rules};

/// Names of windows begin so; the capability of the window names them so too.
const LABEL: &str = "kiosk-";

/// What a page would ask of another machine goes to a proxy that is not there, on a port that only root could open. The rules
/// for content stop requests, but not the lines that the engine opens early for links. The pages of the program do not come
/// over a network.
#[cfg(target_os = "linux")]
const NO_PROXY: &str = "socks5://127.0.0.1:1";

/// The pages, their thread, and who of them sees what.
pub struct Pages {
    events: Sender<Event>,
    hub: Arc<Mutex<Hub>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Event {
    Happened(Happened),
    Stop,
}

/// Who sees views and preview frames.
#[derive(Default)]
struct Hub {
    last: Option<View>,
    voice: SpeechView,
    seers: BTreeMap<PageId, Seer>,
    hearers: BTreeMap<PageId, Channel<SpeechView>>,
    in_front: Option<PageId>,
    well_at: Duration,
}

struct Seer {
    views: Channel<View>,
    preview: Channel<Response>,
}

fn locked(hub: &Mutex<Hub>) -> MutexGuard<'_, Hub> {
    hub.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pages {
    /// Opens the first page. `origin` is the zero of all times.
    pub fn start(app: AppHandle, window: Window, rules: Rules, origin: Instant) -> std::io::Result<Self> {
        let (events, inbox) = channel();
        let hub = Arc::new(Mutex::new(Hub::default()));
        let keeper = Keeper {
            app,
            window,
            origin,
            events: events.clone(),
            hub: Arc::clone(&hub),
            pages: machine::Pages::new(rules),
        };
        let thread = std::thread::Builder::new()
            .name("pages".into())
            .spawn(move || keeper.run(&inbox))?;
        Ok(Self {
            events,
            hub,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Shows a view on every page, also on the one that comes.
    pub fn show(&self, view: &View) {
        let mut hub = locked(&self.hub);
        let was_at_rest = hub.last.as_ref().is_none_or(|last| last.screen.is_at_rest());
        for seer in hub.seers.values() {
            // A channel fails when its page is gone; the next page subscribes anew.
            let _ = seer.views.send(view.clone());
        }
        let at_rest = view.screen.is_at_rest();
        hub.last = Some(view.clone());
        drop(hub);
        match (was_at_rest, at_rest) {
            (true, false) => self.tell(Happened::SessionBegan),
            (false, true) => self.tell(Happened::SessionEnded),
            _ => {}
        }
    }

    /// Shows a preview frame (JPEG) on the page in front, and on no other.
    pub fn preview(&self, jpeg: Vec<u8>) {
        let hub = locked(&self.hub);
        if let Some(seer) = hub.in_front.and_then(|id| hub.seers.get(&id)) {
            let _ = seer.preview.send(Response::new(InvokeResponseBody::Raw(jpeg)));
        }
    }

    /// Sends every new view to this page from now on, and the present one at once.
    pub fn subscribe(&self, window: &WebviewWindow, views: Channel<View>, preview: Channel<Response>) {
        let Some(id) = page_of(window.label()) else {
            return;
        };
        let mut hub = locked(&self.hub);
        if let Some(last) = &hub.last {
            let _ = views.send(last.clone());
        }
        hub.seers.insert(id, Seer { views, preview });
        drop(hub);
        self.tell(Happened::Ready(id));
    }

    /// Tells every page how the voice stands.
    pub fn voice_stands(&self, state: SpeechView) {
        let mut hub = locked(&self.hub);
        for hearer in hub.hearers.values() {
            let _ = hearer.send(state);
        }
        hub.voice = state;
    }

    /// Tells this page from now on how the voice stands, and at once how it stands now.
    pub fn hear(&self, window: &WebviewWindow, states: Channel<SpeechView>) {
        let Some(id) = page_of(window.label()) else {
            return;
        };
        let mut hub = locked(&self.hub);
        let _ = states.send(hub.voice);
        hub.hearers.insert(id, states);
    }

    /// Whether this window has the page in front. What another one wants is not done.
    pub fn is_in_front(&self, window: &WebviewWindow) -> bool {
        page_of(window.label()).is_some_and(|id| locked(&self.hub).in_front == Some(id))
    }

    /// When a page in front was last known to be well.
    pub fn well_at(&self) -> Duration {
        locked(&self.hub).well_at
    }

    /// Opens no more pages.
    pub fn stop(&self) {
        let _ = self.events.send(Event::Stop);
        // The thread may be waiting for the event loop, which is ending and answers nothing any more: it is not joined.
        drop(self.thread.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn tell(&self, happened: Happened) {
        let _ = self.events.send(Event::Happened(happened));
    }
}

/// The number in a window's name.
fn page_of(label: &str) -> Option<PageId> {
    label.strip_prefix(LABEL)?.parse().ok()
}

/// What the thread of the pages owns.
struct Keeper {
    app: AppHandle,
    window: Window,
    origin: Instant,
    events: Sender<Event>,
    hub: Arc<Mutex<Hub>>,
    pages: machine::Pages,
}

impl Keeper {
    fn run(mut self, inbox: &Receiver<Event>) {
        let mut happened = Happened::Tick;
        loop {
            for order in self.pages.step(self.origin.elapsed(), happened) {
                self.perform(order);
            }
            locked(&self.hub).well_at = self.pages.well_at();
            happened = match inbox.recv_timeout(self.pages.patience()) {
                Ok(Event::Happened(happened)) => happened,
                Err(RecvTimeoutError::Timeout) => Happened::Tick,
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            };
        }
    }

    fn perform(&self, order: Order) {
        let done = match order {
            Order::Open(id) => self.open(id),
            Order::Show(id) => self.show(id),
            Order::Close(id) => self.close(id),
            Order::Ping(id) => self.ping(id),
        };
        if let Err(error) = done {
            tracing::error!(?order, error = crate::chain(&error), "the window does not obey");
        }
    }

    fn of(&self, id: PageId) -> Option<WebviewWindow> {
        self.app.get_webview_window(&format!("{LABEL}{id}"))
    }

    fn open(&self, id: PageId) -> tauri::Result<()> {
        let window = self.window;
        let builder = WebviewWindowBuilder::new(
            &self.app,
            format!("{LABEL}{id}"),
            WebviewUrl::App("index.html".into()),
        )
        .title("Alaqan")
        .inner_size(window.width.into(), window.height.into())
        .position(0.0, 0.0)
        .fullscreen(window.kiosk)
        .decorations(!window.kiosk)
        .resizable(!window.kiosk)
        .visible(false)
        .devtools(false)
        // Not on Linux: there Tauri gives the program's own files to the first private page alone, and any later one would stay
        // empty. All pages share one store, and `close` empties it.
        .incognito(cfg!(not(target_os = "linux")))
        .disable_drag_drop_handler()
        .on_navigation(crate::is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny);
        #[cfg(not(target_os = "linux"))]
        let builder = builder.on_download(|_, event| {
            if let tauri::webview::DownloadEvent::Requested { .. } = event {
                tracing::warn!("a download was refused");
            }
            false
        });
        #[cfg(target_os = "linux")]
        let builder = builder.proxy_url(tauri::Url::parse(NO_PROXY).map_err(tauri::Error::InvalidUrl)?);
        let built = builder.build()?;
        #[cfg(target_os = "linux")]
        {
            let events = self.events.clone();
            built.with_webview(move |view| {
                webkit::make_frugal(&view.inner());
                webkit::lock_down(&view.inner(), move || {
                    let _ = events.send(Event::Happened(Happened::Died(id)));
                });
            })?;
        }
        let _ = built;
        Ok(())
    }

    fn show(&self, id: PageId) -> tauri::Result<()> {
        locked(&self.hub).in_front = Some(id);
        let Some(window) = self.of(id) else { return Ok(()) };
        window.show()?;
        window.set_focus()
    }

    fn close(&self, id: PageId) -> tauri::Result<()> {
        let mut hub = locked(&self.hub);
        hub.seers.remove(&id);
        hub.hearers.remove(&id);
        if hub.in_front == Some(id) {
            hub.in_front = None;
        }
        drop(hub);
        let Some(window) = self.of(id) else { return Ok(()) };
        tracing::debug!(page = id, "a page is closed");
        // The web process ends with its page. It is told to besides, for one that is stuck would take its time; not where the
        // web view is driven, since the engine takes the end of one process for the end of all driving.
        #[cfg(target_os = "linux")]
        if !is_driven() {
            window.with_webview(|view| webkit::end(&view.inner()))?;
        }
        #[cfg(target_os = "linux")]
        window.with_webview(|view| {
            webkit::forget(&view.inner());
            webkit::release(&view.inner());
        })?;
        window.destroy()?;
        // What this page had will be free in a moment; what the pages before it had is.
        crate::surroundings::give_back_what_is_free();
        Ok(())
    }

    fn ping(&self, id: PageId) -> tauri::Result<()> {
        let Some(window) = self.of(id) else { return Ok(()) };
        let events = self.events.clone();
        // It answers only if its script runs.
        window.eval_with_callback("1", move |_| {
            let _ = events.send(Event::Happened(Happened::Answered(id)));
        })
    }
}

/// Whether a test drives the web view. Production refuses to start so (see [`crate::memory`]).
fn is_driven() -> bool {
    std::env::var_os(crate::surroundings::AUTOMATION).is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_bears_the_number_of_its_page() {
        let check = |label: &str, expect| assert_eq!(page_of(label), expect, "{label}");
        check("kiosk-0", Some(0));
        check("kiosk-17", Some(17));
        check("kiosk", None);
        check("kiosk-", None);
        check("kiosk--1", None);
        check("other-1", None);
    }
}
