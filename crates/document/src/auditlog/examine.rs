//! Says what was done to a log, record by record.

use std::collections::BTreeMap;

use thiserror::Error;
use verification::audit::{AuditHead, AuditRecord, LogId};

/// No more faults are listed than these; the rest is counted.
pub const FAULTS_MAX: usize = 100;

/// Something that nobody who keeps a log does to it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The record does not follow from the one before it, and those after it follow from it as it was.
    ///
    /// Who changes a record *and* makes its hash anew moves the break behind it; that looks the same, unless a paper
    /// vouches for the one before it.
    #[error(
        "record {record} was changed{}",
        if *is_certain { String::new() } else { format!(", or record {} was changed and its hash made anew", record - 1) }
    )]
    Edited {
        /// Its number.
        record: u64,
        /// Whether it cannot have been the one before it.
        is_certain: bool,
    },
    /// The record says what it said, but its hash was changed.
    #[error("the hash of record {record} was changed")]
    HashEdited {
        /// Its number.
        record: u64,
    },
    /// None of these follows from the one before it: they were changed, exchanged, or numbered anew over others that were
    /// removed.
    #[error(
        "records {first} to {last} do not follow from one another: changed, exchanged, or numbered anew after others were \
         removed"
    )]
    Broken {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// They are nowhere.
    #[error("records {first} to {last} were removed")]
    Removed {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// It stands behind a younger one.
    #[error("record {record} is out of its order: it stands behind record {behind}")]
    Reordered {
        /// Its number.
        record: u64,
        /// The number of the one before it.
        behind: u64,
    },
    /// There are two of this number.
    #[error("there are two records {record}")]
    Doubled {
        /// The number.
        record: u64,
    },
    /// The log follows from itself, but a paper tells another story of it.
    #[error(
        "records {first} to {last} were rewritten: what was known of record {last} is not what stands there"
    )]
    Rewritten {
        /// The first that may have been.
        first: u64,
        /// The one that a paper names.
        last: u64,
        /// Which of the papers, in the order in which they were given.
        witness: usize,
    },
    /// A paper knows of later records.
    #[error("the log was cut off at its end: records {first} to {last} are missing")]
    Cut {
        /// The first of them.
        first: u64,
        /// The last that a paper knows of; there may have been more.
        last: u64,
        /// Which of the papers, in the order in which they were given.
        witness: usize,
    },
}

/// What became of an examination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// How many records were read.
    pub records: u64,
    /// The last record in its order, as it stands.
    pub head: AuditHead,
    /// What is wrong, in the order of the log; at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more_faults: u64,
    /// Which of the papers agree with the log, in the order in which they were given.
    pub agreeing: Vec<usize>,
    /// The youngest record for which one of them vouches.
    pub vouched_to: Option<u64>,
}

/// Reads a log record by record, with the little that it needs to remember, and says what is wrong with it.
#[derive(Debug)]
pub struct Examiner {
    /// By which the next record is judged.
    previous: AuditHead,
    /// The hash that the previous record should have had, if it had another.
    should_be: Option<[u8; 32]>,
    /// Records in a row that do not follow; not yet listed.
    broken: Option<Run>,
    /// Numbers that were passed over.
    gaps: BTreeMap<u64, u64>,
    /// Papers, by number, with their places; those of this log that were not reached yet.
    witnesses: std::vec::IntoIter<(usize, AuditHead)>,
    next_witness: Option<(usize, AuditHead)>,
    found: Examination,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    first: u64,
    last: u64,
    /// The one before is what it was.
    is_certain: bool,
}

