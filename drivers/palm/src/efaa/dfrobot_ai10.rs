//! Dialect of the DFRobot AI10 (SEN0677): face, palm and QR code in one module, of which the palm is used.

use std::time::Duration;

use super::commands::{
    Command, DeleteUser, EnrolSingle, ListIds, ReplyFault, SerialNumber, Status, Verify, Version,
};
use super::inbound::ResultCode;
use super::serial::{Answer, Line};
use verification::palm::{
    EnrolOutcome, PalmCapabilities, PalmReference, PalmScan, ScanOrder, ScanResult, ScannerIdentity,
    SubjectTag,
};

use crate::{Check, ModuleStatus, Notice, Opening, PalmError, PalmScanner, ScannerInfo, Watch};

/// Name of the driver.
pub const NAME: &str = "dfrobot-ai10";

/// Ids up to this one are faces, those above are palms.
const LAST_FACE_ID: u16 = 1000;
/// Message id with which the module answers a verification when a QR code is shown.
const QR_SCAN: u8 = 0x70;
/// What the module accepts as its time limit.
const LIMIT_S: std::ops::RangeInclusive<u64> = 3..=20;

/// An open AI10.
pub struct DfrobotAi10 {
    line: Line,
}

impl DfrobotAi10 {
    /// Opens the port; see [`crate::Driver::open`].
    pub fn open(opening: &Opening) -> Result<Self, PalmError> {
        Ok(Self {
            line: Line::open(opening)?,
        })
    }
}

impl PalmScanner for DfrobotAi10 {
    fn info(&mut self) -> Result<ScannerInfo, PalmError> {
        Ok(ScannerInfo {
            status: self.line.exchange(&Status)?,
            identity: ScannerIdentity {
                driver: NAME.to_owned(),
                model: String::new(),
                firmware: self.line.exchange(&Version)?,
                serial: self.line.exchange(&SerialNumber)?,
                thermometer: None,
                // The box of the state note is where the hand stands in the picture, not a measure of the hand.
                capabilities: PalmCapabilities {
                    vascular: true,
                    liveness: true,
                    ..PalmCapabilities::default()
                },
            },
        })
    }

    fn self_test(&mut self) -> Result<Vec<Check>, PalmError> {
        let status = self.line.exchange(&Status)?;
        Ok(vec![Check {
            name: "module".to_owned(),
            passed: matches!(status, ModuleStatus::Standby | ModuleStatus::Busy),
            detail: format!("{status:?}"),
        }])
    }

    fn verify(&mut self, order: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError> {
        let command = Verify {
            limit_s: limit_s(order.limit),
        };
        let (message, result, payload) = match self.line.capture(&command, &[QR_SCAN], watch)? {
            Answer::Reply {
                message,
                result,
                payload,
            } => (message, result, payload),
            Answer::Stopped => return Ok(None),
        };
        let result = match result {
            _ if message == QR_SCAN => ScanResult::NotAPalm,
            ResultCode::QR => ScanResult::NotAPalm,
            ResultCode::LIVENESS => ScanResult::NotLive,
            ResultCode::TIMEOUT => ScanResult::NothingPresented,
            _ if result.is_no_match() => ScanResult::NoMatch,
            _ => {
                let found = command
                    .parse_reply(result, &payload)
                    .map_err(failed(Verify::NAME))?;
                if found.id > LAST_FACE_ID {
                    ScanResult::Identified(PalmReference(found.id.into()))
                } else {
                    ScanResult::NotAPalm
                }
            }
        };
        Ok(Some(PalmScan::of(result)))
    }

    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let command = EnrolSingle {
            tag: tag.expose(),
            admin: false,
            limit_s: limit_s(limit),
        };
        let (result, payload) = match self.line.capture(&command, &[], watch)? {
            Answer::Reply { result, payload, .. } => (result, payload),
            Answer::Stopped => return Ok(None),
        };
        let outcome = match result {
            ResultCode::REJECTED => EnrolOutcome::Rejected,
            ResultCode::FULL => EnrolOutcome::Full,
            ResultCode::ALREADY_ENROLLED | ResultCode::HAND_ALREADY_ENROLLED => EnrolOutcome::AlreadyEnrolled,
            ResultCode::LIVENESS => EnrolOutcome::NotLive,
            ResultCode::TIMEOUT => EnrolOutcome::NothingPresented,
            _ => {
                let stored = command
                    .parse_reply(result, &payload)
                    .map_err(failed(EnrolSingle::NAME))?;
                let reference = PalmReference(stored.id.into());
                if stored.id > LAST_FACE_ID {
                    EnrolOutcome::Enrolled(reference)
                } else {
                    // The module takes whichever it sees first. Nobody agreed to leave a face here.
                    self.delete(reference)?;
                    EnrolOutcome::NotAPalm
                }
            }
        };
        Ok(Some(outcome))
    }

    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError> {
        // A number that no module of this family can hold is not there.
        let Ok(id) = u16::try_from(reference.0) else {
            return Ok(());
        };
        self.line.exchange(&DeleteUser { id })?;
        if self.line.exchange(&ListIds)?.contains(&id) {
            Err(PalmError::StillStored)
        } else {
            Ok(())
        }
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        let ids = self.line.exchange(&ListIds)?;
        Ok(ids
            .into_iter()
            .filter(|id| *id > LAST_FACE_ID)
            .map(|id| PalmReference(id.into()))
            .collect())
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        self.line.listen()
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        self.line.settle()
    }
}

fn failed(command: &'static str) -> impl FnOnce(ReplyFault) -> PalmError {
    move |source| PalmError::Reply { command, source }
}

/// Whole seconds, rounded up, within what the module accepts.
fn limit_s(limit: Duration) -> u8 {
    let seconds = limit
        .as_secs()
        .saturating_add(u64::from(limit.subsec_nanos() > 0));
    u8::try_from(seconds.clamp(*LIMIT_S.start(), *LIMIT_S.end())).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_rounded_up_and_kept_in_range() {
        assert_eq!(limit_s(Duration::ZERO), 3);
        assert_eq!(limit_s(Duration::from_millis(9001)), 10);
        assert_eq!(limit_s(Duration::MAX), 20);
    }
}
