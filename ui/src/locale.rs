//! Texts of the screens, from the Fluent files under `locales/`.

mod pseudo;

use ::ipc::{Day, Language, Texts};
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

/// Name of a text that must exist in every language. Each one in the source is checked by a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub &'static str);

/// Variables of a text, by name.
pub type Arguments = Vec<(&'static str, FluentValue<'static>)>;

/// Every language, in the order in which the screens offer them: the state language first.
pub const LANGUAGES: [Language; 3] = [Language::Kk, Language::Ru, Language::En];

/// BCP 47 tag of a language, as in `lang` attributes.
pub fn tag(language: Language) -> &'static str {
    match language {
        Language::Kk => "kk",
        Language::Ru => "ru",
        Language::En => "en",
    }
}

/// The text of a key. There is no fallback: a missing text shows its key, so that it is noticed.
pub fn text(language: Language, key: Key, arguments: Arguments) -> String {
    named(language, key.0, arguments)
}

/// A text of the institution.
pub fn own(language: Language, texts: &Texts) -> String {
    let text = texts.of(language);
    if is_pseudo(language) {
        return pseudo::of(text);
    }
    text.to_owned()
}

/// The text of a key whose name comes from the shell, such as `consent-processing-title`.
pub fn named(language: Language, name: &str, arguments: Arguments) -> String {
    let text = written(language, name, arguments);
    if is_pseudo(language) {
        return pseudo::of(&text);
    }
    text
}

/// Whether a test wants to see this language as [`pseudo`] makes it.
fn is_pseudo(language: Language) -> bool {
    language == Language::En && crate::ipc::is_pseudo_wanted()
}

fn written(language: Language, name: &str, arguments: Arguments) -> String {
    BUNDLES.with(|bundles| {
        let bundle = match language {
            Language::Kk => &bundles.kk,
            Language::Ru => &bundles.ru,
            Language::En => &bundles.en,
        };
        let Some(pattern) = bundle.get_message(name).and_then(|message| message.value()) else {
            return name.to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.into_iter().collect();
        // What cannot be resolved stays in the text as `{$name}`; the tests hold variables and keys together.
        bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    })
}

/// A number in groups of three digits, as the language writes it. What are no digits stays as it is.
pub fn grouped(language: Language, digits: &str) -> String {
    let between = match language {
        // A space at which no line breaks.
        Language::Kk | Language::Ru => '\u{a0}',
        Language::En => ',',
    };
    let count = digits.chars().count();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (count - at).is_multiple_of(3) {
            text.push(between);
        }
        text.push(digit);
    }
    text
}

/// An amount in tenge, as the language writes it.
pub fn amount(language: Language, digits: &str) -> String {
    text(
        language,
        Key("amount"),
        vec![("amount", grouped(language, digits).into())],
    )
}

/// A day, as the language writes it.
pub fn date(language: Language, day: Day) -> String {
    text(
        language,
        Key("date"),
        vec![
            ("year", day.year.to_string().into()),
            ("month", day.month.into()),
            ("day", day.day.into()),
        ],
    )
}

/// Hour and minute, which all three languages write the same.
pub fn time_of_day(hour: u8, minute: u8) -> String {
    format!("{hour:02}:{minute:02}")
}

struct Bundles {
    kk: FluentBundle<FluentResource>,
    ru: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

macro_rules! sources {
    ($language:literal) => {
        &[
            include_str!(concat!("../../locales/", $language, "/kiosk.ftl")),
            include_str!(concat!("../../locales/", $language, "/consents.ftl")),
            include_str!(concat!("../../locales/", $language, "/sight.ftl")),
            include_str!(concat!("../../locales/", $language, "/technician.ftl")),
            include_str!(concat!("../../locales/", $language, "/speech.ftl")),
            include_str!(concat!("../../locales/", $language, "/images.ftl")),
        ]
    };
}

thread_local! {
    static BUNDLES: Bundles = Bundles {
        kk: bundle(Language::Kk),
        ru: bundle(Language::Ru),
        en: bundle(Language::En),
    };
}

fn sources(language: Language) -> &'static [&'static str] {
    match language {
        Language::Kk => sources!("kk"),
        Language::Ru => sources!("ru"),
        Language::En => sources!("en"),
    }
}

