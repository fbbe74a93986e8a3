//! Reads a log, from its exported form or record by record from the store.

use std::io::{self, BufRead, Read};

use document::auditlog::{Examination, Examiner, Fault, LINE_MAX_BYTES, Line, decode_statement, read_line};
use document::identification::SIGNER_COMMON_NAME;
use verification::audit::{AuditHead, AuditRecord, LogId};

use super::{Audit, Paper, Signed, Wrong, signed};
use crate::chain;

/// What was read of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which log; `None` where it does not say so.
    pub log: Option<LogId>,
    /// Who keeps it, as it says.
    pub keeper: String,
    /// What became of its records.
    pub examination: Examination,
    /// What is wrong beside them.
    pub wrongs: Vec<Wrong>,
    /// Who signed its end; `None` for a store, which has no end, and where there is none.
    pub end: Option<Signed>,
}

/// Holds a log against papers.
#[derive(Debug)]
pub struct LogReader<'a> {
    anchors: Option<&'a [Vec<u8>]>,
    papers: Vec<Paper>,
    /// Of all papers.
    heads: Vec<AuditHead>,
}

impl<'a> LogReader<'a> {
    /// With these papers. `anchors` are the authority's certificates in DER.
    pub fn new(papers: Vec<Paper>, anchors: Option<&'a [Vec<u8>]>) -> Self {
        let heads = papers
            .iter()
            .flat_map(|paper| paper.heads.iter().copied())
            .collect();
        Self {
            anchors,
            papers,
            heads,
        }
    }

    /// The name of the paper in which a head stands.
    fn name_of(papers: &[Paper], witness: usize) -> Option<&str> {
        papers
            .iter()
            .flat_map(|paper| paper.heads.iter().map(|_| paper.name.as_str()))
            .nth(witness)
    }

    /// Takes the records of a store, in their order.
    ///
    /// # Errors
    /// Those of `records`.
    pub fn store<E>(
        self,
        log: LogId,
        keeper: &str,
        records: impl Iterator<Item = Result<AuditRecord, E>>,
    ) -> Result<Audit, E> {
        let mut examiner = Examiner::new(log, &self.heads);
        for record in records {
            examiner.take(&record?);
        }
        let reading = Reading {
            log: Some(log),
            keeper: keeper.to_owned(),
            examination: examiner.finish(),
            wrongs: Vec::new(),
            end: None,
        };
        Ok(Audit {
            reading,
            papers: self.papers,
        })
    }

    /// Takes an exported log. `each` sees every record that can be read.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn exported(self, mut file: impl BufRead, mut each: impl FnMut(&AuditRecord)) -> io::Result<Audit> {
        let mut wrongs = Vec::new();
        let mut wrong = |line: u64, why: String| {
            if wrongs.len() < LINES_MAX {
                wrongs.push(Wrong::Line { line, why });
            }
        };
        let mut opening = None;
        let mut examiner = Examiner::new(LogId::default(), &[]);
        let mut closing: Option<Vec<u8>> = None;
        let mut number = 0;
        while let Some(text) = next_line(&mut file)? {
            number += 1;
            let line = match text.as_deref().map(read_line) {
                Ok(Ok(line)) => line,
                Ok(Err(error)) => {
                    wrong(number, error.to_string());
                    continue;
                }
                Err(why) => {
                    wrong(number, (*why).to_owned());
                    continue;
                }
            };
            if closing.is_some() {
                wrong(number, "it stands behind the signed end".to_owned());
            }
            match line {
                Line::Opening { log, keeper } if opening.is_none() && number == 1 => {
                    examiner = Examiner::new(log, &self.heads);
                    opening = Some((log, keeper));
                }
                Line::Opening { .. } => wrong(number, "only the first line names the log".to_owned()),
                Line::Record(record) => {
                    examiner.take(&record);
                    each(&record);
                }
                Line::Closing { signed_statement } => closing = Some(signed_statement),
            }
        }
        if opening.is_none() {
            wrong(1, "it does not name the log".to_owned());
        }
        let (log, keeper) = opening.map_or((None, String::new()), |(log, keeper)| (Some(log), keeper));
        let mut reading = Reading {
            log,
            keeper,
            examination: examiner.finish(),
            wrongs,
            end: None,
        };
        match closing {
            Some(cms) => self.close(&mut reading, &cms),
            None => reading.wrongs.push(Wrong::NoEnd),
        }
        Ok(Audit {
            reading,
            papers: self.papers,
        })
    }

    /// Holds the log against what its keeper signed of it.
    fn close(&self, reading: &mut Reading, cms: &[u8]) {
        let read = || -> Result<(Signed, AuditHead), String> {
            let (verified, by) = signed(cms, self.anchors).map_err(|error| chain(&error))?;
            let statement = decode_statement(verified.content.expose()).map_err(|error| chain(&error))?;
            let signer = verified.signer_common_name;
            // A gateway keeps its log under its own name, and signs with the key of receipts.
            if statement.keeper != reading.keeper
                || (signer != statement.keeper && signer != SIGNER_COMMON_NAME)
            {
                return Err(format!("{signer} signed it, for a log of {}", statement.keeper));
            }
            if Some(statement.head.log) != reading.log {
                return Err("it is the end of another log".to_owned());
            }
            Ok((by, statement.head))
        };
        let (by, said) = match read() {
            Ok(read) => read,
            Err(why) => return reading.wrongs.push(Wrong::End(why)),
        };
        reading.end = Some(by);
        let stands = reading.examination.head;
        let last = stands.number;
        if said.number > last {
            reading.wrongs.push(Wrong::End(format!(
                "it speaks of {} records, the log ends with record {last}: records {} to {} were cut off",
                said.number,
                last + 1,
                said.number
            )));
        } else if said.number < last {
            reading.wrongs.push(Wrong::End(format!(
                "it speaks of {} records, the log goes on to record {last}",
                said.number
            )));
        } else if said != stands {
            reading.wrongs.push(Wrong::End(format!(
                "what it says of record {last} is not what stands there: the log was rewritten after it was signed"
            )));
        }
    }
}

impl Audit {
    /// Which paper told of a fault.
    pub fn told_by(&self, fault: &Fault) -> Option<&str> {
        match fault {
            Fault::Cut { witness, .. } | Fault::Rewritten { witness, .. } => {
                LogReader::name_of(&self.papers, *witness)
            }
            _ => None,
        }
    }
}

/// No more unreadable lines are listed.
const LINES_MAX: usize = 100;

/// The next line without its end; what is too long or no text is said, and passed over.
fn next_line(file: &mut impl BufRead) -> io::Result<Option<Result<String, &'static str>>> {
    let mut bytes = Vec::new();
    let limit = LINE_MAX_BYTES as u64 + 2;
    if file.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    } else if bytes.len() as u64 == limit {
        pass_over(file)?;
        return Ok(Some(Err("it is too long")));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "it is no text")))
}

fn pass_over(file: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let (length, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        file.consume(length);
        if is_end {
            return Ok(());
        }
    }
}
