//! The parts of presentation attack detection: what each measured over one presentation, and what that says.

use super::relief::relief;
use crate::capture::{FaceMeasures, ReliefMeasures};
use crate::policy::Policy;

/// One part of presentation attack detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PadPart {
    /// The passive model pair.
    Passive,
    /// Non-planarity: how the tracked points move apart from the best plane.
    Relief,
    /// Eyes and mouth against the rest of the face.
    CutOut,
    /// Periodic pattern of a display.
    Moire,
    /// Border of a display or of a held print.
    Bezel,
    /// Reflection on a smooth surface.
    Glare,
    /// Periodic brightness of a display.
    Flicker,
    /// Answer to the light of the kiosk's own screen.
    Light,
    /// Likeness with the face that began.
    Likeness,
}

/// What a part says about the presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finding {
    /// It speaks for a bona fide presentation.
    For,
    /// It speaks against one.
    Against,
    /// It has nothing to say: not measured, too little measured, or no trace where the absence of a trace proves
    /// nothing.
    Silent,
}

/// What one part found, as it stands in the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartRecord {
    /// Which part.
    pub part: PadPart,
    /// What was measured over the presentation; `None` if nothing was. Of the relief, where the head never turned far, the
    /// slope over small turns, which need not lie between 0 and 1.
    pub value: Option<f32>,
    /// The threshold in force.
    pub threshold: f32,
    /// From how many frames.
    pub samples: u32,
    /// What follows.
    pub finding: Finding,
}

/// A trace of a display or of a hole must be there in this part of the frames that were looked at: a reflection on
/// glasses comes and goes, a display stays.
const TRACE_STAYS: f32 = 0.5;
/// Fewer looks than this are a chance.
const TRACE_SAMPLES_MIN: usize = 5;

/// The measures of one presentation.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    passive: Vec<f32>,
    relief: Vec<ReliefMeasures>,
    cut_out: Vec<f32>,
    moire: Vec<f32>,
    bezel: Vec<f32>,
    glare: Vec<f32>,
    flicker: Vec<f32>,
    likeness: Vec<f32>,
}

impl Measures {
    /// Adds those of one frame. What was found out about colours and grain in ordinary light is not asked while the
    /// face is `lit` by colours of the screen.
    pub fn add(&mut self, face: &FaceMeasures, lit: bool) {
        self.relief.extend(face.relief);
        self.likeness.extend(face.likeness);
        if lit {
            return;
        }
        self.passive.extend(face.passive_real);
        self.cut_out.extend(face.cut_out);
        if let Some(screen) = face.screen {
            self.moire.push(screen.moire);
            self.bezel.push(screen.bezel);
            self.glare.push(screen.glare);
            self.flicker.push(screen.flicker);
        }
    }

    /// Median of the passive probabilities "real".
    pub fn passive_real(&self) -> Option<f32> {
        quantile(&self.passive, 0.5)
    }

    /// What each part says; the answer to the light is not among them.
    pub fn parts(&self, policy: &Policy) -> Vec<PartRecord> {
        let at_least = |part, values: &[f32], threshold: f32| {
            let value = quantile(values, 0.5);
            let finding = match value {
                Some(value) if value.is_finite() && value >= threshold => Finding::For,
                Some(_) => Finding::Against,
                None => Finding::Silent,
            };
            record(part, value, threshold, values.len(), finding)
        };
        let trace = |part, values: &[f32], threshold: f32| {
            let value = quantile(values, TRACE_STAYS);
            let finding = match value {
                Some(value) if value > threshold && values.len() >= TRACE_SAMPLES_MIN => Finding::Against,
                _ => Finding::Silent,
            };
            record(part, value, threshold, values.len(), finding)
        };
        let (value, samples, finding) = relief(&self.relief, policy.relief_min);
        let of_relief = record(PadPart::Relief, value, policy.relief_min, samples, finding);
        vec![
            at_least(PadPart::Passive, &self.passive, policy.passive_min),
            of_relief,
            trace(PadPart::CutOut, &self.cut_out, policy.cut_out_max),
            trace(PadPart::Moire, &self.moire, policy.screen_max),
            trace(PadPart::Bezel, &self.bezel, policy.screen_max),
            trace(PadPart::Glare, &self.glare, policy.screen_max),
            trace(PadPart::Flicker, &self.flicker, policy.screen_max),
            at_least(PadPart::Likeness, &self.likeness, policy.likeness_min),
        ]
    }
}

fn record(part: PadPart, value: Option<f32>, threshold: f32, samples: usize, finding: Finding) -> PartRecord {
    PartRecord {
        part,
        value,
        threshold,
        samples: u32::try_from(samples).unwrap_or(u32::MAX),
        finding,
    }
}

/// The value below which this part of the values lies; the upper one of two middle ones. Values that are no number
/// count as the largest.
pub(crate) fn quantile(values: &[f32], part: f32) -> Option<f32> {
    let mut sorted: Vec<f32> = values
        .iter()
        .map(|value| if value.is_nan() { f32::INFINITY } else { *value })
        .collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = (sorted.len() as f32 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied()
}
