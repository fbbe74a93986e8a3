//! Makes the pack from the texts of the screens and of the institution's profile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use sha2::{Digest, Sha256};

use crate::engine::Synthesiser;
use crate::pack::{self, Pack};
use crate::phrase::{NUMBER_MAX, blocks, key, normal, pieces};
use crate::{Language, SpeechError, Words};

/// Files of a language whose texts stand on the kiosk's screens, as `ui/src/locale.rs` reads them. The others are for paper
/// and for examiners.
pub const FILES: &[&str] = &[
    "kiosk.ftl",
    "consents.ftl",
    "sight.ftl",
    "technician.ftl",
    "speech.ftl",
    "images.ftl",
];

/// Variables and nothing else make more than this of one message in no language.
const VARIANTS_MAX: usize = 64;

/// Stands for a variable while a message is taken apart.
const VARIABLE: char = '\0';

/// All that can be said without a synthesiser.
pub type Phrases = BTreeSet<(Language, String)>;

/// The phrases of the locale files under this folder, and the numbers.
pub fn phrases(locales: &Path) -> Result<Phrases, SpeechError> {
    let mut found = numbers();
    for language in Language::ALL {
        let folder = locales.join(language.tag());
        for file in FILES.iter().map(|name| folder.join(name)) {
            let text = std::fs::read_to_string(&file).map_err(SpeechError::file(&file, "read"))?;
            for phrase in of_messages(&text).map_err(|message| SpeechError::Form {
                path: file.clone(),
                message,
            })? {
                found.insert((language, phrase));
            }
        }
    }
    Ok(found)
}

/// The phrases of texts that a program carries, each as a locale file has it, and the numbers.
pub fn phrases_of_texts<'a>(texts: impl IntoIterator<Item = (Language, &'a str)>) -> Result<Phrases, String> {
    let mut found = numbers();
    for (language, text) in texts {
        found.extend(of_messages(text)?.into_iter().map(|phrase| (language, phrase)));
    }
    Ok(found)
}

fn numbers() -> Phrases {
    let of = |language| (0..=NUMBER_MAX).map(move |number| (language, number.to_string()));
    Language::ALL.into_iter().flat_map(of).collect()
}

/// The texts of a profile: each table that has a text in all three languages is one, wherever it stands.
pub fn phrases_of_profile(path: &Path) -> Result<Phrases, SpeechError> {
    let text = std::fs::read_to_string(path).map_err(SpeechError::file(path, "read"))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| SpeechError::Form {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    let mut found = Phrases::new();
    collect_texts(&table, &mut found);
    Ok(found)
}

fn collect_texts(table: &toml::Table, found: &mut Phrases) {
    let texts: Option<Vec<(Language, &str)>> = Language::ALL
        .into_iter()
        .map(|language| Some((language, table.get(language.tag())?.as_str()?)))
        .collect();
    for (language, text) in texts.unwrap_or_default() {
        found.extend(blocks(text).into_iter().map(|block| (language, block)));
    }
    let mut values: Vec<&toml::Value> = table.values().collect();
    while let Some(value) = values.pop() {
        match value {
            toml::Value::Table(table) => collect_texts(table, found),
            toml::Value::Array(items) => values.extend(items),
            _ => {}
        }
    }
}

/// The phrases of a Fluent file: the blocks of texts without variables, the pieces of those with.
fn of_messages(source: &str) -> Result<BTreeSet<String>, String> {
    let resource = fluent_syntax::parser::parse(source).map_err(|(_, errors)| format!("{errors:?}"))?;
    let mut found = BTreeSet::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let Some(pattern) = &message.value else { continue };
        for text in variants(pattern) {
            if text.contains(VARIABLE) {
                let between = text.split(VARIABLE).flat_map(pieces);
                found.extend(between.filter(|piece| !piece.chars().all(|letter| letter.is_ascii_digit())));
            } else {
                found.extend(blocks(&text));
                found.extend(Some(normal(&text)).filter(|text| text.chars().any(char::is_alphanumeric)));
            }
        }
    }
    Ok(found)
}

