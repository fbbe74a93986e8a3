//! Words for what scanners say: short ones for programs, sentences for the technician.

use palm::ModuleStatus;
use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmCapabilities, PalmQuality, ScanResult, SealFault, SealState,
};

/// A fault of a device.
pub fn fault(fault: DeviceFault) -> &'static str {
    match fault {
        DeviceFault::NotFound => "not-found",
        DeviceFault::NoPermission => "no-permission",
        DeviceFault::Busy => "busy",
        DeviceFault::Timeout => "timeout",
        // The last five are faults of cameras alone.
        DeviceFault::Protocol
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => "protocol",
        DeviceFault::Disconnected => "disconnected",
    }
}

/// What a scanner is doing.
pub fn status(status: ModuleStatus) -> &'static str {
    match status {
        ModuleStatus::Standby => "standby",
        ModuleStatus::Busy => "busy",
        ModuleStatus::Error => "error",
        ModuleStatus::NotInitialised => "not-initialised",
        ModuleStatus::Updating => "updating",
    }
}

/// What a scanner can measure, and whether this one does.
pub fn capabilities(has: PalmCapabilities) -> [(&'static str, bool); 5] {
    [
        ("vascular", has.vascular),
        ("volume", has.volume),
        ("temperature", has.temperature),
        ("liveness", has.liveness),
        ("seal", has.seal),
    ]
}

/// How a scan ended.
pub fn result(result: ScanResult) -> &'static str {
    match result {
        ScanResult::Identified(_) => "identified",
        ScanResult::NoMatch => "no-match",
        ScanResult::NotLive => "not-live",
        ScanResult::NotAPalm => "not-a-palm",
        ScanResult::NothingPresented => "nothing-presented",
    }
}

/// How an enrolment ended.
pub fn enrolment(outcome: EnrolOutcome) -> &'static str {
    match outcome {
        EnrolOutcome::Enrolled(_) => "enrolled",
        EnrolOutcome::AlreadyEnrolled => "already-enrolled",
        EnrolOutcome::Full => "full",
        EnrolOutcome::Rejected => "rejected",
        EnrolOutcome::NotLive => "not-live",
        EnrolOutcome::NotAPalm => "not-a-palm",
        EnrolOutcome::NothingPresented => "nothing-presented",
    }
}

/// Why a capture is worse than it could be.
pub fn quality(quality: PalmQuality) -> &'static str {
    match quality {
        PalmQuality::Moving => "moving",
        PalmQuality::Tilted => "tilted",
        PalmQuality::Partial => "partial",
        PalmQuality::FingersClosed => "fingers-closed",
        PalmQuality::Covered => "covered",
        PalmQuality::Dirty => "dirty",
        PalmQuality::AmbientLight => "ambient-light",
        PalmQuality::Cold => "cold",
    }
}

/// Whether the scanner stands for a capture.
pub fn seal(seal: &SealState) -> &'static str {
    match seal {
        SealState::Absent => "absent",
        SealState::Valid(_) => "valid",
        SealState::Invalid(fault) => match fault {
            SealFault::Missing => "missing",
            SealFault::Signature => "wrong-signature",
            SealFault::Key => "wrong-key",
            SealFault::Challenge => "wrong-challenge",
            SealFault::Chain => "wrong-chain",
            SealFault::Content => "wrong-content",
        },
    }
}

/// Where the hand is.
pub fn position(position: HandPosition) -> &'static str {
    match position {
        HandPosition::InPlace => "in-place",
        HandPosition::NotSeen => "not-seen",
        HandPosition::TooFar => "too-far",
        HandPosition::TooClose => "too-close",
        HandPosition::TooHigh => "too-high",
        HandPosition::TooLow => "too-low",
        HandPosition::TooLeft => "too-left",
        HandPosition::TooRight => "too-right",
        HandPosition::NotAHand => "not-a-hand",
    }
}

/// What to do about where the hand is.
pub fn prompt(position: HandPosition) -> &'static str {
    match position {
        HandPosition::InPlace => "Hand in place: hold still.",
        HandPosition::NotSeen => "No hand seen.",
        HandPosition::TooFar => "Hand too far: bring it closer.",
        HandPosition::TooClose => "Hand too close: take it further away.",
        HandPosition::TooHigh => "Hand too high: move it down.",
        HandPosition::TooLow => "Hand too low: move it up.",
        HandPosition::TooLeft => "Hand too far to the left: move it right.",
        HandPosition::TooRight => "Hand too far to the right: move it left.",
        HandPosition::NotAHand => "That is not a hand.",
    }
}
