//! The rules of `verification`, asked about one presentation. This file holds no rule and no threshold; it only
//! puts the answers into the words of the report.

use serde::Serialize;
use verification::capture::FaceObservation;
use verification::pad::PadDecision;
use verification::pad::decision::{PadEvidence, decide};
use verification::policy::Policy;

use crate::actions::Spotted;

/// What was decided about a presentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "word", content = "reason", rename_all = "snake_case")]
pub enum Decision {
    /// A living person.
    BonaFide,
    /// An attack, with the sign that gave it away.
    Attack(String),
    /// Too little is to be seen to say; with what is missing.
    Insufficient(String),
    /// No face was acquired; with the reason.
    NotAcquired(String),
    /// The clip could not be played; with the error.
    Unreadable(String),
}

impl Decision {
    /// One word for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::BonaFide => "bona fide",
            Self::Attack(_) => "attack",
            Self::Insufficient(_) => "insufficient",
            Self::NotAcquired(_) => "not acquired",
            Self::Unreadable(_) => "UNREADABLE",
        }
    }

    /// Why; empty for a bona fide presentation.
    pub fn reason(&self) -> &str {
        match self {
            Self::BonaFide => "",
            Self::Attack(reason)
            | Self::Insufficient(reason)
            | Self::NotAcquired(reason)
            | Self::Unreadable(reason) => reason,
        }
    }
}

/// One part of a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// What was looked at.
    pub name: String,
    /// What was measured, if it could be.
    pub value: Option<f32>,
    /// What it was held against, if it is a matter of a number.
    pub threshold: Option<f32>,
    /// What follows.
    pub finding: String,
}

/// Everything that the rules say about one presentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Actions that were spotted.
    pub actions: Vec<Spotted>,
}

/// Asks the rules about the observations of one presentation, in their order.
pub fn judge(observations: &[FaceObservation], policy: &Policy) -> Verdict {
    let mut passive: Vec<f32> = observations
        .iter()
        .filter_map(|seen| seen.face?.passive_real)
        .collect();
    passive.sort_unstable_by(f32::total_cmp);
    let passive_real = passive.get(passive.len() / 2).copied();
    let decision = if observations.iter().all(|seen| seen.face.is_none()) {
        Decision::NotAcquired("no face".into())
    } else {
        match decide(PadEvidence { passive_real }, policy) {
            PadDecision::BonaFide => Decision::BonaFide,
            PadDecision::Attack(sign) => Decision::Attack(format!("{sign:?}")),
        }
    };
    Verdict {
        decision,
        parts: vec![Part {
            name: "passive".into(),
            value: passive_real,
            threshold: Some(policy.passive_min),
            finding: String::new(),
        }],
        actions: Vec::new(),
    }
}