impl Examiner {
    /// Of this log. `witnesses` are heads that were known at some time, such as those in documents; the ones of other
    /// logs are left alone.
    pub fn new(log: LogId, witnesses: &[AuditHead]) -> Self {
        let mut known: Vec<(usize, AuditHead)> = witnesses
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, head)| head.log == log)
            .collect();
        known.sort_by_key(|(_, head)| head.number);
        let empty = AuditHead::empty(log);
        let mut witnesses = known.into_iter();
        let next_witness = witnesses.next();
        let mut examiner = Self {
            previous: empty,
            should_be: None,
            broken: None,
            gaps: BTreeMap::new(),
            witnesses,
            next_witness,
            found: Examination {
                records: 0,
                head: empty,
                faults: Vec::new(),
                more_faults: 0,
                agreeing: Vec::new(),
                vouched_to: None,
            },
        };
        examiner.hear_witnesses(empty);
        examiner
    }

    /// Takes the next record of the log, as it stands there.
    pub fn take(&mut self, record: &AuditRecord) {
        self.found.records += 1;
        if record.number <= self.previous.number {
            return self.take_late(record.number);
        }
        let next = self.previous.number + 1;
        let stored = AuditHead {
            log: self.previous.log,
            number: record.number,
            hash: record.hash,
        };
        if record.number > next {
            self.settle(false);
            self.gaps.insert(next, record.number - 1);
            self.should_be = None;
        } else {
            self.judge(record);
        }
        self.previous = stored;
        self.found.head = stored;
        self.hear_witnesses(stored);
    }

    /// At the end of the log.
    pub fn finish(mut self) -> Examination {
        self.settle(false);
        for (first, last) in std::mem::take(&mut self.gaps) {
            self.list(Fault::Removed { first, last });
        }
        let end = self.previous.number;
        let unheard = self
            .next_witness
            .take()
            .into_iter()
            .chain(self.witnesses.by_ref());
        if let Some((witness, head)) = unheard.last() {
            self.list(Fault::Cut {
                first: end.saturating_add(1),
                last: head.number,
                witness,
            });
        }
        self.found.faults.sort_by_key(place);
        self.found
    }

    fn judge(&mut self, record: &AuditRecord) {
        let computed = self.previous.follow(&record.entry()).hash;
        if computed == record.hash {
            self.settle(false);
            self.should_be = None;
            return;
        }
        let by_the_other = self.should_be.take().is_some_and(|hash| {
            let previous = AuditHead {
                hash,
                ..self.previous
            };
            previous.follow(&record.entry()).hash == record.hash
        });
        if by_the_other {
            self.settle(true);
            return;
        }
        let last = record.number;
        self.broken = Some(match self.broken {
            Some(run) => Run { last, ..run },
            None => Run {
                first: last,
                last,
                is_certain: self.previous.number == self.found.vouched_to.unwrap_or(0),
            },
        });
        self.should_be = Some(computed);
    }

    /// The row of records that do not follow has ended.
    fn settle(&mut self, last_by_its_hash: bool) {
        let Some(run) = self.broken.take() else {
            return;
        };
        if !last_by_its_hash {
            return self.list_run(run);
        }
        if run.first < run.last {
            self.list_run(Run {
                last: run.last - 1,
                ..run
            });
        }
        self.list(Fault::HashEdited { record: run.last });
    }

    fn list_run(&mut self, run: Run) {
        let Run {
            first,
            last,
            is_certain,
        } = run;
        self.list(if first == last {
            Fault::Edited {
                record: first,
                is_certain,
            }
        } else {
            Fault::Broken { first, last }
        });
    }

    fn take_late(&mut self, number: u64) {
        let behind = self.previous.number;
        let gap = self
            .gaps
            .range(..=number)
            .next_back()
            .map(|(first, last)| (*first, *last));
        match gap.filter(|(_, last)| number <= *last) {
            Some((first, last)) => {
                self.gaps.remove(&first);
                if first < number {
                    self.gaps.insert(first, number - 1);
                }
                if number < last {
                    self.gaps.insert(number + 1, last);
                }
                self.list(Fault::Reordered {
                    record: number,
                    behind,
                });
            }
            None => self.list(Fault::Doubled { record: number }),
        }
    }

    fn hear_witnesses(&mut self, stands: AuditHead) {
        while let Some((witness, known)) = self.next_witness {
            if known.number > stands.number {
                return;
            }
            self.next_witness = self.witnesses.next();
            // One about a record that was passed over says no more than that it is missing.
            if known.number < stands.number {
                continue;
            }
            if known.hash == stands.hash {
                self.found.agreeing.push(witness);
                self.found.vouched_to = Some(known.number);
            } else {
                self.list(Fault::Rewritten {
                    first: self.found.vouched_to.map_or(1, |number| number.saturating_add(1)),
                    last: known.number,
                    witness,
                });
            }
        }
    }

    fn list(&mut self, fault: Fault) {
        if self.found.faults.len() < FAULTS_MAX {
            self.found.faults.push(fault);
        } else {
            self.found.more_faults += 1;
        }
    }
}

fn place(fault: &Fault) -> u64 {
    match fault {
        Fault::Edited { record, .. }
        | Fault::HashEdited { record }
        | Fault::Reordered { record, .. }
        | Fault::Doubled { record } => *record,
        Fault::Broken { first, .. }
        | Fault::Removed { first, .. }
        | Fault::Rewritten { first, .. }
        | Fault::Cut { first, .. } => *first,
    }
}
