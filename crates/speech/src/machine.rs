//! What is being said, and what is said next. Pure: the shell plays, and says when it has done so.

use std::collections::VecDeque;

use crate::{Language, Words};

/// What kind of private words a part holds; all that a log may say of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Private {
    /// A character that the person typed.
    Typed,
    /// Something about the person that stands on the screen.
    Shown,
}

/// A part of an utterance; between parts it can be interrupted without cutting a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// In this language: on the first screen each is there.
    pub language: Language,
    /// What is said.
    pub words: Words,
    /// What kind of private words these are; none may be heard by everybody.
    pub private: Option<Private>,
    /// Said in its place where private words are not.
    pub instead: Option<Words>,
}

impl Part {
    /// Words for everybody.
    pub fn public(language: Language, text: impl Into<String>) -> Self {
        Self {
            language,
            words: Words::new(text),
            private: None,
            instead: None,
        }
    }
}

/// How an utterance stands to what is being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It takes the place of everything: a new screen, a control, a key.
    Now,
    /// It follows what is being said.
    Next,
    /// It takes the place of everything, but lets another of its kind end first; of those that wait only the newest is
    /// said. So a prompt is heard whole, and is never old.
    Newest,
}

/// What a screen wants said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// Its number, by which [`State::saying`] names it.
    pub number: u32,
    /// How it stands to what is being said.
    pub urgency: Urgency,
    /// One after the other.
    pub parts: Vec<Part>,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The person wants speech.
    Start,
    /// The person wants no speech.
    End,
    /// A headset was plugged in, or out.
    Headset(bool),
    /// A screen has something to say.
    Say(Utterance),
    /// The technician wants to hear this, also while screens are not spoken. It takes the place of everything, and what screens
    /// have to say meanwhile waits for its end.
    Try(Part),
    /// The person did something: what is being said is of yesterday.
    Acted,
    /// The person wants to hear the last utterance again.
    Repeat,
    /// The person wants silence now.
    Stop,
    /// One step louder.
    Louder,
    /// One step quieter.
    Quieter,
    /// Whether private words may be heard without a headset.
    PrivateAloud(bool),
    /// What [`Effect::Play`] began under this number has been played.
    Finished(u64),
    /// The session is over; the next person begins as everybody does.
    SessionEnded,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Play this. Nothing else is being played.
    Play {
        /// Its number, for [`Input::Finished`].
        id: u64,
        /// The language.
        language: Language,
        /// The words.
        words: Words,
        /// Whether they are private.
        private: Option<Private>,
    },
    /// Be silent at once. What was played is not reported as finished.
    Silence,
    /// Play with this step of volume from now on.
    Volume(u8),
    /// [`Machine::state`] has changed.
    Changed,
}

/// Steps of volume; the highest is as loud as clips are.
pub const VOLUME_MAX: u8 = 10;
/// The lowest step; silence is [`Input::Stop`].
pub const VOLUME_MIN: u8 = 1;

/// How it stands, for the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether screens are spoken.
    pub on: bool,
    /// Whether a headset is plugged.
    pub headset: bool,
    /// Whether private words may be heard without one.
    pub private_aloud: bool,
    /// Step of volume.
    pub volume: u8,
    /// How many parts about a screen or a control were heard to their end. Whoever listens is there.
    pub heard: u64,
    /// What is being said now.
    pub saying: Option<Caption>,
    /// What the technician wants to hear is being played.
    pub trying: bool,
}

/// What is being said, for those who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caption {
    /// Number of the utterance.
    pub utterance: u32,
    /// Which of its parts, from 0.
    pub part: usize,
    /// Whether it is what is said in the place of private words.
    pub instead: bool,
}

struct Saying {
    id: u64,
    private: bool,
    /// It is what the technician wants to hear, and no screen's.
    trial: bool,
    utterance: Utterance,
    /// Which part is being said.
    at: usize,
}

