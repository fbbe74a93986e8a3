//! The hash chain of an audit log: each record is bound to all before it.
//!
//! Kiosk and gateway keep one log each. The newest record stands for the whole log, so that whoever was shown it once notices
//! later that a record before it was changed, and that records after it were cut off.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::evidence::SessionId;
use crate::time::UtcMs;

/// Names a log. A log that begins anew, because the one before it could not be read any more, has another name; zeros name
/// the logs of the first version, which had none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 16]);

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The newest record of an audit log; stands for the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Which log.
    pub log: LogId,
    /// How many records there are.
    pub number: u64,
    /// SHA-256 of the newest record and the hash before it; see [`AuditHead::empty`] where there is no record.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// Of a log without records: its hash is the name, twice.
    pub fn empty(log: LogId) -> Self {
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(&log.0);
        hash[16..].copy_from_slice(&log.0);
        Self { log, number: 0, hash }
    }

    /// The head after one more record.
    ///
    /// The hash covers, in this order: the hash before (32 bytes), the number and the time (8 bytes each, big endian), 1 and
    /// the session id (17 bytes) or 0 where there is none, the event in UTF-8.
    #[must_use]
    pub fn follow(self, entry: &AuditEntry<'_>) -> Self {
        let number = self.number + 1;
        let mut hash = Sha256::new()
            .chain_update(self.hash)
            .chain_update(number.to_be_bytes())
            .chain_update(entry.at.0.to_be_bytes());
        match entry.session {
            Some(session) => {
                hash.update([1]);
                hash.update(session.0);
            }
            None => hash.update([0]),
        }
        hash.update(entry.event.as_bytes());
        Self {
            log: self.log,
            number,
            hash: hash.finalize().into(),
        }
    }
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// When it was written.
    pub at: UtcMs,
    /// In which session, if in one.
    pub session: Option<SessionId>,
    /// What happened: a name, and what it happened to. Nothing personal.
    pub event: &'a str,
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place; the first of all is 1.
    pub number: u64,
    /// When it was written.
    pub at: UtcMs,
    /// In which session, if in one.
    pub session: Option<SessionId>,
    /// What happened.
    pub event: String,
    /// The hash of the chain up to and with this record.
    pub hash: [u8; 32],
}

impl AuditRecord {
    /// What it says.
    pub fn entry(&self) -> AuditEntry<'_> {
        AuditEntry {
            at: self.at,
            session: self.session,
            event: &self.event,
        }
    }
}

/// Where the chain of an audit log breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AuditBreak {
    /// The record does not say any more what it said when it was written.
    #[error("record {at} of the audit log was changed")]
    Edited {
        /// Its number.
        at: u64,
    },
    /// Records are missing.
    #[error("records {first} to {last} of the audit log are missing")]
    Removed {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The record stands behind one that is younger.
    #[error("record {at} of the audit log is out of its order")]
    Reordered {
        /// Its number.
        at: u64,
    },
}

/// Follows a log from its beginning, record by record.
///
/// Two records that have swapped places *and* numbers are found as edited, since their hashes no longer follow.
#[derive(Debug, Clone, Copy)]
pub struct AuditTrail {
    head: AuditHead,
}

impl AuditTrail {
    /// At the beginning of a log, or behind a record that is known to be good.
    pub fn from(head: AuditHead) -> Self {
        Self { head }
    }

    /// The last record that follows from all before it.
    pub fn head(&self) -> AuditHead {
        self.head
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// When it does not follow from the one before; the trail stays where it is.
    pub fn follow(&mut self, record: &AuditRecord) -> Result<(), AuditBreak> {
        let at = record.number;
        let next = self.head.number + 1;
        if at < next {
            return Err(AuditBreak::Reordered { at });
        }
        if at > next {
            return Err(AuditBreak::Removed {
                first: next,
                last: at - 1,
            });
        }
        let head = self.head.follow(&record.entry());
        if head.hash != record.hash {
            return Err(AuditBreak::Edited { at });
        }
        self.head = head;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(events: &[&str]) -> Vec<AuditRecord> {
        let mut head = AuditHead::empty(LogId([7; 16]));
        events
            .iter()
            .zip(1_i64..)
            .map(|(event, at)| {
                let entry = AuditEntry {
                    at: UtcMs(at),
                    session: (at % 2 == 0).then_some(SessionId([1; 16])),
                    event,
                };
                head = head.follow(&entry);
                AuditRecord {
                    number: head.number,
                    at: entry.at,
                    session: entry.session,
                    event: (*event).to_owned(),
                    hash: head.hash,
                }
            })
            .collect()
    }

    fn check(records: &[AuditRecord], expect: Result<u64, AuditBreak>) {
        let mut trail = AuditTrail::from(AuditHead::empty(LogId([7; 16])));
        let followed = records.iter().try_for_each(|record| trail.follow(record));
        assert_eq!(followed.map(|()| trail.head().number), expect);
    }

    #[test]
    fn says_what_was_done_to_which_record() {
        let whole = log(&["a", "b", "c", "d"]);
        check(&whole, Ok(4));
        let with = |change: &dyn Fn(&mut Vec<AuditRecord>)| {
            let mut records = whole.clone();
            change(&mut records);
            records
        };
        check(
            &with(&|all| all[1].event = "x".into()),
            Err(AuditBreak::Edited { at: 2 }),
        );
        check(
            &with(&|all| all[1].at = UtcMs(9)),
            Err(AuditBreak::Edited { at: 2 }),
        );
        check(
            &with(&|all| all[1].session = None),
            Err(AuditBreak::Edited { at: 2 }),
        );
        check(
            &with(&|all| drop(all.drain(1..3))),
            Err(AuditBreak::Removed { first: 2, last: 3 }),
        );
        check(
            &with(&|all| drop(all.remove(0))),
            Err(AuditBreak::Removed { first: 1, last: 1 }),
        );
        check(
            &with(&|all| all.push(whole[2].clone())),
            Err(AuditBreak::Reordered { at: 3 }),
        );
        check(
            &with(&|all| {
                all.swap(1, 2);
                (all[1].number, all[2].number) = (2, 3);
            }),
            Err(AuditBreak::Edited { at: 2 }),
        );
    }

    #[test]
    fn the_first_version_named_no_log_and_began_with_zeros() {
        assert_eq!(AuditHead::empty(LogId::default()).hash, [0; 32]);
        assert_ne!(
            AuditHead::empty(LogId([1; 16])).hash,
            AuditHead::empty(LogId([2; 16])).hash
        );
    }

    proptest! {
        #[test]
        fn any_change_of_any_record_is_found(which in 0_usize..6, event in "[a-z]{0,4}", at in 0_i64..9) {
            let mut records = log(&["a", "b", "c", "d", "e", "f"]);
            let before = records[which].clone();
            records[which].event = event;
            records[which].at = UtcMs(at);
            prop_assume!(records[which] != before);
            check(&records, Err(AuditBreak::Edited { at: before.number }));
        }
    }
}
