//! Palm scanners on a serial port.
//!
//! A driver measures and reports; it decides nothing about acceptance, counts no attempts and keeps no
//! template: references stay inside the scanner. [`DRIVERS`] lists what can be spoken to, [`PalmScanner`] is
//! what the kiosk sees of it, [`ports`] finds the port and [`sim`] stands in for a scanner on a bench.

mod backoff;
mod combined;
pub mod efaa;
mod error;
mod noise;
mod port;
pub mod ports;
pub mod reference;
#[cfg(unix)]
pub mod sim;
pub mod thermometer;
pub mod watched;

use std::ops::ControlFlow;
use std::time::Duration;

use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SubjectTag,
};

use efaa::module::Module;

pub use combined::Combined;
pub use efaa::commands::ReplyFault;
pub use error::PalmError;

/// A palm scanner that is open. One thread owns it; every call blocks, and ends within the limits it names.
pub trait PalmScanner: Send {
    /// Asks the scanner what it is and how it does. Ends within 2 s where nothing answers, whatever is on the line.
    fn info(&mut self) -> Result<ScannerInfo, PalmError>;

    /// Asks the scanner whether each of its parts works. The list of checks depends on the driver; a scanner that
    /// cannot be asked at all is an error, one that says that something is broken is not.
    fn self_test(&mut self) -> Result<Vec<Check>, PalmError>;

    /// Captures a palm and compares it with all references in the scanner (1:N). `None` if the watch ended it.
    ///
    /// The limit of the order is rounded up to what the protocol can say and kept within what the scanner can do.
    /// `watch` is called with everything the scanner sees, and at least every 50 ms while the capture runs; its
    /// `Break` cancels the capture. What goes unwatched is bringing a module to standby, in the first call after
    /// opening and in the one after a fault: at most 2 s. A failed comparison is a result; `Err` is a fault of the
    /// device, which must never burn an attempt.
    fn verify(&mut self, order: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError>;

    /// Captures a palm and stores a reference under `tag`. `limit` and `watch` as for [`Self::verify`].
    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError>;

    /// Deletes a reference and reads the list back as proof. One that was not there is as good as deleted.
    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError>;

    /// All references in the scanner, in its own order.
    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError>;

    /// Brings the scanner to standby, whatever it was doing.
    fn cancel(&mut self) -> Result<(), PalmError>;

    /// The next thing that the scanner said without being asked, while no call was under way; `None` if it said
    /// nothing. Waits for at most 50 ms. A line that is gone is an error here too: this is how an idle kiosk notices
    /// that the plug was pulled.
    fn listen(&mut self) -> Result<Option<Notice>, PalmError>;
}

/// Sees what happens during a capture, and may end it.
pub type Watch<'a> = dyn FnMut(CaptureEvent) -> ControlFlow<()> + 'a;

/// What happens during a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureEvent {
    /// Nothing new; a chance to cancel.
    Waiting,
    /// The scanner sees this.
    Hand(HandPosition),
}

/// What an idle scanner says without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It has started anew, and has forgotten what it was told.
    Restarted,
    /// A hand is, or is no longer, before it.
    Hand(HandPosition),
    /// It says that something is wrong with it, or what comes in is no message at all.
    Fault(String),
}

/// What a scanner is and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerInfo {
    /// What it is.
    pub identity: ScannerIdentity,
    /// What it is doing.
    pub status: ModuleStatus,
}

/// What a scanner is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleStatus {
    /// Nothing; it takes commands.
    Standby,
    /// A job.
    Busy,
    /// It has failed.
    Error,
    /// It has not started yet.
    NotInitialised,
    /// It takes new firmware.
    Updating,
}

/// One line of a self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked, such as `line` or `thermometer`.
    pub name: String,
    /// Whether it works.
    pub passed: bool,
    /// What was found, for a technician; nothing personal.
    pub detail: String,
}

/// What a driver opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The port, such as `/dev/ttyUSB0` or `COM3`.
    pub port: String,
    /// Speed of the line in baud.
    pub baud: u32,
    /// The one key with which the scanner may sign, SEC1 compressed, 33 bytes. Without it any key is taken, and named
    /// in the seal. Means nothing to a scanner that does not sign.
    pub device_key: Option<Vec<u8>>,
}

/// Opens a scanner. The port is locked for this process; that a scanner answers there is known only after the
/// first call to it.
pub type OpenScanner = fn(&Opening) -> Result<Box<dyn PalmScanner>, PalmError>;

/// One kind of scanner.
#[derive(Clone, Copy)]
pub struct Driver {
    /// Its name on command lines and in configuration.
    pub name: &'static str,
    /// Speed of its line unless configured otherwise, in baud.
    pub baud: u32,
    /// Opens a scanner of this kind.
    pub open: OpenScanner,
}

/// All scanners that can be spoken to.
pub const DRIVERS: &[Driver] = &[
    Driver {
        name: efaa::dfrobot_ai10::NAME,
        baud: efaa::BAUD,
        open: |opening| Ok(Box::new(Module::open(&efaa::dfrobot_ai10::DIALECT, opening)?)),
    },
    Driver {
        name: efaa::xst::NAME,
        baud: efaa::BAUD,
        open: |opening| Ok(Box::new(Module::open(&efaa::xst::DIALECT, opening)?)),
    },
    Driver {
        name: efaa::dfrobot_fp::NAME,
        baud: efaa::BAUD,
        open: |opening| Ok(Box::new(Module::open(&efaa::dfrobot_fp::DIALECT, opening)?)),
    },
    Driver {
        name: reference::NAME,
        baud: 115_200,
        open: |opening| Ok(Box::new(reference::Reference::open(opening)?)),
    },
];

/// The driver of this name; underscores are as good as hyphens, for the protocol notes write them so.
pub fn driver(name: &str) -> Option<&'static Driver> {
    let name = name.replace('_', "-");
    DRIVERS.iter().find(|driver| driver.name == name)
}
