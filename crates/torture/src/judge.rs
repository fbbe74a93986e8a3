//! Compares what kiosks were told with what the gateway has. It knows no program and no file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use verification::evidence::DocumentId;

use crate::ledger::{Digest, Epoch, Hex, Ledger};

/// A document as the gateway gives it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Under which id.
    pub id: DocumentId,
    /// SHA-256 of the signed bytes.
    pub sha256: Digest,
    /// Of what the document says itself; or why it says nothing.
    pub content: Result<Said, String>,
}

/// What a document says, once its signature is found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its id.
    pub id: DocumentId,
    /// The digest of its stills; `None` where it has none.
    pub stills: Option<Digest>,
}

/// All that is judged.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the kiosks said.
    pub ledger: Ledger,
    /// What the gateway has.
    pub stored: Vec<Stored>,
    /// How often the centre made a comparison under which name.
    pub compared: BTreeMap<String, u64>,
    /// Stores in which bits were flipped: what was in them may be lost if the kiosk has said so.
    pub harmed: BTreeSet<Epoch>,
    /// Stores whose key was taken away: the kiosk may have set them aside, and nothing may be lost.
    pub locked: BTreeSet<Epoch>,
    /// What is wrong besides: broken chains, bad receipts, what can be read in files, what did not come to rest.
    pub others: Vec<String>,
}

/// What must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A document was put and is not at the gateway.
    Lost {
        /// Which.
        id: DocumentId,
        /// Into which store it was put.
        epoch: Epoch,
        /// Why the kiosk had set it aside, if it had.
        wedged: Option<String>,
    },
    /// A document is at the gateway more than once.
    Doubled(DocumentId),
    /// The gateway has other bytes than those that were put.
    Altered(DocumentId),
    /// The gateway has what no kiosk meant to put.
    Unintended(DocumentId),
    /// The signature or the content of a document is not good.
    Unreadable(DocumentId, String),
    /// The centre was made to compare more than once.
    ComparedAgain(String, u64),
    /// A receipt was found bad.
    Receipt(DocumentId, String),
    /// A store was said to be damaged, and nobody had harmed it.
    DamagedUnharmed(Epoch, String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { id, epoch, wedged } => {
                let (kiosk, store) = epoch;
                write!(f, "LOST: document {id} of store {store} of kiosk {kiosk}")?;
                wedged
                    .iter()
                    .try_for_each(|reason| write!(f, ", wedged: {reason}"))
            }
            Self::Doubled(id) => write!(f, "DOUBLED: document {id}"),
            Self::Altered(id) => write!(f, "ALTERED: document {id}"),
            Self::Unintended(id) => write!(f, "UNINTENDED: document {id}"),
            Self::Unreadable(id, why) => write!(f, "UNREADABLE: document {id}: {why}"),
            Self::ComparedAgain(name, times) => write!(f, "ASKED AGAIN: {name} was compared {times} times"),
            Self::Receipt(id, why) => write!(f, "RECEIPT of document {id}: {why}"),
            Self::DamagedUnharmed((kiosk, store), what) => {
                write!(f, "DAMAGE nobody did: store {store} of kiosk {kiosk}: {what}")
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// What the judge found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What must not be; nothing if all is well.
    pub violations: Vec<Violation>,
    /// Documents that were put and are at the gateway.
    pub kept: u64,
    /// Documents that are at the gateway though the kiosk was killed before it could say that they were put.
    pub unsaid: u64,
    /// Documents that are lost, and whose kiosk has said that their store is damaged, as it was.
    pub quarantined: u64,
}

/// Judges.
pub fn judge(facts: &Facts) -> Verdict {
    let Facts { ledger, stored, .. } = facts;
    let mut verdict = Verdict::default();
    let mut at_gateway: BTreeMap<DocumentId, &Stored> = BTreeMap::new();
    let mut stills: BTreeMap<Digest, DocumentId> = BTreeMap::new();
    for document in stored {
        let id = document.id;
        if at_gateway.insert(id, document).is_some() {
            verdict.violations.push(Violation::Doubled(id));
        }
        verdict.violations.extend(strange(document, ledger));
        // The same session under two ids would be doubled too.
        if let Ok(Said {
            stills: Some(digest), ..
        }) = &document.content
            && stills.insert(*digest, id).is_some_and(|other| other != id)
        {
            verdict.violations.push(Violation::Doubled(id));
        }
    }
    for (id, put) in &ledger.recorded {
        match at_gateway.get(id) {
            Some(document) if document.sha256 == put.sha256 => verdict.kept += 1,
            Some(_) => verdict.violations.push(Violation::Altered(*id)),
            None if facts.harmed.contains(&put.epoch) && ledger.damaged.contains_key(&put.epoch) => {
                verdict.quarantined += 1;
            }
            None => verdict.violations.push(Violation::Lost {
                id: *id,
                epoch: put.epoch,
                wedged: ledger.wedged.get(id).cloned(),
            }),
        }
    }
    let unsaid = at_gateway.keys().filter(|id| !ledger.recorded.contains_key(*id));
    verdict.unsaid = unsaid.count() as u64;
    let unharmed = ledger
        .damaged
        .iter()
        .filter(|(epoch, _)| !facts.harmed.contains(epoch) && !facts.locked.contains(epoch));
    let besides = facts
        .compared
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(name, times)| Violation::ComparedAgain(name.clone(), *times))
        .chain(
            ledger
                .bad_receipts
                .iter()
                .map(|(id, why)| Violation::Receipt(*id, why.clone())),
        )
        .chain(unharmed.map(|(epoch, what)| Violation::DamagedUnharmed(*epoch, what.clone())))
        .chain(facts.others.iter().cloned().map(Violation::Other));
    verdict.violations.extend(besides);
    verdict
}

/// What is wrong with a document by itself.
fn strange(document: &Stored, ledger: &Ledger) -> Option<Violation> {
    let id = document.id;
    let Some(meant) = ledger.intended.get(&id) else {
        return Some(Violation::Unintended(id));
    };
    match &document.content {
        Err(why) => Some(Violation::Unreadable(id, why.clone())),
        Ok(said) if said.id != id => Some(Violation::Unreadable(
            id,
            format!("it says that it is {}", said.id),
        )),
        Ok(said) if said.stills.is_some_and(|stills| stills != *meant) => Some(Violation::Unreadable(
            id,
            format!("its stills are not those of {}", Hex(meant)),
        )),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests;
