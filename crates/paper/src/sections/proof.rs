//! The result, the centre's answer, and what stands for all of it.

use document::identification::{Identification, Verdict};
use verification::audit::AuditHead;
use verification::evidence::{Modality, Outcome, Source};

use super::{head, row, row_or_none, section, words};
use crate::judge::{Kind, Shown, Signed, State, kind_in, reason_in, state_in};
use crate::section::{Block, Row, Section, plain};
use crate::texts::{Key, Texts, hex};

pub(super) fn result(shown: &Shown, texts: &Texts) -> Section {
    let answer = shown.answer.as_ref().map(|(answer, _)| answer);
    let rows = vec![
        row(
            texts,
            Key("paper-conclusion"),
            texts.say(conclusion(shown, answer)),
        ),
        row(
            texts,
            Key("paper-outcome"),
            texts.say(words::outcome(shown.content.outcome)),
        ),
        row_or_none(
            texts,
            verdict_label(shown),
            answer.map(|answer| texts.say(words::verdict(answer.verdict))),
        ),
        row(
            texts,
            Key("paper-signature-state"),
            state_in(shown.judged.state(), texts),
        ),
    ];
    let mut blocks = vec![Block::Rows(rows)];
    let reasons = shown.judged.reasons.iter();
    blocks.extend(reasons.map(|(kind, reason)| Block::Note(plain(&reason_in(*kind, reason, texts)))));
    section(texts, Key("paper-result"), blocks)
}

/// A person is confirmed only by the centre, or by an examiner of the pictures that were taken for one, and only in a
/// session that waited for it.
fn conclusion(shown: &Shown, answer: Option<&Identification>) -> Key {
    if shown.judged.state() == State::Invalid {
        return Key("paper-conclusion-void");
    }
    match (shown.content.outcome, answer) {
        (Outcome::AwaitingIdentification, Some(answer)) => {
            if is_match(shown, answer) {
                Key("paper-conclusion-confirmed")
            } else {
                Key("paper-conclusion-not-confirmed")
            }
        }
        (Outcome::AwaitingIdentification, None) if is_for_examiner(shown) => {
            Key("paper-conclusion-unknown-examiner")
        }
        (Outcome::AwaitingIdentification, None) => Key("paper-conclusion-unknown"),
        (Outcome::NotRequired, _) => Key("paper-conclusion-not-required"),
        (Outcome::Referred, _) => Key("paper-conclusion-referred"),
        _ => Key("paper-conclusion-not-confirmed"),
    }
}

/// Whether an examiner of the institution is to decide, and the centre is not asked.
fn is_for_examiner(shown: &Shown) -> bool {
    Kind::of_answer(&shown.content) == Kind::AnswerOfExaminer
}

fn verdict_label(shown: &Shown) -> Key {
    if is_for_examiner(shown) {
        Key("paper-verdict-examiner")
    } else {
        Key("paper-verdict")
    }
}

fn answer_title(shown: &Shown) -> Key {
    if is_for_examiner(shown) {
        Key("paper-identification-examiner")
    } else {
        Key("paper-identification")
    }
}

/// The stricter of the document's and the gateway's threshold counts; of a palm the centre's word alone, and of pictures for
/// an examiner the examiner's.
fn is_match(shown: &Shown, answer: &Identification) -> bool {
    let for_examiner = is_for_examiner(shown);
    if for_examiner || answer.decided_by == Source::Examiner {
        let by_examiner = answer.decided_by == Source::Examiner;
        return for_examiner && by_examiner && answer.verdict == Verdict::Match;
    }
    let threshold = match answer.modality {
        Modality::Palm => answer.threshold,
        Modality::Face => {
            let own = shown.content.policy.comparison_min;
            Some(answer.threshold.map_or(own, |threshold| threshold.max(own)))
        }
    };
    let reaches = threshold.is_none_or(|threshold| answer.score.is_some_and(|score| score >= threshold));
    answer.verdict == Verdict::Match && reaches
}

