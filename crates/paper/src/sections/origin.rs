//! Where, when, for whom and with what.

use document::content::Content;

use super::{head, row, row_or_none, section, words};
use crate::section::{Block, Row, Section, plain};
use crate::texts::{Key, Texts};

pub(super) fn session(content: &Content, texts: &Texts) -> Section {
    let service = content.service.as_ref().map(|service| {
        // A service of a newer catalogue shows its name.
        texts
            .named(&format!("service-{}", service.0), [])
            .unwrap_or_else(|| service.0.clone())
    });
    let rows = vec![
        row(texts, Key("paper-organisation"), &content.organisation.name),
        row(texts, Key("paper-bin"), &content.organisation.bin),
        row_or_none(texts, Key("paper-service"), service),
        row_or_none(
            texts,
            Key("paper-modality"),
            content
                .modality
                .map(|modality| texts.say(words::modality(modality))),
        ),
        row(texts, Key("paper-started"), texts.time(content.started_at)),
        row(texts, Key("paper-ended"), texts.time(content.ended_at)),
        row(
            texts,
            Key("paper-language"),
            texts.say(words::language(content.language)),
        ),
        row(texts, Key("paper-kiosk"), &content.kiosk.kiosk_id),
        row(texts, Key("paper-software"), &content.kiosk.software),
        row(texts, Key("paper-document-id"), content.document_id.to_string()),
        row(texts, Key("paper-session-id"), content.session_id.to_string()),
    ];
    section(texts, Key("paper-session"), vec![Block::Rows(rows)])
}

pub(super) fn person(content: &Content, texts: &Texts) -> Section {
    let iin = content.claim.as_ref().map(|iin| iin.expose());
    let mut blocks = vec![Block::Rows(vec![Row {
        personal: iin.is_some(),
        ..row_or_none(texts, Key("paper-iin"), iin)
    }])];
    if content.consents.is_empty() {
        blocks.push(Block::Note(texts.say(Key("paper-no-consents"))));
    } else {
        let lines = content.consents.iter().map(|consent| {
            let title = texts
                .named(&format!("consent-{}-title", consent.text), [])
                .unwrap_or_else(|| consent.text.clone());
            vec![
                plain(&title),
                consent.version.to_string(),
                texts.say(words::language(consent.language)),
                texts.time(consent.given_at),
            ]
        });
        blocks.push(Block::Table {
            caption: texts.say(Key("paper-consents")),
            head: head(
                texts,
                [
                    Key("paper-consent"),
                    Key("paper-version"),
                    Key("paper-language"),
                    Key("paper-given"),
                ],
            ),
            lines: lines.collect(),
        });
    }
    section(texts, Key("paper-person"), blocks)
}

pub(super) fn devices(content: &Content, texts: &Texts) -> Option<Section> {
    let mut rows = Vec::new();
    if let Some(camera) = &content.camera {
        rows.push(row(texts, Key("paper-camera"), &camera.name));
        rows.push(row(texts, Key("paper-camera-bus"), &camera.bus_id));
        rows.push(row(
            texts,
            Key("paper-camera-kind"),
            texts.say(if camera.replay {
                Key("paper-camera-replay")
            } else {
                Key("paper-camera-device")
            }),
        ));
    }
    if let Some(scanner) = content.palm.as_ref().and_then(|palm| palm.scanner.as_ref()) {
        let can = &scanner.capabilities;
        let measures = [
            (can.vascular, Key("paper-palm-vascular")),
            (can.volume, Key("paper-palm-volume")),
            (can.temperature, Key("paper-palm-temperature")),
            (can.liveness, Key("paper-palm-liveness")),
            (can.seal, Key("paper-palm-seal")),
        ];
        let measures: Vec<String> = measures
            .into_iter()
            .filter(|(can, _)| *can)
            .map(|(_, key)| texts.say(key))
            .collect();
        rows.extend([
            row(texts, Key("paper-scanner"), &scanner.model),
            row(texts, Key("paper-scanner-driver"), &scanner.driver),
            row(texts, Key("paper-scanner-serial"), &scanner.serial),
            row(texts, Key("paper-scanner-firmware"), &scanner.firmware),
            row_or_none(texts, Key("paper-thermometer"), scanner.thermometer.clone()),
            row(texts, Key("paper-scanner-measures"), measures.join(", ")),
        ]);
    }
    (!rows.is_empty()).then(|| section(texts, Key("paper-devices"), vec![Block::Rows(rows)]))
}
