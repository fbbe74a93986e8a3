//! The evaluation of a folder, from its list to the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use camera::{ClipEntry, FrameSource, Listed, Pace, Replay, listed};
use face::ModelFolder;
use verification::capture::FaceObservation;
use verification::policy::{PassivePad, Policy};

use crate::actions::{ActionScore, score};
use crate::error::EvalError;
use crate::ground::{GroundTruth, Label, rate_hz, truth};
use crate::judge::{Decision, Verdict, judge};
use crate::measures::{MEASURES, median};
use crate::play::{PlayError, chain, observe};
use crate::rates::PadRates;
use crate::report::{
    ActionRates, ActionReport, ClipReport, EventReport, Report, SetReport, Threshold, is_wrong, remarks,
};
use crate::script::{self, PersonReport};
use crate::synthetic::dump::Dump;
use crate::synthetic::each_rendering;

/// The form of the report.
const VERSION: u32 = 1;

/// Who is told of what is done.
pub struct Progress<'a> {
    /// Each presentation.
    pub clip: &'a mut dyn FnMut(&ClipReport),
    /// Each person of the attempts.
    pub person: &'a mut dyn FnMut(&PersonReport),
}

/// What is done besides playing the folder as it is.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Also run whole attempts.
    pub script: bool,
    /// Also render attacks.
    pub synthetic: bool,
    /// Write the rendered attacks here.
    pub dump: Option<PathBuf>,
    /// Seed of all randomness.
    pub seed: u64,
}

/// One presentation with all that is known of it.
pub(crate) struct Judged {
    pub(crate) truth: GroundTruth,
    pub(crate) score: ActionScore,
    pub(crate) report: ClipReport,
}

/// The clips of a folder.
///
/// # Errors
/// [`EvalError::List`] and [`EvalError::NoClip`].
pub fn list(folder: &Path) -> Result<Vec<Listed>, EvalError> {
    let list = listed(folder)?;
    if list.is_empty() {
        return Err(EvalError::NoClip {
            folder: folder.to_owned(),
        });
    }
    Ok(list)
}

