//! The policy in force.

use std::time::Duration;

use minicbor::{Decode, Encode};
use verification::integrity::IntegrityPolicy;
use verification::policy::{AssistedPolicy, PalmPolicy, Policy};

use super::to_ns;
use crate::codes::{
    ChallengeCode, DemandCode, IntegrityDemandCode, OperatorPresenceCode, PassivePadCode, ScreenLightCode,
    canonical,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct PolicyWire {
    #[n(0)]
    attempts: u8,
    #[n(1)]
    challenges_per_attempt: u8,
    #[n(2)]
    challenge_set: Vec<ChallengeCode>,
    #[n(3)]
    challenge_window_ns: u64,
    #[n(4)]
    positioning_limit_ns: u64,
    #[n(5)]
    neutral_hold_ns: u64,
    #[n(6)]
    face_lost_limit_ns: u64,
    #[n(7)]
    idle_limit_ns: u64,
    #[n(8)]
    identification_patience_ns: u64,
    #[n(9)]
    inter_eye_distance_min_px: f32,
    #[n(10)]
    turn_min_deg: f32,
    #[n(11)]
    nod_min_deg: f32,
    #[n(12)]
    neutral_max_deg: f32,
    #[n(13)]
    eye_closed_part: f32,
    #[n(14)]
    mouth_open_rise: f32,
    #[n(16)]
    passive: PassivePadCode,
    #[n(17)]
    passive_min: f32,
    #[n(18)]
    comparison_min: f32,
    #[n(19)]
    light: ScreenLightCode,
    #[n(20)]
    relief_min: f32,
    #[n(21)]
    cut_out_max: f32,
    #[n(22)]
    screen_max: f32,
    #[n(23)]
    likeness_min: f32,
    #[n(24)]
    face_change_max: f32,
    #[n(25)]
    scene_change_max: f32,
    #[n(26)]
    head_speed_max_deg_s: f32,
    #[n(27)]
    luminance_min: f32,
    #[n(28)]
    luminance_max: f32,
    #[n(29)]
    distance_min_mm: f32,
    #[n(30)]
    light_gain_min: f32,
    #[n(31)]
    smile_rise: f32,
    #[n(32)]
    palm: PalmPolicyWire,
    #[n(33)]
    nbas_enrolment_min: f32,
    #[n(34)]
    operator: OperatorPresenceCode,
    #[n(35)]
    retention_years: u16,
    #[n(36)]
    integrity: IntegrityPolicyWire,
    #[n(37)]
    assisted: AssistedPolicyWire,
}

impl From<&Policy> for PolicyWire {
    fn from(policy: &Policy) -> Self {
        Self {
            attempts: policy.attempts,
            challenges_per_attempt: policy.challenges_per_attempt,
            challenge_set: policy.challenge_set.iter().copied().map(Into::into).collect(),
            challenge_window_ns: to_ns(policy.challenge_window),
            positioning_limit_ns: to_ns(policy.positioning_limit),
            neutral_hold_ns: to_ns(policy.neutral_hold),
            face_lost_limit_ns: to_ns(policy.face_lost_limit),
            idle_limit_ns: to_ns(policy.idle_limit),
            identification_patience_ns: to_ns(policy.identification_patience),
            inter_eye_distance_min_px: canonical(policy.inter_eye_distance_min_px),
            turn_min_deg: canonical(policy.turn_min_deg),
            nod_min_deg: canonical(policy.nod_min_deg),
            neutral_max_deg: canonical(policy.neutral_max_deg),
            eye_closed_part: canonical(policy.eye_closed_part),
            mouth_open_rise: canonical(policy.mouth_open_rise),
            passive: policy.passive.into(),
            passive_min: canonical(policy.passive_min),
            comparison_min: canonical(policy.comparison_min),
            light: policy.light.into(),
            relief_min: canonical(policy.relief_min),
            cut_out_max: canonical(policy.cut_out_max),
            screen_max: canonical(policy.screen_max),
            likeness_min: canonical(policy.likeness_min),
            face_change_max: canonical(policy.face_change_max),
            scene_change_max: canonical(policy.scene_change_max),
            head_speed_max_deg_s: canonical(policy.head_speed_max_deg_s),
            luminance_min: canonical(policy.luminance_min),
            luminance_max: canonical(policy.luminance_max),
            distance_min_mm: canonical(policy.distance_min_mm),
            light_gain_min: canonical(policy.light_gain_min),
            smile_rise: canonical(policy.smile_rise),
            palm: (&policy.palm).into(),
            nbas_enrolment_min: canonical(policy.nbas_enrolment_min),
            operator: policy.operator.into(),
            retention_years: policy.retention_years,
            integrity: (&policy.integrity).into(),
            assisted: (&policy.assisted).into(),
        }
    }
}

impl From<PolicyWire> for Policy {
    fn from(wire: PolicyWire) -> Self {
        Self {
            attempts: wire.attempts,
            challenges_per_attempt: wire.challenges_per_attempt,
            challenge_set: wire.challenge_set.into_iter().map(Into::into).collect(),
            challenge_window: Duration::from_nanos(wire.challenge_window_ns),
            positioning_limit: Duration::from_nanos(wire.positioning_limit_ns),
            neutral_hold: Duration::from_nanos(wire.neutral_hold_ns),
            face_lost_limit: Duration::from_nanos(wire.face_lost_limit_ns),
            idle_limit: Duration::from_nanos(wire.idle_limit_ns),
            identification_patience: Duration::from_nanos(wire.identification_patience_ns),
            inter_eye_distance_min_px: wire.inter_eye_distance_min_px,
            turn_min_deg: wire.turn_min_deg,
            nod_min_deg: wire.nod_min_deg,
            neutral_max_deg: wire.neutral_max_deg,
            eye_closed_part: wire.eye_closed_part,
            mouth_open_rise: wire.mouth_open_rise,
            passive: wire.passive.into(),
            passive_min: wire.passive_min,
            comparison_min: wire.comparison_min,
            light: wire.light.into(),
            relief_min: wire.relief_min,
            cut_out_max: wire.cut_out_max,
            screen_max: wire.screen_max,
            likeness_min: wire.likeness_min,
            face_change_max: wire.face_change_max,
            scene_change_max: wire.scene_change_max,
            head_speed_max_deg_s: wire.head_speed_max_deg_s,
            luminance_min: wire.luminance_min,
            luminance_max: wire.luminance_max,
            distance_min_mm: wire.distance_min_mm,
            light_gain_min: wire.light_gain_min,
            smile_rise: wire.smile_rise,
            palm: wire.palm.into(),
            nbas_enrolment_min: wire.nbas_enrolment_min,
            operator: wire.operator.into(),
            retention_years: wire.retention_years,
            integrity: wire.integrity.into(),
            assisted: wire.assisted.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PalmPolicyWire {
    #[n(0)]
    vascular: DemandCode,
    #[n(1)]
    volume: DemandCode,
    #[n(2)]
    temperature: DemandCode,
    #[n(3)]
    liveness: DemandCode,
    #[n(4)]
    seal: DemandCode,
    #[n(5)]
    volume_min_ml: f32,
    #[n(6)]
    volume_max_ml: f32,
    #[n(7)]
    temperature_min_celsius: f32,
    #[n(8)]
    temperature_max_celsius: f32,
    #[n(9)]
    warmth_min_celsius: f32,
    #[n(10)]
    vascular_quality_min: f32,
    #[n(11)]
    liveness_min: f32,
    #[n(12)]
    scan_limit_ns: u64,
    #[n(13)]
    nothing_presented_counts: bool,
    #[n(14)]
    fallback_to_face: bool,
}

impl From<&PalmPolicy> for PalmPolicyWire {
    fn from(policy: &PalmPolicy) -> Self {
        Self {
            vascular: policy.vascular.into(),
            volume: policy.volume.into(),
            temperature: policy.temperature.into(),
            liveness: policy.liveness.into(),
            seal: policy.seal.into(),
            volume_min_ml: canonical(policy.volume_min_ml),
            volume_max_ml: canonical(policy.volume_max_ml),
            temperature_min_celsius: canonical(policy.temperature_min_celsius),
            temperature_max_celsius: canonical(policy.temperature_max_celsius),
            warmth_min_celsius: canonical(policy.warmth_min_celsius),
            vascular_quality_min: canonical(policy.vascular_quality_min),
            liveness_min: canonical(policy.liveness_min),
            scan_limit_ns: to_ns(policy.scan_limit),
            nothing_presented_counts: policy.nothing_presented_counts,
            fallback_to_face: policy.fallback_to_face,
        }
    }
}

impl From<PalmPolicyWire> for PalmPolicy {
    fn from(wire: PalmPolicyWire) -> Self {
        Self {
            vascular: wire.vascular.into(),
            volume: wire.volume.into(),
            temperature: wire.temperature.into(),
            liveness: wire.liveness.into(),
            seal: wire.seal.into(),
            volume_min_ml: wire.volume_min_ml,
            volume_max_ml: wire.volume_max_ml,
            temperature_min_celsius: wire.temperature_min_celsius,
            temperature_max_celsius: wire.temperature_max_celsius,
            warmth_min_celsius: wire.warmth_min_celsius,
            vascular_quality_min: wire.vascular_quality_min,
            liveness_min: wire.liveness_min,
            scan_limit: Duration::from_nanos(wire.scan_limit_ns),
            nothing_presented_counts: wire.nothing_presented_counts,
            fallback_to_face: wire.fallback_to_face,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct IntegrityPolicyWire {
    #[n(0)]
    files: IntegrityDemandCode,
    #[n(1)]
    debugger: IntegrityDemandCode,
    #[n(2)]
    injected_libraries: IntegrityDemandCode,
    #[n(3)]
    virtual_environment: IntegrityDemandCode,
}

impl From<&IntegrityPolicy> for IntegrityPolicyWire {
    fn from(policy: &IntegrityPolicy) -> Self {
        Self {
            files: policy.files.into(),
            debugger: policy.debugger.into(),
            injected_libraries: policy.injected_libraries.into(),
            virtual_environment: policy.virtual_environment.into(),
        }
    }
}

impl From<IntegrityPolicyWire> for IntegrityPolicy {
    fn from(wire: IntegrityPolicyWire) -> Self {
        Self {
            files: wire.files.into(),
            debugger: wire.debugger.into(),
            injected_libraries: wire.injected_libraries.into(),
            virtual_environment: wire.virtual_environment.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct AssistedPolicyWire {
    #[n(0)]
    cannot_perform_max: u8,
    #[n(1)]
    page_long_side_min_px: f32,
    #[n(2)]
    page_sharpness_min: f32,
    #[n(3)]
    page_glare_max: f32,
    #[n(4)]
    page_luminance_min: f32,
    #[n(5)]
    page_luminance_max: f32,
    #[n(6)]
    page_movement_max: f32,
    #[n(7)]
    picture_hold_ns: u64,
    #[n(8)]
    picture_limit_ns: u64,
    #[n(9)]
    pictures_max: u8,
}

impl From<&AssistedPolicy> for AssistedPolicyWire {
    fn from(policy: &AssistedPolicy) -> Self {
        Self {
            cannot_perform_max: policy.cannot_perform_max,
            page_long_side_min_px: canonical(policy.page_long_side_min_px),
            page_sharpness_min: canonical(policy.page_sharpness_min),
            page_glare_max: canonical(policy.page_glare_max),
            page_luminance_min: canonical(policy.page_luminance_min),
            page_luminance_max: canonical(policy.page_luminance_max),
            page_movement_max: canonical(policy.page_movement_max),
            picture_hold_ns: to_ns(policy.picture_hold),
            picture_limit_ns: to_ns(policy.picture_limit),
            pictures_max: policy.pictures_max,
        }
    }
}

impl From<AssistedPolicyWire> for AssistedPolicy {
    fn from(wire: AssistedPolicyWire) -> Self {
        Self {
            cannot_perform_max: wire.cannot_perform_max,
            page_long_side_min_px: wire.page_long_side_min_px,
            page_sharpness_min: wire.page_sharpness_min,
            page_glare_max: wire.page_glare_max,
            page_luminance_min: wire.page_luminance_min,
            page_luminance_max: wire.page_luminance_max,
            page_movement_max: wire.page_movement_max,
            picture_hold: Duration::from_nanos(wire.picture_hold_ns),
            picture_limit: Duration::from_nanos(wire.picture_limit_ns),
            pictures_max: wire.pictures_max,
        }
    }
}
