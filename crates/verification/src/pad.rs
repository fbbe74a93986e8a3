//! Presentation attack detection: prompted actions, and the decision over all that was measured.

pub mod attempt;
pub mod decision;
pub mod plan;

use std::time::Duration;

use crate::time::UtcMs;

/// An action that the capture subject is asked to perform, seen from the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PadChallenge {
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

impl PadChallenge {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TurnLeft,
        Self::TurnRight,
        Self::LookUp,
        Self::LookDown,
        Self::Blink,
        Self::OpenMouth,
        Self::Smile,
    ];
}

/// What presentation attack detection found (ISO/IEC 30107-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PadDecision {
    /// A living person in front of the camera.
    BonaFide,
    /// Something else, or not enough evidence of a person.
    Attack(AttackSign),
}

/// What spoke against a bona fide presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttackSign {
    /// The passive models saw a print or a screen.
    Passive,
    /// The policy asks for the passive models and they gave no score.
    PassiveMissing,
}

/// Why an attempt did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptFailure {
    /// The action was not seen within its window.
    NotPerformed(PadChallenge),
    /// A different action was seen.
    WrongAction(PadChallenge),
    /// The face was gone for too long.
    FaceLost,
    /// More than one face.
    SeveralFaces,
    /// The face was somewhere else from one frame to the next.
    Jump,
    /// Presentation attack detection decided against it.
    Attack(AttackSign),
    /// It was ended by the person or by a device, not by its result.
    Interrupted,
}

/// One prompted action of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeRecord {
    /// The action.
    pub challenge: PadChallenge,
    /// When it was asked for, since the start of the attempt.
    pub prompted_at: Duration,
    /// When the subject was neutral again after it, since the start of the attempt.
    pub completed_at: Option<Duration>,
}

/// One attempt, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub number: u8,
    /// Start: the first prompt.
    pub started_at: UtcMs,
    /// The actions asked for, in order.
    pub challenges: Vec<ChallengeRecord>,
    /// Median of the passive probabilities, if there were any.
    pub passive_real: Option<f32>,
    /// `None` if it passed.
    pub failure: Option<AttemptFailure>,
}
