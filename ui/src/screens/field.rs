//! A question of the service.

use ::ipc::{Entered, FieldError, FieldInput, Intent, Language, Screen, Texts};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::entry::{Alphabet, Entry};
use crate::components::heading::{HEADING_ID, Heading};
use crate::components::icon::{Glyph, Icon};
use crate::components::keyboard::{Keyboard, Keys};
use crate::components::keypad::Keypad;
use crate::components::keys::{Stroke, on_stroke};
use crate::ipc;
use crate::locale::{self, Key};
use crate::screens::consent::READ_AT_LEAST;
use crate::screens::service::Pager;

/// So many choices fit on every screen without scrolling.
const CHOICES: usize = 8;

/// The question, and what its kind of answer needs.
#[component]
pub fn FieldShown(
    /// Its name.
    field: String,
    /// What is entered.
    input: FieldInput,
    /// Whether it may not be left empty.
    required: bool,
    /// The question.
    label: Texts,
    /// A sentence below it; may be empty.
    hint: Texts,
    /// Which of how many at most, from 1.
    number: u32,
    /// How many at most.
    of: u32,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let name = input_name(&input);
    let send = {
        let field = field.clone();
        Callback::new(move |value: String| {
            ipc::send(Intent::AnswerField {
                field: field.clone(),
                value: Entered(value),
            });
        })
    };
    // As with a consent: the second touch of a double touch answers no question that nobody saw.
    let ready = RwSignal::new(false);
    set_timeout(move || ready.set(true), READ_AT_LEAST);
    let body = match input {
        FieldInput::Choice { options } => view! { <Choices options hint required ready send /> }.into_any(),
        input => match typing(&input) {
            Some(typing) => view! { <Typed input typing hint required ready send /> }.into_any(),
            None => ().into_any(),
        },
    };
    view! {
        <section class="screen" data-screen="field" data-field=field data-input=name>
            <Heading question=(number, of)>{kiosk.say_texts(label)}</Heading>
            {body}
        </section>
    }
}

/// Leaves the field empty, where it may be.
#[component]
fn Skip(ready: RwSignal<bool>, send: Callback<String>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <button
            type="button"
            class="button"
            data-testid="field-skip"
            disabled=move || !ready.get()
            on:click=move |_| send.run(String::new())
        >
            <span>{kiosk.say(Key("field-skip"))}</span>
            <Icon glyph=Glyph::Next />
        </button>
    }
}

#[component]
fn Hint(hint: Texts) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let hint = kiosk.say_texts(hint);
    move || {
        Some(hint())
            .filter(|hint| !hint.is_empty())
            .map(|hint| view! { <p class="claim__hint">{hint}</p> })
    }
}

/// What was wrong with what was sent; it goes as soon as the entry changes.
fn error_until(kiosk: Kiosk, changed: RwSignal<bool>) -> Memo<Option<FieldError>> {
    Memo::new(move |_| {
        let error = kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Field { error, .. }) => *error,
                _ => None,
            });
        error.filter(|_| !changed.get())
    })
}

