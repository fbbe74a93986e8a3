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

/// What the centre was asked under one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Comparisons.
    pub compared: u64,
    /// Questions that it answered as before, without a comparison.
    pub again: u64,
}

/// Questions that a gateway has under way at once.
pub const QUESTIONS_AT_ONCE: u16 = 4;

/// All that is judged.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the kiosks said.
    pub ledger: Ledger,
    /// What the gateway has.
    pub stored: Vec<Stored>,
    /// How often the centre was asked under which name.
    pub compared: BTreeMap<String, Asked>,
    /// How often a gateway, or the database under it, was ended, so that questions under way were lost.
    pub interruptions: u64,
    /// Documents that the gateway had and that an older copy of its database took from it. It may have asked about each of
    /// them again.
    pub taken: u64,
    /// Of these, the documents of which no receipt came since.
    pub rolled_back: BTreeSet<DocumentId>,
    /// Documents of which a receipt was noted, and which the gateway did not have before anything was healed, though no
    /// older copy took them from it.
    pub vanished: BTreeSet<DocumentId>,
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
    /// A receipt of a document was noted, and the gateway does not have it.
    ReceiptOfNothing(DocumentId),
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
    /// The centre was asked more often about one document than gateways were ended: so many times, and so many ends.
    AskedTooOften(String, u64, u64),
    /// The centre was asked more often again, about all documents, than what was ended can explain: times, and the most.
    RepeatedTooOften(u64, u64),
    /// The gateway has a document that asks, and the centre was never asked.
    NeverAsked(DocumentId),
    /// There was nothing to judge; says what was missing.
    InVain(&'static str),
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
            Self::ReceiptOfNothing(id) => write!(
                f,
                "LOST: document {id}: a receipt was noted, and the gateway did not have it"
            ),
            Self::Doubled(id) => write!(f, "DOUBLED: document {id}"),
            Self::Altered(id) => write!(f, "ALTERED: document {id}"),
            Self::Unintended(id) => write!(f, "UNINTENDED: document {id}"),
            Self::Unreadable(id, why) => write!(f, "UNREADABLE: document {id}: {why}"),
            Self::ComparedAgain(name, times) => write!(f, "ASKED AGAIN: {name} was compared {times} times"),
            Self::AskedTooOften(name, times, ends) => write!(
                f,
                "ASKED AGAIN: the centre was asked {times} times about {name}, and there were {ends} ends of gateways"
            ),
            Self::RepeatedTooOften(times, most) => write!(
                f,
                "ASKED AGAIN: {times} questions were repeated, and {most} can be explained"
            ),
            Self::NeverAsked(id) => write!(f, "NEVER ASKED: document {id} was never compared"),
            Self::InVain(what) => write!(f, "IN VAIN: {what}"),
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
            None if is_excused(facts, *id, put.epoch) => {
                verdict.quarantined += 1;
            }
            None => verdict.violations.push(Violation::Lost {
                id: *id,
                epoch: put.epoch,
                wedged: ledger.wedged.get(id).cloned(),
            }),
        }
    }
    let nothing = ledger.delivered.iter().filter(|id| {
        let unsaid = !ledger.recorded.contains_key(*id) && !facts.rolled_back.contains(*id);
        facts.vanished.contains(*id) || (unsaid && !at_gateway.contains_key(*id))
    });
    verdict
        .violations
        .extend(nothing.map(|id| Violation::ReceiptOfNothing(*id)));
    verdict.violations.extend(questions(facts));
    if stored.is_empty() || ledger.recorded.is_empty() {
        verdict
            .violations
            .push(Violation::InVain("no document was put and stored"));
    }
    if ledger.good_receipts == 0 {
        verdict
            .violations
            .push(Violation::InVain("no receipt was checked and found good"));
    }
    let unsaid = at_gateway.keys().filter(|id| !ledger.recorded.contains_key(*id));
    verdict.unsaid = unsaid.count() as u64;
    let unharmed = ledger
        .damaged
        .iter()
        .filter(|(epoch, _)| !facts.harmed.contains(epoch) && !facts.locked.contains(epoch));
    let besides = ledger
        .bad_receipts
        .iter()
        .map(|(id, why)| Violation::Receipt(*id, why.clone()))
        .chain(unharmed.map(|(epoch, what)| Violation::DamagedUnharmed(*epoch, what.clone())))
        .chain(facts.others.iter().cloned().map(Violation::Other));
    verdict.violations.extend(besides);
    verdict
}

/// Whether a document may be missing: it lay in a store in which bits were flipped, the kiosk has said so, and the gateway
/// has confirmed no document that it still had to have.
fn is_excused(facts: &Facts, id: DocumentId, epoch: Epoch) -> bool {
    let Facts { ledger, .. } = facts;
    let is_confirmed = ledger.delivered.contains(&id) && !facts.rolled_back.contains(&id);
    facts.harmed.contains(&epoch) && ledger.damaged.contains_key(&epoch) && !is_confirmed
}

/// What is wrong with what the centre was asked. The simulator compares once under one name, whatever it is asked; so it
/// is counted too what it has answered as before, and that only an end of a gateway can explain.
fn questions(facts: &Facts) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, asked) in &facts.compared {
        let times = asked.compared + asked.again;
        if asked.compared > 1 {
            violations.push(Violation::ComparedAgain(name.clone(), asked.compared));
        } else if times > 1 + facts.interruptions {
            violations.push(Violation::AskedTooOften(name.clone(), times, facts.interruptions));
        }
    }
    let again = facts.compared.values().map(|asked| asked.again).sum();
    let most = facts.interruptions * u64::from(QUESTIONS_AT_ONCE) + facts.taken;
    if again > most {
        violations.push(Violation::RepeatedTooOften(again, most));
    }
    // A document with stills asks for a comparison; one that ends a session has none.
    let asks = facts
        .stored
        .iter()
        .filter(|stored| matches!(stored.content, Ok(Said { stills: Some(_), .. })));
    let never = asks.filter(|stored| {
        let asked = facts.compared.get(&stored.id.to_string());
        asked.is_none_or(|asked| asked.compared == 0)
    });
    violations.extend(never.map(|stored| Violation::NeverAsked(stored.id)));
    violations
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
