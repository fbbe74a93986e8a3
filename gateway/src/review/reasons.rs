//! Why an examiner refuses: names, and what the answer says then.

use document::identification::Verdict;
pub use institution::notice::refusal_name as name;
use verification::evidence::RefusalReason;

/// All of them, in the order in which pages offer them.
pub const ALL: [RefusalReason; 6] = [
    RefusalReason::FaceNotOfDocument,
    RefusalReason::DocumentNotOfClaim,
    RefusalReason::DocumentUnreadable,
    RefusalReason::DocumentExpired,
    RefusalReason::DocumentAltered,
    RefusalReason::PictureUnusable,
];

/// The one of this name.
pub fn from_name(text: &str) -> Option<RefusalReason> {
    ALL.into_iter().find(|reason| name(*reason) == text)
}

/// The verdict of the answer: where a picture does not let anybody compare, nothing is said about the person.
pub fn verdict(reason: RefusalReason) -> Verdict {
    match reason {
        RefusalReason::DocumentUnreadable | RefusalReason::PictureUnusable => Verdict::QualityInsufficient,
        RefusalReason::FaceNotOfDocument
        | RefusalReason::DocumentNotOfClaim
        | RefusalReason::DocumentExpired
        | RefusalReason::DocumentAltered => Verdict::NonMatch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_name_of_its_own() {
        for reason in ALL {
            assert_eq!(from_name(name(reason)), Some(reason));
        }
        assert_eq!(from_name("because"), None);
    }
}
