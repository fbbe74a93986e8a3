//! What a kiosk has to speak with, for those who look after it. Pure.

use serde::Serialize;

use crate::Language;
use crate::builder::Phrases;
use crate::pack::Index;
use crate::phrase::key;

/// What there is to speak with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The pack of phrases.
    pub pack: PackStock,
    /// What is there of each language, in the order of [`Language::ALL`].
    pub languages: [LanguageStock; 3],
    /// The synthesiser's program, where there is to be one.
    pub engine: Option<String>,
}

/// How the pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackStock {
    /// None is set up: all is synthesised.
    None,
    /// One is set up, and cannot be used.
    Unusable,
    /// It holds so many phrases.
    Holds(usize),
}

/// What is there of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageStock {
    /// The language.
    pub language: Language,
    /// How many phrases the present texts have.
    pub wanted: usize,
    /// How many of them the pack holds.
    pub found: usize,
    /// Whether the synthesiser speaks it.
    pub engine: bool,
}

impl Stock {
    /// Whether all that the screens say is heard as it was set up: each present text is in the pack, if there is to be one, and
    /// what no pack can hold, such as names and large numbers, is synthesised.
    pub fn is_whole(&self) -> bool {
        let packed = match self.pack {
            PackStock::None => true,
            PackStock::Unusable => false,
            PackStock::Holds(_) => self.languages.iter().all(|of| of.found == of.wanted),
        };
        packed && self.languages.iter().all(|of| of.engine)
    }
}

/// What of the present texts a pack holds. `speaks` is whether the synthesiser speaks a language.
pub fn languages(
    index: Option<&Index>,
    wanted: &Phrases,
    mut speaks: impl FnMut(Language) -> bool,
) -> [LanguageStock; 3] {
    Language::ALL.map(|language| {
        let of_it = || wanted.iter().filter(|(of, _)| *of == language);
        let is_held = |phrase: &str| index.is_some_and(|index| index.contains(&key(language, phrase)));
        LanguageStock {
            language,
            wanted: of_it().count(),
            found: of_it().filter(|(_, phrase)| is_held(phrase)).count(),
            engine: speaks(language),
        }
    })
}

/// What was found of words that were to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// All of it in the pack.
    Pack,
    /// All of it was synthesised.
    Engine,
    /// Both.
    Mixed,
    /// Something could not be said.
    Missing,
}

/// The last trial of the technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// In this language.
    pub language: Language,
    /// What was found of the words.
    pub found: Found,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clip::Clip;
    use crate::pack::{self, Pack};

    /// A pack of these phrases, and of what is wanted `wanted`; the synthesiser speaks these languages.
    fn stock(packed: &[(Language, &str)], wanted: &[(Language, &str)], speaks: &[Language]) -> Stock {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phrases.pack");
        let clip = || Clip::new(8_000, vec![100; 576]).unwrap();
        let clips: BTreeMap<_, _> = packed
            .iter()
            .map(|(language, phrase)| (key(*language, phrase), clip()))
            .collect();
        pack::write(&path, [0; 32], &clips).unwrap();
        let pack = Pack::open(&path).unwrap();
        let wanted: Phrases = wanted
            .iter()
            .map(|(language, phrase)| (*language, (*phrase).to_owned()))
            .collect();
        Stock {
            pack: PackStock::Holds(pack.index().len()),
            languages: languages(Some(pack.index()), &wanted, |language| speaks.contains(&language)),
            engine: Some("espeak-ng".into()),
        }
    }

    const TEXTS: &[(Language, &str)] = &[
        (Language::Kk, "Бастау"),
        (Language::Ru, "Начать"),
        (Language::En, "Start"),
    ];

    #[test]
    fn a_pack_of_the_present_texts_is_whole() {
        let whole = stock(TEXTS, TEXTS, &Language::ALL);
        assert!(whole.is_whole());
        assert!(whole.languages.iter().all(|of| (of.wanted, of.found) == (1, 1)));
    }

    #[test]
    fn a_text_that_was_changed_is_missing_in_its_language_alone() {
        let old = [TEXTS[0], (Language::Ru, "Начните"), TEXTS[2]];
        let found = stock(&old, TEXTS, &Language::ALL);
        assert!(!found.is_whole());
        assert_eq!(found.languages.map(|of| of.found), [1, 0, 1]);
        assert_eq!(found.pack, PackStock::Holds(3));
    }

    #[test]
    fn what_no_pack_can_hold_needs_the_synthesiser_in_each_language() {
        assert!(!stock(TEXTS, TEXTS, &[Language::Ru, Language::En]).is_whole());
        let bare = |pack, engine| Stock {
            pack,
            languages: languages(None, &Phrases::new(), |_| engine),
            engine: None,
        };
        assert!(bare(PackStock::None, true).is_whole());
        assert!(!bare(PackStock::None, false).is_whole());
        assert!(!bare(PackStock::Unusable, true).is_whole());
    }
}