pub(super) fn identification(shown: &Shown, texts: &Texts) -> Option<Section> {
    let Some((answer, _)) = &shown.answer else {
        return (shown.content.outcome == Outcome::AwaitingIdentification).then(|| {
            let note = Block::Note(texts.say(if is_for_examiner(shown) {
                Key("paper-no-answer-examiner")
            } else {
                Key("paper-no-answer")
            }));
            section(texts, answer_title(shown), vec![note])
        });
    };
    let mut rows = vec![
        row(
            texts,
            verdict_label(shown),
            texts.say(words::verdict(answer.verdict)),
        ),
        row(
            texts,
            Key("paper-modality"),
            texts.say(words::modality(answer.modality)),
        ),
        row_or_none(
            texts,
            Key("paper-score"),
            answer.score.map(|score| texts.number(score)),
        ),
        row_or_none(
            texts,
            Key("paper-score-threshold"),
            answer.threshold.map(|threshold| texts.number(threshold)),
        ),
        row(texts, Key("paper-reference-source"), &answer.reference_source),
        row_or_none(texts, Key("paper-reference-date"), answer.reference_date.clone()),
        row(texts, Key("paper-centre-request"), &answer.centre_request_id),
        row_or_none(texts, Key("paper-centre-answer"), answer.centre_answer_id.clone()),
        row(texts, Key("paper-answered"), texts.time(answer.answered_at)),
        row(
            texts,
            Key("paper-decided-by"),
            texts.say(words::source(answer.decided_by)),
        ),
    ];
    if let Some(examiner) = &answer.examiner {
        rows.push(row(texts, Key("paper-examiner"), examiner));
    }
    if let Some(reason) = answer.reason {
        rows.push(row(
            texts,
            Key("paper-refusal"),
            texts.say(words::refusal(reason)),
        ));
    }
    if let Some(nbas) = answer.nbas {
        rows.push(row(texts, Key("paper-nbas"), texts.say(words::nbas(nbas))));
    }
    if answer.request.is_some() || shown.content.asks_request_state {
        let standing = answer
            .request
            .map(|standing| texts.say(words::standing(standing)));
        rows.push(row_or_none(texts, Key("paper-standing"), standing));
    }
    Some(section(texts, answer_title(shown), vec![Block::Rows(rows)]))
}

pub(super) fn audit(shown: &Shown, texts: &Texts) -> Option<Section> {
    let mut lines = Vec::new();
    let mut add = |whose, head: &AuditHead| {
        lines.push(vec![
            texts.say(whose),
            head.log.to_string(),
            head.number.to_string(),
            hex(&head.hash),
        ]);
    };
    if let Some(head) = &shown.content.audit {
        add(Key("paper-audit-kiosk"), head);
    }
    let receipt = shown.receipt.as_ref().map(|(receipt, _)| receipt);
    if let Some(receipt) = receipt {
        add(Key("paper-audit-gateway"), &receipt.gateway_audit);
    }
    if lines.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Table {
        caption: String::new(),
        head: head(
            texts,
            [
                Key("paper-audit-whose"),
                Key("paper-audit-log"),
                Key("paper-audit-number"),
                Key("paper-audit-hash"),
            ],
        ),
        lines,
    }];
    if let Some(receipt) = receipt {
        let received = row(texts, Key("paper-received"), texts.time(receipt.received_at));
        blocks.push(Block::Rows(vec![received]));
    }
    Some(section(texts, Key("paper-audit"), blocks))
}

pub(super) fn signatures(shown: &Shown, texts: &Texts) -> Section {
    let digest = row(texts, Key("paper-digest"), hex(&shown.document_sha256));
    let mut blocks = vec![Block::Rows(vec![digest])];
    let answer = shown
        .answer
        .as_ref()
        .map(|(_, signed)| (Kind::of_answer(&shown.content), signed));
    let receipt = shown.receipt.as_ref().map(|(_, signed)| (Kind::Receipt, signed));
    let all = [Some((Kind::Document, &shown.signature)), answer, receipt];
    for (kind, signed) in all.into_iter().flatten() {
        blocks.push(Block::Rows(rows_of(shown, kind, signed, texts)));
    }
    section(texts, Key("paper-signatures"), blocks)
}

fn rows_of(shown: &Shown, kind: Kind, signed: &Signed, texts: &Texts) -> Vec<Row> {
    let certificate = &signed.certificate;
    let mut rows = vec![
        row(texts, Key("paper-signed-paper"), kind_in(kind, texts)),
        row(
            texts,
            Key("paper-signature-state"),
            state_in(shown.judged.state_of(kind), texts),
        ),
        row(texts, Key("paper-signer"), &signed.signer),
        row(texts, Key("paper-signing-time"), texts.time(signed.signing_time)),
        row(
            texts,
            Key("paper-certificate-serial"),
            hex(certificate.serial.as_bytes()),
        ),
        row(
            texts,
            Key("paper-certificate-from"),
            texts.time(certificate.validity.not_before),
        ),
        row(
            texts,
            Key("paper-certificate-to"),
            texts.time(certificate.validity.not_after),
        ),
        row(
            texts,
            Key("paper-certificate-digest"),
            hex(&certificate.fingerprint.0),
        ),
    ];
    if kind == Kind::Document {
        let stamp = signed.stamp.as_ref();
        rows.push(row_or_none(
            texts,
            Key("paper-stamp"),
            stamp.map(|stamp| texts.time(stamp.at)),
        ));
        if let Some(stamp) = stamp {
            rows.push(row(texts, Key("paper-stamp-authority"), &stamp.authority));
            rows.push(row(texts, Key("paper-stamp-serial"), hex(&stamp.serial)));
        }
    }
    rows
}