#[component]
fn ErrorPlace(error: Memo<Option<FieldError>>, money: bool) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <div class="claim__error-place" role="alert" data-testid="field-error">
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! {
                            <p class="error" data-error=error_name(error)>
                                <Icon glyph=Glyph::Exclamation />
                                <span>{error_text(kiosk.language.get(), error, money)}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// One button for each choice; a touch answers.
#[component]
fn Choices(
    options: Vec<(String, Texts)>,
    hint: Texts,
    required: bool,
    ready: RwSignal<bool>,
    send: Callback<String>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let pages = options.len().div_ceil(CHOICES).max(1);
    let page = RwSignal::new(0);
    let error = error_until(kiosk, RwSignal::new(false));
    let buttons = move || {
        options
            .iter()
            .skip(page.get() * CHOICES)
            .take(CHOICES)
            .cloned()
            .map(|(name, title)| {
                let testid = format!("choice-{name}");
                view! {
                    <button
                        type="button"
                        class="choice"
                        data-testid=testid
                        disabled=move || !ready.get()
                        on:click=move |_| send.run(name.clone())
                    >
                        <span>{kiosk.say_texts(title)}</span>
                        <Icon glyph=Glyph::Next />
                    </button>
                }
            })
            .collect_view()
    };
    let turn = (pages > 1).then(|| view! { <Pager page pages /> });
    view! {
        <div class="screen__body typing">
            <Hint hint />
            {move || error.get().map(|_| view! { <ErrorPlace error money=false /> })}
            <div class="choices">{buttons}</div>
        </div>
        <div class="actions">
            <BackButton />
            {(!required).then(|| view! { <Skip ready send /> })}
            {turn}
        </div>
    }
}

/// The entry, the keys for it, and a physical keyboard where there is one.
#[component]
fn Typed(
    input: FieldInput,
    typing: Typing,
    hint: Texts,
    required: bool,
    ready: RwSignal<bool>,
    send: Callback<String>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Typing {
        alphabet,
        keys,
        max,
        whole,
    } = typing;
    let entry = RwSignal::new(Entry::new(max));
    let changed = RwSignal::new(false);
    let error = error_until(kiosk, changed);
    let money = input == FieldInput::Amount;
    let counts = matches!(input, FieldInput::Amount | FieldInput::Count);
    let is_phone = input == FieldInput::Phone;

    let press = move |character: char| {
        let Some(character) = alphabet.accept(character) else {
            return;
        };
        entry.update(|entry| {
            // A number that begins with zero goes on as if it had not.
            if counts && entry.len() == 1 && entry.last() == Some('0') {
                entry.pop();
            }
            entry.push(character);
        });
        changed.set(true);
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let complete = move |entry: &Entry| {
        if whole {
            entry.is_full()
        } else {
            (0..entry.len())
                .filter_map(|at| entry.at(at))
                .any(|it| !it.is_whitespace())
        }
    };
    let submit = move || {
        if entry.with_untracked(complete) {
            changed.set(false);
            send.run(entry.with_untracked(|entry| sent(is_phone, entry)));
        }
    };
    on_stroke(kiosk, move |stroke| match stroke {
        Stroke::Delete => delete(),
        Stroke::Enter if !changed.get_untracked() => {}
        Stroke::Enter => submit(),
        Stroke::Character { .. } => {
            if let Some(character) = stroke.character(alphabet) {
                press(character);
            }
        }
    });
    let is_name = input == FieldInput::Name;
    let capital = Memo::new(move |_| {
        entry.with(|entry| match entry.last() {
            None => true,
            Some(last) => is_name && matches!(last, ' ' | '-'),
        })
    });
    let long = matches!(input, FieldInput::Text { .. });
    let count = (whole || long).then(|| {
        view! {
            <p class="claim__count" role="status" data-testid="field-count">
                {kiosk.say_with(
                    Key("field-entered"),
                    move || {
                        entry.with(|entry| vec![("count", entry.len().into()), ("of", entry.max().into())])
                    },
                )}
            </p>
        }
    });
    let shown = move || entry.with(|entry| shown(kiosk.language.get(), &input, entry));
    let press = Callback::new(press);
    let delete = Callback::new(move |()| delete());
    let display = view! {
        <p
            class="typed"
            class:typed--long=long
            class:typed--wrong=move || error.get().is_some()
            role="textbox"
            aria-labelledby=HEADING_ID
            aria-readonly="true"
            data-testid="field-value"
            data-entered=move || entry.with(Entry::len)
        >
            {move || {
                let (before, after) = shown();
                view! {
                    <span class="typed__line">
                        {before} <span class="typed__caret"></span> <span class="typed__unit">{after}</span>
                    </span>
                }
            }}
        </p>
    };
    let body = match keys {
        None => view! {
            <div class="screen__body claim">
                <div class="claim__entry">
                    <Hint hint />
                    {display}
                    {count}
                    <ErrorPlace error money />
                </div>
                <Keypad press delete />
            </div>
        }
        .into_any(),
        Some(keys) => view! {
            <div class="screen__body typing">
                <Hint hint />
                {display}
                {count}
                <ErrorPlace error money />
                <Keyboard keys capital press delete />
            </div>
        }
        .into_any(),
    };
    view! {
        {body}
        <div class="actions">
            <BackButton />
            {(!required).then(|| view! { <Skip ready send /> })}
            <button
                type="button"
                class="button button--main"
                data-testid="field-next"
                disabled=move || !entry.with(complete)
                on:click=move |_| submit()
            >
                <span>{kiosk.say(Key("continue"))}</span>
                <Icon glyph=Glyph::Next />
            </button>
        </div>
    }
}

/// How a kind of value is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Typing {
    alphabet: Alphabet,
    /// The keyboard; without one it is the keypad.
    keys: Option<Keys>,
    /// How many characters at most.
    max: usize,
    /// Whether fewer are no value.
    whole: bool,
}

/// How a kind of value is typed, if it is.
fn typing(input: &FieldInput) -> Option<Typing> {
    let digits = |max, whole| Typing {
        alphabet: Alphabet::Digits,
        keys: None,
        max,
        whole,
    };
    match input {
        // Up to what any institution of the country has.
        FieldInput::Amount => Some(digits(13, false)),
        FieldInput::Count => Some(digits(9, false)),
        FieldInput::Phone => Some(digits(10, true)),
        FieldInput::Bin => Some(digits(12, true)),
        FieldInput::CardNumber => Some(digits(9, true)),
        FieldInput::Name => Some(Typing {
            alphabet: Alphabet::Name,
            keys: Some(Keys::Name),
            max: 100,
            whole: false,
        }),
        FieldInput::Text { max_chars } => Some(Typing {
            alphabet: Alphabet::Text,
            keys: Some(Keys::Text),
            max: usize::try_from(*max_chars).unwrap_or(usize::MAX),
            whole: false,
        }),
        FieldInput::RequestNumber => Some(Typing {
            alphabet: Alphabet::Number,
            keys: Some(Keys::Number),
            max: 14,
            whole: true,
        }),
        FieldInput::Choice { .. } => None,
    }
}

/// What is sent for an entry: as typed, and with the country before a telephone number.
fn sent(is_phone: bool, entry: &Entry) -> String {
    let text = entry.text();
    if is_phone { format!("+7{text}") } else { text }
}

/// The entry as it is shown before the caret, and what stands behind the caret.
fn shown(language: Language, input: &FieldInput, entry: &Entry) -> (String, String) {
    let text = entry.text();
    let alone = |text| (text, String::new());
    match input {
        FieldInput::Amount => {
            let whole = locale::amount(language, &text);
            // Where the sign stands behind the digits the caret is between them.
            let digits = whole.trim_end_matches(|it: char| !it.is_ascii_digit());
            let (before, after) = whole.split_at(digits.len());
            if text.is_empty() {
                (String::new(), whole.trim().to_owned())
            } else {
                (before.to_owned(), after.to_owned())
            }
        }
        FieldInput::Count => alone(locale::grouped(language, &text)),
        FieldInput::Phone => alone(format!("+7 {}", parts(&text, &[3, 3, 2, 2], ' '))),
        FieldInput::Bin => alone(parts(&text, &[6, 6], ' ')),
        FieldInput::CardNumber => alone(parts(&text, &[3, 3, 3], ' ')),
        FieldInput::RequestNumber => alone(parts(&text, &[6, 4, 4], '-')),
        FieldInput::Name | FieldInput::Text { .. } | FieldInput::Choice { .. } => alone(text),
    }
}

/// Characters in groups of these lengths.
fn parts(text: &str, lengths: &[usize], between: char) -> String {
    let mut shown = String::with_capacity(text.len() + lengths.len());
    let mut left = text.chars().peekable();
    for (at, length) in lengths.iter().enumerate() {
        if at > 0 && left.peek().is_some() {
            shown.push(between);
        }
        shown.extend(left.by_ref().take(*length));
    }
    shown.extend(left);
    shown
}

/// As in JSON.
fn input_name(input: &FieldInput) -> &'static str {
    match input {
        FieldInput::Amount => "amount",
        FieldInput::Count => "count",
        FieldInput::Phone => "phone",
        FieldInput::Bin => "bin",
        FieldInput::CardNumber => "card-number",
        FieldInput::Name => "name",
        FieldInput::Text { .. } => "text",
        FieldInput::Choice { .. } => "choice",
        FieldInput::RequestNumber => "request-number",
    }
}

