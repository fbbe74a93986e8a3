//! Attempts with the face, and the stills of face and identity document.

use document::content::Content;
use verification::evidence::{Still, StillPurpose};
use verification::pad::AttemptRecord;
use verification::pad::parts::PartRecord;

use super::{head, row, section, words};
use crate::section::{Block, Picture, Section};
use crate::texts::{Key, Texts};

pub(super) fn attempts(content: &Content, texts: &Texts) -> Option<Section> {
    if content.attempts.is_empty() && content.attempts_before == 0 {
        return None;
    }
    let mut blocks = vec![Block::Rows(vec![
        row(texts, Key("paper-attempts"), content.attempts.len().to_string()),
        row(
            texts,
            Key("paper-attempts-before"),
            content.attempts_before.to_string(),
        ),
        row(
            texts,
            Key("paper-attempts-max"),
            content.policy.attempts.to_string(),
        ),
    ])];
    for attempt in &content.attempts {
        blocks.extend(blocks_of(attempt, texts));
    }
    Some(section(texts, Key("paper-face"), blocks))
}

fn blocks_of(attempt: &AttemptRecord, texts: &Texts) -> Vec<Block> {
    let number = attempt.number.to_string();
    let result = match attempt.failure {
        None => texts.say(Key("paper-passed")),
        Some(failure) => words::failure(failure, texts),
    };
    let mut rows = vec![
        row(texts, Key("paper-attempt-number"), &number),
        row(
            texts,
            Key("paper-attempt-started"),
            texts.time(attempt.started_at),
        ),
        row(texts, Key("paper-attempt-result"), result),
    ];
    if let Some(stream) = &attempt.stream {
        rows.push(row(
            texts,
            Key("paper-stream"),
            texts.say(words::stream(stream.state)),
        ));
        rows.push(row(
            texts,
            Key("paper-stream-measures"),
            texts.say_with(
                Key("paper-stream-values"),
                [
                    ("rate", &texts.number(stream.rate_hz)),
                    ("interval", &texts.number(stream.interval_p95_ms)),
                    ("duplicates", &stream.duplicates.to_string()),
                    ("repeats", &stream.repeats.to_string()),
                ],
            ),
        ));
    }
    let mut blocks = vec![Block::Rows(rows)];
    if !attempt.challenges.is_empty() {
        let lines = (1..).zip(&attempt.challenges).map(|(place, record): (usize, _)| {
            vec![
                place.to_string(),
                texts.say(words::challenge(record.challenge)),
                texts.seconds(record.prompted_at),
                record
                    .completed_at
                    .map_or_else(|| texts.say(Key("paper-not-completed")), |at| texts.seconds(at)),
            ]
        });
        blocks.push(Block::Table {
            caption: texts.say_with(Key("paper-challenges"), [("attempt", &number)]),
            head: head(
                texts,
                [
                    Key("paper-place"),
                    Key("paper-action"),
                    Key("paper-prompted"),
                    Key("paper-completed"),
                ],
            ),
            lines: lines.collect(),
        });
    }
    if !attempt.parts.is_empty() {
        blocks.push(Block::Table {
            caption: texts.say_with(Key("paper-parts"), [("attempt", &number)]),
            head: head(
                texts,
                [
                    Key("paper-part"),
                    Key("paper-value"),
                    Key("paper-threshold"),
                    Key("paper-samples"),
                    Key("paper-finding"),
                ],
            ),
            lines: attempt.parts.iter().map(|part| line_of(part, texts)).collect(),
        });
    }
    blocks
}

fn line_of(part: &PartRecord, texts: &Texts) -> Vec<String> {
    let bound = if words::is_trace(part.part) {
        Key("paper-at-most")
    } else {
        Key("paper-at-least")
    };
    vec![
        texts.say(words::pad_part(part.part)),
        part.value.map_or_else(
            || texts.say(Key("paper-not-measured")),
            |value| texts.number(value),
        ),
        texts.say_with(bound, [("value", &texts.number(part.threshold))]),
        part.samples.to_string(),
        texts.say(words::finding(part.finding)),
    ]
}

