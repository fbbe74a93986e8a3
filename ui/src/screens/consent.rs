//! One consent text.

use std::time::Duration;

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::{self, Key};

/// A text cannot be answered before it can have been noticed: the second touch of a double touch would answer
/// a text that nobody saw.
const READ_AT_LEAST: Duration = Duration::from_millis(600);

/// The text, what refusal means, and the two answers.
#[component]
pub fn Consent(
    /// Name of the text.
    text: String,
    /// Its version.
    version: u32,
    /// Which of how many, from 1.
    number: u32,
    /// How many.
    of: u32,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let title = kiosk.say_named(format!("consent-{text}-title"));
    let body_name = format!("consent-{text}-body");
    let body = move || {
        blocks(&locale::named(kiosk.language.get(), &body_name, vec![]))
            .into_iter()
            .map(|block| match block {
                Block::Paragraph(words) => view! { <p>{words}</p> }.into_any(),
                Block::List(items) => {
                    let items = items
                        .into_iter()
                        .map(|item| view! { <li>{item}</li> })
                        .collect_view();
                    view! { <ul>{items}</ul> }.into_any()
                }
            })
            .collect_view()
    };
    let (step, refusal) = place(&text, of);
    let ready = RwSignal::new(false);
    set_timeout(move || ready.set(true), READ_AT_LEAST);
    let answer = {
        let text = text.clone();
        move |given| {
            ipc::send(Intent::AnswerConsent {
                text: text.clone(),
                given,
            })
        }
    };
    let (refuse, agree) = (answer.clone(), answer);
    view! {
        <section class="screen" data-screen="consent" data-consent=text>
            <Heading step>{title}</Heading>
            <div class="screen__body consent">
                <article class="consent__text" tabindex="0">
                    {body}
                    <p class="consent__version">
                        {kiosk.say_with(
                            Key("consent-number"),
                            move || vec![("number", number.into()), ("of", of.into())],
                        )} " · "
                        {kiosk.say_with(Key("consent-version"), move || vec![("version", version.into())])}
                    </p>
                </article>
                <aside class="consent__refusal">
                    <Icon glyph=Glyph::Exclamation />
                    <div>
                        <h2>{kiosk.say(Key("consent-refusal-title"))}</h2>
                        <p>{kiosk.say(refusal)}</p>
                    </div>
                </aside>
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--end"
                    data-testid="consent-refuse"
                    disabled=move || !ready.get()
                    on:click=move |_| refuse(false)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("consent-refuse"))}</span>
                </button>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="consent-agree"
                    disabled=move || !ready.get()
                    on:click=move |_| agree(true)
                >
                    <Icon glyph=Glyph::Check />
                    <span>{kiosk.say(Key("consent-agree"))}</span>
                </button>
            </div>
        </section>
    }
}

/// On which step a text is asked for, and what it means to refuse it. Who chooses the palm is asked for a consent of its
/// own, alone, and without it there are other ways; who wants to enrol it is asked with the others, and there are none.
fn place(text: &str, of: u32) -> (u32, Key) {
    match (text, of) {
        ("palm", 1) => (4, Key("consent-refusal-palm")),
        _ => (2, Key("consent-refusal-body")),
    }
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    Paragraph(String),
    List(Vec<String>),
}

/// Splits a text at its blank lines; a part whose lines begin with a bullet is a list.
fn blocks(text: &str) -> Vec<Block> {
    text.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let items: Option<Vec<String>> = part
                .lines()
                .map(|line| line.trim().strip_prefix("• ").map(str::to_owned))
                .collect();
            items.map_or_else(|| Block::Paragraph(part.replace('\n', " ")), Block::List)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_palm_alone_can_be_refused_for_another_way() {
        let check =
            |text: &str, of: u32, expect: &'static str| assert_eq!(place(text, of).1, Key(expect), "{text}");
        check("palm", 1, "consent-refusal-palm");
        check("palm", 3, "consent-refusal-body");
        check("processing", 1, "consent-refusal-body");
    }

    #[test]
    fn text_becomes_paragraphs_and_lists() {
        let paragraph = |words: &str| Block::Paragraph(words.to_owned());
        assert_eq!(blocks(""), vec![]);
        assert_eq!(blocks("One\nline."), vec![paragraph("One line.")]);
        assert_eq!(
            blocks("First:\n\n• one;\n• two.\n\nLast."),
            vec![
                paragraph("First:"),
                Block::List(vec!["one;".to_owned(), "two.".to_owned()]),
                paragraph("Last.")
            ]
        );
        assert_eq!(blocks("• one\nno bullet"), vec![paragraph("• one no bullet")]);
    }
}
