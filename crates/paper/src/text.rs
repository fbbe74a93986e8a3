//! A document in a terminal.

use verification::evidence::Language;

use crate::judge::Shown;
use crate::section::{Block, Row};
use crate::sections::sections_in;
use crate::texts::{Key, Texts};

/// Names stand in a column of this width, in characters.
const LABEL_WIDTH: usize = 44;

/// The document in words. Who the person is stands in it only where that is asked for; stills never do.
pub fn text(shown: &Shown, language: Language, personal: bool) -> String {
    let texts = Texts::new(language);
    let mut lines = vec![texts.say(Key("paper-title")), texts.say(Key("paper-subtitle"))];
    for section in sections_in(shown, &texts) {
        lines.push(String::new());
        lines.push(format!("== {} ==", section.title));
        for (place, block) in section.blocks.iter().enumerate() {
            if place > 0 {
                lines.push(String::new());
            }
            lines.extend(lines_of(block, &texts, personal));
        }
    }
    lines.push(String::new());
    lines.push(texts.say(Key("paper-footer")));
    lines.join("\n") + "\n"
}

fn lines_of(block: &Block, texts: &Texts, personal: bool) -> Vec<String> {
    match block {
        Block::Rows(rows) => rows.iter().map(|row| line_of(row, texts, personal)).collect(),
        Block::Table { caption, head, lines } => {
            let widths: Vec<usize> = (0..head.len())
                .map(|column| {
                    let cells = std::iter::once(head).chain(lines);
                    let lengths = cells.filter_map(|cells| cells.get(column));
                    lengths.map(|cell| cell.chars().count()).max().unwrap_or_default()
                })
                .collect();
            let line = |cells: &Vec<String>| {
                let cells = cells.iter().zip(&widths);
                let padded: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
                padded.join("  ").trim_end().to_owned()
            };
            let caption = (!caption.is_empty()).then(|| caption.clone());
            let rows = std::iter::once(head).chain(lines).map(line);
            caption.into_iter().chain(rows).collect()
        }
        Block::Pictures(pictures) => pictures
            .iter()
            .map(|picture| {
                let bytes = picture.jpeg.len().to_string();
                texts.say_with(
                    Key("paper-picture"),
                    [("caption", &picture.caption), ("bytes", &bytes)],
                )
            })
            .collect(),
        Block::Note(note) => vec![format!("! {note}")],
    }
}

fn line_of(row: &Row, texts: &Texts, personal: bool) -> String {
    let value = if row.personal && !personal {
        texts.say(Key("paper-hidden"))
    } else {
        row.value.clone()
    };
    format!("{:LABEL_WIDTH$} {value}", row.label)
}
