//! Holds an audit log against itself and against the papers that others have: what `alaqan-audit` does.
//!
//! A chain alone shows that a record was changed in its place; it does not show that the last records were cut off, or
//! that somebody who can write the store made the whole of it anew. That shows only where somebody else has seen a head:
//! each document carries the head of its kiosk, each receipt the kiosk's and the gateway's.

mod log;
mod paper;
mod report;

use document::auditlog::Fault;
use document::signature::{Verified, VerifyError, verify_as_signed, verify_unanchored};

pub use self::log::{LogReader, Reading};
pub use self::paper::{Paper, PaperKind};
pub use self::report::{to_json, to_text};

/// What an audit says in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The log is whole, and those who have seen it say the same.
    Good,
    /// What was given does not suffice to say so.
    CannotTell,
    /// The log was tampered with or is damaged.
    Bad,
}

/// Something that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// With its records.
    Record(Fault),
    /// How many more faults of records there are than are listed.
    More(u64),
    /// A line that cannot be read; counted from 1.
    Line {
        /// Which.
        line: u64,
        /// Why.
        why: String,
    },
    /// It ends without the signature of its keeper.
    NoEnd,
    /// The signature at its end is no good; says why.
    End(String),
}

/// Whether the signature of a paper, or of the end of a log, counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// By somebody whom the authority certified.
    By(String),
    /// By somebody who calls himself so: there is no authority to ask, or another one certified him; says which.
    Claimed(String, &'static str),
}

/// What is known of a log and of the papers that it was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The log as it was read.
    pub reading: Reading,
    /// The papers, in the order in which they were given.
    pub papers: Vec<Paper>,
}

impl Audit {
    /// What is wrong with the log.
    pub fn wrongs(&self) -> Vec<Wrong> {
        let found = &self.reading.examination;
        let mut wrongs = self.reading.wrongs.clone();
        wrongs.extend(found.faults.iter().cloned().map(Wrong::Record));
        if found.more_faults > 0 {
            wrongs.push(Wrong::More(found.more_faults));
        }
        wrongs
    }

    /// What keeps a log without fault from being good.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if let Some(Signed::Claimed(signer, why)) = &self.reading.end {
            doubts.push(format!("{signer} signed the end of the log, but {why}"));
        }
        for paper in &self.papers {
            match &paper.signed {
                Ok(Signed::By(_)) => {}
                Ok(Signed::Claimed(signer, why)) => {
                    doubts.push(format!("{}: {signer} signed it, but {why}", paper.name));
                }
                Err(why) => doubts.push(format!("{}: does not count: {why}", paper.name)),
            }
        }
        if self.reading.examination.agreeing.is_empty() {
            doubts.push(
                "no document and no receipt was given that has seen this log: a log that was cut off at its end, or made \
                 anew as a whole, would look the same"
                    .to_owned(),
            );
        }
        doubts
    }

    /// In one word.
    pub fn outcome(&self) -> Outcome {
        if !self.wrongs().is_empty() {
            Outcome::Bad
        } else if !self.doubts().is_empty() {
            Outcome::CannotTell
        } else {
            Outcome::Good
        }
    }
}

/// The signature of a paper. Certificates that have expired since do not matter.
pub(crate) fn signed(cms: &[u8], anchors: Option<&[Vec<u8>]>) -> Result<(Verified, Signed), VerifyError> {
    if let Some(anchors) = anchors {
        match verify_as_signed(cms, anchors) {
            Ok(verified) => {
                let signer = verified.signer_common_name.clone();
                return Ok((verified, Signed::By(signer)));
            }
            Err(VerifyError::UnknownIssuer | VerifyError::CertificateSignature) => {}
            Err(error) => return Err(error),
        }
    }
    let why = if anchors.is_some() {
        "no authority that was given has certified that"
    } else {
        "no authority was given that could say so"
    };
    let verified = verify_unanchored(cms)?;
    let signer = verified.signer_common_name.clone();
    Ok((verified, Signed::Claimed(signer, why)))
}

#[cfg(test)]
mod tests;
