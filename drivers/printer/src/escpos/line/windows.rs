//! Lines of Windows.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use serialport::{ClearBuffer, SerialPort, SerialPortBuilder};

use super::Line;

/// How long the system lets one read or write of a serial port wait.
const SLICE: Duration = Duration::from_secs(5);

/// A serial port; the system itself lets one program in, and limits reads and writes.
pub(in crate::escpos) struct Serial(Box<dyn SerialPort>);

impl Serial {
    pub fn open(_path: &str, builder: SerialPortBuilder) -> serialport::Result<Self> {
        builder.timeout(SLICE).open().map(Self)
    }
}

impl Line for Serial {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        self.0.set_timeout(limit)?;
        self.0.write_all(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.set_timeout(wait.max(Duration::from_millis(1)))?;
        match self.0.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(0),
            read => read,
        }
    }

    fn discard(&mut self) -> io::Result<()> {
        Ok(self.0.clear(ClearBuffer::Input)?)
    }
}

/// A printer that the system shows as a named device. Its reads and writes have no limit of their own, so each
/// direction has a thread, which ends when the device does.
pub(in crate::escpos) struct Usb {
    outbound: Sender<Vec<u8>>,
    sent: Receiver<io::Result<()>>,
    inbound: Receiver<io::Result<Vec<u8>>>,
    rest: Vec<u8>,
}

impl Usb {
    pub fn open(path: &str) -> io::Result<Self> {
        // Nobody else while we have it.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .share_mode(0)
            .open(path)?;
        let reader = file.try_clone()?;
        let (outbound, orders) = mpsc::channel::<Vec<u8>>();
        let (answers, sent) = mpsc::channel();
        let (heard, inbound) = mpsc::channel();
        std::thread::Builder::new()
            .name("printer-out".to_owned())
            .spawn(move || write(file, &orders, &answers))?;
        std::thread::Builder::new()
            .name("printer-in".to_owned())
            .spawn(move || read(reader, &heard))?;
        Ok(Self {
            outbound,
            sent,
            inbound,
            rest: Vec::new(),
        })
    }
}

fn write(mut file: File, orders: &Receiver<Vec<u8>>, answers: &Sender<io::Result<()>>) {
    for bytes in orders {
        if answers.send(file.write_all(&bytes)).is_err() {
            return;
        }
    }
}

fn read(mut file: File, heard: &Sender<io::Result<Vec<u8>>>) {
    let mut buffer = [0; 64];
    loop {
        let read = file.read(&mut buffer);
        let ends = read.is_err();
        let bytes = read.map(|count| buffer.get(..count).unwrap_or_default().to_vec());
        if heard.send(bytes).is_err() || ends {
            return;
        }
    }
}

impl Line for Usb {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.outbound.send(bytes.to_vec()).map_err(|_| gone())?;
        match self.sent.recv_timeout(limit) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = match self.inbound.recv_timeout(wait) {
                Ok(read) => read?,
                Err(RecvTimeoutError::Timeout) => return Ok(0),
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
            };
        }
        let count = self.rest.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.rest.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.rest.clear();
        while let Ok(read) = self.inbound.try_recv() {
            read?;
        }
        Ok(())
    }
}
