//! A line whose reads and writes never block for ever, whoever else has it open.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serialport::{ClearBuffer, SerialPort, TTYPort};

/// The same port twice. A program that had it open before us knows nothing of our lock, and may take a byte between
/// the moment at which the system says that there is one and our read; and reads through `settings` block.
pub(super) struct Line {
    /// Reads and writes; never blocks.
    bytes: OwnedFd,
    /// Holds the lock and sets the line.
    settings: TTYPort,
}

impl Line {
    pub fn open(path: &str, baud: u32) -> serialport::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        // First, for the lock lets nobody in after it, not even us.
        let bytes = rustix::fs::open(path, flags, Mode::empty());
        // Its error is the one that can be told apart, so it comes first.
        let settings = serialport::new(path, baud).open_native()?;
        let bytes = bytes.map_err(io::Error::from)?;
        Ok(Self { bytes, settings })
    }

    pub fn discard_input(&self) -> serialport::Result<()> {
        self.settings.clear(ClearBuffer::Input)
    }

    pub fn send(&self, mut rest: &[u8], limit: Duration) -> io::Result<()> {
        let begun = Instant::now();
        while !rest.is_empty() {
            match rustix::io::write(&self.bytes, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let left = limit.saturating_sub(begun.elapsed());
            if !rest.is_empty() && (left.is_zero() || !self.wait(PollFlags::OUT, left)?) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    pub fn receive(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if !self.wait(PollFlags::IN, wait)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(rustix::io::read(&self.bytes, buffer)?)
    }

    /// Whether something can be done, if only to learn that the line is gone.
    fn wait(&self, what: PollFlags, limit: Duration) -> io::Result<bool> {
        let limit = Timespec::try_from(limit).unwrap_or_default();
        match poll(&mut [PollFd::new(&self.bytes, what)], Some(&limit)) {
            Ok(ready) => Ok(ready > 0),
            // The caller looks at its limit and tries again.
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}
