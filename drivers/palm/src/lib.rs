//! Palm scanners on a serial port.
//!
//! A driver measures and reports; it decides nothing about acceptance, counts no attempts and keeps no
//! template: references stay inside the module. [`DRIVERS`] lists what can be spoken to, [`PalmScanner`] is
//! what the kiosk sees of it, [`ports`] finds the port and [`sim`] stands in for a module on a bench.

pub mod efaa;
pub mod ports;
#[cfg(unix)]
pub mod sim;

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use verification::Sensitive;
use verification::capture::DeviceFault;

pub use efaa::commands::{ModuleStatus, ReplyFault};
pub use efaa::inbound::HandState;

/// A palm scanner that is open. One thread owns it; every call blocks, and ends within the limits it names.
pub trait PalmScanner: Send {
    /// Asks the module what it is and how it does.
    fn info(&mut self) -> Result<PalmInfo, PalmError>;

    /// Captures a palm and compares it with all references in the module (1:N).
    ///
    /// `limit` is how long the module may look for a palm; it is rounded up to seconds and kept within what
    /// the module can do. `watch` is called with everything the module sees, and at least every 50 ms while the
    /// capture runs; its `Break` cancels the capture. What goes unwatched is bringing a module to standby, in the
    /// first call after opening and in the one after a fault: at most 2 s. A failed comparison is an outcome;
    /// `Err` is a fault of the device, which must never burn an attempt.
    fn verify(&mut self, limit: Duration, watch: &mut Watch<'_>) -> Result<VerifyOutcome, PalmError>;

    /// Captures a palm and stores a reference under `tag`. `limit` and `watch` as for [`Self::verify`].
    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<EnrolOutcome, PalmError>;

    /// Deletes a reference and reads the list back as proof. One that was not there is as good as deleted.
    fn delete(&mut self, reference: ReferenceId) -> Result<(), PalmError>;

    /// All references in the module, in its own order.
    fn list(&mut self) -> Result<Vec<ReferenceId>, PalmError>;

    /// Brings the module to standby, whatever it was doing.
    fn cancel(&mut self) -> Result<(), PalmError>;
}

/// Sees what happens during a capture, and may end it.
pub type Watch<'a> = dyn FnMut(CaptureEvent) -> ControlFlow<()> + 'a;

/// What happens during a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureEvent {
    /// Nothing new; a chance to cancel.
    Waiting,
    /// The module sees this.
    Hand(HandState),
}

/// What a module is and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PalmInfo {
    /// Name of the driver in [`DRIVERS`].
    pub driver: &'static str,
    /// Version of the firmware, as the module says it.
    pub firmware: String,
    /// Serial number, as the module says it.
    pub serial: String,
    /// What it is doing.
    pub status: ModuleStatus,
    /// What it measures.
    pub capabilities: Capabilities,
}

/// What a scanner measures. What it does not measure is never claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Vascular patterns.
    pub vascular: bool,
    /// Geometry or volume of the hand.
    pub geometry: bool,
    /// Surface temperature of the hand.
    pub temperature: bool,
}

/// Names a reference inside one module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceId(pub u16);

/// An opaque name under which a reference is stored in the module: never a person's name or number, for the
/// module shows it to anyone who asks over the cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectTag(Sensitive<String>);

impl SubjectTag {
    /// 1 to 31 printable ASCII characters; `None` otherwise.
    pub fn new(tag: &str) -> Option<Self> {
        let fits = (1..=31).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(Sensitive::new(tag.to_owned())))
    }

    /// The tag itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// How a verification ended. One call is one attempt, whatever the module says in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// The palm belongs to this reference. That is no proof of the claim until it is compared with the
    /// reference of the claimed person.
    Identified {
        /// The reference.
        reference: ReferenceId,
        /// The name under which it was enrolled, as the module keeps it.
        tag: Sensitive<String>,
    },
    /// The palm belongs to no reference.
    NoMatch,
    /// The liveness check of the module failed.
    NotLive,
    /// Something other than a palm was presented.
    NoPalm,
    /// Nothing usable was presented within the limit.
    TimedOut,
    /// The watch ended it.
    Cancelled,
}

