//! Lines whose reads and writes never block for ever.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serialport::{ClearBuffer, SerialPort, SerialPortBuilder, TTYPort};

use super::Line;

/// How much is forgotten at most: a device that never stops talking must not hold a job up.
const DISCARDED_READS_MAX: usize = 64;
/// The pause after a read that gave nothing although something was announced.
const EMPTY_READ_PAUSE: Duration = Duration::from_millis(10);

/// A serial port, twice: one reads and writes and never blocks, the other holds the lock and sets the line.
pub(in crate::escpos) struct Serial {
    bytes: OwnedFd,
    settings: TTYPort,
}

impl Serial {
    pub fn open(path: &str, builder: SerialPortBuilder) -> serialport::Result<Self> {
        // First, for the lock lets nobody in after it, not even us.
        let bytes = open(path);
        // Its error is the one that can be told apart, so it comes first.
        let settings = builder.open_native()?;
        let bytes = bytes?;
        Ok(Self { bytes, settings })
    }
}

impl Line for Serial {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        send(&self.bytes, bytes, limit)
    }

    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        match receive(&self.bytes, buffer, wait)? {
            // A serial port never ends by itself: it is gone.
            Some(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read.unwrap_or_default()),
        }
    }

    fn discard(&mut self) -> io::Result<()> {
        Ok(self.settings.clear(ClearBuffer::Input)?)
    }
}

/// A printer of the USB printer class, which the system shows as a file.
pub(in crate::escpos) struct Usb(OwnedFd);

impl Usb {
    pub fn open(path: &str) -> io::Result<Self> {
        let file = open(path)?;
        // Whoever writes "/dev/null" or a plain file here would believe that slips are printed.
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
        if kind != FileType::CharacterDevice {
            return Err(io::ErrorKind::NotFound.into());
        }
        // The driver of the system lets one program in; another of ours is kept out by the lock on any device.
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self(file))
    }
}

impl Line for Usb {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        send(&self.0, bytes, limit)
    }

    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        match receive(&self.0, buffer, wait)? {
            // A printer may send an empty packet.
            Some(0) => std::thread::sleep(wait.min(EMPTY_READ_PAUSE)),
            Some(count) => return Ok(count),
            None => {}
        }
        Ok(0)
    }

    fn discard(&mut self) -> io::Result<()> {
        let mut buffer = [0; 256];
        for _ in 0..DISCARDED_READS_MAX {
            if !matches!(receive(&self.0, &mut buffer, Duration::ZERO)?, Some(1..)) {
                break;
            }
        }
        Ok(())
    }
}

fn open(path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

fn send(line: &OwnedFd, mut rest: &[u8], limit: Duration) -> io::Result<()> {
    let mut moved = Instant::now();
    while !rest.is_empty() {
        match rustix::io::write(line, rest) {
            Ok(count) => {
                rest = rest.get(count..).unwrap_or_default();
                if count > 0 {
                    moved = Instant::now();
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let left = limit.saturating_sub(moved.elapsed());
        if !rest.is_empty() && (left.is_zero() || !ready(line, PollFlags::OUT, left)?) {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    Ok(())
}

/// `None` where nothing came.
fn receive(line: &OwnedFd, buffer: &mut [u8], wait: Duration) -> io::Result<Option<usize>> {
    if !ready(line, PollFlags::IN, wait)? {
        return Ok(None);
    }
    match rustix::io::read(line, buffer) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether something can be done, if only to learn that the line is gone.
fn ready(line: &OwnedFd, what: PollFlags, limit: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(limit).unwrap_or_default();
    match poll(&mut [PollFd::new(line, what)], Some(&limit)) {
        Ok(ready) => Ok(ready > 0),
        // The caller looks at its limit and tries again.
        Err(Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
