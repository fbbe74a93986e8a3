//! The thread that owns machine, player and the look at the headset.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::SpeechError;
use crate::engine::Program;
use crate::headset::{EVERY, Source, Watch};
use crate::machine::{Effect, Input, Machine, State};
use crate::player::Player;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Of the machine.
    pub state: State,
    /// Whether there is a sound device that works.
    pub sound: bool,
}

type Listener = Box<dyn Fn(Status) + Send>;

enum Event {
    Input(Input),
    Listen(Listener),
    Quit,
}

/// A voice. It falls silent when it is dropped.
#[derive(Debug)]
pub struct Voice {
    events: Sender<Event>,
    thread: Option<JoinHandle<()>>,
}

impl Voice {
    /// Starts the thread.
    pub fn start(setup: Setup) -> Result<Self, SpeechError> {
        let (events, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("speech".into())
            .spawn(move || run(&setup, &inbox))
            .map_err(SpeechError::Thread)?;
        Ok(Self {
            events,
            thread: Some(thread),
        })
    }

    /// Tells what happened.
    pub fn tell(&self, input: Input) {
        // The thread ends only when this is dropped.
        let _ = self.events.send(Event::Input(input));
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

fn run(setup: &Setup, inbox: &Receiver<Event>) {
    let mut machine = Machine::new(setup.volume);
    let mut player = Player::open(
        setup.pack.as_deref(),
        setup.engine.clone(),
        &setup.output,
        machine.state().volume,
    );
    let mut watch = Watch::new(setup.headset.clone());
    let mut plugged = false;
    let mut listener: Option<Listener> = None;
    let mut look_at = Instant::now();
    loop {
        if Instant::now() >= look_at {
            let found = watch.is_plugged();
            if found != plugged {
                plugged = found;
                give(
                    &mut machine,
                    &mut player,
                    listener.as_ref(),
                    Input::Headset(found),
                );
            }
            look_at = Instant::now() + EVERY;
        }
        if let Some(id) = player.finished() {
            give(&mut machine, &mut player, listener.as_ref(), Input::Finished(id));
        }
        let until_look = (!watch.is_fixed()).then(|| look_at.saturating_duration_since(Instant::now()));
        let event = match [player.wait(), until_look].into_iter().flatten().min() {
            Some(wait) => inbox.recv_timeout(wait),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Input(input)) => give(&mut machine, &mut player, listener.as_ref(), input),
            Ok(Event::Listen(new)) => {
                new(status(&machine, &player));
                listener = Some(new);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Event::Quit) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    player.silence();
}

fn status(machine: &Machine, player: &Player) -> Status {
    Status {
        state: machine.state(),
        sound: player.has_sound(),
    }
}

fn give(machine: &mut Machine, player: &mut Player, listener: Option<&Listener>, input: Input) {
    for effect in machine.step(input) {
        match effect {
            Effect::Play {
                id,
                language,
                words,
                private,
            } => player.play(id, language, &words, private),
            Effect::Silence => player.silence(),
            Effect::Volume(step) => player.set_volume(step),
            Effect::Changed => {
                if let Some(listener) = listener {
                    listener(status(machine, player));
                }
            }
        }
    }
}
