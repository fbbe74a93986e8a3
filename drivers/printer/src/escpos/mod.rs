//! Receipt printers that speak ESC/POS, on a serial port or a USB cable.

pub mod codec;
pub mod job;
mod line;
mod printer;

/// The driver for a serial port.
pub const SERIAL: &str = "escpos-serial";
/// The driver for a printer of the USB printer class.
pub const USB: &str = "escpos-usb";
/// Speed of a serial line unless configured otherwise, in baud: what most receipt printers leave the factory with.
pub const BAUD: u32 = 115_200;

pub(crate) use printer::EscPos;
