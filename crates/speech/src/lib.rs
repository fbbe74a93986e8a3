//! Spoken instructions, so that a whole session is possible without sight.
//!
//! The screens say which words stand on them; this room decides what of it is heard ([`machine`]), finds the clip of a
//! phrase that was rendered when the kiosk was set up ([`pack`]) or has the rest spoken by a synthesiser ([`engine`]),
//! and plays it ([`voice`]).
//!
//! **Architecture Invariant:** one thing is said at a time, and private words only where a headset is plugged or the
//! person chose otherwise.
//!
//! **Architecture Invariant:** private words are in memory alone: never in a file, an argument of a program, or a log.

pub mod builder;
pub mod clip;
pub mod engine;
mod error;
pub mod headset;
pub mod machine;
pub mod pack;
pub mod phrase;
mod player;
pub mod stock;
pub mod voice;

pub use error::SpeechError;

/// Language of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Kazakh.
    Kk,
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Language {
    /// All of them, the state language first.
    pub const ALL: [Self; 3] = [Self::Kk, Self::Ru, Self::En];

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Kk => "kk",
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

/// Words to be said. They may be personal: `Debug` hides them, and they are wiped when they go.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(zeroize::Zeroizing<String>);

impl Words {
    /// These words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(zeroize::Zeroizing::new(text.into()))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(words)")
    }
}