/// How an enrolment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// A reference is stored.
    Enrolled(ReferenceId),
    /// The palm is enrolled already.
    AlreadyEnrolled,
    /// The module has no room.
    Full,
    /// The module did not accept the capture.
    Rejected,
    /// The liveness check of the module failed.
    NotLive,
    /// Something other than a palm was presented; nothing is stored.
    NoPalm,
    /// Nothing usable was presented within the limit.
    TimedOut,
    /// The watch ended it.
    Cancelled,
}

/// Why a scanner cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PalmError {
    /// The port cannot be opened.
    #[error("could not open {port}: {fault}")]
    Open {
        /// The port.
        port: String,
        /// In the words of all devices.
        fault: DeviceFault,
        /// What the system says.
        source: serialport::Error,
    },
    /// The ports cannot be listed.
    #[error("could not list the serial ports")]
    Ports(#[source] serialport::Error),
    /// The line broke.
    #[error("could not exchange bytes for the command \"{command}\"")]
    Line {
        /// The command.
        command: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// No answer, and no sign of one.
    #[error("no answer to the command \"{command}\"")]
    Timeout {
        /// The command.
        command: &'static str,
    },
    /// Bytes came, but no valid answer was among them: a wrong speed, a different device, or a bad line.
    #[error("no valid answer to the command \"{command}\" in what was received")]
    Garbled {
        /// The command.
        command: &'static str,
    },
    /// The module started anew while it had a job.
    #[error("the module restarted during the command \"{command}\"")]
    Restarted {
        /// The command.
        command: &'static str,
    },
    /// The answer is no use.
    #[error("the command \"{command}\" failed")]
    Reply {
        /// The command.
        command: &'static str,
        /// Why.
        source: ReplyFault,
    },
    /// The reference is still there after it was deleted.
    #[error("a deleted reference is still in the module")]
    StillStored,
}

impl PalmError {
    /// The same in the words of all devices.
    pub fn fault(&self) -> DeviceFault {
        match self {
            Self::Open { fault, .. } => *fault,
            Self::Ports(_) => DeviceFault::NotFound,
            Self::Line { source, .. } if source.kind() == io::ErrorKind::TimedOut => DeviceFault::Timeout,
            Self::Line { .. } | Self::Restarted { .. } => DeviceFault::Disconnected,
            Self::Timeout { .. } => DeviceFault::Timeout,
            Self::Garbled { .. } | Self::Reply { .. } | Self::StillStored => DeviceFault::Protocol,
        }
    }
}

/// Opens a scanner on a port at a speed in baud.
pub type OpenScanner = fn(port: &str, baud: u32) -> Result<Box<dyn PalmScanner>, PalmError>;

/// One kind of scanner.
#[derive(Clone, Copy)]
pub struct Driver {
    /// Its name on command lines and in configuration.
    pub name: &'static str,
    /// Speed of its line unless configured otherwise, in baud.
    pub baud: u32,
    /// Opens a scanner of this kind on a port, such as `/dev/ttyUSB0` or `COM3`. The port is locked for this
    /// process; that a module answers there is known only after the first call to the scanner.
    pub open: OpenScanner,
}

/// All scanners that can be spoken to.
pub const DRIVERS: &[Driver] = &[Driver {
    name: efaa::dfrobot_ai10::NAME,
    baud: 115_200,
    open: |port, baud| Ok(Box::new(efaa::dfrobot_ai10::DfrobotAi10::open(port, baud)?)),
}];

/// The driver of this name.
pub fn driver(name: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_fits_the_module() {
        let check = |tag: &str, expect: bool| assert_eq!(SubjectTag::new(tag).is_some(), expect, "{tag}");
        check("s-81f2", true);
        check(&"x".repeat(31), true);
        check(&"x".repeat(32), false);
        check("", false);
        check("a b", false);
        check("Айгерім", false);
    }

    #[test]
    fn debug_hides_the_tag() {
        let tag = SubjectTag::new("s-81f2").unwrap();
        let outcome = VerifyOutcome::Identified {
            reference: ReferenceId(1001),
            tag: Sensitive::new(tag.expose().to_owned()),
        };
        assert!(!format!("{tag:?} {outcome:?}").contains("81f2"));
    }
}
