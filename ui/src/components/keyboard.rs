//! The keyboard on the screen.

use ::ipc::Language;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::locale::{Key, tag};

/// What the keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Letters of the three languages, digits, hyphen, apostrophe, space.
    Name,
    /// The same and punctuation.
    Text,
    /// Latin capital letters and digits.
    Number,
    /// The same and the filler of machine-readable zones.
    Zone,
}

const DIGITS: &[char] = &['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/// The rows of letters of a language. The Kazakh letters stand above, as in the row of digits of a Kazakh keyboard.
fn letters(language: Language) -> &'static [&'static [char]] {
    const KAZAKH: &[char] = &['ә', 'і', 'ң', 'ғ', 'ү', 'ұ', 'қ', 'ө', 'һ'];
    const UPPER: &[char] = &['й', 'ц', 'у', 'к', 'е', 'н', 'г', 'ш', 'щ', 'з', 'х', 'ъ'];
    const MIDDLE: &[char] = &['ф', 'ы', 'в', 'а', 'п', 'р', 'о', 'л', 'д', 'ж', 'э', 'ё'];
    const LOWER: &[char] = &['я', 'ч', 'с', 'м', 'и', 'т', 'ь', 'б', 'ю'];
    match language {
        Language::Kk => &[KAZAKH, UPPER, MIDDLE, LOWER],
        Language::Ru => &[UPPER, MIDDLE, LOWER],
        Language::En => &[
            &['q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p'],
            &['a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l'],
            &['z', 'x', 'c', 'v', 'b', 'n', 'm'],
        ],
    }
}

impl Keys {
    /// Whether there is a choice of layouts, and letters are large and small.
    fn is_free(self) -> bool {
        matches!(self, Self::Name | Self::Text)
    }

    /// What stands beside the digits.
    fn beside_digits(self) -> &'static [char] {
        match self {
            Self::Name | Self::Text => &['-', '\''],
            Self::Number | Self::Zone => &[],
        }
    }

    /// What stands beside the space, or at the end of the last row where there is none.
    fn beside_space(self) -> &'static [char] {
        match self {
            Self::Name | Self::Number => &[],
            Self::Text => &[',', '.', '?', '!', ':', '(', ')'],
            Self::Zone => &['<'],
        }
    }
}

/// The large form of a letter, where it is to be large.
fn cased(letter: char, large: bool) -> char {
    let mut forms = letter.to_uppercase();
    match (large, forms.next(), forms.next()) {
        (true, Some(one), None) => one,
        _ => letter,
    }
}

/// The name of a key for tests: the character, and words for those that are hard to quote.
fn name(character: char) -> String {
    let word = match character {
        '-' => "hyphen",
        '\'' => "apostrophe",
        '<' => "filler",
        ',' => "comma",
        '.' => "dot",
        '?' => "question",
        '!' => "exclamation",
        ':' => "colon",
        '(' => "open",
        ')' => "close",
        _ => return character.to_string(),
    };
    word.to_owned()
}

