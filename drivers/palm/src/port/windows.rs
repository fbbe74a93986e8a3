//! A line of Windows, where the system itself limits reads and writes.

use std::io::{self, Read, Write};
use std::time::Duration;

use serialport::{ClearBuffer, SerialPort};

use super::READ_SLICE;

pub(super) struct Line(Box<dyn SerialPort>);

impl Line {
    pub fn open(path: &str, baud: u32) -> serialport::Result<Self> {
        serialport::new(path, baud).timeout(READ_SLICE).open().map(Self)
    }

    pub fn discard_input(&self) -> serialport::Result<()> {
        self.0.clear(ClearBuffer::Input)
    }

    pub fn send(&mut self, bytes: &[u8], _limit: Duration) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    pub fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if wait.is_zero() && self.0.bytes_to_read()? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.0.read(buffer)
    }
}
