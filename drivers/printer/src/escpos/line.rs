//! The cable: the only place that touches the device.

use std::io;
use std::time::Duration;

use crate::{Flow, PrintError};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

/// An open line, held for this process alone.
pub(super) trait Line: Send {
    /// Sends all of it. `TimedOut` where not a byte is taken for so long.
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()>;

    /// What has come in; 0 where nothing did for so long. An error where the line is gone.
    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Forgets what has come in and was not read.
    fn discard(&mut self) -> io::Result<()>;
}

/// Opens a serial port, 8N1.
pub(super) fn serial(port: &str, baud: u32, flow: Flow) -> Result<Box<dyn Line>, PrintError> {
    let flow = match flow {
        Flow::None => serialport::FlowControl::None,
        Flow::Hardware => serialport::FlowControl::Hardware,
        Flow::Software => serialport::FlowControl::Software,
    };
    let builder = serialport::new(port, baud).flow_control(flow);
    match system::Serial::open(port, builder) {
        Ok(line) => Ok(Box::new(line)),
        Err(error) => Err(crate::ports::serial_fault(port, &error)),
    }
}

/// Opens a printer of the USB printer class.
pub(super) fn usb(port: &str) -> Result<Box<dyn Line>, PrintError> {
    match system::Usb::open(port) {
        Ok(line) => Ok(Box::new(line)),
        Err(error) => Err(crate::ports::file_fault(port, &error)),
    }
}
