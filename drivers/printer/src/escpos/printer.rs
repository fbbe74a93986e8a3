use std::io;
use std::time::{Duration, Instant};

use super::codec::{self, Status};
use super::job::{Job, Step};
use super::line::Line;
use crate::layout::{Paper, lay_out};
use crate::{PrintError, Slip, SlipPrinter, raster};

/// How long a line may not take a single byte of what is sent.
const SEND_LIMIT: Duration = Duration::from_secs(5);
/// The same for dropping what lies in a printer that has failed, and for its answer to that.
const CLEAR_LIMIT: Duration = Duration::from_millis(500);
/// How long one read may block. Deadlines stand above it.
const READ_SLICE: Duration = Duration::from_millis(20);

/// A receipt printer that is open.
pub(crate) struct EscPos {
    line: Box<dyn Line>,
    paper: Paper,
}

impl EscPos {
    pub fn serial(config: &crate::Config) -> Result<Self, PrintError> {
        let line = super::line::serial(&config.port, config.baud.unwrap_or(super::BAUD), config.flow)?;
        Self::on(line, config.paper)
    }

    pub fn usb(config: &crate::Config) -> Result<Self, PrintError> {
        Self::on(super::line::usb(&config.port)?, config.paper)
    }

    fn on(line: Box<dyn Line>, paper: Option<Paper>) -> Result<Self, PrintError> {
        let paper = paper.unwrap_or_default();
        if paper.height_mm().is_some() {
            return Err(PrintError::Failed(
                "a receipt printer has a roll and no sheets".to_owned(),
            ));
        }
        Ok(Self { line, paper })
    }

    fn run(&mut self, mut job: Job) -> Result<Status, PrintError> {
        // What an earlier job has left unread answers nothing.
        self.line
            .discard()
            .map_err(|error| fault(&error, "before a job"))?;
        let begun = Instant::now();
        let ended = loop {
            let done = match job.next(begun.elapsed()) {
                Step::Send(bytes) => self
                    .line
                    .send(&bytes, SEND_LIMIT)
                    .map_err(|error| fault(&error, "it does not take what is sent")),
                Step::Hear(until) => {
                    let wait = until.saturating_sub(begun.elapsed()).min(READ_SLICE);
                    let mut buffer = [0; 64];
                    self.line
                        .receive(&mut buffer, wait)
                        .map(|count| job.heard(buffer.get(..count).unwrap_or_default()))
                        .map_err(|error| fault(&error, "while it was listened to"))
                }
                Step::End(result) => break result,
            };
            if let Err(fault) = done {
                break Err(fault);
            }
        };
        if ended.is_err() && job.has_sent() {
            self.clear();
        }
        ended
    }

    /// Has the printer drop the rest of a slip, and hears that out, so that it answers nothing that is asked later. A
    /// printer that does not know the command says nothing; a line that is gone took the rest with it.
    fn clear(&mut self) {
        if self.line.send(&codec::CLEAR, CLEAR_LIMIT).is_err() {
            return;
        }
        let begun = Instant::now();
        let mut heard = Vec::new();
        while begun.elapsed() < CLEAR_LIMIT && !heard.ends_with(&codec::CLEARED) {
            let mut buffer = [0; 64];
            match self.line.receive(&mut buffer, READ_SLICE) {
                Ok(count) => heard.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(_) => return,
            }
        }
    }
}

impl SlipPrinter for EscPos {
    fn status(&mut self) -> Result<Status, PrintError> {
        self.run(Job::status())
    }

    fn print(&mut self, slip: &Slip) -> Result<(), PrintError> {
        let bitmap = raster::draw(&lay_out(slip, self.paper)?)?;
        self.run(Job::print(codec::slip(&bitmap))).map(|_| ())
    }
}

fn fault(error: &io::Error, doing: &'static str) -> PrintError {
    match error.kind() {
        io::ErrorKind::TimedOut => PrintError::Timeout(doing),
        _ => PrintError::Disconnected(doing),
    }
}
