//! Who the person says to be, what was agreed to, entered and asked for.

use document::content::Content;
use verification::date::Date;
use verification::request;
use verification::service::Entry;

use super::{head, personal, row, row_or_none, section, words};
use crate::section::{Block, Row, Section, plain};
use crate::texts::{Key, Texts};

pub(super) fn person(content: &Content, texts: &Texts) -> Section {
    let iin = content.claim.as_ref().map(|iin| iin.expose());
    let mut rows = vec![Row {
        personal: iin.is_some(),
        ..row_or_none(texts, Key("paper-iin"), iin)
    }];
    if let Some(read) = &content.identity_document {
        rows.extend([
            row(texts, Key("paper-identity-document"), &read.kind),
            personal(texts, Key("paper-identity-number"), read.number.expose()),
            personal(texts, Key("paper-surname"), read.surname.expose()),
            personal(texts, Key("paper-given-names"), read.given_names.expose()),
            personal(texts, Key("paper-expires"), texts.date(read.expires)),
        ]);
    }
    let mut blocks = vec![Block::Rows(rows)];
    if content.consents.is_empty() {
        blocks.push(Block::Note(texts.say(Key("paper-no-consents"))));
    } else {
        let lines = content.consents.iter().map(|consent| {
            // A text of the institution's own has no title here.
            let title = texts
                .named(&format!("consent-{}-title", consent.text), [])
                .unwrap_or_else(|| consent.text.clone());
            let answer = if consent.given {
                Key("paper-consent-given")
            } else {
                Key("paper-consent-refused")
            };
            vec![
                plain(&title),
                texts.say(answer),
                consent.version.to_string(),
                texts.say(words::language(consent.language)),
                texts.time(consent.answered_at),
            ]
        });
        blocks.push(Block::Table {
            caption: texts.say(Key("paper-consents")),
            head: head(
                texts,
                [
                    Key("paper-consent"),
                    Key("paper-consent-answer"),
                    Key("paper-version"),
                    Key("paper-language"),
                    Key("paper-consent-at"),
                ],
            ),
            lines: lines.collect(),
        });
    }
    section(texts, Key("paper-person"), blocks)
}

/// What was entered, under the names that the fields have in the document, and what the institution is to hear of.
pub(super) fn entries(content: &Content, texts: &Texts) -> Option<Section> {
    if content.entries.is_empty() && content.suspicions.is_empty() {
        return None;
    }
    let mut rows: Vec<Row> = content.entries.iter().map(row_of).collect();
    let suspicions = (!content.suspicions.is_empty()).then(|| content.suspicions.join(", "));
    rows.push(row_or_none(texts, Key("paper-suspicions"), suspicions));
    let mut blocks = vec![Block::Rows(rows)];
    let look_alike = content.entries.iter().filter(|entry| entry.look_alike);
    blocks.extend(look_alike.map(|entry| {
        let field = plain(&entry.field);
        Block::Note(texts.say_with(Key("paper-look-alike"), [("field", &field)]))
    }));
    Some(section(texts, Key("paper-entries"), blocks))
}

fn row_of(entry: &Entry) -> Row {
    Row {
        label: plain(&entry.field),
        // Lines of a text stay apart, also where it is shown in one.
        value: plain(&entry.value.expose().replace('\n', " / ")),
        personal: true,
    }
}

/// The request that was made, or the earlier one that was asked about.
pub(super) fn request(content: &Content, texts: &Texts) -> Option<Section> {
    let mut rows = Vec::new();
    if let Some(made) = &content.request {
        // Kiosk, gateway and slip compute it in the same way.
        let number = request::number(content.document_id, Date::from_utc(content.ended_at));
        rows.extend([
            row(texts, Key("paper-request-kind"), &made.kind),
            row(texts, Key("paper-request-number"), number),
            row(texts, Key("paper-request-due"), texts.date(made.due)),
        ]);
    }
    if content.asks_request_state {
        rows.push(row(texts, Key("paper-request-asks"), texts.say(Key("paper-yes"))));
    }
    (!rows.is_empty()).then(|| section(texts, Key("paper-request"), vec![Block::Rows(rows)]))
}
