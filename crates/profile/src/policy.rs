//! The table `[policy]` of a profile, and the tables in it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use verification::integrity::{self, IntegrityPolicy};
use verification::pad::PadChallenge;
use verification::policy::{
    AssistedPolicy, Demand, OperatorPresence, PalmPolicy, PassivePad, Policy, PolicyError, ScreenLight,
};

/// A key of the policy, for messages and for the reference in `docs/profiles/README.md`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name below `[policy]`; those of the palm begin with `palm.`, and so with the other tables.
    pub name: &'static str,
    /// What it may be.
    pub allowed: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// All keys, in the order of the reference.
pub const KEYS: &[Key] = &[
    Key {
        name: "attempts",
        allowed: "1 to 3",
        meaning: "attempts for each modality in one session",
    },
    Key {
        name: "challenges_per_attempt",
        allowed: "3 or 4",
        meaning: "prompted actions in one attempt, all different",
    },
    Key {
        name: "challenge_set",
        allowed: "at least as many different ones as are asked for, a turn among them",
        meaning: "the actions from which they are drawn",
    },
    Key {
        name: "challenge_window_ms",
        allowed: "1000 to 60000",
        meaning: "for one action and the return to neutral, in milliseconds",
    },
    Key {
        name: "positioning_limit_ms",
        allowed: "30000 to 600000",
        meaning: "to stand in front of the camera, in milliseconds; a touch gives as much again",
    },
    Key {
        name: "idle_limit_ms",
        allowed: "30000 to 1800000",
        meaning: "without a touch, in milliseconds",
    },
    Key {
        name: "identification_patience_ms",
        allowed: "1000 to 120000",
        meaning: "until the screen says that the answer comes later, in milliseconds",
    },
    Key {
        name: "inter_eye_distance_min_px",
        allowed: "above 0",
        meaning: "smallest distance of the eyes in the picture, in pixels",
    },
    Key {
        name: "turn_min_deg",
        allowed: "above 15",
        meaning: "a turn of the head counts from here, in degrees",
    },
    Key {
        name: "nod_min_deg",
        allowed: "above 0",
        meaning: "a nod counts from here, in degrees",
    },
    Key {
        name: "passive",
        allowed: "\"required\" or \"where-installed\"",
        meaning: "what the absence of the passive models means",
    },
    Key {
        name: "passive_min",
        allowed: "above 0, up to 1",
        meaning: "the median passive probability",
    },
    Key {
        name: "relief_min",
        allowed: "above 0, up to 1",
        meaning: "part of the relief of an average head",
    },
    Key {
        name: "cut_out_max",
        allowed: "above 0",
        meaning: "how much eyes and mouth may differ from the face around them",
    },
    Key {
        name: "screen_max",
        allowed: "above 0, up to 1",
        meaning: "how strong each trace of a display may be",
    },
    Key {
        name: "likeness_min",
        allowed: "above 0, up to 1",
        meaning: "how much the face must be like the one that began",
    },
    Key {
        name: "light",
        allowed: "\"required\", \"supporting\" or \"off\"",
        meaning: "whether the face has to answer the screen's colours",
    },
    Key {
        name: "light_gain_min",
        allowed: "above 0",
        meaning: "the least answer to them",
    },
    Key {
        name: "comparison_min",
        allowed: "above 0, up to 1",
        meaning: "the centre's comparison score",
    },
    Key {
        name: "nbas_enrolment_min",
        allowed: "above 0, up to 1",
        meaning: "the score from which a picture is put forward for NBAS, with consent",
    },
    Key {
        name: "operator",
        allowed: "\"required\" or \"not-required\"",
        meaning: "whether a person of the institution has to be there",
    },
    Key {
        name: "retention_years",
        allowed: "5 or more",
        meaning: "for how long documents and pictures are kept",
    },
    Key {
        name: "palm.vascular",
        allowed: "\"required\" or \"where-measured\"",
        meaning: "whether the pattern of the veins must be compared",
    },
    Key {
        name: "palm.volume",
        allowed: "\"required\" or \"where-measured\"",
        meaning: "whether the volume of the hand must be measured",
    },
    Key {
        name: "palm.temperature",
        allowed: "\"required\" or \"where-measured\"",
        meaning: "whether its temperature must be measured",
    },
    Key {
        name: "palm.liveness",
        allowed: "\"required\" or \"where-measured\"",
        meaning: "whether the scanner must check that the hand lives",
    },
    Key {
        name: "palm.seal",
        allowed: "\"required\" or \"where-measured\"",
        meaning: "whether the scanner must sign what it captured",
    },
    Key {
        name: "palm.volume_min_ml",
        allowed: "80 to 1200, below volume_max_ml",
        meaning: "smallest volume, in millilitres",
    },
    Key {
        name: "palm.volume_max_ml",
        allowed: "80 to 1200, above volume_min_ml",
        meaning: "largest volume, in millilitres",
    },
    Key {
        name: "palm.temperature_min_celsius",
        allowed: "10 to 43, below temperature_max_celsius",
        meaning: "coldest skin",
    },
    Key {
        name: "palm.temperature_max_celsius",
        allowed: "10 to 43, above temperature_min_celsius",
        meaning: "warmest skin",
    },
    Key {
        name: "palm.warmth_min_celsius",
        allowed: "above 0, up to 10",
        meaning: "how much warmer skin is than air",
    },
    Key {
        name: "palm.vascular_quality_min",
        allowed: "above 0, up to 1",
        meaning: "quality of the pattern",
    },
    Key {
        name: "palm.liveness_min",
        allowed: "above 0, up to 1",
        meaning: "the scanner's own score",
    },
    Key {
        name: "palm.scan_limit_ms",
        allowed: "3000 to 20000",
        meaning: "for one scan, in milliseconds",
    },
    Key {
        name: "palm.nothing_presented_counts",
        allowed: "true or false",
        meaning: "whether a scan without a hand is an attempt",
    },
    Key {
        name: "palm.fallback_to_face",
        allowed: "true or false",
        meaning: "whether the face may follow a palm that failed",
    },
    Key {
        name: "assisted.cannot_perform_max",
        allowed: "0 to 3",
        meaning: "how many attempts of a session do not count because the person said that they cannot do what is asked",
    },
    Key {
        name: "assisted.page_long_side_min_px",
        allowed: "above 0, up to 3840",
        meaning: "long side of an identity document in the picture, in pixels",
    },
    Key {
        name: "assisted.page_sharpness_min",
        allowed: "above 0, up to 1",
        meaning: "sharpness of the picture of an identity document; `docs/eval-page.md`",
    },
    Key {
        name: "assisted.page_glare_max",
        allowed: "above 0, below 1",
        meaning: "part of the document that a reflection may cover",
    },
    Key {
        name: "assisted.page_luminance_min",
        allowed: "above 0, below page_luminance_max",
        meaning: "darkest document, in mean luminance of 255",
    },
    Key {
        name: "assisted.page_luminance_max",
        allowed: "above page_luminance_min, up to 255",
        meaning: "brightest document, in mean luminance of 255",
    },
    Key {
        name: "assisted.page_movement_max",
        allowed: "above 0, below 1",
        meaning: "how far a corner may move between two frames, in parts of the picture",
    },
    Key {
        name: "assisted.picture_hold_ms",
        allowed: "200 to 5000",
        meaning: "how long all must be well before a picture is taken, in milliseconds",
    },
    Key {
        name: "assisted.picture_limit_ms",
        allowed: "30000 to 600000",
        meaning: "for one picture, in milliseconds",
    },
    Key {
        name: "assisted.pictures_max",
        allowed: "1 to 10",
        meaning: "how often each picture may be taken, the first time included",
    },
    Key {
        name: "integrity.files",
        allowed: "`required` or `reported`",
        meaning: "the installed files are those of the signed release; what is only reported hinders nothing",
    },
    Key {
        name: "integrity.debugger",
        allowed: "`required` or `reported`",
        meaning: "nobody debugs the program; what is only reported hinders nothing",
    },
    Key {
        name: "integrity.injected_libraries",
        allowed: "`required` or `reported`",
        meaning: "the program holds no code from elsewhere; what is only reported hinders nothing",
    },
    Key {
        name: "integrity.virtual_environment",
        allowed: "`required` or `reported`",
        meaning: "the machine is a real one; what is only reported hinders nothing",
    },
];

