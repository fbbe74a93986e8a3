//! One serial port, opened for this process alone: the only place that touches the device.

use std::io::{self, Read, Write};
use std::time::Duration;

use serialport::{ClearBuffer, SerialPort};
use verification::capture::DeviceFault;

use crate::{PalmError, ports};

/// How long one read may block. Deadlines stand above it.
const READ_SLICE: Duration = Duration::from_millis(20);

/// An open port.
pub(crate) struct Port(Box<dyn SerialPort>);

impl Port {
    /// Opens and locks a port, 8N1 without flow control, and forgets what came in before the line was set. Nothing is
    /// sent.
    ///
    /// # Errors
    /// [`PalmError::NoPort`] where the path leads to something else, such as a folder; [`PalmError::Open`] otherwise.
    pub fn open(path: &str, baud: u32) -> Result<Self, PalmError> {
        let opened = serialport::new(path, baud).timeout(READ_SLICE).open();
        let cleared = opened.and_then(|port| port.clear(ClearBuffer::Input).map(|()| Self(port)));
        cleared.map_err(|source| match ports::open_fault(path, &source) {
            DeviceFault::NotFound if ports::is_no_port(path) => PalmError::NoPort {
                path: path.to_owned(),
            },
            fault => PalmError::Open {
                port: path.to_owned(),
                fault,
                source,
            },
        })
    }

    /// Forgets what has come in and was not read.
    pub fn discard_input(&mut self) -> io::Result<()> {
        Ok(self.0.clear(ClearBuffer::Input)?)
    }

    /// Sends all of it.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// What has come in already, at most a buffer's length; never waits.
    ///
    /// # Errors
    /// If the line is gone.
    pub fn receive_waiting<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        if self.0.bytes_to_read()? == 0 {
            return Ok(&[]);
        }
        self.receive(buffer)
    }

    /// What has come in, at most a buffer's length; nothing after a slice of silence.
    ///
    /// # Errors
    /// If the line is gone; the error says so also where the system only reports the end of a file for ever.
    pub fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        match self.0.read(buffer) {
            // A serial port never ends by itself: no bytes without a timeout means that it is gone.
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                Ok(&[])
            }
            Err(error) => Err(error),
        }
    }
}