impl Saying {
    fn caption(&self) -> Caption {
        let part = self.utterance.parts.get(self.at);
        Caption {
            utterance: self.utterance.number,
            part: self.at,
            instead: !self.private && part.is_some_and(|part| part.private.is_some()),
        }
    }
}

/// The machine.
///
/// ```text
///   off ── Start, Headset ──> on, silent ── Say ──> on, saying ── Finished ──> next part, next utterance, silent
///    ^                           ^                      │
///    └── End, SessionEnded ──────┴── Acted, Stop ───────┘
/// ```
///
/// [`Input::Try`] is heard on and off, and changes neither.
pub struct Machine {
    default_volume: u8,
    state: State,
    /// Whether the headset began it, so that pulling its plug ends it.
    by_headset: bool,
    saying: Option<Saying>,
    waiting: VecDeque<Utterance>,
    last: Option<Utterance>,
    next_id: u64,
}

impl Machine {
    /// With this step of volume for each new person.
    pub fn new(default_volume: u8) -> Self {
        let default_volume = default_volume.clamp(VOLUME_MIN, VOLUME_MAX);
        Self {
            default_volume,
            state: State {
                on: false,
                headset: false,
                private_aloud: false,
                volume: default_volume,
                heard: 0,
                saying: None,
                trying: false,
            },
            by_headset: false,
            saying: None,
            waiting: VecDeque::new(),
            last: None,
            next_id: 0,
        }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Takes what happens, and says what is to be done, in order.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let before = self.state;
        let mut effects = Vec::new();
        match input {
            Input::Start => self.state.on = true,
            Input::End => self.end(&mut effects),
            Input::Headset(plugged) => self.headset(plugged, &mut effects),
            Input::Say(utterance) => self.say(utterance, &mut effects),
            Input::Try(part) => {
                self.hush(&mut effects);
                let utterance = Utterance {
                    number: 0,
                    urgency: Urgency::Next,
                    parts: vec![part],
                };
                self.play_from(utterance, 0, true, &mut effects);
            }
            Input::Acted | Input::Stop => self.hush(&mut effects),
            Input::Repeat => {
                if let Some(last) = self.last.clone().filter(|_| self.state.on) {
                    self.hush(&mut effects);
                    self.begin(last, &mut effects);
                }
            }
            Input::Louder => self.state.volume = (self.state.volume + 1).min(VOLUME_MAX),
            Input::Quieter => self.state.volume = (self.state.volume - 1).max(VOLUME_MIN),
            Input::PrivateAloud(allowed) => {
                self.state.private_aloud = allowed;
                self.hush_private(&mut effects);
            }
            Input::Finished(id) => self.finished(id, &mut effects),
            Input::SessionEnded => {
                self.hush(&mut effects);
                self.last = None;
                self.state.volume = self.default_volume;
                self.state.private_aloud = false;
                self.state.on = self.state.headset;
                self.by_headset = self.state.headset;
            }
        }
        let of_screens = self.saying.as_ref().filter(|saying| !saying.trial);
        self.state.saying = of_screens.map(Saying::caption);
        self.state.trying = self.is_trying();
        if self.state.volume != before.volume {
            effects.push(Effect::Volume(self.state.volume));
        }
        if self.state != before {
            effects.push(Effect::Changed);
        }
        effects
    }

    fn headset(&mut self, plugged: bool, effects: &mut Vec<Effect>) {
        self.state.headset = plugged;
        if plugged && !self.state.on {
            self.state.on = true;
            self.by_headset = true;
        }
        if !plugged {
            // What was for one ear is not for the room.
            self.hush(effects);
            if self.by_headset {
                self.end(effects);
            }
        }
    }

    fn end(&mut self, effects: &mut Vec<Effect>) {
        self.hush(effects);
        self.last = None;
        self.state.on = false;
        self.by_headset = false;
    }

