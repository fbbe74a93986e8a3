//! Words of the reports.

use verification::pad::PadChallenge;

/// A short name of an action, seen from the subject.
pub fn challenge_word(challenge: PadChallenge) -> &'static str {
    match challenge {
        PadChallenge::TurnLeft => "turn_left",
        PadChallenge::TurnRight => "turn_right",
        PadChallenge::LookUp => "look_up",
        PadChallenge::LookDown => "look_down",
        PadChallenge::Blink => "blink",
        PadChallenge::OpenMouth => "open_mouth",
        PadChallenge::Smile => "smile",
    }
}