/// Rows of keys; starts with the layout of the screen's language.
#[component]
pub fn Keyboard(
    /// What the keys are.
    keys: Keys,
    /// Whether the next letter is large without the key for it.
    #[prop(into)]
    capital: Signal<bool>,
    /// A character was touched.
    press: Callback<char>,
    /// The last one is to go.
    delete: Callback<()>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let chosen = RwSignal::new(None::<Language>);
    let layout = Memo::new(move |_| {
        if keys.is_free() {
            chosen.get().unwrap_or_else(|| kiosk.language.get())
        } else {
            Language::En
        }
    });
    let shift = RwSignal::new(false);
    let large = Memo::new(move |_| !keys.is_free() || capital.get() != shift.get());
    let touch = move |character: char| {
        press.run(character);
        shift.set(false);
    };
    let sign = move |character: char| {
        view! {
            <button
                type="button"
                class="key key--small"
                data-testid=format!("key-{}", name(character))
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| touch(character)
            >
                {character}
            </button>
        }
    };
    let letter = move |letter: char| {
        view! {
            <button
                type="button"
                class="key key--small"
                data-testid=format!("key-{letter}")
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| touch(cased(letter, large.get_untracked()))
            >
                {move || cased(letter, large.get())}
            </button>
        }
    };
    let shift_key = move || {
        view! {
            <button
                type="button"
                class="key key--small key--wide key--mode"
                data-testid="key-shift"
                aria-label=kiosk.say(Key("key-shift"))
                aria-pressed=move || large.get().to_string()
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| shift.update(|shift| *shift = !*shift)
            >
                <Icon glyph=Glyph::Shift />
            </button>
        }
    };
    let delete_key = move || {
        view! {
            <button
                type="button"
                class="key key--small key--wide key--delete"
                data-testid="key-delete"
                aria-label=kiosk.say(Key("key-delete"))
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| delete.run(())
            >
                <Icon glyph=Glyph::Backspace />
            </button>
        }
    };
    let rows = move || {
        let layout = letters(layout.get());
        let last = layout.len().saturating_sub(1);
        layout
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let is_last = at == last;
                view! {
                    <div class="keyboard__row">
                        {(is_last && keys.is_free()).then(shift_key)}
                        {row.iter().copied().map(letter).collect_view()}
                        {(is_last && !keys.is_free())
                            .then(|| keys.beside_space().iter().copied().map(sign).collect_view())}
                        {is_last.then(delete_key)}
                    </div>
                }
            })
            .collect_view()
    };
    let layout_key = move |language: Language, words: Key| {
        view! {
            <button
                type="button"
                class="key key--small key--wide key--mode"
                data-testid=format!("layout-{}", tag(language))
                aria-pressed=move || (layout.get() == language).to_string()
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| chosen.set(Some(language))
            >
                {kiosk.say(words)}
            </button>
        }
    };
    let lowest = keys.is_free().then(|| {
        view! {
            <div class="keyboard__row">
                {layout_key(Language::Kk, Key("layout-kk"))}
                {layout_key(Language::Ru, Key("layout-ru"))}
                {layout_key(Language::En, Key("layout-en"))}
                <button
                    type="button"
                    class="key key--small key--space"
                    data-testid="key-space"
                    on:mousedown=|event| event.prevent_default()
                    on:click=move |_| touch(' ')
                >
                    {kiosk.say(Key("key-space"))}
                </button>
                {keys.beside_space().iter().copied().map(sign).collect_view()}
            </div>
        }
    });
    view! {
        <div
            class="keyboard"
            role="group"
            aria-label=kiosk.say(Key("keyboard"))
            data-testid="keyboard"
            data-layout=move || tag(layout.get())
        >
            <div class="keyboard__row">
                {DIGITS.iter().chain(keys.beside_digits()).copied().map(sign).collect_view()}
            </div>
            {rows}
            {lowest}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::locale::LANGUAGES;

    fn reachable(language: Language) -> BTreeSet<char> {
        letters(language)
            .iter()
            .flat_map(|row| row.iter().copied())
            .collect()
    }

    /// The alphabets as CLDR has them.
    #[test]
    fn every_letter_of_every_language_is_reachable() {
        let check = |language, count: usize, alphabet: &str| {
            let wanted: BTreeSet<char> = alphabet.chars().collect();
            assert_eq!(wanted.len(), count);
            assert_eq!(reachable(language), wanted, "{language:?}");
        };
        check(Language::Kk, 42, "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя");
        check(Language::Ru, 33, "абвгдеёжзийклмнопрстуфхцчшщъыьэюя");
        check(Language::En, 26, "abcdefghijklmnopqrstuvwxyz");
    }

    #[test]
    fn no_letter_is_there_twice_and_each_has_its_own_large_form() {
        for language in LANGUAGES {
            let rows = letters(language);
            let all: Vec<char> = rows.iter().flat_map(|row| row.iter().copied()).collect();
            assert_eq!(all.len(), reachable(language).len(), "{language:?}");
            let large: BTreeSet<char> = all.iter().map(|letter| cased(*letter, true)).collect();
            assert_eq!(large.len(), all.len(), "{language:?}");
            assert!(large.iter().all(|letter| letter.is_uppercase()), "{language:?}");
            assert!(
                all.iter().all(|letter| cased(*letter, false) == *letter),
                "{language:?}"
            );
        }
        assert_eq!(cased('ң', true), 'Ң');
        assert_eq!(cased('һ', true), 'Һ');
        assert_eq!(cased('і', true), 'І');
    }

    /// A Kazakh letter is never its Latin look-alike: a name would be another one.
    #[test]
    fn scripts_are_not_mixed() {
        for language in [Language::Kk, Language::Ru] {
            assert!(
                reachable(language).iter().all(|letter| !letter.is_ascii()),
                "{language:?}"
            );
        }
        assert!(reachable(Language::En).iter().all(char::is_ascii));
    }

    #[test]
    fn what_a_key_gives_belongs_into_the_entry() {
        use crate::components::entry::Alphabet;
        for (keys, alphabet) in [
            (Keys::Text, Alphabet::Text),
            (Keys::Number, Alphabet::Number),
            (Keys::Zone, Alphabet::Zone),
        ] {
            let signs = DIGITS
                .iter()
                .chain(keys.beside_digits())
                .chain(keys.beside_space());
            for sign in signs {
                assert_eq!(alphabet.accept(*sign), Some(*sign), "{keys:?}");
            }
        }
        for sign in Keys::Name.beside_digits() {
            assert_eq!(Alphabet::Name.accept(*sign), Some(*sign));
        }
    }

    #[test]
    fn keys_have_names_of_their_own() {
        let signs = DIGITS
            .iter()
            .chain(Keys::Text.beside_digits())
            .chain(Keys::Text.beside_space())
            .chain(Keys::Zone.beside_space());
        let all: Vec<char> = signs.copied().collect();
        let names: BTreeSet<String> = all.iter().map(|sign| name(*sign)).collect();
        assert_eq!(names.len(), all.len());
    }
}
