//! A thermometer that sends without being asked.

use std::io;
use std::time::{Duration, Instant};

use super::mcu_90615::{Parser, START_STREAMING};
use super::{Reading, Thermometer};
use crate::PalmError;
use crate::port::Port;

/// How long a working thermometer may keep still: it sends several readings a second, a slow one a single one. A fault
/// must have its name within two seconds.
const SILENCE_MAX: Duration = Duration::from_millis(1700);
/// What stands for the command in errors: there is only this one.
const COMMAND: &str = "temperature";

/// An open MCU-90615.
pub(super) struct Stream {
    port: Port,
    parser: Parser,
    /// When it was last asked.
    asked_at: Instant,
    /// When it last gave a reading, or was last started.
    good_at: Instant,
    /// Bytes have come since then.
    noisy: bool,
}

impl Stream {
    pub fn open(port: &str, baud: u32) -> Result<Self, PalmError> {
        let now = Instant::now();
        let mut stream = Self {
            port: Port::open(port, baud)?,
            parser: Parser::default(),
            asked_at: now,
            good_at: now,
            noisy: false,
        };
        stream.begin().map_err(line)?;
        Ok(stream)
    }

    /// Tells it to send and forgets what it sent before: nobody knows how old that is.
    fn begin(&mut self) -> io::Result<()> {
        self.port.send(&START_STREAMING)?;
        self.forget()
    }

    fn forget(&mut self) -> io::Result<()> {
        self.port.discard_input()?;
        self.parser.clear();
        self.noisy = false;
        self.asked_at = Instant::now();
        self.good_at = self.asked_at;
        Ok(())
    }

    fn take(&mut self, received: usize, buffer: &[u8]) -> Option<Reading> {
        let reading = self.parser.push(buffer.get(..received).unwrap_or_default());
        if reading.is_some() {
            self.good_at = Instant::now();
            self.noisy = false;
        } else {
            self.noisy |= received > 0;
        }
        reading
    }

    fn is_mute(&self, now: Instant) -> Result<(), PalmError> {
        if now.saturating_duration_since(self.good_at) <= SILENCE_MAX {
            return Ok(());
        }
        Err(if self.noisy {
            PalmError::Garbled { command: COMMAND }
        } else {
            PalmError::Timeout { command: COMMAND }
        })
    }
}

impl Thermometer for Stream {
    fn info(&mut self) -> Result<Reading, PalmError> {
        self.begin().map_err(line)?;
        let mut buffer = [0; 512];
        loop {
            let received = self.port.receive(&mut buffer).map_err(line)?.len();
            let reading = self.take(received, &buffer);
            let now = Instant::now();
            self.asked_at = now;
            if let Some(reading) = reading {
                return Ok(reading);
            }
            self.is_mute(now)?;
        }
    }

    fn read(&mut self) -> Result<Option<Reading>, PalmError> {
        let now = Instant::now();
        // After a pause the newest byte that the system has kept may be old, for it drops what it has no room for.
        if now.saturating_duration_since(self.asked_at) > SILENCE_MAX {
            self.forget().map_err(line)?;
            return Ok(None);
        }
        self.asked_at = now;
        let mut newest = None;
        let mut buffer = [0; 512];
        // A line carries fewer bytes than this between two calls; one that never ends must not hold the caller up.
        for _ in 0..8 {
            let received = self.port.receive_waiting(&mut buffer).map_err(line)?.len();
            if received == 0 {
                break;
            }
            newest = self.take(received, &buffer).or(newest);
        }
        self.is_mute(now)?;
        Ok(newest)
    }
}

fn line(source: io::Error) -> PalmError {
    PalmError::Line {
        command: COMMAND,
        source,
    }
}
