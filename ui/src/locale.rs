//! Texts of the screens, from the Fluent files under `locales/`.

use ::ipc::Language;
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

/// The text of a key whose name comes from the catalogue, such as `service-account-opening`.
pub fn named(language: Language, name: &str, arguments: Arguments) -> String {
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

struct Bundles {
    kk: FluentBundle<FluentResource>,
    ru: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

macro_rules! sources {
    ($language:literal) => {
        [
            include_str!(concat!("../../locales/", $language, "/kiosk.ftl")),
            include_str!(concat!("../../locales/", $language, "/services.ftl")),
            include_str!(concat!("../../locales/", $language, "/consents.ftl")),
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

fn sources(language: Language) -> [&'static str; 3] {
    match language {
        Language::Kk => sources!("kk"),
        Language::Ru => sources!("ru"),
        Language::En => sources!("en"),
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new(tag(language).parse().into_iter().collect());
    // The isolation marks only matter beside right-to-left scripts, and some fonts draw them.
    bundle.set_use_isolating(false);
    for source in sources(language) {
        // A file with an error still gives its other texts; a test refuses such a file.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _errors)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// Name of each message and the variables it uses.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages = BTreeMap::new();
        for source in sources(language) {
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
        let catalogue = catalogue();
        let written: BTreeSet<String> = messages(Language::Kk)
            .into_keys()
            // The texts of the catalogue are named by it, not by the source.
            .filter(|name| !catalogue.contains(name))
            .collect();
        assert_eq!(keys_in_source(), written);
    }

    const SERVICES: [&str; 5] = [
        "account-opening",
        "online-loan",
        "sim-registration",
        "data-update",
        "palm-enrolment",
    ];
    const CONSENTS: [&str; 3] = ["processing", "automated-decision", "palm"];

    fn catalogue() -> BTreeSet<String> {
        let services = SERVICES
            .iter()
            .flat_map(|id| [format!("service-{id}"), format!("service-{id}-hint")]);
        let consents = CONSENTS
            .iter()
            .flat_map(|name| [format!("consent-{name}-title"), format!("consent-{name}-body")]);
        services.chain(consents).collect()
    }

    #[test]
    fn the_catalogue_has_its_texts() {
        for language in LANGUAGES {
            for name in catalogue() {
                assert_ne!(named(language, &name, vec![]), name, "{}", tag(language));
            }
        }
    }

    #[test]
    fn a_missing_text_shows_its_key() {
        assert_eq!(
            named(Language::Kk, "service-unheard-of", vec![]),
            "service-unheard-of"
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

    /// The letters that only Kazakh has must be in the text as themselves, never as Latin look-alikes.
    #[test]
    fn kazakh_words_are_cyrillic() {
        for source in sources(Language::Kk) {
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