/// A whole number as text: `None` for all else, which Fluent writes by itself.
fn in_groups(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            let digits = number.as_string();
            let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_whole.then(|| grouped(language, &digits))
        }
        _ => None,
    }
}

// Fluent takes a function without surroundings.
fn in_groups_kk<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    in_groups(Language::Kk, value)
}

fn in_groups_ru<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    in_groups(Language::Ru, value)
}

fn in_groups_en<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    in_groups(Language::En, value)
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new(tag(language).parse().into_iter().collect());
    // The isolation marks only matter beside right-to-left scripts, and some fonts draw them.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::Kk => in_groups_kk,
        Language::Ru => in_groups_ru,
        Language::En => in_groups_en,
    }));
    for &source in sources(language) {
        // A file with an error still gives its other texts; a test refuses such a file.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _errors)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod numbers;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// Name of each message and the variables it uses.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages = BTreeMap::new();
        for &source in sources(language) {
            let resource = fluent_syntax::parser::parse(source)
                .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", tag(language)));
            for entry in &resource.body {
                let Entry::Message(message) = entry else { continue };
                let mut variables = BTreeSet::new();
                collect(
                    message.value.as_ref().expect("every message has a text"),
                    &mut variables,
                );
                let before = messages.insert(message.id.name.to_owned(), variables);
                assert!(before.is_none(), "{}: {} twice", tag(language), message.id.name);
            }
        }
        messages
    }

    fn collect(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            let PatternElement::Placeable { expression } = element else {
                continue;
            };
            let inline = match expression {
                Expression::Inline(inline) => inline,
                Expression::Select { selector, variants } => {
                    variants
                        .iter()
                        .for_each(|variant| collect(&variant.value, variables));
                    selector
                }
            };
            if let InlineExpression::VariableReference { id } = inline {
                variables.insert(id.name.to_owned());
            }
        }
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
                    let opening = concat!("Key", "(\"");
                    for rest in source.split(opening).skip(1) {
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
        let consents = consents();
        let written: BTreeSet<String> = messages(Language::Kk)
            .into_keys()
            // The texts of consents are named by the shell, not by the source.
            .filter(|name| !consents.contains(name))
            .collect();
        assert_eq!(keys_in_source(), written);
    }

    const CONSENTS: [&str; 5] = [
        "processing",
        "automated-decision",
        "palm",
        "nbas-enrolment",
        "images",
    ];

    fn consents() -> BTreeSet<String> {
        let names = CONSENTS.iter();
        names
            .flat_map(|name| [format!("consent-{name}-title"), format!("consent-{name}-body")])
            .collect()
    }

    #[test]
    fn consents_have_their_texts() {
        for language in LANGUAGES {
            for name in consents() {
                assert_ne!(named(language, &name, vec![]), name, "{}", tag(language));
            }
        }
    }

    #[test]
    fn a_missing_text_shows_its_key() {
        assert_eq!(
            named(Language::Kk, "consent-unheard-of-title", vec![]),
            "consent-unheard-of-title"
        );
    }

    fn check(language: Language, key: Key, variable: &'static str, expect: &[(u32, &str)]) {
        for (count, expect) in expect {
            assert_eq!(text(language, key, vec![(variable, (*count).into())]), *expect);
        }
    }

    #[test]
    fn plurals_of_waiting_documents() {
        let pending = Key("pending");
        check(
            Language::Kk,
            pending,
            "count",
            &[
                (0, "Барлық құжат жіберілді"),
                (1, "1 құжат жіберілуін күтуде"),
                (2, "2 құжат жіберілуін күтуде"),
                (5, "5 құжат жіберілуін күтуде"),
                (21, "21 құжат жіберілуін күтуде"),
            ],
        );
        check(
            Language::Ru,
            pending,
            "count",
            &[
                (0, "Все документы отправлены"),
                (1, "1 документ ожидает отправки"),
                (2, "2 документа ожидают отправки"),
                (5, "5 документов ожидают отправки"),
                (11, "11 документов ожидают отправки"),
                (21, "21 документ ожидает отправки"),
                (22, "22 документа ожидают отправки"),
            ],
        );
        check(
            Language::En,
            pending,
            "count",
            &[
                (0, "All documents are sent"),
                (1, "1 document waits to be sent"),
                (2, "2 documents wait to be sent"),
                (5, "5 documents wait to be sent"),
                (21, "21 documents wait to be sent"),
            ],
        );
    }

    #[test]
    fn plurals_of_attempts_left() {
        let left = Key("attempt-failed-left");
        check(
            Language::Kk,
            left,
            "left",
            &[(1, "1 талпыныс қалды"), (2, "2 талпыныс қалды")],
        );
        check(
            Language::Ru,
            left,
            "left",
            &[
                (0, "Осталось 0 попыток"),
                (1, "Осталась 1 попытка"),
                (2, "Осталось 2 попытки"),
                (5, "Осталось 5 попыток"),
                (21, "Осталась 21 попытка"),
            ],
        );
        check(
            Language::En,
            left,
            "left",
            &[
                (0, "0 attempts left"),
                (1, "1 attempt left"),
                (2, "2 attempts left"),
            ],
        );
    }

    #[test]
    fn numbers_stand_in_groups_of_three() {
        let check = |digits: &str, kk: &str, en: &str| {
            assert_eq!(grouped(Language::Kk, digits), kk);
            assert_eq!(grouped(Language::Ru, digits), kk);
            assert_eq!(grouped(Language::En, digits), en);
        };
        check("", "", "");
        check("7", "7", "7");
        check("999", "999", "999");
        check("1000", "1\u{a0}000", "1,000");
        check("1234567", "1\u{a0}234\u{a0}567", "1,234,567");
    }

    #[test]
    fn amounts_have_the_sign_of_the_tenge_where_the_language_puts_it() {
        let check = |language, expect: &str| assert_eq!(amount(language, "1234567"), expect);
        check(Language::Kk, "1\u{a0}234\u{a0}567\u{a0}₸");
        check(Language::Ru, "1\u{a0}234\u{a0}567\u{a0}₸");
        check(Language::En, "KZT\u{a0}1,234,567");
    }

    /// As CLDR has them.
    #[test]
    fn days_are_written_as_the_languages_write_them() {
        let check = |month, kk: &str, ru: &str, en: &str| {
            let day = Day {
                year: 2026,
                month,
                day: 9,
            };
            assert_eq!(date(Language::Kk, day), format!("2026 ж. 9 {kk}"));
            assert_eq!(date(Language::Ru, day), format!("9 {ru} 2026 г."));
            assert_eq!(date(Language::En, day), format!("9 {en} 2026"));
        };
        check(1, "қаңтар", "января", "January");
        check(2, "ақпан", "февраля", "February");
        check(3, "наурыз", "марта", "March");
        check(4, "сәуір", "апреля", "April");
        check(5, "мамыр", "мая", "May");
        check(6, "маусым", "июня", "June");
        check(7, "шілде", "июля", "July");
        check(8, "тамыз", "августа", "August");
        check(9, "қыркүйек", "сентября", "September");
        check(10, "қазан", "октября", "October");
        check(11, "қараша", "ноября", "November");
        check(12, "желтоқсан", "декабря", "December");
        assert_eq!(time_of_day(9, 5), "09:05");
    }

    /// The letters that only Kazakh has must be in the text as themselves, never as Latin look-alikes.
    #[test]
    fn kazakh_words_are_cyrillic() {
        for &source in sources(Language::Kk) {
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                let words = line.split(|letter: char| !letter.is_alphabetic());
                for word in words {
                    let latin = word.chars().any(|letter| letter.is_ascii_alphabetic());
                    let cyrillic = word
                        .chars()
                        .any(|letter| ('\u{400}'..='\u{52f}').contains(&letter));
                    assert!(!(latin && cyrillic), "{word}");
                }
            }
        }
    }
}