/// The rules' numbers. Every key may be left out; its default then holds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilePolicy {
    /// Attempts for each modality in one session.
    attempts: Option<u8>,
    /// Prompted actions in one attempt, all different.
    challenges_per_attempt: Option<u8>,
    /// The actions from which they are drawn.
    challenge_set: Option<Vec<Challenge>>,
    /// For one action and the return to neutral, in milliseconds.
    challenge_window_ms: Option<u64>,
    /// To stand in front of the camera, in milliseconds.
    positioning_limit_ms: Option<u64>,
    /// Without a touch, in milliseconds.
    idle_limit_ms: Option<u64>,
    /// Until the screen says that the answer comes later, in milliseconds.
    identification_patience_ms: Option<u64>,
    /// Smallest distance of the eyes in the picture, in pixels.
    inter_eye_distance_min_px: Option<f32>,
    /// A turn of the head counts from here, in degrees.
    turn_min_deg: Option<f32>,
    /// A nod counts from here, in degrees.
    nod_min_deg: Option<f32>,
    /// What the absence of the passive models means.
    passive: Option<Passive>,
    /// The median passive probability.
    passive_min: Option<f32>,
    /// Part of the relief of an average head.
    relief_min: Option<f32>,
    /// How much eyes and mouth may differ from the face around them.
    cut_out_max: Option<f32>,
    /// How strong each trace of a display may be.
    screen_max: Option<f32>,
    /// How much the face must be like the one that began.
    likeness_min: Option<f32>,
    /// Whether the face has to answer the screen's colours.
    light: Option<Light>,
    /// The least answer to them.
    light_gain_min: Option<f32>,
    /// The centre's comparison score.
    comparison_min: Option<f32>,
    /// The score from which a picture is put forward for NBAS, with consent.
    nbas_enrolment_min: Option<f32>,
    /// Whether a person of the institution has to be there.
    operator: Option<Operator>,
    /// For how long documents and pictures are kept.
    retention_years: Option<u16>,
    /// The same for the palm.
    #[serde(default)]
    palm: FilePalmPolicy,
    /// The ways that end before people, and the pictures of identity documents.
    #[serde(default)]
    assisted: FileAssistedPolicy,
    /// What the kiosk must find about itself.
    #[serde(default)]
    integrity: FileIntegrityPolicy,
}

