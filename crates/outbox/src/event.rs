//! What the store itself writes into the audit log; nothing of it is personal. Each is a name and then, after blanks,
//! `key=value`: keys are letters, values letters, digits and `-._:`.

use verification::audit::AuditHead;
use verification::evidence::DocumentId;

use crate::WedgeReason;
use crate::sqlite::{QuarantineCause, Salvage};

/// With a document.
pub(crate) fn put_event(id: DocumentId) -> String {
    format!("DocumentStored document={id}")
}

/// With a receipt.
pub(crate) fn receipt_event(id: DocumentId) -> String {
    format!("DocumentReceived document={id}")
}

/// When the centre's answer has come.
pub(crate) fn identified_event(id: DocumentId) -> String {
    format!("DocumentIdentified document={id}")
}

/// When a document is set aside. A code that is none of ours comes from outside: of it only letters of codes are kept.
pub(crate) fn wedge_event(id: DocumentId, reason: &WedgeReason) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let code: String = reason.code().chars().filter(is_plain).take(40).collect();
    format!("DocumentWedged document={id} reason={code}")
}

/// When a wedged document is pending again.
pub(crate) fn unwedge_event(id: DocumentId) -> String {
    format!("DocumentUnwedged document={id}")
}

/// When a retained document is pending again.
pub(crate) fn resend_event(id: DocumentId) -> String {
    format!("DocumentResent document={id}")
}

/// When retained documents are forgotten.
pub(crate) fn forget_event(number: u64) -> String {
    format!("DocumentsForgotten count={number}")
}

/// With a proposed reference.
pub(crate) fn propose_event(document: DocumentId) -> String {
    format!("PalmProposed document={document}")
}

/// When a proposal is settled.
pub(crate) fn settle_event(document: DocumentId, matched: bool) -> String {
    format!(
        "{} document={document}",
        if matched { "PalmConfirmed" } else { "PalmRejected" }
    )
}

/// When somebody enrolled under the number of a reference that was in use.
pub(crate) const OVERWRITTEN_EVENT: &str = "PalmOverwritten";
/// When the references of a person are forgotten.
pub(crate) const FORGOTTEN_EVENT: &str = "PalmForgotten";
/// For each reference in a scanner that an enrolment left behind and nobody names.
pub(crate) const ORPHANED_EVENT: &str = "PalmOrphaned";
/// When a scanner has deleted a reference.
pub(crate) const DELETED_EVENT: &str = "PalmDeleted";

/// When a damaged or foreign file was read out.
pub(crate) fn salvage_event(documents: u64, lost: Option<u64>) -> String {
    format!("StoreSalvaged documents={documents} lost={}", known(lost))
}

/// When a file was put aside and, where that is possible, read out.
pub(crate) fn quarantine_event(
    key_id: Option<&str>,
    cause: QuarantineCause,
    salvage: Option<Salvage>,
) -> String {
    let salvage = salvage.unwrap_or_default();
    format!(
        "StoreQuarantined key={} cause={} documents={} lost={}",
        key_id.unwrap_or("unknown"),
        cause.name(),
        salvage.documents,
        known(salvage.lost)
    )
}

/// The first record of a log that goes on where another one lost records.
pub(crate) fn continue_event(tip: AuditHead) -> String {
    format!("LogContinues after={} log={}", tip.number, tip.log)
}

/// When records are missing that were promised.
pub(crate) fn missing_event(first: u64, last: u64) -> String {
    format!("RecordsMissing first={first} last={last}")
}

fn known(number: Option<u64>) -> String {
    number.map_or("unknown".to_owned(), |number| number.to_string())
}

/// For a document that was there and cannot be read any more.
pub(crate) fn lost_event(id: DocumentId) -> String {
    format!("DocumentLost document={id}")
}
