//! What was done with the palm.

use document::content::Content;
use verification::palm::decision::PalmPartRecord;
use verification::palm::{PalmAttemptRecord, PalmScan};

use super::{head, row, row_or_none, section, words};
use crate::section::{Block, Row, Section};
use crate::texts::{Key, Texts};

pub(super) fn palm(content: &Content, texts: &Texts) -> Option<Section> {
    let palm = content.palm.as_ref()?;
    let expected = palm.expected.map(|reference| reference.0.to_string());
    let mut blocks = vec![Block::Rows(vec![
        row(texts, Key("paper-attempts"), palm.attempts.len().to_string()),
        row(
            texts,
            Key("paper-attempts-before"),
            palm.attempts_before.to_string(),
        ),
        row_or_none(texts, Key("paper-palm-expected"), expected),
    ])];
    for attempt in &palm.attempts {
        blocks.extend(blocks_of(attempt, texts));
    }
    if !palm.enrolments.is_empty() {
        let lines = (1..)
            .zip(&palm.enrolments)
            .map(|(place, outcome): (usize, _)| vec![place.to_string(), words::enrolment(*outcome, texts)]);
        blocks.push(Block::Table {
            caption: texts.say(Key("paper-enrolments")),
            head: head(texts, [Key("paper-place"), Key("paper-attempt-result")]),
            lines: lines.collect(),
        });
    }
    Some(section(texts, Key("paper-palm"), blocks))
}

fn blocks_of(attempt: &PalmAttemptRecord, texts: &Texts) -> Vec<Block> {
    let number = attempt.number.to_string();
    let result = match attempt.failure {
        None => texts.say(Key("paper-passed")),
        Some(failure) => words::palm_failure(failure, texts),
    };
    let mut rows = vec![
        row(texts, Key("paper-attempt-number"), &number),
        row(
            texts,
            Key("paper-attempt-started"),
            texts.time(attempt.started_at),
        ),
        row(texts, Key("paper-attempt-took"), texts.seconds(attempt.took)),
        row(texts, Key("paper-attempt-result"), result),
    ];
    if let Some(scan) = &attempt.scan {
        rows.extend(rows_of(scan, texts));
    }
    let mut blocks = vec![Block::Rows(rows)];
    if !attempt.parts.is_empty() {
        blocks.push(Block::Table {
            caption: texts.say_with(Key("paper-parts"), [("attempt", &number)]),
            head: head(
                texts,
                [
                    Key("paper-part"),
                    Key("paper-value"),
                    Key("paper-threshold"),
                    Key("paper-finding"),
                ],
            ),
            lines: attempt.parts.iter().map(|part| line_of(part, texts)).collect(),
        });
    }
    blocks
}

fn rows_of(scan: &PalmScan, texts: &Texts) -> Vec<Row> {
    let measured = |value: Option<f32>| {
        value.map_or_else(
            || texts.say(Key("paper-not-measured")),
            |value| texts.number(value),
        )
    };
    let readings = &scan.readings;
    let quality: Vec<String> = scan
        .quality
        .iter()
        .map(|quality| texts.say(words::quality(*quality)))
        .collect();
    vec![
        row(texts, Key("paper-scan-result"), words::scan(scan.result, texts)),
        row(texts, Key("paper-reading-volume"), measured(readings.volume_ml)),
        row(
            texts,
            Key("paper-reading-surface"),
            measured(readings.surface_temperature_celsius),
        ),
        row(
            texts,
            Key("paper-reading-ambient"),
            measured(readings.ambient_temperature_celsius),
        ),
        row(
            texts,
            Key("paper-reading-vascular"),
            measured(readings.vascular_quality),
        ),
        row(texts, Key("paper-reading-liveness"), measured(readings.liveness)),
        row_or_none(
            texts,
            Key("paper-scan-quality"),
            (!quality.is_empty()).then(|| quality.join(", ")),
        ),
        row(texts, Key("paper-palm-seal"), texts.say(words::seal(&scan.seal))),
    ]
}

fn line_of(part: &PalmPartRecord, texts: &Texts) -> Vec<String> {
    let bound = |key, value| texts.say_with(key, [("value", &texts.number(value))]);
    let bounds = match (part.min, part.max) {
        (None, None) => texts.say(Key("paper-none")),
        (Some(min), None) => bound(Key("paper-at-least"), min),
        (None, Some(max)) => bound(Key("paper-at-most"), max),
        (Some(min), Some(max)) => texts.say_with(
            Key("paper-between"),
            [("min", &texts.number(min)), ("max", &texts.number(max))],
        ),
    };
    vec![
        texts.say(words::palm_part(part.part)),
        part.value.map_or_else(
            || texts.say(Key("paper-not-measured")),
            |value| texts.number(value),
        ),
        bounds,
        texts.say(words::finding(part.finding)),
    ]
}