/// As [`FilePolicy`], for the kiosk's own integrity.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileIntegrityPolicy {
    /// Whether the installed files must be those of the signed release.
    files: Option<FileIntegrityDemand>,
    /// Whether nobody may debug the program.
    debugger: Option<FileIntegrityDemand>,
    /// Whether the program may hold code from elsewhere.
    injected_libraries: Option<FileIntegrityDemand>,
    /// Whether the machine must be a real one.
    virtual_environment: Option<FileIntegrityDemand>,
}

/// Whether something about the kiosk is asked for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum FileIntegrityDemand {
    /// No session begins without it.
    Required,
    /// It is told and written down.
    Reported,
}

impl FileIntegrityDemand {
    fn rule(self) -> integrity::Demand {
        match self {
            Self::Required => integrity::Demand::Required,
            Self::Reported => integrity::Demand::Reported,
        }
    }
}

impl FileIntegrityPolicy {
    fn effective(&self, rules: IntegrityPolicy) -> IntegrityPolicy {
        IntegrityPolicy {
            files: self.files.map_or(rules.files, FileIntegrityDemand::rule),
            debugger: self.debugger.map_or(rules.debugger, FileIntegrityDemand::rule),
            injected_libraries: self
                .injected_libraries
                .map_or(rules.injected_libraries, FileIntegrityDemand::rule),
            virtual_environment: self
                .virtual_environment
                .map_or(rules.virtual_environment, FileIntegrityDemand::rule),
        }
    }
}

