//! One consent text.

use std::time::Duration;

use ::ipc::{Intent, Refusal, Texts, Wording};
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::scroll::{Scroll, ScrollButtons};
use crate::ipc;
use crate::locale::{self, Key};

/// A text cannot be answered before it can have been noticed: the second touch of a double touch would answer
/// a text that nobody saw.
pub const READ_AT_LEAST: Duration = Duration::from_millis(600);

/// The text, what refusal means, and the two answers.
#[component]
pub fn Consent(
    /// Name of the text.
    text: String,
    /// Its version.
    version: u32,
    /// The institution's own wording, if it has one.
    wording: Option<Wording>,
    /// What follows from refusing it.
    refusal: Refusal,
    /// Which of how many, from 1.
    number: u32,
    /// How many.
    of: u32,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let (own_title, own_body) = match wording {
        Some(Wording { title, body }) => (Some(title), Some(body)),
        None => (None, None),
    };
    let words = move |own: &Option<Texts>, name: &str| {
        let language = kiosk.language.get();
        own.as_ref().map_or_else(
            || locale::named(language, name, vec![]),
            |own| locale::own(language, own),
        )
    };
    let title_name = format!("consent-{text}-title");
    let body_name = format!("consent-{text}-body");
    let title = move || words(&own_title, &title_name);
    let body = move || {
        blocks(&words(&own_body, &body_name))
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
    let step = step(&text, of);
    let refusal = refusal_words(&text, of, refusal);
    let scroll = Scroll::new();
    let article = NodeRef::<html::Article>::new();
    article.on_load(move |article| scroll.follow(article.into()));
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
        <section class="screen" data-screen="consent" data-consent=text data-refusal=refusal.name>
            <Heading step>{title}</Heading>
            <div class="screen__body consent">
                <div class="consent__scroll">
                    <article class="consent__text" tabindex="0" node_ref=article>
                        <div class="consent__words">
                            {body}
                            <p class="consent__version">
                                {kiosk.say_with(
                                    Key("consent-number"),
                                    move || vec![("number", number.into()), ("of", of.into())],
                                )} " · "
                                {kiosk.say_with(Key("consent-version"), move || vec![("version", version.into())])}
                            </p>
                        </div>
                    </article>
                    <ScrollButtons scroll testid="consent-scroll" />
                </div>
                <aside class="consent__refusal">
                    <Icon glyph=Glyph::Exclamation />
                    <div>
                        <h2>{kiosk.say(Key("consent-refusal-title"))}</h2>
                        <p>{kiosk.say(refusal.follows)}</p>
                    </div>
                </aside>
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button"
                    class:button--end=refusal.ends
                    data-testid="consent-refuse"
                    disabled=move || !ready.get()
                    on:click=move |_| refuse(false)
                >
                    <Icon glyph=refusal.glyph />
                    <span>{kiosk.say(refusal.button)}</span>
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

/// On which step a text is asked for. Who chooses the palm or pictures is asked for a consent of its own, alone.
fn step(text: &str, of: u32) -> u32 {
    match (text, of) {
        ("palm" | "images", 1) => 4,
        _ => 2,
    }
}

struct RefusalWords {
    /// As in JSON.
    name: &'static str,
    button: Key,
    glyph: Glyph,
    /// What it means to refuse.
    follows: Key,
    /// Whether it is the end.
    ends: bool,
}

fn refusal_words(text: &str, of: u32, refusal: Refusal) -> RefusalWords {
    match refusal {
        Refusal::Ends => RefusalWords {
            name: "ends",
            button: Key("consent-refuse"),
            glyph: Glyph::Cross,
            follows: Key("consent-refusal-body"),
            ends: true,
        },
        Refusal::Continues => RefusalWords {
            name: "continues",
            button: Key("consent-refuse-continue"),
            glyph: Glyph::Next,
            follows: match (text, of) {
                // Asked for alone, once the palm was chosen: there are other ways.
                ("palm", 1) => Key("consent-refusal-palm"),
                ("images", 1) => Key("consent-refusal-images"),
                _ => Key("consent-refusal-continues"),
            },
            ends: false,
        },
        Refusal::Refers => RefusalWords {
            name: "refers",
            button: Key("consent-refuse-refer"),
            glyph: Glyph::Staff,
            follows: Key("consent-refusal-refers"),
            ends: false,
        },
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
    fn each_refusal_says_what_follows() {
        let check = |text: &str, of: u32, refusal: Refusal, expect: &'static str| {
            let words = refusal_words(text, of, refusal);
            assert_eq!(words.follows, Key(expect), "{text}");
            assert_eq!(serde_json::json!(words.name), serde_json::json!(refusal));
            assert_eq!(words.ends, refusal == Refusal::Ends);
        };
        check("processing", 1, Refusal::Ends, "consent-refusal-body");
        check("palm", 3, Refusal::Ends, "consent-refusal-body");
        check("palm", 1, Refusal::Continues, "consent-refusal-palm");
        check("images", 1, Refusal::Continues, "consent-refusal-images");
        check(
            "nbas-enrolment",
            3,
            Refusal::Continues,
            "consent-refusal-continues",
        );
        check("automated-decision", 2, Refusal::Refers, "consent-refusal-refers");
    }

    #[test]
    fn only_the_palm_alone_is_asked_for_with_the_method() {
        assert_eq!(step("palm", 1), 4);
        assert_eq!(step("palm", 3), 2);
        assert_eq!(step("processing", 1), 2);
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
