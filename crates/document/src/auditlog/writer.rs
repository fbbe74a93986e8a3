//! Writes a log out, record by record.

use std::io::Write;

use thiserror::Error;
use verification::audit::{AuditHead, AuditRecord, LogId};
use verification::time::UtcMs;

use super::{Line, Statement, encode_statement, write_line};
use crate::signature::{SignError, Signer, sign};

/// Why a log could not be written out.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The place it is written to fails.
    #[error("the log cannot be written out")]
    Write(#[from] std::io::Error),
    /// The head cannot be signed.
    #[error("the head of the log cannot be signed")]
    Sign(#[from] SignError),
}

/// Writes a log out as it is kept, whole or not: what is wrong with it is for the examiner to find.
#[derive(Debug)]
pub struct LogWriter<W> {
    out: W,
    keeper: String,
    head: AuditHead,
}

impl<W: Write> LogWriter<W> {
    /// Begins with the name of the log and of its keeper, which is the common name in the keeper's certificate.
    ///
    /// # Errors
    /// [`WriteError::Write`].
    pub fn begin(mut out: W, log: LogId, keeper: &str) -> Result<Self, WriteError> {
        let keeper = keeper.to_owned();
        let opening = Line::Opening {
            log,
            keeper: keeper.clone(),
        };
        writeln!(out, "{}", write_line(&opening))?;
        Ok(Self {
            out,
            keeper,
            head: AuditHead::empty(log),
        })
    }

    /// Writes the next record.
    ///
    /// # Errors
    /// [`WriteError::Write`].
    pub fn record(&mut self, record: AuditRecord) -> Result<(), WriteError> {
        self.head.number = record.number;
        self.head.hash = record.hash;
        writeln!(self.out, "{}", write_line(&Line::Record(record)))?;
        Ok(())
    }

    /// Ends with the signed head, and gives it with what was written to.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn finish(mut self, signer: &dyn Signer, now: UtcMs) -> Result<(W, AuditHead), WriteError> {
        let statement = Statement {
            keeper: self.keeper,
            head: self.head,
            at: now,
        };
        let signed_statement = sign(&encode_statement(&statement), signer, now)?;
        writeln!(self.out, "{}", write_line(&Line::Closing { signed_statement }))?;
        self.out.flush()?;
        Ok((self.out, self.head))
    }
}
