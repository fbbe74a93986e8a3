//! The words of the product: `locales/terms.toml`, held against every text, and the list in `docs/terminology.md`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{LANGUAGES, Texts, by_language};
use crate::error::XtaskError;
use crate::paths;

/// What stands in `locales/terms.toml`, whose head says what it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    term: Vec<Term>,
    never: Vec<Never>,
    /// Which numbers are counts.
    pub counts: Counts,
    /// Endings that no number may have, by language.
    pub endings: BTreeMap<String, Vec<String>>,
}

/// How counts are told from other numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Names of the variables.
    pub variables: Vec<String>,
    /// Words behind a number that are not counted by it.
    pub uncounted: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    id: String,
    kk: String,
    ru: String,
    en: String,
    source: String,
    find: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    never: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    except: Vec<String>,
}

/// `deny_unknown_fields` does not go with `flatten`: an unknown language stands in the map, where nobody asks for it.
#[derive(Debug, Deserialize)]
struct Never {
    why: String,
    #[serde(flatten)]
    patterns: BTreeMap<String, Vec<String>>,
}

/// Reads the list of terms.
pub fn read(file: &Path) -> Result<Terms, XtaskError> {
    toml::from_str(&paths::read_text(file)?).map_err(|error| XtaskError::Form {
        path: file.to_path_buf(),
        message: error.to_string(),
    })
}

/// Where texts do not speak as the list does.
pub fn broken(terms: &Terms, texts: &Texts) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, text) in texts {
        let words = by_language(|language| words(text.of(language)));
        let tell = |language: &str, what: String| format!("{name} ({language}): {what}");
        for term in &terms.term {
            for (language, words) in LANGUAGES.iter().zip(&words) {
                let never = term.never.get(*language).into_iter().flatten();
                for pattern in never.filter(|pattern| stands_in(pattern, words)) {
                    let (id, right) = (&term.id, term.shown(language));
                    broken.push(tell(language, format!("\"{pattern}\": {id} is \"{right}\"")));
                }
            }
            let [kk, ru, en] = &words;
            if !term.is_in("en", en) || term.except.contains(name) {
                continue;
            }
            for (language, words) in [("kk", kk), ("ru", ru)] {
                if !term.is_in(language, words) {
                    let (id, right) = (&term.id, term.shown(language));
                    broken.push(tell(language, format!("no \"{right}\", though English has {id}")));
                }
            }
        }
        for never in &terms.never {
            for (language, words) in LANGUAGES.iter().zip(&words) {
                let patterns = never.patterns.get(*language).into_iter().flatten();
                for pattern in patterns.filter(|pattern| stands_in(pattern, words)) {
                    broken.push(tell(language, format!("\"{pattern}\": {}", never.why)));
                }
            }
        }
    }
    broken.extend(unused(terms, texts));
    broken
}

/// A list that names what no text has any more is not looked after.
fn unused(terms: &Terms, texts: &Texts) -> Vec<String> {
    let mut broken = Vec::new();
    for term in &terms.term {
        for language in LANGUAGES {
            let used = texts
                .values()
                .any(|text| term.is_in(language, &words(text.of(language))));
            if !used {
                broken.push(format!(
                    "terms.toml: no text in {language} has the term {}",
                    term.id
                ));
            }
        }
        for name in term.except.iter().filter(|name| !texts.contains_key(*name)) {
            broken.push(format!(
                "terms.toml: {} excepts {name}, which is not there",
                term.id
            ));
        }
    }
    broken
}

impl Term {
    fn shown(&self, language: &str) -> &str {
        match language {
            "kk" => &self.kk,
            "ru" => &self.ru,
            _ => &self.en,
        }
    }

    fn is_in(&self, language: &str, words: &[String]) -> bool {
        let patterns = self.find.get(language).into_iter().flatten();
        patterns.into_iter().any(|pattern| stands_in(pattern, words))
    }
}

/// The words of a text in small letters. Hyphens and apostrophes within a word belong to it.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !(letter.is_alphanumeric() || "-'’".contains(letter)))
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('’', "'").to_lowercase())
        .collect()
}

fn stands_in(pattern: &str, words: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split(' ').collect();
    words.windows(pattern.len()).any(|words| {
        let mut pairs = pattern.iter().zip(words);
        pairs.all(|(pattern, word)| match pattern.strip_suffix('*') {
            Some(beginning) => word.starts_with(beginning),
            None => word == pattern,
        })
    })
}

