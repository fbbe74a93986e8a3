//! From what was typed to a scanner.

use palm::thermometer::{self, ThermometerDriver};
use palm::watched::{Setup, ThermometerSetup};
use palm::{Driver, PalmError, PalmScanner};

use crate::arguments::Choice;

/// Opens the scanner, and its thermometer if one was named.
pub fn open(choice: &Choice) -> Result<Box<dyn PalmScanner>, PalmError> {
    setup(choice).open()
}

/// The same for the thread that watches it.
pub fn setup(choice: &Choice) -> Setup {
    let thermometer = choice.thermometer_port.clone().map(|port| ThermometerSetup {
        choice: port,
        driver: thermometer(&choice.thermometer_driver),
    });
    Setup {
        choice: choice.port.clone(),
        driver: driver(&choice.driver),
        baud: choice.baud,
        device_key: choice.device_key.as_ref().map(|key| key.0.clone()),
        thermometer,
    }
}

/// The argument parser lets only names from the list pass, so that there always is one.
fn driver(name: &str) -> &'static Driver {
    palm::driver(name).unwrap_or(&palm::DRIVERS[0])
}

/// As for [`driver`].
fn thermometer(name: &str) -> &'static ThermometerDriver {
    thermometer::thermometer(name).unwrap_or(&thermometer::THERMOMETERS[0])
}
