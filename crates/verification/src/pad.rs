//! Presentation attack detection: prompted actions, and the decision over all that was measured.

pub mod action;
pub mod assess;
pub mod attempt;
pub mod continuity;
pub mod decision;
pub mod light;
pub mod parts;
pub mod plan;
pub mod positioning;
mod relief;
#[cfg(any(test, feature = "simulated"))]
pub mod testing;

use std::time::Duration;

use crate::capture::StreamMeasures;
use crate::pad::parts::PartRecord;
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

    /// Whether the head turns to a side, which shows whether it has a relief.
    pub fn is_turn(self) -> bool {
        matches!(self, Self::TurnLeft | Self::TurnRight)
    }
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
    /// The head moved like a sheet.
    Flat,
    /// A turn was asked for and the relief of the head could not be measured in it.
    ReliefMissing,
    /// Eyes or mouth do not belong to the face around them.
    CutOut,
    /// The picture has traces of a display.
    Screen,
    /// The face did not answer the light of the kiosk's own screen.
    LightIgnored,
    /// The policy asks for an answer to the screen's light and none could be measured.
    LightMissing,
    /// The face could never be compared with the one that began.
    LikenessMissing,
    /// Frames came a second time, pixel for pixel: no camera looks here.
    Injected,
}

impl AttackSign {
    /// Whether nothing speaks against the presentation, and too little for it.
    pub fn is_missing(self) -> bool {
        matches!(
            self,
            Self::PassiveMissing | Self::ReliefMissing | Self::LightMissing | Self::LikenessMissing
        )
    }
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
    /// The face was somewhere else, or turned elsewhere, from one frame to the next.
    Jump,
    /// The stream was cut: the picture and the face in it do not go on from the frame before.
    Cut,
    /// The face is not the one that began.
    AnotherPerson,
    /// No pixel changed for too long. It says something about the camera and not about the person.
    Frozen,
    /// Presentation attack detection decided against it.
    Attack(AttackSign),
    /// It was ended by the person or by a device, not by its result.
    Interrupted,
}

impl AttemptFailure {
    /// Whether the device is the cause, so that no attempt is used up.
    pub fn is_of_device(self) -> bool {
        matches!(self, Self::Frozen)
    }
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
    /// What each part of presentation attack detection found.
    pub parts: Vec<PartRecord>,
    /// What the stream of frames looked like at its end, where somebody watched it.
    pub stream: Option<StreamMeasures>,
    /// `None` if it passed.
    pub failure: Option<AttemptFailure>,
}
