//! The shell behind the window of the stage: it shows what comes over the socket, and tells what the person wants.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use alaqan::commands::Shell;
use alaqan::config::Window;
use alaqan::pages::machine::Rules;
use alaqan::speech::Speech;
use ipc::{Display, Intent, View};

use crate::StageError;
use crate::protocol::{Order, Said, Settings};

type ViewSink = Box<dyn Fn(&View) + Send>;

/// Opens the window that these settings describe, and shows what it is told to until it is closed.
pub fn run(settings: &Path) -> Result<(), StageError> {
    let settings = Settings::load(settings)?;
    let line = TcpStream::connect(("127.0.0.1", settings.port))?;
    let orders = BufReader::new(line.try_clone()?);
    let shown = Arc::new(Mutex::new(Shown::default()));
    let teller = Arc::clone(&shown);
    std::thread::spawn(move || {
        for order in orders.lines() {
            let Ok(Order::View(view)) = order
                .map_err(StageError::from)
                .and_then(|line| Order::read(&line))
            else {
                return;
            };
            let mut shown = teller.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(sink) = &shown.sink {
                sink(&view);
            }
            shown.newest = Some(*view);
        }
    });
    let window = Window {
        width: settings.width,
        height: settings.height,
        kiosk: false,
    };
    let stage = OnStage {
        shown,
        display: settings.display,
        says: Mutex::new(line),
    };
    // One page stays: whoever drives it holds on to it.
    let rules = Rules {
        after_sessions: false,
        after_idle: None,
    };
    let speech = Speech::start(None).map_err(|error| StageError::Window(Box::new(error)))?;
    // Nothing of it can fail to start.
    let (_, failure) = channel();
    alaqan::show(window, rules, speech, Box::new(stage), failure)
        .map_err(|error| StageError::Window(Box::new(error)))
}

#[derive(Default)]
struct Shown {
    newest: Option<View>,
    sink: Option<ViewSink>,
}

struct OnStage {
    shown: Arc<Mutex<Shown>>,
    display: Display,
    says: Mutex<TcpStream>,
}

impl OnStage {
    fn say(&self, said: &Said) {
        let Ok(mut line) = serde_json::to_vec(said) else {
            return;
        };
        line.push(b'\n');
        // Where nobody listens any more the window is about to be closed.
        let _ = self
            .says
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&line);
    }
}

impl Shell for OnStage {
    fn display(&self) -> Display {
        self.display
    }

    fn subscribe(&self, views: ViewSink, _preview: Box<dyn Fn(Vec<u8>) + Send>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = &shown.newest {
            views(view);
        }
        shown.sink = Some(views);
        drop(shown);
        self.say(&Said::Subscribed);
    }

    fn intent(&self, intent: Intent) {
        self.say(&Said::Intent(intent));
    }

    fn ask(&self, answer: Sender<()>) {
        // Nothing on it can get stuck.
        let _ = answer.send(());
    }

    fn stop(&self) {}
}
