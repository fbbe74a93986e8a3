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
    let code = if code.is_empty() { "unknown" } else { &code };
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

#[cfg(test)]
mod tests {
    use super::*;
    use verification::audit::LogId;

    /// As `docs/audit.md` says it.
    fn is_event(event: &str) -> bool {
        let is_value = |letter: u8| letter.is_ascii_alphanumeric() || b"-._:".contains(&letter);
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_alphabetic());
        let mut words = event.split(' ');
        words.next().is_some_and(is_word)
            && words.all(|word| {
                word.split_once('=').is_some_and(|(key, value)| {
                    is_word(key) && !value.is_empty() && value.bytes().all(is_value)
                })
            })
    }

    #[test]
    fn every_event_has_the_form() {
        let id = DocumentId([0xab; 16]);
        let hex = "ab".repeat(16);
        let expected = [
            (put_event(id), format!("DocumentStored document={hex}")),
            (receipt_event(id), format!("DocumentReceived document={hex}")),
            (identified_event(id), format!("DocumentIdentified document={hex}")),
            (unwedge_event(id), format!("DocumentUnwedged document={hex}")),
            (resend_event(id), format!("DocumentResent document={hex}")),
            (lost_event(id), format!("DocumentLost document={hex}")),
            (propose_event(id), format!("PalmProposed document={hex}")),
            (settle_event(id, true), format!("PalmConfirmed document={hex}")),
            (settle_event(id, false), format!("PalmRejected document={hex}")),
            (
                wedge_event(id, &WedgeReason::of_code("a b=\n-c")),
                format!("DocumentWedged document={hex} reason=ab-c"),
            ),
            (
                wedge_event(id, &WedgeReason::of_code("")),
                format!("DocumentWedged document={hex} reason=unknown"),
            ),
            (forget_event(3), "DocumentsForgotten count=3".to_owned()),
            (
                salvage_event(2, None),
                "StoreSalvaged documents=2 lost=unknown".to_owned(),
            ),
            (
                quarantine_event(
                    None,
                    QuarantineCause::Damaged,
                    Some(Salvage {
                        documents: 2,
                        lost: Some(1),
                    }),
                ),
                "StoreQuarantined key=unknown cause=Damaged documents=2 lost=1".to_owned(),
            ),
            (
                continue_event(AuditHead::empty(LogId([0xab; 16]))),
                format!("LogContinues after=0 log={hex}"),
            ),
            (missing_event(3, 4), "RecordsMissing first=3 last=4".to_owned()),
        ];
        for (event, expected) in expected {
            assert_eq!(event, expected);
            assert!(is_event(&event), "{event}");
        }
        for event in [OVERWRITTEN_EVENT, FORGOTTEN_EVENT, ORPHANED_EVENT, DELETED_EVENT] {
            assert!(is_event(event), "{event}");
        }
        assert!(!is_event("DocumentStored 7") && !is_event("Name key=") && !is_event("Name key=a/b"));
    }
}
