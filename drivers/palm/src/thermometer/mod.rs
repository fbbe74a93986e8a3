//! Thermometers on a serial port of their own, beside a scanner that measures no temperature.

pub mod mcu_90615;
mod stream;

use crate::PalmError;

/// A thermometer that is open. One thread owns it.
pub trait Thermometer: Send {
    /// Starts it anew and waits for a fresh reading: the only sign that a thermometer of this kind is there. Ends
    /// within 1.7 s where nothing usable comes.
    ///
    /// # Errors
    /// `Timeout` where nothing comes, `Garbled` where something else comes, `Line` where the line is gone.
    fn info(&mut self) -> Result<Reading, PalmError>;

    /// The newest reading that came in since the last call, so that it is no older than that; `None` if none did. Never
    /// waits.
    ///
    /// # Errors
    /// As for [`Self::info`], where nothing usable came for 1.7 s while it was asked often enough to tell.
    fn read(&mut self) -> Result<Option<Reading>, PalmError>;
}

/// What a thermometer measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Temperature of what stands before it.
    pub object_celsius: f32,
    /// Temperature of the thermometer itself, which is that of the air around it.
    pub ambient_celsius: f32,
}

/// Opens a thermometer on a port at a speed in baud. The port is locked for this process; that a thermometer answers
/// there is known only after the first call to it.
pub type OpenThermometer = fn(&str, u32) -> Result<Box<dyn Thermometer>, PalmError>;

/// One kind of thermometer.
#[derive(Clone, Copy)]
pub struct ThermometerDriver {
    /// Its name in configuration and records.
    pub name: &'static str,
    /// Speed of its line, in baud.
    pub baud: u32,
    /// Opens a thermometer of this kind.
    pub open: OpenThermometer,
}

/// All thermometers that can be spoken to.
pub const THERMOMETERS: &[ThermometerDriver] = &[ThermometerDriver {
    name: "mcu-90615",
    baud: 115_200,
    open: |port, baud| Ok(Box::new(stream::Stream::open(port, baud)?)),
}];

/// The driver of this name.
pub fn thermometer(name: &str) -> Option<&'static ThermometerDriver> {
    THERMOMETERS.iter().find(|driver| driver.name == name)
}
