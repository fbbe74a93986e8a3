//! The window as it is in a branch: nobody drives the web view, and the X server alone tells what is to be seen. What a driver
//! changes about the pages must not hide how they are without one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Institution, clip};
use rustix::process::{Pid, Signal, kill_process};
use walk::processes;
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, ImageFormat, MapState, Window};
use x11rb::rust_connection::RustConnection;

/// Longer than a page takes on a loaded machine, and shorter than the kiosk waits for one that does not come.
const LIMIT: Duration = Duration::from_secs(60);
/// A screen with words has more colours than this in one row: letters have soft edges.
const COLOURS_MIN: usize = 8;
const ROW_STEP_PX: u16 = 8;

/// Ends with the story, however it goes.
struct Kiosk(Child);

impl Drop for Kiosk {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Display {
    connection: RustConnection,
    root: Window,
}

impl Display {
    fn of_environment() -> Self {
        let (connection, number) = x11rb::connect(None).expect("a display; `cargo xtask test` brings one");
        let root = connection.setup().roots[number].root;
        Self { connection, root }
    }

    /// The window of this process that shows words, whatever frame a window manager has put around it.
    fn window_with_words(&self, process: u32) -> Option<Window> {
        let mut windows = vec![self.root];
        while let Some(window) = windows.pop() {
            // A window may go while it is looked at.
            let Ok(below) = self.below(window) else { continue };
            windows.extend(below);
            if self.owner(window).ok().flatten() == Some(process) && self.shows_words(window).unwrap_or(false)
            {
                return Some(window);
            }
        }
        None
    }

    fn below(&self, window: Window) -> Result<Vec<Window>, ReplyError> {
        Ok(self.connection.query_tree(window)?.reply()?.children)
    }

    fn owner(&self, window: Window) -> Result<Option<u32>, ReplyError> {
        let name = self.connection.intern_atom(false, b"_NET_WM_PID")?.reply()?.atom;
        let property = self
            .connection
            .get_property(false, window, name, AtomEnum::CARDINAL, 0, 1)?
            .reply()?;
        Ok(property.value32().and_then(|mut values| values.next()))
    }

    fn shows_words(&self, window: Window) -> Result<bool, ReplyError> {
        let state = self.connection.get_window_attributes(window)?.reply()?.map_state;
        let size = self.connection.get_geometry(window)?.reply()?;
        if state != MapState::VIEWABLE {
            return Ok(false);
        }
        for row in (0..size.height).step_by(usize::from(ROW_STEP_PX)) {
            let row = i16::try_from(row).unwrap();
            let image = self
                .connection
                .get_image(ImageFormat::Z_PIXMAP, window, 0, row, size.width, 1, u32::MAX)?
                .reply()?;
            let mut colours: Vec<&[u8]> = image.data.chunks_exact(4).collect();
            colours.sort_unstable();
            colours.dedup();
            if colours.len() >= COLOURS_MIN {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for another window with words than this one.
    fn wait_for_other_than(&self, old: Option<Window>, process: u32) -> Window {
        let end = Instant::now() + LIMIT;
        loop {
            match self.window_with_words(process) {
                Some(window) if Some(window) != old => return window,
                _ => assert!(Instant::now() < end, "no page is to be seen"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn every_page_is_shown_and_not_only_the_first() {
    let institution = Institution::found();
    let config = institution.kiosk_config(&clip(), "", (1280, 1024));
    let started = Command::new(env!("CARGO_BIN_EXE_alaqan"))
        .arg("--config")
        .arg(&config)
        .env_remove("TAURI_AUTOMATION")
        .env_remove("TAURI_WEBVIEW_AUTOMATION")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let kiosk = Kiosk(started);
    let display = Display::of_environment();
    let mut shown = None;
    for _ in 0..3 {
        let page = display.wait_for_other_than(shown, kiosk.0.id());
        shown = Some(page);
        // As after a fault of the engine.
        for web in processes::web_processes(kiosk.0.id()) {
            let id = Pid::from_raw(i32::try_from(web.id).unwrap()).unwrap();
            kill_process(id, Signal::KILL).unwrap();
        }
    }
}