/// The rules' numbers for the palm. Every key may be left out; its default then holds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilePalmPolicy {
    /// Whether the pattern of the veins must be compared.
    vascular: Option<FileDemand>,
    /// Whether the volume of the hand must be measured.
    volume: Option<FileDemand>,
    /// Whether its temperature must be measured.
    temperature: Option<FileDemand>,
    /// Whether the scanner must check that the hand lives.
    liveness: Option<FileDemand>,
    /// Whether the scanner must sign what it captured.
    seal: Option<FileDemand>,
    /// Smallest volume, in millilitres.
    volume_min_ml: Option<f32>,
    /// Largest volume, in millilitres.
    volume_max_ml: Option<f32>,
    /// Coldest skin.
    temperature_min_celsius: Option<f32>,
    /// Warmest skin.
    temperature_max_celsius: Option<f32>,
    /// How much warmer skin is than air.
    warmth_min_celsius: Option<f32>,
    /// Quality of the pattern.
    vascular_quality_min: Option<f32>,
    /// The scanner's own score.
    liveness_min: Option<f32>,
    /// For one scan, in milliseconds.
    scan_limit_ms: Option<u64>,
    /// Whether a scan without a hand is an attempt.
    nothing_presented_counts: Option<bool>,
    /// Whether the face may follow a palm that failed.
    fallback_to_face: Option<bool>,
}

/// The rules' numbers for the ways that end before people. Every key may be left out; its default then holds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileAssistedPolicy {
    /// How many attempts of a session do not count because the person said that they cannot do what is asked.
    cannot_perform_max: Option<u8>,
    /// Long side of an identity document in the picture, in pixels.
    page_long_side_min_px: Option<f32>,
    /// Sharpness of the picture of an identity document.
    page_sharpness_min: Option<f32>,
    /// Part of the document that a reflection may cover.
    page_glare_max: Option<f32>,
    /// Darkest document, in mean luminance of 255.
    page_luminance_min: Option<f32>,
    /// Brightest document, in mean luminance of 255.
    page_luminance_max: Option<f32>,
    /// How far a corner may move between two frames, in parts of the picture.
    page_movement_max: Option<f32>,
    /// How long all must be well before a picture is taken, in milliseconds.
    picture_hold_ms: Option<u64>,
    /// For one picture, in milliseconds.
    picture_limit_ms: Option<u64>,
    /// How often each picture may be taken, the first time included.
    pictures_max: Option<u8>,
}

/// A prompted action.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Challenge {
    /// Turn the head to one's own left.
    TurnLeft,
    /// Turn the head to one's own right.
    TurnRight,
    /// Lift the chin.
    LookUp,
    /// Lower the chin.
    LookDown,
    /// Close both eyes and open them.
    Blink,
    /// Open the mouth wide and close it.
    OpenMouth,
    /// Smile and stop smiling.
    Smile,
}

impl Challenge {
    fn rule(self) -> PadChallenge {
        match self {
            Self::TurnLeft => PadChallenge::TurnLeft,
            Self::TurnRight => PadChallenge::TurnRight,
            Self::LookUp => PadChallenge::LookUp,
            Self::LookDown => PadChallenge::LookDown,
            Self::Blink => PadChallenge::Blink,
            Self::OpenMouth => PadChallenge::OpenMouth,
            Self::Smile => PadChallenge::Smile,
        }
    }
}

/// What the absence of the passive models means.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Passive {
    /// Without them no presentation is bona fide.
    Required,
    /// They are used where they are installed.
    WhereInstalled,
}

impl Passive {
    fn rule(self) -> PassivePad {
        match self {
            Self::Required => PassivePad::Required,
            Self::WhereInstalled => PassivePad::WhereInstalled,
        }
    }
}

/// Whether the face has to answer the screen's colours.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Light {
    /// It has to.
    Required,
    /// Its answer is recorded.
    Supporting,
    /// The screen keeps its colours.
    Off,
}

