//! The thread that owns machine, player and the look at the headset.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::SpeechError;
use crate::builder::Phrases;
use crate::engine::Program;
use crate::headset::{EVERY, Source, Watch};
use crate::machine::{Effect, Input, Machine, State};
use crate::player::Player;
use crate::stock::{Stock, Tried};

pub use crate::player::Output;

/// How a kiosk speaks.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The pack of phrases; without it all is synthesised.
    pub pack: Option<PathBuf>,
    /// The synthesiser for what the pack has not; without one that is left out.
    pub engine: Option<Program>,
    /// Where sound goes.
    pub output: Output,
    /// Step of volume for each new person.
    pub volume: u8,
    /// Whether a headset is plugged.
    pub headset: Source,
}

/// How it stands, for the screens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Of the machine.
    pub state: State,
    /// Whether there is a sound device that works.
    pub sound: bool,
    /// What there is to speak with, once somebody asked.
    pub stock: Option<Stock>,
    /// The last trial, if there was one; while it is played, `state` says so.
    pub tried: Option<Tried>,
}

type Listener = Box<dyn Fn(Status) + Send>;

enum Event {
    Input(Input),
    Listen(Listener),
    TakeStock(Phrases),
    Quit,
}

/// A voice. It falls silent when it is dropped.
#[derive(Debug)]
pub struct Voice {
    events: Sender<Event>,
    told: Arc<Mutex<Status>>,
    thread: Option<JoinHandle<()>>,
}

impl Voice {
    /// Starts the thread.
    pub fn start(setup: Setup) -> Result<Self, SpeechError> {
        let (events, inbox) = channel();
        let told = Arc::new(Mutex::new(Status {
            state: Machine::new(setup.volume).state(),
            sound: false,
            stock: None,
            tried: None,
        }));
        let tells = Arc::clone(&told);
        let thread = std::thread::Builder::new()
            .name("speech".into())
            .spawn(move || run(&setup, &inbox, &tells))
            .map_err(SpeechError::Thread)?;
        Ok(Self {
            events,
            told,
            thread: Some(thread),
        })
    }

    /// Tells what happened.
    pub fn tell(&self, input: Input) {
        // The thread ends only when this is dropped.
        let _ = self.events.send(Event::Input(input));
    }

    /// How it stood when it last changed. Nobody is waited for.
    pub fn status(&self) -> Status {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sees what there is to speak with and holds it against these texts; [`Voice::status`] says what was found.
    pub fn take_stock(&self, wanted: Phrases) {
        let _ = self.events.send(Event::TakeStock(wanted));
    }

    /// Calls this with every change from now on, and with the present state at once. It takes the place of the one before.
    pub fn listen(&self, listener: impl Fn(Status) + Send + 'static) {
        let _ = self.events.send(Event::Listen(Box::new(listener)));
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        let _ = self.events.send(Event::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(setup: &Setup, inbox: &Receiver<Event>, told: &Mutex<Status>) {
    let machine = Machine::new(setup.volume);
    let player = Player::open(
        setup.pack.as_deref(),
        setup.engine.clone(),
        &setup.output,
        machine.state().volume,
    );
    let mut speaker = Speaker {
        machine,
        player,
        listener: None,
        stock: None,
        tried: None,
        told,
    };
    speaker.tell();
    let mut watch = Watch::new(setup.headset.clone());
    let mut plugged = false;
    let mut look_at = Instant::now();
    loop {
        if Instant::now() >= look_at {
            let found = watch.is_plugged();
            if found != plugged {
                plugged = found;
                speaker.give(Input::Headset(found));
            }
            look_at = Instant::now() + EVERY;
        }
        if let Some(id) = speaker.player.finished() {
            speaker.give(Input::Finished(id));
        }
        let until_look = (!watch.is_fixed()).then(|| look_at.saturating_duration_since(Instant::now()));
        let event = match [speaker.player.wait(), until_look].into_iter().flatten().min() {
            Some(wait) => inbox.recv_timeout(wait),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Input(input)) => speaker.give(input),
            Ok(Event::Listen(new)) => {
                speaker.listener = Some(new);
                speaker.tell();
            }
            Ok(Event::TakeStock(wanted)) => {
                speaker.stock = Some(speaker.player.stock(&wanted));
                speaker.tell();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Event::Quit) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    speaker.player.silence();
}

/// What belongs to the thread.
struct Speaker<'a> {
    machine: Machine,
    player: Player,
    listener: Option<Listener>,
    stock: Option<Stock>,
    tried: Option<Tried>,
    told: &'a Mutex<Status>,
}

impl Speaker<'_> {
    fn tell(&self) {
        let status = Status {
            state: self.machine.state(),
            sound: self.player.has_sound(),
            stock: self.stock.clone(),
            tried: self.tried,
        };
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&status);
        if let Some(listener) = &self.listener {
            listener(status);
        }
    }

    fn give(&mut self, input: Input) {
        for effect in self.machine.step(input) {
            match effect {
                Effect::Play {
                    id,
                    language,
                    words,
                    private,
                } => {
                    let found = self.player.play(id, language, &words, private);
                    if self.machine.state().trying {
                        self.tried = Some(Tried { language, found });
                        // Of a trial after a trial the machine itself has nothing to say.
                        self.tell();
                    }
                }
                Effect::Silence => self.player.silence(),
                Effect::Volume(step) => self.player.set_volume(step),
                Effect::Changed => self.tell(),
            }
        }
    }
}
