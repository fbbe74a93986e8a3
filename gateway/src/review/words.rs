//! What the pages say, in each language, and times and dates as people read them.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use verification::date::Date;
use verification::evidence::Language;
use verification::time::UtcMs;

/// The whole country has one time since 1 March 2024.
const KAZAKHSTAN_MS: i64 = 5 * 60 * 60 * 1000;

/// Languages, the state language first, with their own names.
pub(super) const LANGUAGES: [(Language, &str); 3] = [
    (Language::Kk, "Қазақша"),
    (Language::Ru, "Русский"),
    (Language::En, "English"),
];

macro_rules! sources {
    ($language:literal) => {
        [
            include_str!(concat!("../../../locales/", $language, "/review.ftl")),
            // The reasons of a refusal stand there, for the papers say them too.
            include_str!(concat!("../../../locales/", $language, "/document.ftl")),
        ]
    };
}

/// The texts of one language.
pub(super) struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// Those of a language.
    pub(super) fn new(language: Language) -> Self {
        let sources = match language {
            Language::Kk => sources!("kk"),
            Language::Ru => sources!("ru"),
            Language::En => sources!("en"),
        };
        let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
        bundle.set_use_isolating(false);
        for source in sources {
            // A file with an error still gives its other texts; a test refuses such a file.
            let resource =
                FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _errors)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self { language, bundle }
    }

    /// Which language.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// The text of a key. There is no fallback: a missing text shows its key, so that it is noticed.
    pub(super) fn say(&self, key: &str) -> String {
        self.say_with(key, "n", FluentValue::None)
    }

    /// The same, with a number.
    pub(super) fn count(&self, key: &str, number: i64) -> String {
        self.say_with(key, "n", FluentValue::from(number))
    }

    /// The same, with a text.
    pub(super) fn with(&self, key: &str, variable: &'static str, text: &str) -> String {
        self.say_with(key, variable, FluentValue::from(text))
    }

    fn say_with(&self, key: &str, variable: &'static str, value: FluentValue<'_>) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return key.to_owned();
        };
        let mut variables = FluentArgs::new();
        variables.set(variable, value);
        self.bundle
            .format_pattern(pattern, Some(&variables), &mut Vec::new())
            .into_owned()
    }

    /// For how long, in words: minutes, then hours, then days.
    pub(super) fn duration(&self, milliseconds: i64) -> String {
        let minutes = milliseconds.max(0) / 60_000;
        match minutes {
            0..120 => self.count("review-minutes", minutes),
            120..2_880 => self.count("review-hours", minutes / 60),
            _ => self.count("review-days", minutes / 1_440),
        }
    }
}

/// A day, as the country writes it.
pub(super) fn day(date: Date) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
}

/// A moment in the time of the country, to the minute.
pub(super) fn moment(at: UtcMs) -> String {
    let local = at.0.saturating_add(KAZAKHSTAN_MS);
    let date = Date::from_days_since_epoch(local.div_euclid(86_400_000));
    let minutes = local.rem_euclid(86_400_000) / 60_000;
    let day = date.map_or_else(String::new, day);
    format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key in the source of the pages, and those that are put together there.
    fn keys() -> Vec<String> {
        let sources = [
            include_str!("pages.rs"),
            include_str!("pages/view.rs"),
            include_str!("words.rs"),
        ];
        let mut keys: Vec<String> = Vec::new();
        for source in sources {
            for part in source.split('"').skip(1).step_by(2) {
                if part.starts_with("review-") && !part.ends_with('-') && !part.contains(['{', '=', ' ', '.'])
                {
                    keys.push(part.to_owned());
                }
            }
        }
        let made = [
            (
                "review-done-",
                &["accepted", "refused", "called", "not-reached", "released"][..],
            ),
            ("review-kind-", &["all", "images", "call-back"]),
            ("review-picture-", &["portrait", "front", "back"]),
        ];
        for (prefix, names) in made {
            keys.extend(names.iter().map(|name| format!("{prefix}{name}")));
        }
        keys.extend(
            super::super::reasons::ALL
                .map(|reason| format!("paper-refusal-{}", super::super::reasons::name(reason))),
        );
        keys
    }

    #[test]
    fn every_text_is_there_in_each_language() {
        let keys = keys();
        assert!(keys.len() > 40, "{}", keys.len());
        for (language, _) in LANGUAGES {
            let words = Words::new(language);
            for key in &keys {
                assert_ne!(&words.say(key), key, "{language:?}");
            }
        }
    }

    #[test]
    fn each_file_can_be_read() {
        for source in [sources!("kk"), sources!("ru"), sources!("en")].concat() {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
    }

    #[test]
    fn times_are_those_of_the_country() {
        assert_eq!(moment(UtcMs(1_790_000_000_000)), "21.09.2026 19:13");
        for extreme in [i64::MIN, i64::MAX] {
            assert!(!moment(UtcMs(extreme)).is_empty());
        }
        let words = Words::new(Language::En);
        assert_eq!(words.duration(60_000), "1 minute");
        assert_eq!(words.duration(-5), "0 minutes");
        assert_eq!(words.duration(3 * 3_600_000), "3 hours");
        assert_eq!(words.duration(50 * 3_600_000), "2 days");
        let words = Words::new(Language::Ru);
        assert_eq!(words.duration(2 * 60_000), "2 минуты");
        assert_eq!(words.duration(5 * 60_000), "5 минут");
    }
}