/// Each form that a message can take.
fn variants(pattern: &Pattern<&str>) -> Vec<String> {
    let mut forms = vec![String::new()];
    for element in &pattern.elements {
        let choices = match element {
            PatternElement::TextElement { value } => vec![(*value).to_owned()],
            PatternElement::Placeable { expression } => of_expression(expression),
        };
        forms = forms
            .iter()
            .flat_map(|form| choices.iter().map(move |choice| format!("{form}{choice}")))
            .take(VARIANTS_MAX)
            .collect();
    }
    forms
}

fn of_expression(expression: &Expression<&str>) -> Vec<String> {
    match expression {
        Expression::Inline(InlineExpression::StringLiteral { value }) => vec![(*value).to_owned()],
        Expression::Inline(InlineExpression::Placeable { expression }) => of_expression(expression),
        Expression::Inline(_) => vec![VARIABLE.to_string()],
        Expression::Select { variants: all, .. } => {
            all.iter().flat_map(|variant| variants(&variant.value)).collect()
        }
    }
}

/// What a pack is built from: another voice or another text makes another pack.
pub fn stamp(phrases: &Phrases, voice: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(voice);
    for (language, phrase) in phrases {
        hash.update([0]);
        hash.update(language.tag());
        hash.update([0]);
        hash.update(phrase);
    }
    hash.finalize().into()
}

/// What came of building.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// The pack was of these texts and this voice already.
    UpToDate,
    /// It was made anew.
    Anew,
}

/// Makes the pack, unless it is of these texts and this voice already.
pub fn build(phrases: &Phrases, voice: &mut dyn Synthesiser, path: &Path) -> Result<Built, SpeechError> {
    let stamp = stamp(phrases, &voice.name());
    // One that is damaged or of another version is made anew.
    if Pack::open(path).is_ok_and(|pack| pack.index().stamp() == stamp) {
        return Ok(Built::UpToDate);
    }
    let mut clips = BTreeMap::new();
    for (language, phrase) in phrases {
        let clip = voice.say(*language, &Words::new(phrase))?.levelled()?;
        clips.insert(key(*language, phrase), clip);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(SpeechError::file(folder, "created"))?;
    }
    pack::write(path, stamp, &clips)?;
    Ok(Built::Anew)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_their_variables() {
        let source = "
plain = The 12 digits of your card.
step = Step { $number } of { $of }
left = { $left ->
    [one] One attempt left
   *[other] { $left } attempts left
}
body =
    First:

    • one;
    • two.
amount = { $amount } ₸
";
        let found: Vec<String> = of_messages(source).unwrap().into_iter().collect();
        let mut expect = [
            "The 12 digits of your card.",
            "Step",
            "of",
            "One attempt left",
            "attempts left",
            "First:",
            "one;",
            "two.",
            "First: • one; • two.",
        ];
        expect.sort_unstable();
        assert_eq!(found, expect);
        assert!(of_messages("= nothing").is_err());
    }

    #[test]
    fn texts_of_a_profile_are_found_wherever_they_stand() {
        let source = r#"
            name = "a"
            [[services]]
            title = { kk = "қ", ru = "р", en = "e" }
            [[services.fields]]
            label.kk = "ә"
            label.ru = "я"
            label.en = "f"
            hint = { kk = "only one" }
        "#;
        let mut found = Phrases::new();
        collect_texts(&toml::from_str(source).unwrap(), &mut found);
        let found: Vec<String> = found
            .into_iter()
            .map(|(language, text)| format!("{} {text}", language.tag()))
            .collect();
        assert_eq!(found, ["kk қ", "kk ә", "ru р", "ru я", "en e", "en f"]);
    }

    #[test]
    fn another_text_or_voice_is_another_pack() {
        let one = Phrases::from([(Language::Kk, "a".to_owned())]);
        let other = Phrases::from([(Language::Ru, "a".to_owned())]);
        assert_eq!(stamp(&one, "x"), stamp(&one, "x"));
        assert_ne!(stamp(&one, "x"), stamp(&other, "x"));
        assert_ne!(stamp(&one, "x"), stamp(&one, "y"));
    }
}
