//! What the kiosks report, line by line, and the ledger that the orchestrator keeps of it.
//!
//! A kiosk writes a line into a pipe. What is in the pipe survives the kiosk, so a kiosk that is killed behind a line has said
//! it, and one that is killed before it has not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use verification::evidence::DocumentId;

/// SHA-256.
pub type Digest = [u8; 32];

/// One line of a kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The store is open.
    Opened,
    /// The store could not be opened or used; holds a code.
    Closed(String),
    /// This document is about to be put.
    Intended(DocumentId, Digest),
    /// This document was put; holds SHA-256 of the signed bytes.
    Recorded(DocumentId, Digest),
    /// This document was not put; holds a code.
    NotRecorded(DocumentId, String),
    /// No session may begin; holds the concerns.
    OutOfService(String),
    /// A receipt came, was good, and was noted.
    Delivered(DocumentId),
    /// The centre's answer came and was noted.
    Identified(DocumentId),
    /// A document was set aside; holds the reason.
    Wedged(DocumentId, String),
    /// The gateway has welcomed the kiosk.
    Up,
    /// The line is down; holds the reason.
    Down(String),
    /// An alert was raised; holds its code and what it is about.
    Alert(String, String),
    /// How many documents stand where: pending, wedged, awaiting an answer.
    Standing(u64, u64, u64),
    /// A receipt that is kept was checked; holds what is wrong, or `good`.
    Receipt(DocumentId, String),
    /// The audit log was followed from its beginning; holds the number of records, and what is wrong or `whole`.
    Audit(u64, String),
    /// All is said; the program ends.
    Bye,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => write!(f, "opened"),
            Self::Closed(code) => write!(f, "closed {}", Words(code)),
            Self::Intended(id, digest) => write!(f, "intended {id} {}", Hex(digest)),
            Self::Recorded(id, digest) => write!(f, "recorded {id} {}", Hex(digest)),
            Self::NotRecorded(id, code) => write!(f, "not-recorded {id} {}", Words(code)),
            Self::OutOfService(concerns) => write!(f, "out-of-service {}", Words(concerns)),
            Self::Delivered(id) => write!(f, "delivered {id}"),
            Self::Identified(id) => write!(f, "identified {id}"),
            Self::Wedged(id, reason) => write!(f, "wedged {id} {}", Words(reason)),
            Self::Up => write!(f, "up"),
            Self::Down(reason) => write!(f, "down {}", Words(reason)),
            Self::Alert(code, about) => write!(f, "alert {} {}", Word(code), Words(about)),
            Self::Standing(pending, wedged, awaiting) => write!(f, "standing {pending} {wedged} {awaiting}"),
            Self::Receipt(id, verdict) => write!(f, "receipt {id} {}", Words(verdict)),
            Self::Audit(records, verdict) => write!(f, "audit {records} {}", Words(verdict)),
            Self::Bye => write!(f, "bye"),
        }
    }
}

impl Report {
    /// Reads a line; `None` for one that was cut off or is none.
    pub fn read(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let text = |text: &str| Some(text.to_owned());
        let id = || document_id(first);
        Some(match word {
            "opened" => Self::Opened,
            "closed" => Self::Closed(text(rest)?),
            "intended" => Self::Intended(id()?, digest(after)?),
            "recorded" => Self::Recorded(id()?, digest(after)?),
            "not-recorded" => Self::NotRecorded(id()?, text(after)?),
            "out-of-service" => Self::OutOfService(text(rest)?),
            "delivered" => Self::Delivered(id()?),
            "identified" => Self::Identified(id()?),
            "wedged" => Self::Wedged(id()?, text(after)?),
            "up" => Self::Up,
            "down" => Self::Down(text(rest)?),
            "alert" => Self::Alert(text(first)?, text(after)?),
            "standing" => {
                let (wedged, awaiting) = after.split_once(' ')?;
                Self::Standing(first.parse().ok()?, wedged.parse().ok()?, awaiting.parse().ok()?)
            }
            "receipt" => Self::Receipt(id()?, text(after)?),
            "audit" => Self::Audit(first.parse().ok()?, text(after)?),
            "bye" => Self::Bye,
            _ => return None,
        })
    }
}

