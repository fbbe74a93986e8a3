//! The real synthesiser renders real phrases. eSpeak NG must be there; `cargo xtask test` brings it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use speech::builder::{self, Built};
use speech::engine::{Program, Synthesiser};
use speech::pack::Pack;
use speech::phrase::{Segment, key, segments};
use speech::{Language, Words};

fn locales() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../locales")
}

#[test]
fn phrases_are_heard_in_each_language() {
    let phrases = BTreeMap::from([
        (Language::Kk, "Басыңызды солға бұрыңыз"),
        (Language::Ru, "Поверните голову налево"),
        (Language::En, "Turn your head to the left"),
    ]);
    let mut voice = Program::espeak();
    for (language, phrase) in &phrases {
        let clip = voice
            .say(*language, &Words::new(*phrase))
            .unwrap()
            .levelled()
            .unwrap();
        let ms = clip.duration().as_millis();
        assert!((800..5_000).contains(&ms), "{phrase}: {ms} ms");
        let loudness = clip.loudness_dbfs().unwrap();
        assert!((-24.0..=-18.0).contains(&loudness), "{phrase}: {loudness} dB");
    }
    // The same letters, three voices.
    let five: BTreeSet<Vec<i16>> = Language::ALL
        .into_iter()
        .map(|language| voice.say(language, &Words::new("5")).unwrap().samples().to_vec())
        .collect();
    assert_eq!(five.len(), 3);
}

#[test]
fn a_pack_is_made_once_for_the_same_texts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phrases.pack");
    let mut phrases = builder::Phrases::from([
        (Language::Kk, "бес".to_owned()),
        (Language::Ru, "пять".to_owned()),
    ]);
    let mut voice = Program::espeak();
    assert_eq!(builder::build(&phrases, &mut voice, &path).unwrap(), Built::Anew);
    assert_eq!(
        builder::build(&phrases, &mut voice, &path).unwrap(),
        Built::UpToDate
    );
    let mut pack = Pack::open(&path).unwrap();
    let clip = pack.clip(&key(Language::Ru, "пять")).unwrap().unwrap();
    assert!(clip.duration() > Duration::from_millis(200));
    assert!(pack.clip(&key(Language::Kk, "пять")).unwrap().is_none());
    phrases.insert((Language::En, "five".to_owned()));
    assert_eq!(builder::build(&phrases, &mut voice, &path).unwrap(), Built::Anew);
}

#[test]
fn a_synthesiser_that_fails_is_an_error() {
    let say = |command: &[&str]| {
        Program::new(command)
            .unwrap()
            .say(Language::Kk, &Words::new("бес"))
    };
    assert!(say(&["alaqan-no-such-program"]).is_err());
    assert!(say(&["false"]).is_err());
    // It gives the words back, which are no sound.
    assert!(say(&["cat"]).is_err());
    assert!(Program::new::<&str>(&[]).is_none());
}

/// Variables that are words, which only the synthesiser can say.
const WORDS: &[&str] = &[
    "name", "codes", "code", "date", "time", "amount", "min", "max", "year", "why",
];

/// A part of the screens that is read from a file of its own is spoken too.
#[test]
fn the_files_of_the_screens_are_those_that_are_spoken() {
    let source = std::fs::read_to_string(locales().join("../ui/src/locale.rs")).unwrap();
    let read: BTreeSet<&str> = source
        .split('"')
        .filter_map(|text| text.strip_prefix('/'))
        .filter(|text| text.ends_with(".ftl"))
        .collect();
    let spoken: BTreeSet<&str> = builder::FILES.iter().copied().collect();
    assert!(!read.is_empty());
    assert_eq!(read, spoken);
}

/// Each message as the screens format it, with each number that it can hold: nothing is left for the synthesiser but
/// variables that are words.
#[test]
fn every_message_has_its_phrases() {
    let phrases = builder::phrases(&locales()).unwrap();
    let mut checked = 0;
    for language in Language::ALL {
        for file in builder::FILES {
            let source = std::fs::read_to_string(locales().join(language.tag()).join(file)).unwrap();
            let resource = fluent_bundle::FluentResource::try_new(source).unwrap();
            let mut bundle = fluent_bundle::FluentBundle::new(vec![language.tag().parse().unwrap()]);
            bundle.set_use_isolating(false);
            bundle.add_resource(&resource).unwrap();
            for entry in resource.entries() {
                let fluent_syntax::ast::Entry::Message(message) = entry else {
                    continue;
                };
                let variables = variables(message.value.as_ref().unwrap());
                if variables
                    .iter()
                    .any(|variable| WORDS.contains(&variable.as_str()))
                {
                    continue;
                }
                for number in [0, 1, 2, 3, 5, 11, 12, 21, 22, 100] {
                    let mut arguments = fluent_bundle::FluentArgs::new();
                    for variable in &variables {
                        arguments.set(variable.clone(), number);
                    }
                    let pattern = bundle.get_message(message.id.name).unwrap().value().unwrap();
                    let text = bundle
                        .format_pattern(pattern, Some(&arguments), &mut Vec::new())
                        .into_owned();
                    for block in speech::phrase::blocks(&text) {
                        let known = |phrase: &str| phrases.contains(&(language, phrase.to_owned()));
                        for segment in segments(&block, known) {
                            checked += 1;
                            assert!(
                                matches!(segment, Segment::Phrase(_)),
                                "{} {}: {segment:?}",
                                language.tag(),
                                message.id.name
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 3_000, "{checked}");
}

fn variables(pattern: &fluent_syntax::ast::Pattern<&str>) -> BTreeSet<String> {
    use fluent_syntax::ast::{Expression, InlineExpression, PatternElement};
    let mut found = BTreeSet::new();
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        let inline = match expression {
            Expression::Inline(inline) => inline,
            Expression::Select { selector, variants } => {
                found.extend(
                    variants
                        .iter()
                        .flat_map(|variant| self::variables(&variant.value)),
                );
                selector
            }
        };
        if let InlineExpression::VariableReference { id } = inline {
            found.insert(id.name.to_owned());
        }
    }
    found
}
