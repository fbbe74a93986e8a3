//! Pictures for an examiner: face and identity document.

use ::ipc::{ImagesStage, Intent, PageKind, PagePrompt, Picture, PictureHint, Prompt, Screen};
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::page_pictogram::PagePictogram;
use crate::components::pictogram::Pictogram;
use crate::components::scroll::{ScrollButtons, scrolled};
use crate::ipc;
use crate::locale::Key;
use crate::screens::face;

/// What the screen shows besides the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    picture: Picture,
    page: Option<PageKind>,
    hint: Option<PictureHint>,
    number: u32,
    of: u32,
    left: u32,
}

/// While the next screen is already here and this one not yet gone, there is nothing to show.
const NOTHING: Shown = Shown {
    picture: Picture::Portrait,
    page: None,
    hint: None,
    number: 0,
    of: 0,
    left: 0,
};

/// One stage of the pictures. A new stage is a new screen; what changes within one is followed.
#[component]
pub fn Images(
    /// Where the pictures stand.
    stage: ImagesStage,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let shown = Memo::new(move |last: Option<&Shown>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(&Screen::Images {
                    stage: newest,
                    picture,
                    page,
                    hint,
                    number,
                    of,
                    left,
                }) if newest == stage => Shown {
                    picture,
                    page,
                    hint,
                    number,
                    of,
                    left,
                },
                _ => last.copied().unwrap_or(NOTHING),
            })
    });
    match stage {
        ImagesStage::Intro => view! { <Intro /> }.into_any(),
        ImagesStage::Taking => view! { <Taking shown /> }.into_any(),
        ImagesStage::Shown => view! { <Kept shown all=false /> }.into_any(),
        ImagesStage::Review => view! { <Kept shown all=true /> }.into_any(),
        ImagesStage::Failed => view! { <Failed shown /> }.into_any(),
    }
}

/// What is going to happen, and which document.
#[component]
fn Intro() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let steps = [
        Key("images-step-face"),
        Key("images-step-document"),
        Key("images-step-examiner"),
    ]
    .map(|step| view! { <li>{kiosk.say(step)}</li> })
    .collect_view();
    let cards = [
        (
            PageKind::Card,
            "page-card",
            Glyph::Card,
            Key("images-card"),
            Key("images-card-hint"),
        ),
        (
            PageKind::Passport,
            "page-passport",
            Glyph::Document,
            Key("images-passport"),
            Key("images-passport-hint"),
        ),
    ]
    .map(|(page, testid, glyph, title, hint)| {
        view! {
            <button
                type="button"
                class="card"
                data-testid=testid
                on:click=move |_| ipc::send(Intent::ChoosePage { page })
            >
                <span class="card__sign">
                    <Icon glyph />
                </span>
                <span class="card__words">
                    <span class="card__title">{kiosk.say(title)}</span>
                    <span class="card__hint">{kiosk.say(hint)}</span>
                </span>
                <span class="card__go">
                    <Icon glyph=Glyph::Next />
                </span>
            </button>
        }
    })
    .collect_view();
    let (scroll, area) = scrolled();
    view! {
        <section class="screen" data-screen="images" data-stage="intro">
            <Heading step=5>{kiosk.say(Key("images-title"))}</Heading>
            <div class="screen__body images__choice" node_ref=area>
                <ol class="phone__steps">{steps}</ol>
                <p class="images__question">{kiosk.say(Key("images-which"))}</p>
                <div class="cards cards--few">{cards}</div>
            </div>
            <div class="actions">
                <BackButton />
                <ScrollButtons scroll testid="images-scroll" />
            </div>
        </section>
    }
}