impl Light {
    fn rule(self) -> ScreenLight {
        match self {
            Self::Required => ScreenLight::Required,
            Self::Supporting => ScreenLight::Supporting,
            Self::Off => ScreenLight::Off,
        }
    }
}

/// Whether a person of the institution has to be there.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Operator {
    /// No capture without one.
    Required,
    /// The kiosk serves alone.
    NotRequired,
}

impl Operator {
    fn rule(self) -> OperatorPresence {
        match self {
            Self::Required => OperatorPresence::Required,
            Self::NotRequired => OperatorPresence::NotRequired,
        }
    }
}

/// Whether something must be measured.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum FileDemand {
    /// Without it no presentation is bona fide.
    Required,
    /// It is judged where it is measured.
    WhereMeasured,
}

impl FileDemand {
    fn rule(self) -> Demand {
        match self {
            Self::Required => Demand::Required,
            Self::WhereMeasured => Demand::WhereMeasured,
        }
    }
}

/// Times that the rules leave open, with the least and the most with which a kiosk can be used, in milliseconds. WCAG 2.2
/// (2.2.1) gives 20 seconds for an answer to a warning, which covers the screen: before it something must be done.
const TIMES: [(&str, u128, u128); 4] = [
    ("challenge_window_ms", 1_000, 60_000),
    ("positioning_limit_ms", 30_000, 600_000),
    ("idle_limit_ms", 30_000, 1_800_000),
    ("identification_patience_ms", 1_000, 120_000),
];

/// The key of a time with which no kiosk can be used, if there is one.
pub(crate) fn unusable_time(policy: &Policy) -> Option<&'static str> {
    let times = [
        policy.challenge_window,
        policy.positioning_limit,
        policy.idle_limit,
        policy.identification_patience,
    ];
    let mut pairs = times.iter().zip(TIMES);
    let found = pairs.find(|(time, (_, least, most))| !(*least..=*most).contains(&time.as_millis()));
    found.map(|(_, (key, _, _))| key)
}

impl FilePolicy {
    /// The policy in force: what is given, and the defaults for the rest. It is not checked.
    pub fn effective(&self) -> Policy {
        self.over(Policy::default())
    }

    /// What is given, over these rules. It is not checked.
    pub fn over(&self, rules: Policy) -> Policy {
        Policy {
            attempts: self.attempts.unwrap_or(rules.attempts),
            challenges_per_attempt: self
                .challenges_per_attempt
                .unwrap_or(rules.challenges_per_attempt),
            challenge_set: self.challenge_set.as_ref().map_or(rules.challenge_set, |set| {
                set.iter().map(|challenge| challenge.rule()).collect()
            }),
            challenge_window: self
                .challenge_window_ms
                .map_or(rules.challenge_window, Duration::from_millis),
            positioning_limit: self
                .positioning_limit_ms
                .map_or(rules.positioning_limit, Duration::from_millis),
            idle_limit: self.idle_limit_ms.map_or(rules.idle_limit, Duration::from_millis),
            identification_patience: self
                .identification_patience_ms
                .map_or(rules.identification_patience, Duration::from_millis),
            inter_eye_distance_min_px: self
                .inter_eye_distance_min_px
                .unwrap_or(rules.inter_eye_distance_min_px),
            turn_min_deg: self.turn_min_deg.unwrap_or(rules.turn_min_deg),
            nod_min_deg: self.nod_min_deg.unwrap_or(rules.nod_min_deg),
            passive: self.passive.map_or(rules.passive, Passive::rule),
            passive_min: self.passive_min.unwrap_or(rules.passive_min),
            relief_min: self.relief_min.unwrap_or(rules.relief_min),
            cut_out_max: self.cut_out_max.unwrap_or(rules.cut_out_max),
            screen_max: self.screen_max.unwrap_or(rules.screen_max),
            likeness_min: self.likeness_min.unwrap_or(rules.likeness_min),
            light: self.light.map_or(rules.light, Light::rule),
            light_gain_min: self.light_gain_min.unwrap_or(rules.light_gain_min),
            comparison_min: self.comparison_min.unwrap_or(rules.comparison_min),
            nbas_enrolment_min: self.nbas_enrolment_min.unwrap_or(rules.nbas_enrolment_min),
            operator: self.operator.map_or(rules.operator, Operator::rule),
            retention_years: self.retention_years.unwrap_or(rules.retention_years),
            palm: self.palm.effective(rules.palm),
            assisted: self.assisted.effective(rules.assisted),
            integrity: self.integrity.effective(rules.integrity),
            ..rules
        }
    }
}