/// A text in one line.
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace(['\n', '\r'], " "))
    }
}

/// A text in one word.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace(char::is_whitespace, "-"))
    }
}

/// Bytes as digits.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The id in 32 hexadecimal digits.
pub fn document_id(text: &str) -> Option<DocumentId> {
    Some(DocumentId(bytes(text)?))
}

/// The digest in 64 hexadecimal digits.
pub fn digest(text: &str) -> Option<Digest> {
    bytes(text)
}

/// Bytes of hexadecimal digits.
pub fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// A store of a kiosk: each that is set aside makes room for the next one.
pub type Epoch = (u8, u32);

/// Which document was put where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// SHA-256 of the signed bytes.
    pub sha256: Digest,
    /// Into which store.
    pub epoch: Epoch,
}

/// All that the kiosks said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What kiosks meant to put, with the digest of the stills.
    pub intended: BTreeMap<DocumentId, Digest>,
    /// What they were told is put.
    pub recorded: BTreeMap<DocumentId, Put>,
    /// Which receipts they noted.
    pub delivered: BTreeSet<DocumentId>,
    /// Receipts that came for a document of which one was noted before.
    pub delivered_again: u64,
    /// Which answers they noted.
    pub identified: BTreeSet<DocumentId>,
    /// Which stores were said to be damaged.
    pub damaged: BTreeMap<Epoch, String>,
    /// What was set aside, and why; it is taken out when it is delivered.
    pub wedged: BTreeMap<DocumentId, String>,
    /// Receipts that were found bad.
    pub bad_receipts: BTreeMap<DocumentId, String>,
    /// How many receipts were found good.
    pub good_receipts: u64,
    /// How often each kind of thing was said.
    pub said: BTreeMap<String, u64>,
    /// The longest queue of a kiosk.
    pub queue_max: u64,
    epochs: BTreeMap<u8, u32>,
    alerts: BTreeSet<(u8, String)>,
    /// Kiosks that have told of damage since their store was open last.
    damaged_since: BTreeSet<u8>,
}

impl Ledger {
    /// Which store a kiosk has now.
    pub fn epoch(&self, kiosk: u8) -> Epoch {
        (kiosk, self.epochs.get(&kiosk).copied().unwrap_or(0))
    }

    /// Notes what a kiosk said.
    pub fn note(&mut self, kiosk: u8, report: &Report) {
        let epoch = self.epoch(kiosk);
        let name = match report {
            Report::Intended(id, stills) => {
                self.intended.insert(*id, *stills);
                "intended".to_owned()
            }
            Report::Recorded(id, sha256) => {
                let put = Put {
                    sha256: *sha256,
                    epoch,
                };
                self.recorded.insert(*id, put);
                "recorded".to_owned()
            }
            Report::NotRecorded(_, code) => format!("not recorded: {code}"),
            Report::OutOfService(concerns) => format!("out of service: {concerns}"),
            Report::Delivered(id) => {
                self.wedged.remove(id);
                if !self.delivered.insert(*id) {
                    self.delivered_again += 1;
                }
                "delivered".to_owned()
            }
            Report::Identified(id) => {
                self.identified.insert(*id);
                "identified".to_owned()
            }
            Report::Wedged(id, reason) => {
                self.wedged.insert(*id, reason.clone());
                format!("wedged: {reason}")
            }
            Report::Down(reason) => format!("line down: {reason}"),
            Report::Up => "line up".to_owned(),
            Report::Opened => {
                self.damaged_since.remove(&kiosk);
                "store opened".to_owned()
            }
            Report::Closed(code) => format!("store closed: {code}"),
            Report::Alert(code, _) => format!("alert: {code}"),
            Report::Standing(pending, _, _) => {
                self.queue_max = self.queue_max.max(*pending);
                "standing".to_owned()
            }
            Report::Receipt(id, verdict) => {
                if verdict == "good" {
                    self.good_receipts += 1;
                } else {
                    self.bad_receipts.insert(*id, verdict.clone());
                }
                "receipt checked".to_owned()
            }
            Report::Audit(..) => "audit log followed".to_owned(),
            Report::Bye => "ended well".to_owned(),
        };
        *self.said.entry(name).or_default() += 1;
        // A kiosk says it again at every start, with the place in its log; and it notes one damage twice where it was killed
        // before it could open the store.
        if let Report::Alert(code, about) = report
            && is_damage(code)
            && self.alerts.insert((kiosk, about.clone()))
            && self.damaged_since.insert(kiosk)
        {
            self.damaged.insert(epoch, format!("{code}: {about}"));
            *self.epochs.entry(kiosk).or_default() += 1;
        }
    }

