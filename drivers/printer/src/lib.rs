//! The slip for the person, on paper.
//!
//! A [`Slip`] is laid out once ([`layout`]) and drawn by two backends: as a PDF for a printer of the system ([`pdf`]), and as
//! dots for a receipt printer ([`raster`]), whose own letters have no Kazakh among them. [`PRINTERS`] lists what can be
//! printed on, [`SlipPrinter`] is what is open, [`Printer`] puts it on a thread of its own, and [`sim`] stands in for a
//! receipt printer on a bench.
//!
//! A slip lies in memory alone: no backend and no printer of this room writes it into a file.

mod error;
pub mod escpos;
mod font;
pub mod layout;
pub mod pdf;
pub mod ports;
pub mod raster;
#[cfg(unix)]
pub mod sim;
mod slip;
pub mod system;
mod watched;

pub use error::PrintError;
pub use escpos::codec::{PaperLevel, Status};
pub use font::Weight;
pub use slip::{Slip, SlipLine};
pub use watched::{Order, Printer, Report};

use layout::Paper;

/// A printer that is open. One thread owns it; every call blocks, and ends within the limits of its protocol.
pub trait SlipPrinter: Send {
    /// Asks the printer how it does. One that answers that something is wrong is no error.
    ///
    /// # Errors
    /// If it cannot be asked, or answers nonsense.
    fn status(&mut self) -> Result<Status, PrintError>;

    /// Prints a slip and waits for its end: a receipt printer says when all is on paper, a printer of the system when
    /// it has taken the job.
    ///
    /// # Errors
    /// If it was not printed, or not wholly. What lies in a receipt printer then is dropped, so that it does not come out
    /// in front of the next person.
    fn print(&mut self, slip: &Slip) -> Result<(), PrintError>;
}

/// What is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What speaks to it, one of [`PRINTERS`].
    pub driver: &'static PrinterDriver,
    /// The serial port, the device file, or the name of the queue.
    pub port: String,
    /// Speed of a serial line in baud, if it is not 115,200.
    pub baud: Option<u32>,
    /// Flow control of a serial line.
    pub flow: Flow,
    /// The paper in it; rolls of 80 mm unless said otherwise.
    pub paper: Option<Paper>,
    /// For a printer of the system: the program that takes a PDF on its standard input, and its arguments. Where it is
    /// empty, Linux has `lp`; Windows has none, and must be given one.
    pub command: Vec<String>,
}

impl Config {
    /// A printer with all settings as they usually are.
    pub fn new(driver: &'static PrinterDriver, port: impl Into<String>) -> Self {
        Self {
            driver,
            port: port.into(),
            baud: None,
            flow: Flow::default(),
            paper: None,
            command: Vec::new(),
        }
    }
}

/// How a serial printer says that it cannot take more for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// Not at all: for adapters that are a part of the printer.
    None,
    /// By a wire: the printer's DTR on the CTS of this machine.
    #[default]
    Hardware,
    /// By XON and XOFF.
    Software,
}

/// One kind of printer.
pub struct PrinterDriver {
    /// Its name on command lines and in configuration.
    pub name: &'static str,
    /// Opens a printer of this kind.
    pub open: fn(&Config) -> Result<Box<dyn SlipPrinter>, PrintError>,
}

impl PartialEq for PrinterDriver {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for PrinterDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All printers that can be printed on.
pub const PRINTERS: &[PrinterDriver] = &[
    PrinterDriver {
        name: escpos::SERIAL,
        open: |config| Ok(Box::new(escpos::EscPos::serial(config)?)),
    },
    PrinterDriver {
        name: escpos::USB,
        open: |config| Ok(Box::new(escpos::EscPos::usb(config)?)),
    },
    PrinterDriver {
        name: system::NAME,
        open: |config| Ok(Box::new(system::System::open(config)?)),
    },
];

/// The driver of this name.
pub fn driver(name: &str) -> Option<&'static PrinterDriver> {
    PRINTERS.iter().find(|driver| driver.name == name)
}

/// Opens a printer. It is held for this process; that a printer answers there is known only after the first call.
///
/// # Errors
/// If it is not found, may not be used, or another program has it.
pub fn open(config: &Config) -> Result<Box<dyn SlipPrinter>, PrintError> {
    (config.driver.open)(config)
}
