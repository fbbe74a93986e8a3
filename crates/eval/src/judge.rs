//! The rules of `verification`, asked about one presentation. This file holds no rule and no threshold; it only
//! puts the answers into the words of the report.

use serde::Serialize;
use verification::capture::FaceObservation;
use verification::pad::PadChallenge;
use verification::pad::action::ActionSpotter;
use verification::pad::assess::{Assessment, Judgement};
use verification::pad::parts::PartRecord;
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
    /// Not one face in one uncut stream; with what broke.
    Voided(String),
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
            Self::Voided(_) => "voided",
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
            | Self::Voided(reason)
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
    /// What it was held against.
    pub threshold: f32,
    /// In how many frames.
    pub samples: u32,
    /// What follows: `for`, `against` or `silent`.
    pub finding: String,
}

impl From<&PartRecord> for Part {
    fn from(record: &PartRecord) -> Self {
        Self {
            name: words(record.part),
            value: record.value.filter(|value| value.is_finite()),
            threshold: record.threshold,
            samples: record.samples,
            finding: words(record.finding),
        }
    }
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
    let mut spotter = ActionSpotter::default();
    let mut spotted = Vec::new();
    for seen in observations {
        spotted.extend(spotter.observe(seen, policy));
    }
    spotted.extend(spotter.finish());
    spotted.sort_by_key(|action| action.first);
    // An action that the recording breaks off was begun and not performed.
    let performed: Vec<PadChallenge> = spotted
        .iter()
        .filter(|action| action.completed)
        .map(|action| action.challenge)
        .collect();
    let assessment = Assessment::over(observations, &performed, policy);
    Verdict {
        decision: match assessment.judgement {
            Judgement::BonaFide => Decision::BonaFide,
            Judgement::Attack(sign) => Decision::Attack(words(sign)),
            Judgement::Voided(failure) => Decision::Voided(words(failure)),
            Judgement::Insufficient(missing) => Decision::Insufficient(words(missing)),
            Judgement::NotAcquired(reason) => Decision::NotAcquired(words(reason)),
        },
        parts: assessment.parts.iter().map(Part::from).collect(),
        actions: spotted.iter().map(Spotted::from).collect(),
    }
}

/// The name of a variant in words: `NotPerformed(TurnLeft)` is "not performed (turn left)".
pub fn words(value: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{value:?}").chars() {
        let new_word = letter.is_uppercase() && text.ends_with(char::is_alphanumeric);
        if new_word || letter == '(' {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use verification::pad::{AttackSign, AttemptFailure};

    #[test]
    fn variants_are_put_into_words() {
        let check = |value: &dyn std::fmt::Debug, expect| assert_eq!(words(value), expect);
        check(&AttackSign::PassiveMissing, "passive missing");
        check(&AttackSign::Flat, "flat");
        check(
            &AttemptFailure::NotPerformed(PadChallenge::TurnLeft),
            "not performed (turn left)",
        );
    }
}
