//! Dialect of the DFRobot AI10 (SEN0677): face, palm and QR code in one module, of which the palm is used.

use std::time::Duration;

use super::commands::{
    Command, DeleteUser, EnrolSingle, ListIds, ReplyFault, SerialNumber, Status, Verify, Version,
};
use super::inbound::ResultCode;
use super::serial::{Answer, Line};
use crate::{
    Capabilities, EnrolOutcome, PalmError, PalmInfo, PalmScanner, ReferenceId, SubjectTag, VerifyOutcome,
    Watch,
};

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
    pub fn open(port: &str, baud: u32) -> Result<Self, PalmError> {
        Ok(Self {
            line: Line::open(port, baud)?,
        })
    }
}

impl PalmScanner for DfrobotAi10 {
    fn info(&mut self) -> Result<PalmInfo, PalmError> {
        Ok(PalmInfo {
            driver: NAME,
            status: self.line.exchange(&Status)?,
            firmware: self.line.exchange(&Version)?,
            serial: self.line.exchange(&SerialNumber)?,
            // The box of the state note is where the hand stands in the picture, not a measure of the hand.
            capabilities: Capabilities {
                vascular: true,
                geometry: false,
                temperature: false,
            },
        })
    }

    fn verify(&mut self, limit: Duration, watch: &mut Watch<'_>) -> Result<VerifyOutcome, PalmError> {
        let command = Verify {
            limit_s: limit_s(limit),
        };
        let (message, result, payload) = match self.line.capture(&command, &[QR_SCAN], watch)? {
            Answer::Reply {
                message,
                result,
                payload,
            } => (message, result, payload),
            Answer::Stopped => return Ok(VerifyOutcome::Cancelled),
        };
        match result {
            _ if message == QR_SCAN => Ok(VerifyOutcome::NoPalm),
            ResultCode::QR => Ok(VerifyOutcome::NoPalm),
            ResultCode::LIVENESS => Ok(VerifyOutcome::NotLive),
            ResultCode::TIMEOUT => Ok(VerifyOutcome::TimedOut),
            _ if result.is_no_match() => Ok(VerifyOutcome::NoMatch),
            _ => {
                let found = command
                    .parse_reply(result, &payload)
                    .map_err(failed(Verify::NAME))?;
                Ok(if found.id > LAST_FACE_ID {
                    VerifyOutcome::Identified {
                        reference: ReferenceId(found.id),
                        tag: found.tag,
                    }
                } else {
                    VerifyOutcome::NoPalm
                })
            }
        }
    }

    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<EnrolOutcome, PalmError> {
        let command = EnrolSingle {
            tag: tag.expose(),
            admin: false,
            limit_s: limit_s(limit),
        };
        let (result, payload) = match self.line.capture(&command, &[], watch)? {
            Answer::Reply { result, payload, .. } => (result, payload),
            Answer::Stopped => return Ok(EnrolOutcome::Cancelled),
        };
        match result {
            ResultCode::REJECTED => Ok(EnrolOutcome::Rejected),
            ResultCode::FULL => Ok(EnrolOutcome::Full),
            ResultCode::ALREADY_ENROLLED | ResultCode::HAND_ALREADY_ENROLLED => {
                Ok(EnrolOutcome::AlreadyEnrolled)
            }
            ResultCode::LIVENESS => Ok(EnrolOutcome::NotLive),
            ResultCode::TIMEOUT => Ok(EnrolOutcome::TimedOut),
            _ => {
                let stored = command
                    .parse_reply(result, &payload)
                    .map_err(failed(EnrolSingle::NAME))?;
                if stored.id > LAST_FACE_ID {
                    return Ok(EnrolOutcome::Enrolled(ReferenceId(stored.id)));
                }
                // The module takes whichever it sees first. Nobody agreed to leave a face here.
                self.delete(ReferenceId(stored.id))?;
                Ok(EnrolOutcome::NoPalm)
            }
        }
    }

    fn delete(&mut self, reference: ReferenceId) -> Result<(), PalmError> {
        self.line.exchange(&DeleteUser { id: reference.0 })?;
        if self.line.exchange(&ListIds)?.contains(&reference.0) {
            Err(PalmError::StillStored)
        } else {
            Ok(())
        }
    }

    fn list(&mut self) -> Result<Vec<ReferenceId>, PalmError> {
        let ids = self.line.exchange(&ListIds)?;
        Ok(ids
            .into_iter()
            .filter(|id| *id > LAST_FACE_ID)
            .map(ReferenceId)
            .collect())
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