pub(super) fn stills(content: &Content, texts: &Texts) -> Option<Section> {
    if content.stills.is_empty() {
        return None;
    }
    let pictures = content.stills.iter().map(|still| {
        let purpose = purpose_of(still, texts);
        let sample = &still.sample;
        Picture {
            caption: texts.say_with(
                Key("paper-still"),
                [
                    ("purpose", &purpose),
                    ("width", &sample.width_px.to_string()),
                    ("height", &sample.height_px.to_string()),
                    ("frame", &sample.frame.to_string()),
                ],
            ),
            jpeg: sample.jpeg.expose().clone(),
            width_px: sample.width_px,
            height_px: sample.height_px,
        }
    });
    let mut blocks = vec![Block::Pictures(pictures.collect())];
    blocks.extend(measures(content, texts));
    blocks.extend(page_measures(content, texts));
    Some(section(texts, Key("paper-stills"), blocks))
}

fn purpose_of(still: &Still, texts: &Texts) -> String {
    texts.say(match still.purpose {
        StillPurpose::Comparison => Key("paper-still-comparison"),
        StillPurpose::Challenge(challenge) => words::challenge(challenge),
        StillPurpose::Portrait => Key("paper-still-portrait"),
        StillPurpose::IdentityDocumentFront => Key("paper-still-document-front"),
        StillPurpose::IdentityDocumentBack => Key("paper-still-document-back"),
    })
}

/// The line of one picture: what it is, and what was measured on it.
fn measured_line(still: &Still, values: Option<[f32; 5]>, texts: &Texts) -> Vec<String> {
    let cells = match values {
        Some(values) => values.map(|value| texts.number(value)),
        None => std::array::from_fn(|_| texts.say(Key("paper-not-measured"))),
    };
    let own = [purpose_of(still, texts), still.sample.frame.to_string()];
    own.into_iter().chain(cells).collect()
}

/// What was measured on each still of the face, in the order of the pictures.
fn measures(content: &Content, texts: &Texts) -> Option<Block> {
    let faces = content.stills.iter().filter(|still| !still.purpose.is_page());
    let lines = faces.map(|still| {
        let values = still.quality.map(|quality| {
            [
                quality.inter_eye_distance_px,
                quality.sharpness,
                quality.luminance_mean,
                quality.yaw_deg,
                quality.pitch_deg,
            ]
        });
        measured_line(still, values, texts)
    });
    let lines: Vec<Vec<String>> = lines.collect();
    (!lines.is_empty()).then(|| Block::Table {
        caption: texts.say(Key("paper-still-measures")),
        head: head(
            texts,
            [
                Key("paper-still-kept-for"),
                Key("paper-still-frame"),
                Key("paper-still-eyes"),
                Key("paper-still-sharpness"),
                Key("paper-still-luminance"),
                Key("paper-still-turn"),
                Key("paper-still-nod"),
            ],
        ),
        lines,
    })
}

/// What was measured on each picture of an identity document, in the order of the pictures.
fn page_measures(content: &Content, texts: &Texts) -> Option<Block> {
    let measured = |still: &&Still| still.purpose.is_page() || still.page.is_some();
    let lines = content.stills.iter().filter(measured).map(|still| {
        let values = still.page.map(|page| {
            [
                page.long_side_px,
                page.aspect,
                page.sharpness,
                page.glare_part,
                page.luminance_mean,
            ]
        });
        measured_line(still, values, texts)
    });
    let lines: Vec<Vec<String>> = lines.collect();
    (!lines.is_empty()).then(|| Block::Table {
        caption: texts.say(Key("paper-page-measures")),
        head: head(
            texts,
            [
                Key("paper-still-kept-for"),
                Key("paper-still-frame"),
                Key("paper-page-long-side"),
                Key("paper-page-aspect"),
                Key("paper-still-sharpness"),
                Key("paper-page-glare"),
                Key("paper-page-luminance"),
            ],
        ),
        lines,
    })
}
