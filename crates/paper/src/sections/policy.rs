//! The numbers that were in force.

use document::content::Content;

use super::{row, section, words};
use crate::section::{Block, Row, Section};
use crate::texts::{Key, Texts};

pub(super) fn face(content: &Content, texts: &Texts) -> Section {
    let policy = &content.policy;
    let number = |key, value| row(texts, key, texts.number(value));
    let time = |key, value| row(texts, key, texts.seconds(value));
    let actions: Vec<String> = policy
        .challenge_set
        .iter()
        .map(|challenge| texts.say(words::challenge(*challenge)))
        .collect();
    let rows: Vec<Row> = vec![
        row(texts, Key("paper-attempts-max"), policy.attempts.to_string()),
        row(
            texts,
            Key("paper-policy-challenges"),
            policy.challenges_per_attempt.to_string(),
        ),
        row(texts, Key("paper-policy-challenge-set"), actions.join(", ")),
        time(Key("paper-policy-challenge-window"), policy.challenge_window),
        time(Key("paper-policy-positioning"), policy.positioning_limit),
        time(Key("paper-policy-neutral-hold"), policy.neutral_hold),
        time(Key("paper-policy-face-lost"), policy.face_lost_limit),
        time(Key("paper-policy-idle"), policy.idle_limit),
        time(Key("paper-policy-patience"), policy.identification_patience),
        number(Key("paper-policy-comparison"), policy.comparison_min),
        row(
            texts,
            Key("paper-policy-passive"),
            texts.say(words::passive(policy.passive)),
        ),
        number(Key("paper-policy-passive-min"), policy.passive_min),
        number(Key("paper-policy-relief"), policy.relief_min),
        number(Key("paper-policy-cut-out"), policy.cut_out_max),
        number(Key("paper-policy-screen"), policy.screen_max),
        number(Key("paper-policy-likeness"), policy.likeness_min),
        row(
            texts,
            Key("paper-policy-light"),
            texts.say(words::light(policy.light)),
        ),
        number(Key("paper-policy-light-gain"), policy.light_gain_min),
        number(Key("paper-policy-face-change"), policy.face_change_max),
        number(Key("paper-policy-scene-change"), policy.scene_change_max),
        number(Key("paper-policy-head-speed"), policy.head_speed_max_deg_s),
        number(Key("paper-policy-eye-distance"), policy.inter_eye_distance_min_px),
        number(Key("paper-policy-distance"), policy.distance_min_mm),
        number(Key("paper-policy-luminance-min"), policy.luminance_min),
        number(Key("paper-policy-luminance-max"), policy.luminance_max),
        number(Key("paper-policy-turn"), policy.turn_min_deg),
        number(Key("paper-policy-nod"), policy.nod_min_deg),
        number(Key("paper-policy-neutral"), policy.neutral_max_deg),
        number(Key("paper-policy-eye-closed"), policy.eye_closed_part),
        number(Key("paper-policy-mouth-open"), policy.mouth_open_rise),
        number(Key("paper-policy-smile"), policy.smile_rise),
    ];
    section(texts, Key("paper-policy"), vec![Block::Rows(rows)])
}

/// What holds of the session as a whole, whatever is compared.
pub(super) fn procedure(content: &Content, texts: &Texts) -> Section {
    let policy = &content.policy;
    let demand = |key, value| row(texts, key, texts.say(words::integrity_demand(value)));
    let rows = vec![
        row(
            texts,
            Key("paper-policy-operator"),
            texts.say(words::presence(policy.operator)),
        ),
        row(
            texts,
            Key("paper-policy-nbas"),
            texts.number(policy.nbas_enrolment_min),
        ),
        row(
            texts,
            Key("paper-policy-retention"),
            policy.retention_years.to_string(),
        ),
        demand(Key("paper-policy-files"), policy.integrity.files),
        demand(Key("paper-policy-debugger"), policy.integrity.debugger),
        demand(Key("paper-policy-injected"), policy.integrity.injected_libraries),
        demand(Key("paper-policy-virtual"), policy.integrity.virtual_environment),
    ];
    section(texts, Key("paper-policy-procedure"), vec![Block::Rows(rows)])
}

pub(super) fn palm(content: &Content, texts: &Texts) -> Option<Section> {
    content.palm.as_ref()?;
    let policy = &content.policy.palm;
    let number = |key, value| row(texts, key, texts.number(value));
    let demand = |key, value| row(texts, key, texts.say(words::demand(value)));
    let flag = |key, value| {
        let word = if value { Key("paper-yes") } else { Key("paper-no") };
        row(texts, key, texts.say(word))
    };
    let rows = vec![
        demand(Key("paper-palm-vascular"), policy.vascular),
        demand(Key("paper-palm-volume"), policy.volume),
        demand(Key("paper-palm-temperature"), policy.temperature),
        demand(Key("paper-palm-liveness"), policy.liveness),
        demand(Key("paper-palm-seal"), policy.seal),
        number(Key("paper-policy-volume-min"), policy.volume_min_ml),
        number(Key("paper-policy-volume-max"), policy.volume_max_ml),
        number(
            Key("paper-policy-temperature-min"),
            policy.temperature_min_celsius,
        ),
        number(
            Key("paper-policy-temperature-max"),
            policy.temperature_max_celsius,
        ),
        number(Key("paper-policy-warmth"), policy.warmth_min_celsius),
        number(Key("paper-policy-vascular-quality"), policy.vascular_quality_min),
        number(Key("paper-policy-palm-liveness"), policy.liveness_min),
        row(
            texts,
            Key("paper-policy-scan-limit"),
            texts.seconds(policy.scan_limit),
        ),
        flag(
            Key("paper-policy-nothing-counts"),
            policy.nothing_presented_counts,
        ),
        flag(Key("paper-policy-fallback"), policy.fallback_to_face),
    ];
    Some(section(texts, Key("paper-policy-palm"), vec![Block::Rows(rows)]))
}

/// What holds for the ways that end before people; said where the session went one of them.
pub(super) fn assisted(content: &Content, texts: &Texts) -> Option<Section> {
    if !content.route.is_assisted() {
        return None;
    }
    let policy = &content.policy.assisted;
    let number = |key, value| row(texts, key, texts.number(value));
    let rows = vec![
        row(
            texts,
            Key("paper-policy-cannot-perform"),
            policy.cannot_perform_max.to_string(),
        ),
        row(
            texts,
            Key("paper-policy-pictures"),
            policy.pictures_max.to_string(),
        ),
        row(
            texts,
            Key("paper-policy-picture-limit"),
            texts.seconds(policy.picture_limit),
        ),
        row(
            texts,
            Key("paper-policy-picture-hold"),
            texts.seconds(policy.picture_hold),
        ),
        number(Key("paper-policy-page-long-side"), policy.page_long_side_min_px),
        number(Key("paper-policy-page-sharpness"), policy.page_sharpness_min),
        number(Key("paper-policy-page-glare"), policy.page_glare_max),
        number(Key("paper-policy-page-luminance-min"), policy.page_luminance_min),
        number(Key("paper-policy-page-luminance-max"), policy.page_luminance_max),
        number(Key("paper-policy-page-movement"), policy.page_movement_max),
    ];
    Some(section(
        texts,
        Key("paper-policy-assisted"),
        vec![Block::Rows(rows)],
    ))
}
