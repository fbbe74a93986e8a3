//! Spoken instructions: what the screens say goes to the voice, and how the voice stands goes to the screens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ipc::speech::{Caption, Private, SpeechOrder, SpeechView, Urgency, Utterance};
use ipc::{Screen, View};
use serde::Deserialize;
use speech::builder::{self, Phrases};
use speech::engine::Program;
use speech::headset::Source;
use speech::machine::{Input, Part, VOLUME_MAX};
use speech::stock::{Found, LanguageStock, PackStock};
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

    /// What there is to speak with, and how that stands; nothing where this kiosk does not speak.
    pub fn status(&self) -> Option<Status> {
        self.voice.as_ref().map(|voice| voice.status())
    }

    /// Sees what there is to speak with, and whether it is of the present texts and of this profile. [`Speech::status`] says
    /// later what was found.
    pub fn take_stock(&self, profile: &Path) {
        let Some(voice) = &self.voice else { return };
        let mut wanted = texts();
        match builder::phrases_of_profile(profile) {
            Ok(phrases) => wanted.extend(phrases),
            Err(error) => tracing::error!(%error, "the phrases of the profile are not known"),
        }
        voice.take_stock(wanted);
    }

    /// Plays a phrase for the technician.
    pub fn try_out(&self, language: ipc::Language, text: String) {
        if let Some(voice) = &self.voice {
            voice.tell(Input::Try(Part::public(spoken_language(language), text)));
        }
    }

    /// Ends what the technician hears.
    pub fn end_trial(&self) {
        if let Some(voice) = &self.voice
            && voice.status().state.trying
        {
            voice.tell(Input::Stop);
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
        language: spoken_language(part.language),
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

fn spoken_language(language: ipc::Language) -> Language {
    match language {
        ipc::Language::Kk => Language::Kk,
        ipc::Language::Ru => Language::Ru,
        ipc::Language::En => Language::En,
    }
}

/// The phrases of the texts that the screens of this program have.
fn texts() -> Phrases {
    macro_rules! files {
        ($($language:ident in $folder:literal,)+) => {
            [$((Language::$language, [
                include_str!(concat!("../../locales/", $folder, "/kiosk.ftl")),
                include_str!(concat!("../../locales/", $folder, "/consents.ftl")),
                include_str!(concat!("../../locales/", $folder, "/sight.ftl")),
                include_str!(concat!("../../locales/", $folder, "/technician.ftl")),
                include_str!(concat!("../../locales/", $folder, "/speech.ftl")),
                include_str!(concat!("../../locales/", $folder, "/images.ftl")),
            ])),+]
        };
    }
    let all = files! { Kk in "kk", Ru in "ru", En in "en", };
    let all = all
        .into_iter()
        .flat_map(|(language, files)| files.map(|text| (language, text)));
    // A test reads all of them.
    builder::phrases_of_texts(all).unwrap_or_default()
}

/// How speech stands, for the technician's desk. `is_tried` is whether a phrase was played there.
pub fn desk(status: Option<&Status>, is_tried: bool) -> ipc::Sound {
    let Some(status) = status else {
        return ipc::Sound::default();
    };
    let stock = status.stock.as_ref();
    ipc::Sound {
        is_set_up: true,
        has_device: status.sound,
        has_headset: status.state.headset,
        volume: status.state.volume,
        volumes: VOLUME_MAX,
        pack: match stock.map(|stock| stock.pack) {
            None => ipc::Pack::Unknown,
            Some(PackStock::None) => ipc::Pack::None,
            Some(PackStock::Unusable) => ipc::Pack::Unusable,
            Some(PackStock::Holds(phrases)) => ipc::Pack::Holds {
                phrases: count(phrases),
            },
        },
        engine: stock.and_then(|stock| stock.engine.clone()).unwrap_or_default(),
        languages: stock.map_or_else(Vec::new, |stock| stock.languages.map(language_health).into()),
        trial: match status.tried {
            _ if !is_tried => ipc::SoundTrial::Nothing,
            _ if status.state.trying => ipc::SoundTrial::Playing,
            None => ipc::SoundTrial::Nothing,
            Some(tried) => ipc::SoundTrial::Played {
                from: match tried.found {
                    Found::Pack => ipc::SoundFrom::Pack,
                    Found::Engine => ipc::SoundFrom::Engine,
                    Found::Mixed => ipc::SoundFrom::Both,
                    Found::Missing => ipc::SoundFrom::Missing,
                },
            },
        },
    }
}

fn language_health(of: LanguageStock) -> ipc::VoiceHealth {
    ipc::VoiceHealth {
        language: match of.language {
            Language::Kk => ipc::Language::Kk,
            Language::Ru => ipc::Language::Ru,
            Language::En => ipc::Language::En,
        },
        wanted: count(of.wanted),
        found: count(of.found),
        is_synthesised: of.engine,
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
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

    /// What the program takes for its texts is what the pack is built from.
    #[test]
    fn the_texts_are_those_of_the_locale_files() {
        let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
        assert_eq!(texts(), builder::phrases(&locales).unwrap());
        assert!(texts().len() > 1_000);
    }

    #[test]
    fn the_desk_shows_a_trial_of_its_own_alone() {
        let mut machine = speech::machine::Machine::new(VOLUME);
        let status = |machine: &speech::machine::Machine, tried| Status {
            state: machine.state(),
            sound: true,
            stock: None,
            tried,
        };
        assert!(!desk(None, true).is_set_up);
        let tried = Some(speech::stock::Tried {
            language: Language::Kk,
            found: Found::Mixed,
        });
        let shown =
            |machine: &speech::machine::Machine, is_tried| desk(Some(&status(machine, tried)), is_tried);
        machine.step(Input::Try(Part::public(Language::Kk, "a")));
        assert_eq!(shown(&machine, true).trial, ipc::SoundTrial::Playing);
        assert_eq!(shown(&machine, false).trial, ipc::SoundTrial::Nothing);
        machine.step(Input::Finished(1));
        let from = ipc::SoundFrom::Both;
        assert_eq!(shown(&machine, true).trial, ipc::SoundTrial::Played { from });
        let desk = desk(Some(&status(&machine, None)), true);
        assert_eq!(
            (desk.trial, desk.volume, desk.volumes),
            (ipc::SoundTrial::Nothing, VOLUME, VOLUME_MAX)
        );
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
