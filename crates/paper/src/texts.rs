//! Words, numbers and times of each language.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use verification::evidence::Language;
use verification::time::UtcMs;

/// Every language: the state language first.
pub const LANGUAGES: [Language; 3] = [Language::Kk, Language::Ru, Language::En];

/// The whole country has one time since 1 March 2024. Older tables of time zones do not know that.
const KAZAKHSTAN: Offset = jiff::tz::offset(5);

/// Name of a text that must exist in every language. Each one in the source is checked by a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) &'static str);

macro_rules! sources {
    ($language:literal) => {
        [
            include_str!(concat!("../../../locales/", $language, "/document.ftl")),
            include_str!(concat!("../../../locales/", $language, "/consents.ftl")),
        ]
    };
}

fn sources(language: Language) -> [&'static str; 2] {
    match language {
        Language::Kk => sources!("kk"),
        Language::Ru => sources!("ru"),
        Language::En => sources!("en"),
    }
}

/// The texts of one language.
pub(crate) struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    pub(crate) fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new(language.tag().parse().into_iter().collect());
        // The isolation marks only matter beside right-to-left scripts, and some fonts draw them.
        bundle.set_use_isolating(false);
        for source in sources(language) {
            // A file with an error still gives its other texts; a test refuses such a file.
            let resource =
                FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _errors)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self { language, bundle }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The text of a key. There is no fallback: a missing text shows its key, so that it is noticed.
    pub(crate) fn say(&self, key: Key) -> String {
        self.say_with(key, [])
    }

    /// The same, with variables.
    pub(crate) fn say_with<const N: usize>(&self, key: Key, variables: [(&'static str, &str); N]) -> String {
        self.named(key.0, variables).unwrap_or_else(|| key.0.to_owned())
    }

    /// The text of a name that comes from the catalogue, such as `service-account-opening`.
    pub(crate) fn named<const N: usize>(
        &self,
        name: &str,
        variables: [(&'static str, &str); N],
    ) -> Option<String> {
        let pattern = self.bundle.get_message(name)?.value()?;
        let variables: FluentArgs<'_> = variables
            .into_iter()
            .map(|(name, value)| (name, FluentValue::from(value)))
            .collect();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&variables), &mut Vec::new());
        Some(text.into_owned())
    }

    /// A measure, with the comma where the language has one. It is not rounded: beside a threshold the last digit counts.
    pub(crate) fn number(&self, value: f32) -> String {
        if !value.is_finite() {
            return self.say(Key("paper-not-a-number"));
        }
        let size = value.abs();
        self.decimal(if size != 0.0 && !(1e-6..1e9).contains(&size) {
            format!("{value:e}")
        } else {
            value.to_string()
        })
    }

    /// Seconds, to the hundredth.
    pub(crate) fn seconds(&self, duration: std::time::Duration) -> String {
        let seconds = self.decimal(format!("{:.2}", duration.as_secs_f64()));
        self.say_with(Key("paper-seconds"), [("seconds", &seconds)])
    }

    fn decimal(&self, text: String) -> String {
        match self.language {
            Language::Kk | Language::Ru => text.replace('.', ","),
            Language::En => text,
        }
    }

    /// A moment: stored in UTC, shown in the time of the country, to the second.
    pub(crate) fn time(&self, at: UtcMs) -> String {
        let Ok(time) = Timestamp::from_millisecond(at.0) else {
            return format!("{} ms", at.0);
        };
        let local = time.to_zoned(TimeZone::fixed(KAZAKHSTAN));
        let (day, year) = (local.day(), local.year());
        let month = usize::try_from(local.month()).unwrap_or_default();
        let month = |names: [&'static str; 12]| names.get(month.wrapping_sub(1)).copied().unwrap_or("?");
        let date = match self.language {
            Language::Kk => format!("{year} ж. {day} {}", month(MONTHS_KK)),
            Language::Ru => format!("{day} {} {year} г.", month(MONTHS_RU)),
            Language::En => format!("{day} {} {year}", month(MONTHS_EN)),
        };
        format!("{date}, {} (UTC+05:00)", local.strftime("%H:%M:%S"))
    }
}

// CLDR, the forms beside a day.
const MONTHS_KK: [&str; 12] = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
];
const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
