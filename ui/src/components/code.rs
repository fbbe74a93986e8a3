//! A code of digits that stays behind dots: its entry, and how it is shown.

use ::ipc::Entered;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::entry::{Alphabet, Entry};
use crate::components::icon::{Glyph, Icon};
use crate::components::keypad::Keypad;
use crate::components::keys::{Stroke, on_stroke};
use crate::locale::Key;

/// What was typed of a code.
#[derive(Clone, Copy)]
pub struct CodeEntry {
    entry: RwSignal<Entry>,
    changed: RwSignal<bool>,
}

impl CodeEntry {
    /// Nothing yet, of so many digits at most.
    pub fn new(longest: usize) -> Self {
        Self {
            entry: RwSignal::new(Entry::new(longest)),
            changed: RwSignal::new(false),
        }
    }

    /// Whether something was typed since the last code went.
    pub fn is_changed(self) -> bool {
        self.changed.get()
    }

    /// Whether nothing stands there.
    pub fn is_empty(self) -> bool {
        self.entry.with(Entry::is_empty)
    }

    fn press(self, digit: char) {
        self.entry.update(|entry| entry.push(digit));
        self.changed.set(true);
    }

    fn delete(self) {
        self.entry.update(Entry::pop);
        self.changed.set(true);
    }

    /// Takes the code out, if there is one: whether it is right or not, nobody else is to find it here.
    pub fn take(self) -> Option<Entered> {
        if self.entry.with_untracked(Entry::is_empty) {
            return None;
        }
        let code = Entered(self.entry.with_untracked(Entry::text));
        self.entry.update(|entry| entry.truncate(0));
        self.changed.set(false);
        Some(code)
    }

    /// Takes the keys of a physical keyboard while the screen is there; the enter key goes on.
    pub fn listen(self, kiosk: Kiosk, submit: impl Fn() + 'static) {
        on_stroke(kiosk, move |stroke| match stroke {
            Stroke::Delete => self.delete(),
            Stroke::Enter => submit(),
            Stroke::Character { .. } => {
                if let Some(digit) = stroke.character(Alphabet::Digits) {
                    self.press(digit);
                }
            }
        });
    }
}

/// The dots, what is wrong below them, and the keypad.
#[component]
pub fn Code(
    /// What was typed.
    code: CodeEntry,
    /// Begins the names of the parts.
    name: &'static str,
    /// Whom or what to ask.
    hint: Key,
    /// How many digits there are, for those who do not see the dots.
    entered: Key,
    /// What is said of the last code where it did not do and no other one was begun.
    wrong: Signal<Option<String>>,
    /// What stands below besides.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let len = move || code.entry.with(Entry::len);
    view! {
        <div class="screen__body claim">
            <div class="claim__entry">
                <p class="claim__hint">{kiosk.say(hint)}</p>
                <p
                    class="typed"
                    class:typed--wrong=move || wrong.with(Option::is_some)
                    role="img"
                    aria-label=kiosk
                        .say_with(entered, move || vec![("count", u32::try_from(len()).unwrap_or(u32::MAX).into())])
                    data-testid=format!("{name}-digits")
                    data-entered=len
                >
                    <span class="typed__masked">{move || "•".repeat(len())}</span>
                    <span class="typed__caret"></span>
                </p>
                <div class="claim__error-place" role="alert" data-testid=format!("{name}-error")>
                    <Show when=move || wrong.with(Option::is_some)>
                        <p class="error">
                            <Icon glyph=Glyph::Exclamation />
                            <span>{move || wrong.get()}</span>
                        </p>
                    </Show>
                </div>
                {children.map(|children| children())}
            </div>
            <Keypad press=Callback::new(move |digit| code.press(digit)) delete=Callback::new(move |()| code.delete()) />
        </div>
    }
}
