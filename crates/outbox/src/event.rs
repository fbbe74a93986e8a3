//! What the store itself writes into the audit log; nothing of it is personal.

use verification::evidence::DocumentId;

/// What is written into the audit log with a document.
pub(crate) fn put_event(id: DocumentId) -> String {
    format!("DocumentStored {id}")
}

/// What is written into the audit log with a receipt.
pub(crate) fn receipt_event(id: DocumentId) -> String {
    format!("DocumentReceived {id}")
}

/// What is written into the audit log with a proposed reference.
pub(crate) fn propose_event(document: DocumentId) -> String {
    format!("PalmProposed {document}")
}

/// What is written into the audit log when a proposal is settled.
pub(crate) fn settle_event(document: DocumentId, matched: bool) -> String {
    format!(
        "{} {document}",
        if matched { "PalmConfirmed" } else { "PalmRejected" }
    )
}

/// Written into the audit log when somebody enrolled under the number of a reference that was in use.
pub(crate) const OVERWRITTEN_EVENT: &str = "PalmOverwritten";
/// Written into the audit log when the references of a person are forgotten.
pub(crate) const FORGOTTEN_EVENT: &str = "PalmForgotten";
/// Written into the audit log for each reference in a scanner that an enrolment left behind and nobody names.
pub(crate) const ORPHANED_EVENT: &str = "PalmOrphaned";
/// Written into the audit log when a scanner has deleted a reference.
pub(crate) const DELETED_EVENT: &str = "PalmDeleted";
