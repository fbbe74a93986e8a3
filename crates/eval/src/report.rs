//! The report, as it is written to JSON and drawn on the page. The form is stable: names are only added.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::actions::{ActionScore, Finding, Spotted};
use crate::ground::{GroundTruth, Label};
use crate::judge::{Decision, Part};
use crate::rates::{PadRates, Rate};
use crate::script::ScriptReport;
use crate::words::challenge_word;

/// The whole evaluation of one folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// The folder, as given.
    pub folder: String,
    /// Whether the passive pair took part.
    pub passive: bool,
    /// The thresholds in force that belong to one measure, to be drawn in its curve.
    pub thresholds: Vec<Threshold>,
    /// Recorded presentations, in the order of the list.
    pub clips: Vec<ClipReport>,
    /// Their error rates.
    pub pad: PadRates,
    /// Recall and precision of actions in bona fide presentations.
    pub actions_bona_fide: ActionRates,
    /// The same in attack presentations. Nobody needs them to be recognised; they are shown to be looked at.
    pub actions_attack: ActionRates,
    /// What the list says that is not understood.
    pub remarks: Vec<String>,
    /// Whole attempts, if they were asked for.
    pub script: Option<ScriptReport>,
    /// Rendered attacks, if they were asked for.
    pub synthetic: Option<SetReport>,
}

/// A set of presentations that is counted apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// The presentations.
    pub clips: Vec<ClipReport>,
    /// Their error rates.
    pub pad: PadRates,
}

/// A threshold of the policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Threshold {
    /// Its name in the policy.
    pub name: String,
    /// The measure that is held against it.
    pub measure: String,
    /// The number.
    pub value: f32,
}

/// One presentation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipReport {
    /// Name of the file within the folder.
    pub file: String,
    /// The word of the list.
    pub label: String,
    /// Pseudonym of the person.
    pub subject: String,
    /// What is to be seen.
    pub shows: String,
    /// Whether it was rendered and not recorded.
    pub rendered: bool,
    /// Frames that were played.
    pub frames: u64,
    /// Frames a second; 0 for a picture.
    pub fps: f64,
    /// Size of the frames.
    pub width_px: u32,
    /// Size of the frames.
    pub height_px: u32,
    /// Median width of the face, where there is one.
    pub face_px: Option<f32>,
    /// Whether the list says that it should not be acquired.
    pub not_acquirable: bool,
    /// The decision.
    pub decision: Decision,
    /// Whether the decision is an error.
    pub wrong: bool,
    /// Parts of the decision.
    pub parts: Vec<Part>,
    /// Events of the list.
    pub events: Vec<EventReport>,
    /// Spotted actions.
    pub actions: Vec<ActionReport>,
    /// Time of each frame in seconds.
    pub at_s: Vec<f32>,
    /// By name of the measure, its value in each frame.
    pub curves: BTreeMap<String, Vec<Option<f32>>>,
}

/// One event of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventReport {
    /// The word of the list.
    pub kind: String,
    /// First frame.
    pub first: u64,
    /// Last frame.
    pub last: u64,
    /// Remark of the list.
    pub note: String,
    /// Whether it was found; `None` where it need not be.
    pub found: Option<bool>,
    /// Whether it has to do with an action at all.
    pub counts: bool,
}

/// One spotted action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionReport {
    /// The action.
    #[serde(flatten)]
    pub spotted: Spotted,
    /// How it counts.
    pub finding: Finding,
}

/// Recall and precision over a set of presentations.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ActionRates {
    /// Required events that were found, of all in presentations that were acquired.
    pub recall: Rate,
    /// The same, of all in presentations that the list calls acquirable, so that a presentation that was wrongly
    /// not acquired is not forgotten.
    pub recall_with_not_acquired: Rate,
    /// Right actions, of all that are right or false, in all presentations.
    pub precision: Rate,
    /// Actions that count for nothing.
    pub neither: u64,
    /// By kind of event or action.
    pub kinds: BTreeMap<String, KindRates>,
    /// False actions in presentations whose list names no event that asks for or excuses an action.
    pub false_where_nothing_happens: u64,
    /// How many such presentations there are.
    pub presentations_where_nothing_happens: u64,
    /// Presentations whose events are left out because they were not acquired.
    pub left_out: Vec<String>,
}

