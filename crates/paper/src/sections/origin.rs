//! Where, when, for whom and with what.

use document::content::Content;

use super::{personal, row, row_or_none, section, words};
use crate::section::{Block, Section};
use crate::texts::{Key, Texts, hex};

pub(super) fn session(content: &Content, texts: &Texts) -> Section {
    let service = content.service.as_ref().map(|service| service.0.clone());
    let acts = (!content.legal_basis.is_empty()).then(|| content.legal_basis.join(", "));
    let mut rows = vec![
        row(texts, Key("paper-organisation"), &content.organisation.name),
        row(texts, Key("paper-bin"), &content.organisation.bin),
        row_or_none(texts, Key("paper-service"), service),
        row_or_none(texts, Key("paper-legal-basis"), acts),
        row_or_none(
            texts,
            Key("paper-modality"),
            content
                .modality
                .map(|modality| texts.say(words::modality(modality))),
        ),
        row(texts, Key("paper-route"), texts.say(words::route(content.route))),
    ];
    if let Some(reason) = content.route_reason {
        rows.push(row(
            texts,
            Key("paper-route-reason"),
            texts.say(words::route_reason(reason)),
        ));
    }
    if let Some(number) = &content.call_back {
        rows.push(personal(texts, Key("paper-call-back"), number.expose()));
    }
    rows.extend([
        row(texts, Key("paper-started"), texts.time(content.started_at)),
        row(texts, Key("paper-ended"), texts.time(content.ended_at)),
        row(
            texts,
            Key("paper-language"),
            texts.say(words::language(content.language)),
        ),
        row_or_none(texts, Key("paper-operator"), content.operator.clone()),
        row(texts, Key("paper-kiosk"), &content.kiosk.kiosk_id),
        row(texts, Key("paper-software"), &content.kiosk.software),
        row(texts, Key("paper-profile"), &content.profile.name),
        row(texts, Key("paper-profile-digest"), hex(&content.profile.sha256)),
        row(texts, Key("paper-document-id"), content.document_id.to_string()),
        row(texts, Key("paper-session-id"), content.session_id.to_string()),
    ]);
    section(texts, Key("paper-session"), vec![Block::Rows(rows)])
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

/// What the kiosk found about itself. That it found nothing out is said as well.
pub(super) fn integrity(content: &Content, texts: &Texts) -> Section {
    let block = match &content.integrity {
        None => Block::Note(texts.say(Key("paper-no-integrity"))),
        Some(record) => {
            let codes = (!record.codes.is_empty()).then(|| record.codes.join(", "));
            Block::Rows(vec![
                row(texts, Key("paper-integrity-at"), texts.time(record.checked_at)),
                row_or_none(texts, Key("paper-integrity-codes"), codes),
            ])
        }
    };
    section(texts, Key("paper-integrity"), vec![block])
}
