//! How a text of the screens becomes phrases: which pieces of it are fixed and which are numbers. Pure.
//!
//! The builder cuts the messages of the locale files at their variables with the same rules by which a text is cut when
//! it is said, so that what was rendered is what is found.

use sha2::{Digest, Sha256};

use crate::Language;

/// Under what a clip is found: SHA-256 of the language and the exact text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhraseKey(pub [u8; 32]);

/// The key of a phrase.
pub fn key(language: Language, phrase: &str) -> PhraseKey {
    let mut hash = Sha256::new();
    hash.update(language.tag());
    hash.update([0]);
    hash.update(phrase);
    PhraseKey(hash.finalize().into())
}

/// Numbers up to this one are phrases of their own.
pub const NUMBER_MAX: u32 = 100;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A phrase that was rendered.
    Phrase(String),
    /// What only the synthesiser can say.
    Rest(String),
}

/// The text with its white space in one form, so that it does not matter how it is laid out.
pub fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The paragraphs of a text, and each line of a list as one of them, as the screens show them.
pub fn blocks(text: &str) -> Vec<String> {
    text.split("\n\n")
        .flat_map(|block| {
            let items: Option<Vec<String>> = block
                .lines()
                .map(|line| line.trim().strip_prefix("• ").map(normal))
                .collect();
            items.unwrap_or_else(|| vec![normal(block)])
        })
        .filter(|block| has_words(block))
        .collect()
}

/// A text cut at its numbers; pieces without a letter are dropped.
pub fn pieces(text: &str) -> Vec<String> {
    let text = normal(text);
    let mut pieces = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        pieces.extend(piece(before));
        pieces.extend(number(digits));
        rest = after;
    }
    pieces.extend(piece(rest));
    pieces
}

/// Cuts a text: the whole of it where it was rendered, else its pieces.
pub fn segments(text: &str, is_known: impl Fn(&str) -> bool) -> Vec<Segment> {
    let whole = normal(text);
    if is_known(&whole) {
        return vec![Segment::Phrase(whole)];
    }
    pieces(&whole)
        .into_iter()
        .map(|piece| {
            if is_known(&piece) {
                Segment::Phrase(piece)
            } else {
                Segment::Rest(piece)
            }
        })
        .collect()
}

/// Words between numbers, without the signs around them.
fn piece(text: &str) -> Option<String> {
    let trimmed = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    has_words(trimmed).then(|| trimmed.to_owned())
}

/// A number as it is said: as one word, or digit by digit where it is a code or begins with a zero.
fn number(digits: &str) -> Vec<String> {
    let leads_with_zero = digits.len() > 1 && digits.starts_with('0');
    let is_code = digits.len() > 9;
    if leads_with_zero || is_code {
        return digits.chars().map(String::from).collect();
    }
    vec![digits.to_owned()]
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_at_their_numbers() {
        let check = |text: &str, expect: &[&str]| assert_eq!(pieces(text), expect, "{text}");
        check("Step 2 of 4", &["Step", "2", "of", "4"]);
        check("·  Version of\u{a0}the text: 1", &["Version of the text", "1"]);
        check("09:05", &["0", "9", "0", "5"]);
        check(
            "880412401006",
            &["8", "8", "0", "4", "1", "2", "4", "0", "1", "0", "0", "6"],
        );
        check("2026 ж.", &["2026", "ж"]);
        check(" — , .", &[]);
        check("", &[]);
    }

    #[test]
    fn what_was_rendered_whole_is_not_cut() {
        let known = ["The 12 digits of your card.", "Step", "of", "4"];
        let check = |text: &str, expect: &[Segment]| {
            assert_eq!(segments(text, |phrase| known.contains(&phrase)), expect, "{text}");
        };
        let phrase = |text: &str| Segment::Phrase(text.into());
        let rest = |text: &str| Segment::Rest(text.into());
        check(
            "The 12 digits  of your card.",
            &[phrase("The 12 digits of your card.")],
        );
        check(
            "Step 2 of 4",
            &[phrase("Step"), rest("2"), phrase("of"), phrase("4")],
        );
        check("Aliya", &[rest("Aliya")]);
    }

    #[test]
    fn a_list_is_cut_into_its_lines() {
        assert_eq!(
            blocks("The kiosk\nreads:\n\n• a;\n• b.\n\n\n\nEnd."),
            ["The kiosk reads:", "a;", "b.", "End."]
        );
    }

    #[test]
    fn a_phrase_of_another_language_is_another_phrase() {
        assert_ne!(key(Language::Kk, "5"), key(Language::Ru, "5"));
        assert_eq!(key(Language::Kk, "5"), key(Language::Kk, "5"));
    }

    proptest! {
        /// Whatever is on a screen is cut without a panic, and no digit and no letter is lost.
        #[test]
        fn nothing_is_lost(text in "\\PC{0,80}") {
            let signs = |text: &str| text.chars().filter(|letter| letter.is_ascii_digit()).collect::<String>();
            prop_assert_eq!(signs(&pieces(&text).concat()), signs(&text));
            let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
            prop_assert_eq!(letters(&pieces(&text).concat()), letters(&text));
            blocks(&text);
        }
    }
}