/// The page for people who write texts.
pub fn page(terms: &Terms) -> String {
    let mut page = String::from(
        "# Terminology\n\n\
        The words of the product, so that one thing has one name on every screen, slip and document. This page is written\n\
        from `locales/terms.toml` by `cargo xtask locales --write`, and `cargo xtask locales` holds all texts to that file.\n\
        A source that is a law gives the law's own word; \"own\" is a choice of this project.\n\n\
        | term | Kazakh | Russian | English | source |\n|---|---|---|---|---|\n",
    );
    for term in &terms.term {
        let cells = [&term.id, &term.kk, &term.ru, &term.en, &term.source];
        page += "|";
        for cell in cells {
            page += &format!(" {cell} |");
        }
        page += "\n";
    }
    page += "\n## Never\n\n| language | not | because |\n|---|---|---|\n";
    let terms_never = terms.term.iter().map(|term| (&term.never, None, Some(term)));
    let others = terms
        .never
        .iter()
        .map(|never| (&never.patterns, Some(&never.why), None));
    for (patterns, why, term) in terms_never.chain(others) {
        for language in LANGUAGES {
            let Some(patterns) = patterns.get(language).filter(|patterns| !patterns.is_empty()) else {
                continue;
            };
            let why = match (why, term) {
                (Some(why), _) => why.clone(),
                (None, Some(term)) => format!("it is called {}", term.shown(language)),
                (None, None) => String::new(),
            };
            let shown: Vec<String> = patterns.iter().map(|pattern| pattern.replace('*', "…")).collect();
            page += &format!("| {language} | {} | {why} |\n", shown.join(", "));
        }
    }
    page + "\n## Numbers, days, money\n\n\
        Numbers have groups of three: a space that does not break in Kazakh and Russian, a comma in English. Money:\n\
        `1 234 567 ₸`, in English `KZT 1,234,567`. Days: `2026 ж. 12 шілде`, `12 июля 2026 г.`, `12 July 2026`, in digits\n\
        `12.07.2026`. Times have 24 hours and are those of Kazakhstan (UTC+05:00).\n\n\
        Counts have the forms that the language needs: Kazakh and English one and other, Russian one, few, many and other.\n\
        Kazakh ordinals are written with a hyphen and without an ending (`3-қадам`), as the orthography asks. That is also\n\
        why no rule for `-ші` and `-шы` stands anywhere: the ending would follow the spoken number (6, 9, 10, 20, 30 and 40\n\
        have `-шы`, but 50, 60 and 90 have `-ші`), which is not the plural category `many` of the tables of CLDR.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locales::Text;

    fn terms() -> Terms {
        toml::from_str(
            r#"
            [[term]]
            id = "kiosk"
            kk = "киоск"
            ru = "киоск"
            en = "kiosk"
            source = "own"
            find = { kk = ["киоск*"], ru = ["киоск*"], en = ["kiosk"] }
            never = { kk = ["киоскт*"], ru = ["терминал*"] }
            [[never]]
            why = "polite"
            ru = ["ты"]
            [counts]
            variables = ["count"]
            uncounted = []
            [endings]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn what_is_not_in_the_list_is_found() {
        let check = |kk: &str, ru: &str, en: &str, expect: &[&str]| {
            let text = Text([kk, ru, en].map(str::to_owned));
            let right = Text(["киоскіде", "В киоске", "The kiosk"].map(str::to_owned));
            let texts = Texts::from([("a".to_owned(), text), ("right".to_owned(), right)]);
            assert_eq!(broken(&terms(), &texts), expect, "{kk} {ru} {en}");
        };
        check("Киоск", "Этот киоск", "This kiosk", &[]);
        check(
            "Құрылғы",
            "Киоск",
            "Kiosk",
            &["a (kk): no \"киоск\", though English has kiosk"],
        );
        check("Құрылғы", "Устройство", "Device", &[]);
        check(
            "Киоскті",
            "Терминалы",
            "Device",
            &[
                "a (kk): \"киоскт*\": kiosk is \"киоск\"",
                "a (ru): \"терминал*\": kiosk is \"киоск\"",
            ],
        );
        check("x", "Ты здесь", "y", &["a (ru): \"ты\": polite"]);
        check("x", "Ответы", "y", &[]);
    }

    #[test]
    fn a_term_that_no_text_has_is_found() {
        let texts = Texts::from([("a".to_owned(), Text(["x", "y", "z"].map(str::to_owned)))]);
        assert_eq!(broken(&terms(), &texts).len(), 3);
    }

    #[test]
    fn patterns_are_words_and_beginnings() {
        let check = |pattern: &str, text: &str, expect: bool| {
            assert_eq!(stands_in(pattern, &words(text)), expect, "{pattern} in {text}");
        };
        check("қр", "ҚР", true);
        check("qr-код*", "QR-кодын сканерлеңіз", true);
        check("qr код*", "QR-кодын", false);
        check("персональн* данн*", "о персональных данных", true);
        check("персональн* данн*", "персональных и данных", false);
        check("centre's page", "on the centre’s page.", true);
        check("қадам", "-қадам, барлығы", true);
        check("", "", false);
    }
}