/// One kind of action.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KindRates {
    /// Required events.
    pub events: u64,
    /// Those that were found.
    pub found: u64,
    /// Right actions.
    pub right: u64,
    /// The others, with clip and frames.
    pub missed: Vec<String>,
    /// False actions, with clip and frames.
    pub false_actions: Vec<String>,
}

impl ActionRates {
    /// Counts over presentations, each with its name, truth, decision and score.
    pub fn over<'a>(
        presentations: impl Iterator<Item = (&'a str, &'a GroundTruth, &'a Decision, &'a ActionScore)>,
    ) -> Self {
        let mut rates = Self::default();
        for (file, truth, decision, score) in presentations {
            rates.count(file, truth, decision, score);
        }
        rates
    }

    fn count(&mut self, file: &str, truth: &GroundTruth, decision: &Decision, score: &ActionScore) {
        if matches!(decision, Decision::Unreadable(_)) {
            return;
        }
        let acquired = !matches!(decision, Decision::NotAcquired(_)) && !truth.not_acquirable;
        if !acquired && score.expected() > 0 {
            self.left_out.push(file.to_owned());
        }
        for (event, found) in &score.events {
            if !truth.not_acquirable {
                self.recall_with_not_acquired.count(*found);
            }
            if acquired {
                self.recall.count(*found);
                let kind = self.kind(challenge_word(event.challenge));
                kind.events += 1;
                if *found {
                    kind.found += 1;
                } else {
                    let (first, last) = (event.frames.start(), event.frames.end());
                    kind.missed.push(format!("{file} {first}-{last}"));
                }
            }
        }
        if truth.required.is_empty() && truth.optional.is_empty() {
            self.presentations_where_nothing_happens += 1;
            self.false_where_nothing_happens += score.count(Finding::False);
        }
        for (action, finding) in &score.actions {
            match finding {
                Finding::Right => {
                    self.precision.count(true);
                    self.kind(challenge_word(action.challenge)).right += 1;
                }
                Finding::Neither => self.neither += 1,
                Finding::False => {
                    self.precision.count(false);
                    let line = format!("{file} {}-{}", action.first, action.last);
                    self.kind(challenge_word(action.challenge))
                        .false_actions
                        .push(line);
                }
            }
        }
    }

    fn kind(&mut self, word: &str) -> &mut KindRates {
        self.kinds.entry(word.to_owned()).or_default()
    }
}

/// Whether a decision is an error, by what the list says.
pub fn is_wrong(truth: &GroundTruth, decision: &Decision) -> bool {
    match (&truth.label, decision) {
        (_, Decision::Unreadable(_)) => true,
        (Label::Unknown(_), _) => false,
        (Label::Attack(_), decision) => *decision == Decision::BonaFide,
        (Label::NoFace, Decision::BonaFide | Decision::Attack(_)) => true,
        (Label::BonaFide, Decision::Attack(_)) => true,
        (Label::BonaFide, Decision::NotAcquired(_)) => !truth.not_acquirable,
        _ => false,
    }
}

/// The words of a list that nobody understood, each with where it stands.
pub fn remarks<'a>(truths: impl Iterator<Item = (&'a str, &'a GroundTruth)>) -> Vec<String> {
    let mut remarks = BTreeSet::new();
    for (file, truth) in truths {
        if let Label::Unknown(label) = &truth.label {
            remarks.insert(format!(
                "{file}: the label \"{label}\" is not known; the clip is shown and counts nowhere"
            ));
        }
        for kind in &truth.unknown_kinds {
            remarks.insert(format!(
                "{file}: the event \"{kind}\" is not known and asks for nothing"
            ));
        }
    }
    remarks.into_iter().collect()
}
