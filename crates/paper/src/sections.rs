//! What a document says, in parts. Each function makes one part, from nothing but what was signed.

mod face;
mod origin;
mod palm;
mod policy;
mod procedure;
mod proof;
mod words;

use verification::evidence::Language;

use crate::judge::Shown;
use crate::section::{Block, Row, Section, plain};
use crate::texts::{Key, Texts};

/// All parts of a document, in the order in which they are read. A part that has nothing to say is not there.
pub fn sections(shown: &Shown, language: Language) -> Vec<Section> {
    sections_in(shown, &Texts::new(language))
}

pub(crate) fn sections_in(shown: &Shown, texts: &Texts) -> Vec<Section> {
    let content = &shown.content;
    let parts = [
        Some(proof::result(shown, texts)),
        Some(origin::session(content, texts)),
        Some(procedure::person(content, texts)),
        procedure::entries(content, texts),
        procedure::request(content, texts),
        face::attempts(content, texts),
        face::stills(content, texts),
        palm::palm(content, texts),
        proof::identification(shown, texts),
        origin::devices(content, texts),
        Some(origin::integrity(content, texts)),
        Some(policy::procedure(content, texts)),
        Some(policy::face(content, texts)),
        policy::palm(content, texts),
        policy::assisted(content, texts),
        proof::audit(shown, texts),
        Some(proof::signatures(shown, texts)),
    ];
    parts.into_iter().flatten().collect()
}

fn section(texts: &Texts, title: Key, blocks: Vec<Block>) -> Section {
    Section {
        title: texts.say(title),
        blocks,
    }
}

fn row(texts: &Texts, label: Key, value: impl AsRef<str>) -> Row {
    Row {
        label: texts.say(label),
        value: plain(value.as_ref()),
        personal: false,
    }
}

/// A value that tells who the person is.
fn personal(texts: &Texts, label: Key, value: impl AsRef<str>) -> Row {
    Row {
        personal: true,
        ..row(texts, label, value)
    }
}

/// Where there is no value, it says so: what is missing must be seen to be missing.
fn row_or_none(texts: &Texts, label: Key, value: Option<String>) -> Row {
    row(
        texts,
        label,
        value.unwrap_or_else(|| texts.say(Key("paper-none"))),
    )
}

fn head<const N: usize>(texts: &Texts, keys: [Key; N]) -> Vec<String> {
    keys.into_iter().map(|key| texts.say(key)).collect()
}
