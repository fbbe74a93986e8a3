//! What the screens want said, and how speech stands. Not part of a [`View`](crate::View): words may be private.

use serde::{Deserialize, Serialize};

use crate::{Entered, Language};

/// What is wanted of speech.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SpeechOrder {
    /// Speak the screens from now on.
    Start,
    /// Speak no longer.
    End,
    /// Say this.
    Say {
        /// What is said.
        utterance: Utterance,
    },
    /// The person did something: what is being said is of yesterday.
    Interrupt,
    /// Say the last utterance again.
    Repeat,
    /// Be silent.
    Stop,
    /// One step louder.
    Louder,
    /// One step quieter.
    Quieter,
    /// Whether private words may be heard without a headset.
    SetPrivateAloud {
        /// Whether the person wants it.
        allowed: bool,
    },
}

/// Words that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// Its number, by which [`Caption`] names it.
    pub number: u32,
    /// How it stands to what is being said.
    pub urgency: Urgency,
    /// One after the other.
    pub parts: Vec<Spoken>,
}

/// How an utterance stands to what is being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Instead of it.
    Now,
    /// After it.
    Next,
    /// A prompt: instead of it, but after another prompt; an older one that waits is not said.
    Newest,
}

/// A part of an utterance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// Its language.
    pub language: Language,
    /// The words. They may be what the person typed.
    pub text: Entered,
    /// Whether only the person may hear them, and what they are then.
    pub private: Option<Private>,
    /// Said in their place where they may not be heard.
    pub instead: Option<String>,
}

/// What private words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Private {
    /// A character that was typed.
    Typed,
    /// Something on the screen.
    Shown,
}

/// How speech stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpeechView {
    /// Whether this kiosk can speak at all.
    pub available: bool,
    /// Whether it does.
    pub on: bool,
    /// Whether a sound device works; without one captions are all there is.
    pub sound: bool,
    /// Whether a headset is plugged.
    pub headset: bool,
    /// Whether private words may be heard without one.
    pub private_aloud: bool,
    /// Step of volume, from 1.
    pub volume: u8,
    /// Steps of volume.
    pub volumes: u8,
    /// Parts about screens and controls that were heard to their end. It grows while somebody listens.
    pub heard: u64,
    /// What is being said.
    pub saying: Option<Caption>,
}

/// What is being said, for those who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// Number of the utterance.
    pub utterance: u32,
    /// Which of its parts, from 0.
    pub part: u32,
    /// Whether it is what is said in the place of private words.
    pub instead: bool,
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_wire_form_of_an_order() {
        let order = SpeechOrder::Say {
            utterance: Utterance {
                number: 3,
                urgency: Urgency::Now,
                parts: vec![Spoken {
                    language: Language::Kk,
                    text: Entered("7".into()),
                    private: Some(Private::Typed),
                    instead: Some("Цифр".into()),
                }],
            },
        };
        let text = serde_json::to_string(&order).unwrap();
        expect![[r#"{"kind":"say","utterance":{"number":3,"urgency":"now","parts":[{"language":"kk","text":"7","private":"typed","instead":"Цифр"}]}}"#]]
            .assert_eq(&text);
        assert!(!format!("{order:?}").contains('7'));
    }
}
