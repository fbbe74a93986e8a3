//! What every text with a number says for the numbers at which a language changes its forms.
//!
//! The texts of all rooms are looked at, those of the screens, of documents and of slips. `UPDATE_EXPECT=1` writes the
//! lists anew, which are then to be read by somebody who speaks the language.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::*;

/// Where some language of ours, or of a mistake in its rule, turns from one form to the next.
const NUMBERS: [u32; 23] = [
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 19, 20, 21, 22, 25, 30, 100, 101, 111, 1000, 1_234_567,
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of texts of one language, in the order of their names.
fn files(language: Language) -> Vec<String> {
    let folder = root().join("locales").join(tag(language));
    let listed = std::fs::read_dir(folder).expect("the folder of texts can be read");
    let mut files: Vec<PathBuf> = listed
        .map(|entry| entry.expect("the folder of texts can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ftl"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("a file of texts is text"))
        .collect()
}

/// Variables by which a text chooses its form, as long as they are numbers.
fn chosen_by<'a>(pattern: &Pattern<&'a str>, variables: &mut BTreeSet<&'a str>) {
    for element in &pattern.elements {
        let PatternElement::Placeable {
            expression: Expression::Select { selector, variants },
        } = element
        else {
            continue;
        };
        if let InlineExpression::VariableReference { id } = selector {
            variables.insert(id.name);
        }
        for variant in variants {
            chosen_by(&variant.value, variables);
        }
    }
}

/// Every variable of a text.
fn used<'a>(pattern: &Pattern<&'a str>, variables: &mut BTreeSet<&'a str>) {
    for element in &pattern.elements {
        match element {
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => {
                variables.insert(id.name);
            }
            PatternElement::Placeable {
                expression: Expression::Select { selector, variants },
            } => {
                if let InlineExpression::VariableReference { id } = selector {
                    variables.insert(id.name);
                }
                variants
                    .iter()
                    .for_each(|variant| used(&variant.value, variables));
            }
            _ => {}
        }
    }
}

/// One block a text, one line a number. The other variables of the text are 40, at which no language changes.
fn list(language: Language) -> String {
    let sources = files(language);
    let mut bundle = bundle(language);
    let mut list = String::new();
    for source in &sources {
        let resource = FluentResource::try_new(source.clone()).expect("a file of texts without a mistake");
        bundle.add_resource_overriding(resource);
        let resource =
            fluent_syntax::parser::parse(source.as_str()).expect("a file of texts without a mistake");
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            let Some(pattern) = &message.value else { continue };
            let (mut by, mut all) = (BTreeSet::new(), BTreeSet::new());
            chosen_by(pattern, &mut by);
            used(pattern, &mut all);
            // The months of a day are held by a test of their own.
            by.remove("month");
            for variable in by {
                list += &format!("{} by ${variable}\n", message.id.name);
                for number in NUMBERS {
                    let arguments: FluentArgs<'_> = all
                        .iter()
                        .map(|name| (*name, if *name == variable { number } else { 40 }))
                        .collect();
                    let mut errors = Vec::new();
                    let written = bundle
                        .get_message(message.id.name)
                        .and_then(|message| message.value());
                    let written = written.expect("the text was just added");
                    let text = bundle.format_pattern(written, Some(&arguments), &mut errors);
                    assert!(errors.is_empty(), "{}: {errors:?}", message.id.name);
                    list += &format!("    {number}: {text}\n");
                }
            }
        }
    }
    list
}

#[test]
fn counts_in_kazakh() {
    expect_file![root().join("locales/expect/numbers-kk.txt")].assert_eq(&list(Language::Kk));
}

#[test]
fn counts_in_russian() {
    expect_file![root().join("locales/expect/numbers-ru.txt")].assert_eq(&list(Language::Ru));
}

#[test]
fn counts_in_english() {
    expect_file![root().join("locales/expect/numbers-en.txt")].assert_eq(&list(Language::En));
}

/// The same amounts as in `verification`, which writes what is in force: one list for both.
#[test]
fn amounts_are_those_of_the_rules() {
    for language in LANGUAGES {
        let amounts = ["0", "7", "999", "1000", "250000", "1234567"];
        let list: String = amounts
            .iter()
            .map(|digits| amount(language, digits) + "\n")
            .collect();
        let file = format!("locales/expect/amounts-{}.txt", tag(language));
        expect_file![root().join(file)].assert_eq(&list);
    }
}

/// The same days as in `paper`, which writes the documents: one list for both.
#[test]
fn days_are_those_of_the_documents() {
    for language in LANGUAGES {
        let mut list = String::new();
        for month in 1..=12 {
            let day = Day {
                year: 2026,
                month,
                day: 1 + month * 5 % 28,
            };
            list += &format!("{}\n", date(language, day));
        }
        let file = format!("locales/expect/days-{}.txt", tag(language));
        expect_file![root().join(file)].assert_eq(&list);
    }
}