/// Plays and judges every clip of a folder. `progress` is told of each when it is done.
///
/// # Errors
/// [`EvalError::Synthetic`] and [`EvalError::Write`] where attacks are rendered. A clip that cannot be played is a
/// line of the report.
pub fn evaluate(
    folder: &Path,
    list: Vec<Listed>,
    models: &ModelFolder,
    policy: &Policy,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, EvalError> {
    // A folder that is refused is refused before the work is done.
    let dump = options.dump.as_deref().map(Dump::open).transpose()?;
    let passive = policy.passive == PassivePad::Required;
    let mut good = Vec::with_capacity(list.len());
    let mut judged: Vec<Judged> = Vec::with_capacity(list.len());
    for Listed {
        entry: clip,
        contradiction,
    } in list
    {
        let is_good = contradiction.is_none();
        let opened = match contradiction {
            Some(error) => Err(error),
            None => Replay::open(folder.join(&clip.file), Pace::Free, Instant::now()),
        };
        let observed = opened.map_err(PlayError::from).and_then(|mut replay| {
            let rate_hz = (clip.frames > 1).then(|| rate_hz(&clip));
            observe(|| Ok(replay.next_frame()?), rate_hz, models, passive)
        });
        let one = judge_clip(&clip, observed, policy);
        (progress.clip)(&one.report);
        judged.push(one);
        if is_good {
            good.push(clip);
        }
    }
    let list = &good[..];
    let mut report = report(folder, passive, policy, judged);
    if options.script {
        report.script = Some(script::run(
            folder,
            list,
            models,
            policy,
            options.seed,
            progress.person,
        ));
    }
    if options.synthetic {
        report.synthetic = Some(synthetic(
            folder,
            list,
            models,
            policy,
            (options.seed, dump),
            progress.clip,
        )?);
    }
    Ok(report)
}

/// Renders, plays and judges attacks.
fn synthetic(
    folder: &Path,
    list: &[ClipEntry],
    models: &ModelFolder,
    policy: &Policy,
    (seed, mut dump): (u64, Option<Dump>),
    progress: &mut dyn FnMut(&ClipReport),
) -> Result<SetReport, EvalError> {
    let passive = policy.passive == PassivePad::Required;
    let mut judged = Vec::new();
    let mut failure = None;
    each_rendering(folder, list, models, seed, |_, mut rendering| {
        let rate_hz = Some(rate_hz(&rendering.entry));
        let observed = observe(
            || {
                let frame = rendering.next_frame()?;
                if let (Some(dump), Some(frame)) = (&mut dump, &frame) {
                    dump.write(&rendering.entry, &frame.bgr)?;
                }
                Ok(frame)
            },
            rate_hz,
            models,
            passive,
        );
        let one = judge_clip(&rendering.entry, observed, policy);
        progress(&one.report);
        judged.push(one);
        if let Some(dump) = &mut dump {
            failure = dump.finish(&rendering.entry).err().or(failure.take());
        }
    })?;
    match failure {
        Some(failure) => Err(failure),
        None => Ok(SetReport {
            pad: pad_rates(&judged),
            clips: judged.into_iter().map(|one| one.report).collect(),
        }),
    }
}

/// Judges what was observed of one clip.
pub(crate) fn judge_clip(
    clip: &ClipEntry,
    observed: Result<Vec<FaceObservation>, PlayError>,
    policy: &Policy,
) -> Judged {
    let truth = truth(clip);
    let (observations, verdict) = match observed {
        Ok(observations) => {
            let verdict = judge(&observations, policy);
            (observations, verdict)
        }
        Err(error) => {
            let verdict = Verdict {
                decision: Decision::Unreadable(chain(&error)),
                parts: Vec::new(),
                actions: Vec::new(),
            };
            (Vec::new(), verdict)
        }
    };
    let score = score(&truth, &verdict.actions);
    let report = clip_report(clip, &truth, &score, &observations, verdict);
    Judged { truth, score, report }
}

fn clip_report(
    clip: &ClipEntry,
    truth: &GroundTruth,
    score: &ActionScore,
    observations: &[FaceObservation],
    verdict: Verdict,
) -> ClipReport {
    let found = |kind: &str, first: u32| {
        score
            .events
            .iter()
            .find(|(event, _)| event.kind == kind && *event.frames.start() == u64::from(first))
            .map(|(_, found)| *found)
    };
    let curve = |of: fn(&FaceObservation) -> Option<f32>| -> Vec<Option<f32>> {
        observations
            .iter()
            .map(|seen| of(seen).filter(|value| value.is_finite()))
            .collect()
    };
    // Measures that no frame has are left out, so that the report says what was measured.
    let curves: BTreeMap<String, Vec<Option<f32>>> = MEASURES
        .iter()
        .map(|measure| (measure.name.to_owned(), curve(measure.of)))
        .filter(|(_, values)| values.iter().any(Option::is_some))
        .collect();
    ClipReport {
        file: clip.file.clone(),
        label: clip.label.clone(),
        subject: clip.subject.clone(),
        shows: clip.shows.clone(),
        rendered: clip.synthetic,
        frames: observations.len() as u64,
        fps: clip.fps,
        width_px: observations.first().map_or(0, |seen| seen.frame_width_px),
        height_px: observations.first().map_or(0, |seen| seen.frame_height_px),
        face_px: median(
            observations
                .iter()
                .filter_map(|seen| Some(seen.face?.box_px.width)),
        ),
        not_acquirable: truth.not_acquirable,
        wrong: is_wrong(truth, &verdict.decision),
        decision: verdict.decision,
        parts: verdict.parts,
        events: clip
            .events
            .iter()
            .map(|event| EventReport {
                kind: event.kind.clone(),
                first: u64::from(event.first),
                last: u64::from(event.last),
                note: event.note.clone(),
                found: found(&event.kind, event.first),
                counts: crate::ground::challenge(event).is_some(),
            })
            .collect(),
        actions: score
            .actions
            .iter()
            .map(|(spotted, finding)| ActionReport {
                spotted: *spotted,
                finding: *finding,
            })
            .collect(),
        at_s: observations.iter().map(|seen| seen.at.as_secs_f32()).collect(),
        curves,
    }
}

fn report(folder: &Path, passive: bool, policy: &Policy, judged: Vec<Judged>) -> Report {
    let actions = |wanted: fn(&Label) -> bool| {
        ActionRates::over(judged.iter().filter(|one| wanted(&one.truth.label)).map(|one| {
            (
                one.report.file.as_str(),
                &one.truth,
                &one.report.decision,
                &one.score,
            )
        }))
    };
    Report {
        version: VERSION,
        folder: folder.display().to_string(),
        passive,
        thresholds: thresholds(policy),
        pad: pad_rates(&judged),
        actions_bona_fide: actions(|label| matches!(label, Label::BonaFide | Label::NoFace)),
        actions_attack: actions(|label| matches!(label, Label::Attack(_))),
        remarks: remarks(judged.iter().map(|one| (one.report.file.as_str(), &one.truth))),
        clips: judged.into_iter().map(|one| one.report).collect(),
        script: None,
        synthetic: None,
    }
}

/// Thresholds of the policy that a curve can be held against as it stands.
fn thresholds(policy: &Policy) -> Vec<Threshold> {
    [
        ("turn_min_deg", "yaw_deg", policy.turn_min_deg),
        ("-turn_min_deg", "yaw_deg", -policy.turn_min_deg),
        ("nod_min_deg", "pitch_deg", policy.nod_min_deg),
        ("-nod_min_deg", "pitch_deg", -policy.nod_min_deg),
        ("passive_min", "passive_real", policy.passive_min),
        ("relief_min", "relief", policy.relief_min),
        ("likeness_min", "likeness", policy.likeness_min),
        ("cut_out_max", "cut_out", policy.cut_out_max),
        ("screen_max", "screen_moire", policy.screen_max),
        ("face_change_max", "face_change", policy.face_change_max),
        ("scene_change_max", "scene_change", policy.scene_change_max),
        (
            "inter_eye_distance_min_px",
            "inter_eye_distance_px",
            policy.inter_eye_distance_min_px,
        ),
        ("distance_min_mm", "distance_mm", policy.distance_min_mm),
        ("luminance_min", "luminance_mean", policy.luminance_min),
        ("luminance_max", "luminance_mean", policy.luminance_max),
    ]
    .into_iter()
    .map(|(name, measure, value)| Threshold {
        name: name.into(),
        measure: measure.into(),
        value,
    })
    .collect()
}

pub(crate) fn pad_rates(judged: &[Judged]) -> PadRates {
    PadRates::over(
        judged
            .iter()
            .map(|one| (&one.truth.label, one.truth.not_acquirable, &one.report.decision)),
    )
}

impl Report {
    /// Whether every clip could be played.
    pub fn is_complete(&self) -> bool {
        let rendered = self.synthetic.iter().flat_map(|set| &set.clips);
        !self
            .clips
            .iter()
            .chain(rendered)
            .any(|clip| matches!(clip.decision, Decision::Unreadable(_)))
    }
}
