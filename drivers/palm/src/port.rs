//! One serial port, opened for this process alone: the only place that touches the device.

use std::io;
use std::time::Duration;

use verification::capture::DeviceFault;

#[cfg(unix)]
use self::unix::Line;
#[cfg(windows)]
use self::windows::Line;
use crate::{PalmError, ports};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// How long one read may block. Deadlines stand above it.
const READ_SLICE: Duration = Duration::from_millis(20);
/// How long a line may take to carry what is sent. Even a slow one carries a command in a fraction of it.
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// An open port.
pub(crate) struct Port(Line);

impl Port {
    /// Opens and locks a port, 8N1 without flow control, and forgets what came in before the line was set. Nothing is
    /// sent.
    ///
    /// # Errors
    /// [`PalmError::NoPort`] where the path leads to something else, such as a folder; [`PalmError::Open`] otherwise.
    pub fn open(path: &str, baud: u32) -> Result<Self, PalmError> {
        let opened = Line::open(path, baud);
        let cleared = opened.and_then(|line| line.discard_input().map(|()| Self(line)));
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
        Ok(self.0.discard_input()?)
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// If the line is gone; `TimedOut` if it does not take the bytes within a second.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.send(bytes, SEND_LIMIT)
    }

    /// What has come in already, at most a buffer's length; never waits.
    ///
    /// # Errors
    /// If the line is gone.
    pub fn receive_waiting<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        self.take(buffer, Duration::ZERO)
    }

    /// What has come in, at most a buffer's length; nothing after a slice of silence.
    ///
    /// # Errors
    /// If the line is gone; the error says so also where the system only reports the end of a file for ever.
    pub fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        self.take(buffer, READ_SLICE)
    }

    fn take<'a>(&mut self, buffer: &'a mut [u8], wait: Duration) -> io::Result<&'a [u8]> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        match self.0.receive(buffer, wait) {
            // A serial port never ends by itself: no bytes without a timeout means that it is gone.
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), TimedOut | WouldBlock | Interrupted) => Ok(&[]),
            Err(error) => Err(error),
        }
    }
}