/// The picture of the camera with a frame for what is asked, and one hint at a time.
#[component]
fn Taking(shown: Memo<Shown>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let canvas = NodeRef::<html::Canvas>::new();
    canvas.on_load(ipc::show_preview_on);
    on_cleanup(ipc::hide_preview);
    let picture = Memo::new(move |_| shown.get().picture);
    let hint = Memo::new(move |_| shown.with(|shown| shown.hint.unwrap_or(first_hint(shown.picture))));
    let page = Memo::new(move |_| shown.get().page.unwrap_or(PageKind::Card));
    let face_prompt = Memo::new(move |last: Option<&Prompt>| match hint.get() {
        PictureHint::Face(prompt) => prompt,
        PictureHint::Page(_) => last.copied().unwrap_or(Prompt::ShowFace),
    });
    let pictogram = move || match (picture.get(), hint.get()) {
        (Picture::Portrait, _) => view! { <Pictogram prompt=face_prompt /> }.into_any(),
        (_, PictureHint::Page(prompt)) => {
            let front = picture.get() == Picture::DocumentFront;
            view! { <PagePictogram prompt page=page.get() front /> }.into_any()
        }
        (_, PictureHint::Face(_)) => ().into_any(),
    };
    // A document is wider than high: of the frame that a face needs only the middle counts, so that its outline is larger.
    let frame = move || match picture.get() {
        Picture::Portrait => "0 0 300 360",
        _ => "0 70 300 220",
    };
    let guide = move || {
        let card = shown.get().page != Some(PageKind::Passport);
        match picture.get() {
            Picture::Portrait => {
                view! { <ellipse class="face__oval" cx="150" cy="175" rx="98" ry="130"></ellipse> }.into_any()
            }
            _ if card => {
                view! { <rect class="face__oval" x="20" y="98" width="260" height="164" rx="10"></rect> }
                    .into_any()
            }
            _ => view! { <rect class="face__oval" x="20" y="88" width="260" height="183" rx="6"></rect> }
                .into_any(),
        }
    };
    view! {
        <section
            class="screen"
            data-screen="images"
            data-stage="taking"
            data-picture=move || picture_words(picture.get()).name
            data-hint=move || hint_name(hint.get())
        >
            <div class="screen__body capture">
                <div class="face__picture">
                    <canvas
                        class="face__canvas"
                        data-testid="preview"
                        role="img"
                        aria-label=kiosk.say(Key("images-preview"))
                        node_ref=canvas
                    ></canvas>
                    <svg
                        class="face__guide"
                        viewBox=frame
                        preserveAspectRatio="xMidYMid meet"
                        aria-hidden="true"
                        focusable="false"
                    >
                        {guide}
                    </svg>
                </div>
                <div class="capture__words">
                    <PictureTitle shown />
                    <div class="capture__prompt">
                        <div class="capture__plate">
                            {pictogram}
                            <div aria-live="assertive" aria-atomic="true">
                                <p class="capture__command" data-testid="prompt">
                                    {move || kiosk.say(hint_key(hint.get()))()}
                                </p>
                            </div>
                        </div>
                    </div>
                    <p class="capture__help">{kiosk.say(Key("images-help"))}</p>
                    <div class="actions">
                        <button
                            type="button"
                            class="button button--main"
                            data-testid="take-picture"
                            on:click=|_| ipc::send(Intent::TakePicture)
                        >
                            <Icon glyph=Glyph::Camera />
                            <span>{kiosk.say(Key("images-take"))}</span>
                        </button>
                    </div>
                </div>
            </div>
        </section>
    }
}

#[component]
fn PictureTitle(shown: Memo<Shown>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <div class="capture__title">
            <Heading>
                {move || {
                    let Shown { picture, page, .. } = shown.get();
                    kiosk.say(title(picture, page))()
                }}
            </Heading>
            <p class="capture__attempt" data-testid="picture-number">
                {kiosk.say_with(
                    Key("images-number"),
                    move || vec![("number", shown.get().number.into()), ("of", shown.get().of.into())],
                )}
            </p>
        </div>
    }
}