/// As in JSON.
fn error_name(error: FieldError) -> &'static str {
    match error {
        FieldError::Missing => "missing",
        FieldError::Shape => "shape",
        FieldError::TooSmall { .. } => "too-small",
        FieldError::TooLarge { .. } => "too-large",
        FieldError::TooLong { .. } => "too-long",
        FieldError::Country => "country",
        FieldError::NotMobile => "not-mobile",
        FieldError::CheckDigit => "check-digit",
        FieldError::Letters => "letters",
    }
}

/// What was wrong, in words; bounds of money with its sign.
fn error_text(language: Language, error: FieldError, money: bool) -> String {
    let number = |number: u64| {
        let digits = number.to_string();
        if money {
            locale::amount(language, &digits)
        } else {
            locale::grouped(language, &digits)
        }
    };
    let (key, arguments) = match error {
        FieldError::Missing => (Key("field-error-missing"), vec![]),
        FieldError::Shape => (Key("field-error-shape"), vec![]),
        FieldError::TooSmall { min } => (Key("field-error-too-small"), vec![("min", number(min).into())]),
        FieldError::TooLarge { max } => (Key("field-error-too-large"), vec![("max", number(max).into())]),
        FieldError::TooLong { max } => (Key("field-error-too-long"), vec![("max", max.into())]),
        FieldError::Country => (Key("field-error-country"), vec![]),
        FieldError::NotMobile => (Key("field-error-not-mobile"), vec![]),
        FieldError::CheckDigit => (Key("field-error-check-digit"), vec![]),
        FieldError::Letters => (Key("field-error-letters"), vec![]),
    };
    locale::text(language, key, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::LANGUAGES;

    fn inputs() -> [FieldInput; 9] {
        [
            FieldInput::Amount,
            FieldInput::Count,
            FieldInput::Phone,
            FieldInput::Bin,
            FieldInput::CardNumber,
            FieldInput::Name,
            FieldInput::Text { max_chars: 200 },
            FieldInput::Choice { options: vec![] },
            FieldInput::RequestNumber,
        ]
    }

    const ERRORS: [FieldError; 9] = [
        FieldError::Missing,
        FieldError::Shape,
        FieldError::TooSmall { min: 10_000 },
        FieldError::TooLarge { max: 7_000_000 },
        FieldError::TooLong { max: 200 },
        FieldError::Country,
        FieldError::NotMobile,
        FieldError::CheckDigit,
        FieldError::Letters,
    ];

    #[test]
    fn names_are_those_of_the_shell() {
        for input in inputs() {
            assert_eq!(serde_json::json!(input)["kind"], input_name(&input));
        }
        for error in ERRORS {
            assert_eq!(serde_json::json!(error)["kind"], error_name(error));
        }
    }

    #[test]
    fn only_a_choice_is_not_typed() {
        for input in inputs() {
            let choice = matches!(input, FieldInput::Choice { .. });
            assert_eq!(typing(&input).is_none(), choice, "{input:?}");
        }
    }

    fn check(language: Language, input: &FieldInput, typed: &str, expect: (&str, &str), expect_sent: &str) {
        let typing = typing(input).unwrap();
        let mut entry = Entry::new(typing.max);
        typed
            .chars()
            .filter_map(|character| typing.alphabet.accept(character))
            .for_each(|character| entry.push(character));
        let (before, after) = shown(language, input, &entry);
        assert_eq!((before.as_str(), after.as_str()), expect, "{typed}");
        assert_eq!(sent(*input == FieldInput::Phone, &entry), expect_sent, "{typed}");
    }

    #[test]
    fn entries_are_shown_in_groups_and_sent_as_typed() {
        let kk = Language::Kk;
        check(kk, &FieldInput::Amount, "", ("", "₸"), "");
        check(
            kk,
            &FieldInput::Amount,
            "1500000",
            ("1\u{a0}500\u{a0}000", "\u{a0}₸"),
            "1500000",
        );
        check(Language::En, &FieldInput::Amount, "", ("", "KZT"), "");
        check(
            Language::En,
            &FieldInput::Amount,
            "1500000",
            ("KZT\u{a0}1,500,000", ""),
            "1500000",
        );
        check(kk, &FieldInput::Count, "12", ("12", ""), "12");
        check(kk, &FieldInput::Phone, "", ("+7 ", ""), "+7");
        check(kk, &FieldInput::Phone, "7071", ("+7 707 1", ""), "+77071");
        check(
            kk,
            &FieldInput::Phone,
            "(707) 123-45-67",
            ("+7 707 123 45 67", ""),
            "+77071234567",
        );
        check(
            kk,
            &FieldInput::Bin,
            "0412400061234",
            ("041240 006123", ""),
            "041240006123",
        );
        check(
            kk,
            &FieldInput::CardNumber,
            "041236587",
            ("041 236 587", ""),
            "041236587",
        );
        check(
            kk,
            &FieldInput::RequestNumber,
            "261122-7kmq-2rtx",
            ("261122-7KMQ-2RTX", ""),
            "2611227KMQ2RTX",
        );
        check(kk, &FieldInput::Name, "Әлия Қ2", ("Әлия Қ", ""), "Әлия Қ");
        check(
            kk,
            &FieldInput::Text { max_chars: 4 },
            "Ұя, 5",
            ("Ұя, ", ""),
            "Ұя, ",
        );
    }

    #[test]
    fn bounds_are_written_as_the_language_writes_them() {
        let check = |language, error, money, expect: &str| {
            let text = error_text(language, error, money);
            assert!(text.contains(expect), "{text}");
        };
        let small = FieldError::TooSmall { min: 10_000 };
        check(Language::Kk, small, true, "10\u{a0}000\u{a0}₸");
        check(Language::Ru, small, true, "10\u{a0}000\u{a0}₸");
        check(Language::En, small, true, "KZT\u{a0}10,000");
        check(Language::En, small, false, "10,000");
        check(Language::Ru, FieldError::TooLong { max: 21 }, false, "21");
    }

    #[test]
    fn each_error_has_its_own_words() {
        for language in LANGUAGES {
            let texts = ERRORS.map(|error| error_text(language, error, false));
            for (at, text) in texts.iter().enumerate() {
                assert!(!texts.iter().skip(at + 1).any(|other| other == text), "{text}");
                assert!(!text.contains("field-error"), "{text}");
            }
        }
    }
}