impl FilePalmPolicy {
    fn effective(&self, rules: PalmPolicy) -> PalmPolicy {
        PalmPolicy {
            vascular: self.vascular.map_or(rules.vascular, FileDemand::rule),
            volume: self.volume.map_or(rules.volume, FileDemand::rule),
            temperature: self.temperature.map_or(rules.temperature, FileDemand::rule),
            liveness: self.liveness.map_or(rules.liveness, FileDemand::rule),
            seal: self.seal.map_or(rules.seal, FileDemand::rule),
            volume_min_ml: self.volume_min_ml.unwrap_or(rules.volume_min_ml),
            volume_max_ml: self.volume_max_ml.unwrap_or(rules.volume_max_ml),
            temperature_min_celsius: self
                .temperature_min_celsius
                .unwrap_or(rules.temperature_min_celsius),
            temperature_max_celsius: self
                .temperature_max_celsius
                .unwrap_or(rules.temperature_max_celsius),
            warmth_min_celsius: self.warmth_min_celsius.unwrap_or(rules.warmth_min_celsius),
            vascular_quality_min: self.vascular_quality_min.unwrap_or(rules.vascular_quality_min),
            liveness_min: self.liveness_min.unwrap_or(rules.liveness_min),
            scan_limit: self.scan_limit_ms.map_or(rules.scan_limit, Duration::from_millis),
            nothing_presented_counts: self
                .nothing_presented_counts
                .unwrap_or(rules.nothing_presented_counts),
            fallback_to_face: self.fallback_to_face.unwrap_or(rules.fallback_to_face),
        }
    }
}

impl FileAssistedPolicy {
    fn effective(&self, rules: AssistedPolicy) -> AssistedPolicy {
        AssistedPolicy {
            cannot_perform_max: self.cannot_perform_max.unwrap_or(rules.cannot_perform_max),
            page_long_side_min_px: self.page_long_side_min_px.unwrap_or(rules.page_long_side_min_px),
            page_sharpness_min: self.page_sharpness_min.unwrap_or(rules.page_sharpness_min),
            page_glare_max: self.page_glare_max.unwrap_or(rules.page_glare_max),
            page_luminance_min: self.page_luminance_min.unwrap_or(rules.page_luminance_min),
            page_luminance_max: self.page_luminance_max.unwrap_or(rules.page_luminance_max),
            page_movement_max: self.page_movement_max.unwrap_or(rules.page_movement_max),
            picture_hold: self
                .picture_hold_ms
                .map_or(rules.picture_hold, Duration::from_millis),
            picture_limit: self
                .picture_limit_ms
                .map_or(rules.picture_limit, Duration::from_millis),
            pictures_max: self.pictures_max.unwrap_or(rules.pictures_max),
        }
    }
}

/// The one key that alone makes a policy one that the rules do not allow, if there is one, as its path below `[policy]`.
pub(crate) fn culprit(given: &toml::Table) -> Option<(String, PolicyError)> {
    let single = |path: &str, table: toml::Table| {
        let file = FilePolicy::deserialize(toml::Value::Table(table)).ok()?;
        file.effective()
            .check()
            .err()
            .map(|error| (path.to_owned(), error))
    };
    given.iter().find_map(|(key, value)| match value {
        toml::Value::Table(inner) => inner.iter().find_map(|(name, value)| {
            let alone = toml::Table::from_iter([(name.clone(), value.clone())]);
            single(
                &format!("{key}.{name}"),
                toml::Table::from_iter([(key.clone(), toml::Value::Table(alone))]),
            )
        }),
        value => single(key, toml::Table::from_iter([(key.clone(), value.clone())])),
    })
}