/// A picture that was taken, or all of them.
#[component]
fn Kept(shown: Memo<Shown>, all: bool) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let canvas = NodeRef::<html::Canvas>::new();
    canvas.on_load(ipc::show_preview_on);
    on_cleanup(ipc::hide_preview);
    let words = if all {
        (
            Key("images-review"),
            Key("images-review-words"),
            Key("images-send"),
        )
    } else {
        (Key("images-good"), Key("images-good-words"), Key("images-use"))
    };
    let again = move || {
        if !all {
            let enabled = shown.get().left > 0;
            return view! { <Again picture=None label=Key("images-again") enabled /> }.into_any();
        }
        let pictures: &[Picture] = match shown.get().page {
            Some(PageKind::Passport) => &[Picture::Portrait, Picture::DocumentFront],
            _ => &[Picture::Portrait, Picture::DocumentFront, Picture::DocumentBack],
        };
        pictures
            .iter()
            .map(|picture| {
                let label = picture_words(*picture).again;
                view! { <Again picture=Some(*picture) label enabled=true /> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <section
            class="screen"
            data-screen="images"
            data-stage=if all { "review" } else { "shown" }
            data-picture=move || picture_words(shown.get().picture).name
        >
            <Heading step=5>{kiosk.say(words.0)}</Heading>
            <div class="screen__body images__kept">
                <div class="face__picture images__picture">
                    <canvas
                        class="face__canvas images__canvas"
                        data-testid="preview"
                        role="img"
                        aria-label=kiosk.say(Key("images-kept"))
                        node_ref=canvas
                    ></canvas>
                </div>
                <p class="result__words">{kiosk.say(words.1)}</p>
            </div>
            <div class="actions images__actions">
                {again}
                <button
                    type="button"
                    class="button button--main"
                    data-testid="accept-picture"
                    on:click=|_| ipc::send(Intent::AcceptPicture)
                >
                    <span>{kiosk.say(words.2)}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

/// The picture once more.
#[component]
fn Again(
    picture: Option<Picture>,
    label: Key,
    enabled: bool,
    /// It is what most people want here.
    #[prop(optional)]
    main: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let testid = picture.map_or("retake", |picture| picture_words(picture).retake);
    view! {
        <button
            type="button"
            class="button"
            class:button--main=main
            data-testid=testid
            disabled=!enabled
            on:click=move |_| ipc::send(Intent::RetakePicture { picture })
        >
            <Icon glyph=Glyph::Again />
            <span>{kiosk.say(label)}</span>
        </button>
    }
}

/// The picture did not succeed in time.
#[component]
fn Failed(shown: Memo<Shown>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <section class="screen" data-screen="images" data-stage="failed">
            <div class="screen__body result">
                <span class="badge badge--wait">
                    <Icon glyph=Glyph::Picture />
                </span>
                <Heading>{kiosk.say(Key("images-failed"))}</Heading>
                <p class="result__words">{move || kiosk.say(failed_words(shown.get().picture))()}</p>
                <p class="result__left" data-testid="left">
                    {kiosk.say_with(Key("images-left"), move || vec![("left", shown.get().left.into())])}
                </p>
            </div>
            <div class="actions">
                <Again picture=None label=Key("images-again") enabled=true main=true />
            </div>
        </section>
    }
}

/// What may help: with a document it is the hand that must be steady.
fn failed_words(picture: Picture) -> Key {
    match picture {
        Picture::Portrait => Key("images-failed-words-face"),
        Picture::DocumentFront | Picture::DocumentBack => Key("images-failed-words"),
    }
}

struct PictureWords {
    /// As in JSON.
    name: &'static str,
    retake: &'static str,
    again: Key,
}

fn picture_words(picture: Picture) -> PictureWords {
    match picture {
        Picture::Portrait => PictureWords {
            name: "portrait",
            retake: "retake-portrait",
            again: Key("images-again-face"),
        },
        Picture::DocumentFront => PictureWords {
            name: "document-front",
            retake: "retake-front",
            again: Key("images-again-front"),
        },
        Picture::DocumentBack => PictureWords {
            name: "document-back",
            retake: "retake-back",
            again: Key("images-again-back"),
        },
    }
}

fn title(picture: Picture, page: Option<PageKind>) -> Key {
    match (picture, page) {
        (Picture::Portrait, _) => Key("images-title-face"),
        (Picture::DocumentFront, Some(PageKind::Passport)) => Key("images-title-passport"),
        (Picture::DocumentFront, _) => Key("images-title-front"),
        (Picture::DocumentBack, _) => Key("images-title-back"),
    }
}

/// Until the camera has told something, what is asked for.
fn first_hint(picture: Picture) -> PictureHint {
    match picture {
        Picture::Portrait => PictureHint::Face(Prompt::ShowFace),
        Picture::DocumentFront | Picture::DocumentBack => PictureHint::Page(PagePrompt::Show),
    }
}

fn hint_name(hint: PictureHint) -> &'static str {
    match hint {
        PictureHint::Face(prompt) => face::name(prompt),
        PictureHint::Page(prompt) => page_words(prompt).0,
    }
}

fn hint_key(hint: PictureHint) -> Key {
    match hint {
        PictureHint::Face(prompt) => face::key(prompt),
        PictureHint::Page(prompt) => page_words(prompt).1,
    }
}

fn page_words(prompt: PagePrompt) -> (&'static str, Key) {
    match prompt {
        PagePrompt::Show => ("show", Key("page-show")),
        PagePrompt::OtherKind => ("other-kind", Key("page-other-kind")),
        PagePrompt::Whole => ("whole", Key("page-whole")),
        PagePrompt::Closer => ("closer", Key("page-closer")),
        PagePrompt::Brighter => ("brighter", Key("page-brighter")),
        PagePrompt::Darker => ("darker", Key("page-darker")),
        PagePrompt::Glare => ("glare", Key("page-glare")),
        PagePrompt::Still => ("still", Key("page-still")),
        PagePrompt::Sharper => ("sharper", Key("page-sharper")),
        PagePrompt::Hold => ("hold", Key("page-hold")),
    }
}

/// Each of them.
#[cfg(test)]
pub const PAGE_PROMPTS: [PagePrompt; 10] = [
    PagePrompt::Show,
    PagePrompt::OtherKind,
    PagePrompt::Whole,
    PagePrompt::Closer,
    PagePrompt::Brighter,
    PagePrompt::Darker,
    PagePrompt::Glare,
    PagePrompt::Still,
    PagePrompt::Sharper,
    PagePrompt::Hold,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{self, LANGUAGES};

    #[test]
    fn names_are_those_of_the_shell() {
        for prompt in PAGE_PROMPTS {
            assert_eq!(serde_json::json!(page_words(prompt).0), serde_json::json!(prompt));
        }
        for picture in [Picture::Portrait, Picture::DocumentFront, Picture::DocumentBack] {
            assert_eq!(
                serde_json::json!(picture_words(picture).name),
                serde_json::json!(picture)
            );
        }
        for picture in [Picture::Portrait, Picture::DocumentFront, Picture::DocumentBack] {
            // A face is held in no hand.
            let of_face = failed_words(picture) == Key("images-failed-words-face");
            assert_eq!(of_face, picture == Picture::Portrait);
            assert_eq!(matches!(first_hint(picture), PictureHint::Face(_)), of_face);
        }
        for language in LANGUAGES {
            let said = PAGE_PROMPTS.map(|prompt| locale::text(language, page_words(prompt).1, vec![]));
            for (at, text) in said.iter().enumerate() {
                assert!(!said[..at].contains(text), "{text}");
            }
        }
    }
}
