//! The texts are there in every language, and numbers and times have its form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};

use super::*;

/// Name of each message of the views, and the variables it uses.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let [own, ..] = sources(language);
    let resource = fluent_syntax::parser::parse(own)
        .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let pattern = message.value.as_ref().expect("every message has a text");
        let variables = pattern.elements.iter().filter_map(|element| match element {
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => Some(id.name.to_owned()),
            _ => None,
        });
        let before = messages.insert(message.id.name.to_owned(), variables.collect());
        assert!(before.is_none(), "{}: {} twice", language.tag(), message.id.name);
    }
    messages
}

/// Every `Key("…")` of the source.
fn keys_in_source() -> BTreeSet<String> {
    fn visit(folder: &Path, keys: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the source folder can be read") {
            let path = entry.expect("the source folder can be listed").path();
            if path.is_dir() {
                visit(&path, keys);
            } else {
                let source = std::fs::read_to_string(&path).expect("a source file is text");
                for rest in source.split(concat!("Key", "(\"")).skip(1) {
                    keys.insert(rest.split('"').next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    let mut keys = BTreeSet::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut keys);
    keys.remove("…");
    keys
}

#[test]
fn all_languages_have_the_same_keys_and_variables() {
    let expect = messages(Language::Kk);
    assert_eq!(messages(Language::Ru), expect);
    assert_eq!(messages(Language::En), expect);
}

#[test]
fn every_key_is_used_and_every_used_key_exists() {
    let written: BTreeSet<String> = messages(Language::Kk).into_keys().collect();
    assert_eq!(keys_in_source(), written);
}

#[test]
fn kazakh_words_are_cyrillic() {
    let [own, ..] = sources(Language::Kk);
    for line in own.lines().filter_map(|line| line.split_once(" = ")) {
        for word in line.1.split(|letter: char| !letter.is_alphabetic()) {
            let latin = word.chars().any(|letter| letter.is_ascii_alphabetic());
            let cyrillic = word
                .chars()
                .any(|letter| ('\u{400}'..='\u{52f}').contains(&letter));
            assert!(!(latin && cyrillic), "{word}");
        }
    }
}

#[test]
fn times_and_numbers_of_each_language() {
    // 2026-07-11T20:30:05Z is the next day in Kazakhstan.
    let at = UtcMs(1_783_801_805_999);
    let check = |language, time: &str, numbers: [&str; 4]| {
        let texts = Texts::new(language);
        assert_eq!(texts.time(at), time);
        assert_eq!(
            [412.5, 31.25, 0.875, -0.5].map(|value| texts.number(value)),
            numbers
        );
    };
    let comma = ["412,5", "31,25", "0,875", "-0,5"];
    check(Language::Kk, "2026 ж. 12 шілде, 01:30:05 (UTC+05:00)", comma);
    check(Language::Ru, "12 июля 2026 г., 01:30:05 (UTC+05:00)", comma);
    check(
        Language::En,
        "12 July 2026, 01:30:05 (UTC+05:00)",
        ["412.5", "31.25", "0.875", "-0.5"],
    );
    let texts = Texts::new(Language::En);
    assert_eq!(texts.number(f32::NAN), "not a number");
    assert_eq!(texts.number(0.949_999_9), "0.9499999");
    assert_eq!(texts.number(f32::MAX), "3.4028235e38");
    assert_eq!(texts.time(UtcMs(i64::MAX)), "9223372036854775807 ms");
    assert_eq!(texts.seconds(std::time::Duration::from_millis(1250)), "1.25 s");
}

/// The same days as on the screens: one list for both, which the tests of `ui` write.
#[test]
fn days_are_those_of_the_screens() {
    let lists = [
        include_str!("../../../../locales/expect/days-kk.txt"),
        include_str!("../../../../locales/expect/days-ru.txt"),
        include_str!("../../../../locales/expect/days-en.txt"),
    ];
    for (language, expect) in LANGUAGES.into_iter().zip(lists) {
        let texts = Texts::new(language);
        let list: String = (1..=12)
            .map(|month| Date::new(2026, month, 1 + month * 5 % 28).unwrap())
            .map(|day| texts.date(day) + "\n")
            .collect();
        assert_eq!(list, expect, "{}", language.tag());
    }
}