    /// How often something was said.
    pub fn times(&self, what: &str) -> u64 {
        self.said.get(what).copied().unwrap_or(0)
    }
}

/// What a kiosk says when it has set its store, or the journal of it, aside.
const DAMAGE: &str = "StoreQuarantined";

/// Whether an alert says that the store was set aside.
pub fn is_damage(code: &str) -> bool {
    code == DAMAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: DocumentId = DocumentId([0xab; 16]);

    #[test]
    fn what_is_written_is_read() {
        for report in [
            Report::Opened,
            Report::Closed("Full: the disk is full".into()),
            Report::Intended(ID, [1; 32]),
            Report::Recorded(ID, [2; 32]),
            Report::NotRecorded(ID, "Full".into()),
            Report::OutOfService("Clock DiskFree".into()),
            Report::Delivered(ID),
            Report::Identified(ID),
            Report::Wedged(ID, "AuditFork".into()),
            Report::Up,
            Report::Down("the line is silent".into()),
            Report::Alert("StoreQuarantined".into(), "a file".into()),
            Report::Standing(1, 2, 3),
            Report::Receipt(ID, "good".into()),
            Report::Audit(7, "whole".into()),
            Report::Bye,
        ] {
            assert_eq!(Report::read(&report.to_string()), Some(report));
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_none() {
        let whole = Report::Recorded(ID, [2; 32]).to_string();
        for end in 0..whole.len() {
            assert_eq!(Report::read(&whole[..end]), None, "{}", &whole[..end]);
        }
    }

    #[test]
    fn what_is_put_after_a_quarantine_is_in_another_store() {
        let mut ledger = Ledger::default();
        let put = |ledger: &mut Ledger, number| {
            ledger.note(1, &Report::Recorded(DocumentId([number; 16]), [0; 32]));
            ledger.recorded[&DocumentId([number; 16])].epoch
        };
        assert_eq!(put(&mut ledger, 1), (1, 0));
        ledger.note(1, &Report::Alert("StoreQuarantined".into(), "f".into()));
        ledger.note(1, &Report::Alert("StoreQuarantined".into(), "f".into()));
        ledger.note(1, &Report::Alert("PendingMany".into(), String::new()));
        assert_eq!(put(&mut ledger, 2), (1, 1));
        assert_eq!(ledger.damaged.keys().copied().collect::<Vec<_>>(), [(1, 0)]);
        assert_eq!(ledger.epoch(0), (0, 0));
        // Killed before the store was open, it has found the same again.
        ledger.note(1, &Report::Opened);
        ledger.note(1, &Report::Alert("StoreQuarantined".into(), "3".into()));
        ledger.note(1, &Report::Alert("StoreQuarantined".into(), "4".into()));
        ledger.note(1, &Report::Opened);
        assert_eq!(put(&mut ledger, 3), (1, 2));
        ledger.note(1, &Report::Alert("StoreQuarantined".into(), "5".into()));
        assert_eq!(put(&mut ledger, 4), (1, 3));
    }
}
