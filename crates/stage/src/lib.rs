//! A stage for the screens: the real window in the real web view, which shows whatever view it is told to.
//!
//! No camera, store or line stands behind it, so that each screen can be looked at, measured and photographed in each
//! language, theme and size. [`fixtures`] has all of them; the program `alaqan-stage` is the window, and [`Stage`] tells
//! it over a local socket what to show, and hears what the person wants.

pub mod fixtures;
pub mod look;
mod protocol;
pub mod shell;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ipc::{Intent, View};
use thiserror::Error;
use walk::{STEP_LIMIT, Walk, WalkError};

use crate::fixtures::Fixture;
pub use crate::look::{Contrast, Look, Size, TextSize};
use crate::protocol::{Order, Said, Settings};

/// Why the stage cannot go on.
#[derive(Debug, Error)]
pub enum StageError {
    /// The window does not do what it should.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The socket or a file failed.
    #[error("the stage cannot be reached")]
    Line(#[from] std::io::Error),
    /// What came over the socket is no message of the stage.
    #[error("a message of the stage cannot be read")]
    Message(#[from] serde_json::Error),
    /// The settings of the stage cannot be read.
    #[error("the settings {path} cannot be read: {message}")]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// The page did not draw what it was told to in time.
    #[error("the page does not show {0}")]
    NotShown(String),
    /// The window failed.
    #[error("the window failed")]
    Window(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A running stage.
pub struct Stage {
    /// The window, for what has no method here.
    pub walk: Walk,
    orders: TcpStream,
    said: Receiver<Said>,
    shown: u64,
    _folder: Folder,
}

/// The folder of the settings, removed with the stage.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is one small file among temporary ones.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    /// Opens the window of this program, `alaqan-stage`. A display must be there (`DISPLAY`).
    pub async fn open(program: &Path, size: Size) -> Result<Self, StageError> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("alaqan-stage-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let settings = folder.join("stage.json");
        let folder = Folder(folder);
        let text = Settings {
            port,
            width: size.width,
            height: size.height,
            display: size.display(),
        }
        .text();
        std::fs::write(&settings, text)?;
        let (says, said) = channel();
        let connected = std::thread::spawn(move || listener.accept().map(|(line, _)| line));
        let walk = Walk::start(program, &settings).await?;
        let orders = connected
            .join()
            .map_err(|_| StageError::NotShown("a stage".to_owned()))??;
        let lines = BufReader::new(orders.try_clone()?);
        std::thread::spawn(move || {
            for line in lines.lines() {
                let Ok(said) = line.map_err(StageError::from).and_then(|line| Said::read(&line)) else {
                    return;
                };
                if says.send(said).is_err() {
                    return;
                }
            }
        });
        let stage = Self {
            walk,
            orders,
            said,
            shown: 0,
            _folder: folder,
        };
        match stage.said.recv_timeout(STEP_LIMIT) {
            Ok(Said::Subscribed) => Ok(stage),
            _ => Err(StageError::NotShown("a page".to_owned())),
        }
    }

    /// Shows this view, and comes back when the page has drawn it.
    pub async fn show(&mut self, view: &View) -> Result<(), StageError> {
        let mut line = serde_json::to_vec(&Order::View(Box::new(view.clone())))?;
        line.push(b'\n');
        self.orders.write_all(&line)?;
        self.shown += 1;
        self.wait_for_shown().await
    }

    /// Shows a fixture as it looks with this look.
    pub async fn show_as(&mut self, fixture: &Fixture, look: Look) -> Result<(), StageError> {
        self.show(&fixture.view(look)).await?;
        look.choose(&self.walk).await?;
        self.settle().await
    }

    /// Shows a fixture as it looks with this look so long after whatever moves on it began to.
    pub async fn show_at(&mut self, fixture: &Fixture, look: Look, ms: u32) -> Result<(), StageError> {
        self.show(&fixture.view(look)).await?;
        look.choose(&self.walk).await?;
        let script = format!(
            "for (const animation of document.getAnimations()) {{
                 animation.pause();
                 animation.currentTime = {ms};
             }}
             return true;"
        );
        self.ask(&script).await.map(|_| ())
    }

    /// Brings to its end what fades or moves in, so that no screen is looked at half way. What goes on for ever stands where
    /// it stands three seconds after it began.
    async fn settle(&self) -> Result<(), StageError> {
        let script = "for (const animation of document.getAnimations()) {
                const ends = animation.effect?.getComputedTiming().endTime ?? 0;
                if (Number.isFinite(ends)) animation.finish();
                else animation.currentTime = 3000;
            }
            return true;";
        self.ask(script).await.map(|_| ())
    }

    /// What the person wanted since the last question. Waits for the first, if there is to be one.
    pub fn wanted(&self, wait: Duration) -> Vec<Intent> {
        let first = self.said.recv_timeout(wait).ok();
        first
            .into_iter()
            .chain(self.said.try_iter())
            .filter_map(Said::intent)
            .collect()
    }

    /// The next thing the person wants that is more than a sign of life, or of the page itself.
    pub fn next_intent(&self) -> Option<Intent> {
        loop {
            match self.said.recv_timeout(STEP_LIMIT).ok()?.intent() {
                Some(Intent::StayAlive | Intent::Display { .. }) | None => {}
                Some(intent) => return Some(intent),
            }
        }
    }

    /// Closes the window.
    pub async fn close(self) -> Result<(), StageError> {
        Ok(self.walk.close().await?)
    }

    async fn wait_for_shown(&self) -> Result<(), StageError> {
        let script = "return Number(document.documentElement.dataset.views ?? 0)";
        let end = tokio::time::Instant::now() + STEP_LIMIT;
        loop {
            let drawn = self.ask(script).await?;
            if drawn.as_u64().is_some_and(|drawn| drawn >= self.shown) {
                return Ok(());
            }
            if tokio::time::Instant::now() >= end {
                return Err(StageError::NotShown(format!("view {}", self.shown)));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The answer of a script in the page.
    pub async fn ask(&self, script: &str) -> Result<serde_json::Value, StageError> {
        look::ask(&self.walk, script).await
    }
}
