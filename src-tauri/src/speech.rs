//! Spoken instructions: what the screens say goes to the voice, and how the voice stands goes to the screens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ipc::speech::{Caption, Private, SpeechOrder, SpeechView, Urgency, Utterance};
use ipc::{Screen, View};
use serde::Deserialize;
use speech::engine::Program;
use speech::headset::Source;
use speech::machine::{Input, Part, VOLUME_MAX};
use speech::voice::{Output, Setup, Status, Voice};
use speech::{Language, SpeechError, Words};

/// Step of volume for each new person, where the configuration says nothing.
const VOLUME: u8 = 6;

/// The table `[speech]` of the configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpeech {
    /// The pack that `alaqan-speech build` made.
    pack: Option<PathBuf>,
    /// Name of the sound device; without it the one that the system prefers.
    device: Option<String>,
    /// Step of volume, 1 to 10.
    volume: Option<u8>,
    /// Command of the synthesiser for what the pack has not; an empty one is none.
    engine: Option<Vec<String>>,
    /// `jack`, `always`, `never`, or `file:` and a path in a demonstration.
    headset: Option<String>,
    /// Write what would be said into this file instead of playing it; in a demonstration alone.
    log: Option<PathBuf>,
}

impl FileSpeech {
    /// Checks the table; `demo` is whether the kiosk is a demonstration.
    pub fn setup(self, demo: bool) -> Result<Setup, String> {
        let volume = self.volume.unwrap_or(VOLUME);
        if !(1..=VOLUME_MAX).contains(&volume) {
            return Err(format!("volume is 1 to {VOLUME_MAX}"));
        }
        let headset = self.headset.as_deref().unwrap_or("jack");
        let headset: Source = headset.parse().map_err(|error| format!("headset: {error}"))?;
        if !demo && (self.log.is_some() || matches!(headset, Source::File(_))) {
            return Err("log and headset = \"file:…\" are for demonstrations".to_owned());
        }
        let output = match (self.log, self.device) {
            (Some(_), Some(_)) => return Err("there is a device or a log, not both".to_owned()),
            (Some(log), None) => Output::Log(log),
            (None, Some(device)) => Output::Named(device),
            (None, None) => Output::Default,
        };
        Ok(Setup {
            pack: self.pack,
            engine: match self.engine {
                None => Some(Program::espeak()),
                Some(command) => Program::new(&command),
            },
            output,
            volume,
            headset,
        })
    }
}

/// The voice of the kiosk, if it has one.
#[derive(Debug, Clone)]
pub struct Speech {
    voice: Option<Arc<Voice>>,
    seen: Arc<Seen>,
}

impl Speech {
    /// Starts it. What it lacks it says in the log, and does without: words stand on the screen too.
    pub fn start(setup: Option<Setup>) -> Result<Self, SpeechError> {
        let voice = setup.map(Voice::start).transpose()?;
        Ok(Self {
            voice: voice.map(Arc::new),
            seen: Arc::default(),
        })
    }

    /// Does what the screens want.
    pub fn order(&self, order: SpeechOrder) {
        if let Some(voice) = &self.voice {
            voice.tell(input(order));
        }
    }

    /// Tells the screens how it stands, now and with every change.
    pub fn listen(&self, listener: impl Fn(SpeechView) + Send + 'static) {
        match &self.voice {
            None => listener(SpeechView::default()),
            Some(voice) => voice.listen(move |status| listener(view(status))),
        }
    }

    /// Sees what the person sees: with the return to the welcome the session is over, and so is what was set for it. So it
    /// is where somebody went away before a session began.
    pub fn viewed(&self, view: &View) {
        if let (Some(voice), true) = (&self.voice, self.seen.ends(&view.screen)) {
            voice.tell(Input::SessionEnded);
        }
    }
}

/// The stage that was seen last; see [`stage`].
#[derive(Debug, Default)]
struct Seen(AtomicU8);

impl Seen {
    /// Whether this screen ends what the one before it began.
    fn ends(&self, screen: &Screen) -> bool {
        let stage = stage(screen);
        stage < self.0.swap(stage, Ordering::SeqCst)
    }
}

/// How far somebody has come: nobody is there, somebody may be, somebody is served. A step back ends what was set.
fn stage(screen: &Screen) -> u8 {
    match screen {
        Screen::Attract => 0,
        screen if screen.is_at_rest() => 1,
        _ => 2,
    }
}

