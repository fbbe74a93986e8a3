//! A document as a page: one file, with nothing from elsewhere and no script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use verification::evidence::Language;

use crate::judge::{Shown, State};
use crate::section::{Block, Picture};
use crate::sections::sections_in;
use crate::texts::{Key, Texts};

const STYLE: &str = include_str!("page.css");

/// The page of a document. It holds the stills and says who the person is.
///
/// What is written is escaped by `maud`, and the page allows itself no script and nothing from the network.
pub fn html(shown: &Shown, language: Language) -> String {
    let texts = Texts::new(language);
    let title = texts.say(Key("paper-title"));
    let state = match shown.judged.state() {
        State::Valid => "valid",
        State::CannotTell => "unknown",
        State::Invalid => "invalid",
    };
    let page = html! {
        (DOCTYPE)
        html lang=(texts.language().tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " " (shown.content.document_id) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p { (texts.say(Key("paper-subtitle"))) }
                }
                main class=(state) {
                    @for section in sections_in(shown, &texts) {
                        section {
                            h2 { (section.title) }
                            @for block in &section.blocks { (of_block(block, &texts)) }
                        }
                    }
                }
                footer { p { (texts.say(Key("paper-footer"))) } }
            }
        }
    };
    page.into_string()
}

fn of_block(block: &Block, texts: &Texts) -> Markup {
    html! {
        @match block {
            Block::Rows(rows) => {
                dl {
                    @for row in rows {
                        div { dt { (row.label) } dd { (row.value) } }
                    }
                }
            }
            Block::Table { caption, head, lines } => {
                table {
                    @if !caption.is_empty() { caption { (caption) } }
                    thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                    tbody {
                        @for line in lines { tr { @for cell in line { td { (cell) } } } }
                    }
                }
            }
            Block::Pictures(pictures) => {
                div.pictures { @for picture in pictures { (of_picture(picture, texts)) } }
            }
            Block::Note(note) => { p.note { (note) } }
        }
    }
}

fn of_picture(picture: &Picture, texts: &Texts) -> Markup {
    html! {
        figure {
            @if picture.is_jpeg() {
                img alt=(picture.caption) src={ "data:image/jpeg;base64," (BASE64.encode(&picture.jpeg)) };
            } @else {
                p { (texts.say(Key("paper-picture-unreadable"))) }
            }
            figcaption { (picture.caption) }
        }
    }
}