    fn say(&mut self, utterance: Utterance, effects: &mut Vec<Effect>) {
        if !self.state.on {
            return;
        }
        if self.is_trying() {
            if utterance.urgency == Urgency::Now {
                self.waiting.clear();
            }
            self.waiting.push_back(utterance);
            return;
        }
        match utterance.urgency {
            Urgency::Now => {
                self.hush(effects);
                self.begin(utterance, effects);
            }
            Urgency::Next => {
                self.waiting.push_back(utterance);
                self.go_on(effects);
            }
            Urgency::Newest => {
                let is_prompt = |utterance: &Utterance| utterance.urgency == Urgency::Newest;
                if self
                    .saying
                    .as_ref()
                    .is_some_and(|saying| !is_prompt(&saying.utterance))
                {
                    self.hush(effects);
                }
                self.waiting.retain(|waiting| !is_prompt(waiting));
                self.waiting.push_back(utterance);
                self.go_on(effects);
            }
        }
    }

    fn finished(&mut self, id: u64, effects: &mut Vec<Effect>) {
        // What was silenced meanwhile has no successor.
        let Some(saying) = self.saying.take_if(|saying| saying.id == id) else {
            return;
        };
        if saying.utterance.urgency == Urgency::Now {
            self.state.heard += 1;
        }
        // Of a prompt whose successor waits nothing more is said.
        let old = saying.utterance.urgency == Urgency::Newest
            && self
                .waiting
                .iter()
                .any(|waiting| waiting.urgency == Urgency::Newest);
        if !old {
            self.play_from(saying.utterance, saying.at + 1, saying.trial, effects);
        }
        self.go_on(effects);
    }

    /// Silence, and nothing that waits.
    fn hush(&mut self, effects: &mut Vec<Effect>) {
        self.waiting.clear();
        if self.saying.take().is_some() {
            effects.push(Effect::Silence);
        }
    }

    /// Silence, if what is being said may no longer be heard.
    fn hush_private(&mut self, effects: &mut Vec<Effect>) {
        if !self.may_be_private() && self.saying.as_ref().is_some_and(|saying| saying.private) {
            self.hush(effects);
        }
    }

    fn is_trying(&self) -> bool {
        self.saying.as_ref().is_some_and(|saying| saying.trial)
    }

    fn may_be_private(&self) -> bool {
        self.state.headset || self.state.private_aloud
    }

    /// Says what waits, if nothing is being said.
    fn go_on(&mut self, effects: &mut Vec<Effect>) {
        while self.saying.is_none() {
            let Some(next) = self.waiting.pop_front() else {
                return;
            };
            self.begin(next, effects);
        }
    }

    fn begin(&mut self, utterance: Utterance, effects: &mut Vec<Effect>) {
        // A typed character is not what somebody wants to hear again, nor is it kept.
        let typed = |part: &Part| part.private == Some(Private::Typed);
        if !utterance.parts.iter().any(typed) {
            self.last = Some(utterance.clone());
        }
        self.play_from(utterance, 0, false, effects);
    }

    /// Plays the first part from `at` on that has something to say.
    fn play_from(&mut self, utterance: Utterance, at: usize, trial: bool, effects: &mut Vec<Effect>) {
        let heard = |part: &Part| match part.private {
            Some(kind) if self.may_be_private() => Some((part.words.clone(), Some(kind))),
            Some(_) => part.instead.clone().map(|words| (words, None)),
            None => Some((part.words.clone(), None)),
        };
        let found = utterance
            .parts
            .iter()
            .enumerate()
            .skip(at)
            .filter_map(|(at, part)| heard(part).map(|(words, private)| (at, part.language, words, private)))
            .find(|(_, _, words, _)| !words.expose().trim().is_empty());
        let Some((at, language, words, private)) = found else {
            return;
        };
        self.next_id += 1;
        effects.push(Effect::Play {
            id: self.next_id,
            language,
            words,
            private,
        });
        self.saying = Some(Saying {
            id: self.next_id,
            private: private.is_some(),
            trial,
            utterance,
            at,
        });
    }
}

#[cfg(test)]
mod tests;