fn input(order: SpeechOrder) -> Input {
    match order {
        SpeechOrder::Start => Input::Start,
        SpeechOrder::End => Input::End,
        SpeechOrder::Say { utterance } => Input::Say(spoken(utterance)),
        SpeechOrder::Interrupt => Input::Acted,
        SpeechOrder::Repeat => Input::Repeat,
        SpeechOrder::Stop => Input::Stop,
        SpeechOrder::Louder => Input::Louder,
        SpeechOrder::Quieter => Input::Quieter,
        SpeechOrder::SetPrivateAloud { allowed } => Input::PrivateAloud(allowed),
    }
}

fn spoken(utterance: Utterance) -> speech::machine::Utterance {
    let part = |part: ipc::speech::Spoken| Part {
        language: match part.language {
            ipc::Language::Kk => Language::Kk,
            ipc::Language::Ru => Language::Ru,
            ipc::Language::En => Language::En,
        },
        words: Words::new(part.text.take()),
        private: part.private.map(|kind| match kind {
            Private::Typed => speech::machine::Private::Typed,
            Private::Shown => speech::machine::Private::Shown,
        }),
        instead: part.instead.map(Words::new),
    };
    speech::machine::Utterance {
        number: utterance.number,
        urgency: match utterance.urgency {
            Urgency::Now => speech::machine::Urgency::Now,
            Urgency::Next => speech::machine::Urgency::Next,
            Urgency::Newest => speech::machine::Urgency::Newest,
        },
        parts: utterance.parts.into_iter().map(part).collect(),
    }
}

fn view(status: Status) -> SpeechView {
    let state = status.state;
    SpeechView {
        available: true,
        on: state.on,
        sound: status.sound,
        headset: state.headset,
        private_aloud: state.private_aloud,
        volume: state.volume,
        volumes: VOLUME_MAX,
        heard: state.heard,
        saying: state.saying.map(|caption| Caption {
            utterance: caption.utterance,
            part: u32::try_from(caption.part).unwrap_or(u32::MAX),
            instead: caption.instead,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(text: &str, demo: bool) -> Result<Setup, String> {
        toml::from_str::<FileSpeech>(text)
            .map_err(|error| error.to_string())?
            .setup(demo)
    }

    #[test]
    fn an_empty_table_is_a_voice_at_the_jack() {
        let made = setup("", false).unwrap();
        assert_eq!(made.headset, Source::Jack);
        assert_eq!((made.volume, made.output), (VOLUME, Output::Default));
        assert!(made.engine.is_some());
        assert!(setup("engine = []", false).unwrap().engine.is_none());
    }

    /// Speech ends with the session, and when nobody touches the first screen any more: the next person begins as everybody
    /// does.
    #[test]
    fn speech_ends_with_whoever_listened() {
        let mut machine = speech::machine::Machine::new(VOLUME);
        let seen = Seen::default();
        let shows = |machine: &mut speech::machine::Machine, screen: Screen| {
            if seen.ends(&screen) {
                machine.step(Input::SessionEnded);
            }
            machine.state().on
        };
        let service = || Screen::Service { services: Vec::new() };
        // Somebody comes, listens to the first screen, and goes away.
        assert!(!shows(&mut machine, Screen::Attract));
        assert!(!shows(&mut machine, Screen::Welcome));
        machine.step(Input::Start);
        machine.step(Input::Louder);
        machine.step(Input::PrivateAloud(true));
        assert!(
            shows(&mut machine, Screen::Welcome),
            "the same screen again ends nothing"
        );
        assert!(!shows(&mut machine, Screen::Attract));
        let left = machine.state();
        assert_eq!((left.volume, left.private_aloud), (VOLUME, false));
        // Somebody listens to a session.
        assert!(!shows(&mut machine, Screen::Welcome));
        machine.step(Input::Start);
        for screen in [service(), Screen::Claim { error: None }, service()] {
            assert!(shows(&mut machine, screen), "within a session speech goes on");
        }
        assert!(!shows(&mut machine, Screen::Welcome));
        // With a headset that stays plugged the next person is spoken to.
        machine.step(Input::Headset(true));
        assert!(shows(&mut machine, Screen::Attract));
        machine.step(Input::Headset(false));
        assert!(!machine.state().on);
    }

    #[test]
    fn what_is_for_demonstrations_does_not_run_in_production() {
        for text in ["log = '/tmp/said'", "headset = 'file:/tmp/plug'"] {
            assert!(setup(text, true).is_ok(), "{text}");
            assert!(setup(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "volume = 0",
            "volume = 11",
            "headset = 'plug'",
            "device = 'a'\nlog = 'b'",
            "loud = true",
        ] {
            assert!(setup(text, true).is_err(), "{text}");
        }
    }
}
