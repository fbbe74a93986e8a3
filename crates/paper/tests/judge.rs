//! Valid, invalid, or cannot tell now, and why.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../document/tests/time_authority/mod.rs"]
mod time_authority;

use common::{Institution, SIGNED_AT, answer, evidence};
use document::identification::Identification;
use document::signature::timestamp::{Request, attach};
use paper::{Judged, Papers, State, Trust, judge, reason_text};
use proptest::prelude::*;
use rcgen::date_time_ymd;
use time_authority::TimeAuthority;
use verification::evidence::{DocumentId, Evidence, KioskIdentity, Language, Route};
use verification::time::UtcMs;

/// What is given to the judge; every test changes some of it.
#[derive(Clone, Default)]
struct Case {
    document: Vec<u8>,
    answer: Option<Vec<u8>>,
    receipt: Option<Vec<u8>>,
    authorities: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
    time_authorities: Vec<Vec<u8>>,
    /// 2026-06-01 where it is 0.
    now: i64,
    valid_now: bool,
}

impl Case {
    fn of(institution: &Institution) -> Self {
        let document = institution.document();
        Self {
            answer: Some(institution.answer(&answer())),
            receipt: Some(institution.receipt(&document)),
            document,
            authorities: institution.anchors(),
            lists: vec![institution.list(2089, None)],
            ..Self::default()
        }
    }

    fn judge(&self) -> (bool, Judged) {
        let papers = Papers {
            document: &self.document,
            answer: self.answer.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let now = if self.now == 0 { SIGNED_AT } else { UtcMs(self.now) };
        let trust = Trust {
            authorities: &self.authorities,
            lists: &self.lists,
            time_authorities: &self.time_authorities,
            now,
            valid_now: self.valid_now,
        };
        match judge(papers, &trust) {
            Ok(shown) => (true, shown.judged),
            Err(judged) => (false, judged),
        }
    }
}

/// Says the state, whether the document is shown, and the first words of each reason.
fn check(case: &Case, state: State, is_shown: bool, expect: &[&str]) {
    let (shown, judged) = case.judge();
    let texts: Vec<String> = judged
        .reasons
        .iter()
        .map(|(kind, reason)| reason_text(*kind, reason, Language::En))
        .collect();
    assert_eq!(judged.state(), state, "{texts:?}");
    assert_eq!(shown, is_shown, "{texts:?}");
    assert_eq!(texts.len(), expect.len(), "{texts:?}");
    for (text, expect) in texts.iter().zip(expect) {
        assert!(text.starts_with(expect), "{text}, not {expect}");
    }
}

/// 2085-06-01.
const LATE: i64 = 3_642_408_000_000;

#[test]
fn what_is_whole_is_valid() {
    check(&Case::of(&Institution::new()), State::Valid, true, &[]);
}

#[test]
fn what_was_changed_is_invalid() {
    let institution = Institution::new();
    let good = Case::of(&institution);
    let check_bytes = |document: Vec<u8>| {
        let case = Case {
            document,
            receipt: None,
            answer: None,
            ..good.clone()
        };
        check(
            &case,
            State::Invalid,
            false,
            &["Document: the bytes are not those that were signed"],
        );
    };
    let place = good
        .document
        .windows(4)
        .position(|window| window == b"8804")
        .unwrap();
    let mut changed = good.document.clone();
    changed[place] = b'9';
    check_bytes(changed);
    check_bytes(good.document[..100].to_vec());
    check_bytes(Vec::new());

    let mut answer = good.answer.clone().unwrap();
    let last = answer.len() - 1;
    answer[last] ^= 1;
    let case = Case {
        answer: Some(answer),
        ..good.clone()
    };
    check(
        &case,
        State::Invalid,
        true,
        &["Answer of the centre: the bytes are not those that were signed"],
    );
}

#[test]
fn who_signed_counts() {
    let institution = Institution::new();
    let good = Case::of(&institution);
    let other_kiosk = Evidence {
        kiosk: KioskIdentity {
            kiosk_id: "kiosk-8".to_owned(),
            ..evidence().kiosk
        },
        ..evidence()
    };
    let case = Case {
        document: institution.document_of(&other_kiosk),
        answer: None,
        receipt: None,
        ..good.clone()
    };
    let somebody = "Document: somebody else has signed than the paper names";
    check(&case, State::Invalid, true, &[somebody]);
    let case = Case {
        answer: Some(institution.answer_by_kiosk()),
        ..good.clone()
    };
    check(
        &case,
        State::Invalid,
        true,
        &["Answer of the centre: somebody else has signed than the paper names"],
    );
    // What was pictured for an examiner is answered by one, and what is wrong with that answer is said of it.
    let pictured = Evidence {
        route: Route::Images,
        ..evidence()
    };
    let case = Case {
        document: institution.document_of(&pictured),
        answer: Some(institution.answer_by_kiosk()),
        receipt: None,
        ..good.clone()
    };
    check(
        &case,
        State::Invalid,
        true,
        &["Answer of the examiner: somebody else has signed than the paper names"],
    );
    let elsewhere = Identification {
        document_id: DocumentId([1; 16]),
        ..answer()
    };
    let case = Case {
        answer: Some(institution.answer(&elsewhere)),
        receipt: Some(institution.receipt(b"another file")),
        ..good
    };
    check(
        &case,
        State::Invalid,
        true,
        &[
            "Answer of the centre: it is about another document",
            "Receipt: it is about another document",
        ],
    );
}

/// For want of something to go by, nothing is invalid.
#[test]
fn what_cannot_be_told_is_not_called_invalid() {
    let institution = Institution::new();
    let good = Case {
        answer: None,
        receipt: None,
        ..Case::of(&institution)
    };
    let other = Institution::new();
    let check = |case: Case, expect: &str| check(&case, State::CannotTell, true, &[expect]);
    check(
        Case {
            authorities: Vec::new(),
            ..good.clone()
        },
        "Document: no certificate of an authority was given",
    );
    check(
        Case {
            lists: Vec::new(),
            ..good.clone()
        },
        "Document: no list of revoked certificates was given",
    );
    check(
        Case {
            lists: vec![institution.list(2022, None)],
            ..good.clone()
        },
        "Document: the list of revoked certificates is outdated (1 January 2021",
    );
    for list in [other.list(2089, None), b"no list".to_vec()] {
        check(
            Case {
                lists: vec![list],
                ..good.clone()
            },
            "Document: the list of revoked certificates cannot be used",
        );
    }
    check(
        Case {
            lists: vec![institution.list(2089, Some(2027))],
            ..good.clone()
        },
        "Document: the certificate was revoked, and nothing proves",
    );
    let expired = Case {
        now: LATE,
        valid_now: true,
        ..good.clone()
    };
    let short = Institution::with(|params| params.not_after = date_time_ymd(2030, 1, 1));
    let case = Case {
        document: short.document(),
        authorities: short.anchors(),
        lists: vec![short.list(2089, None)],
        ..expired
    };
    check(case, "Document: the certificate has expired, and nothing proves");

    // Neither the authority nor its list is the signer's.
    let case = Case {
        authorities: other.anchors(),
        lists: vec![other.list(2089, None)],
        ..good
    };
    super_check(
        &case,
        &[
            "Document: none of the given authorities",
            "Document: no list of revoked certificates",
        ],
    );
}

fn super_check(case: &Case, expect: &[&str]) {
    check(case, State::CannotTell, true, expect);
}

#[test]
fn a_certificate_that_did_not_count_is_invalid() {
    let institution = Institution::new();
    let good = Case {
        answer: None,
        receipt: None,
        ..Case::of(&institution)
    };
    let case = Case {
        lists: vec![institution.list(2022, Some(2025))],
        ..good
    };
    check(
        &case,
        State::Invalid,
        true,
        &["Document: the certificate was revoked before it was used"],
    );
    let late = Institution::with(|params| params.not_before = date_time_ymd(2027, 1, 1));
    let case = Case {
        answer: None,
        receipt: None,
        ..Case::of(&late)
    };
    check(
        &case,
        State::Invalid,
        true,
        &["Document: the certificate does not do for this signature"],
    );
}

#[test]
fn a_time_stamp_proves_when() {
    let institution = Institution::with(|params| params.not_after = date_time_ymd(2080, 1, 1));
    let time = TimeAuthority::new();
    let document = institution.document();
    let request = Request::of(&document, [3; 16]).unwrap();
    let response = time.answer(&request.to_der().unwrap());
    let stamp = request.accept(&response, &time.anchors()).unwrap();
    let stamped = attach(&document, &stamp.token_der).unwrap();
    // The receipt is still for the document as it came.
    let good = Case {
        document: stamped,
        time_authorities: time.anchors(),
        now: LATE,
        valid_now: true,
        answer: None,
        receipt: Some(institution.receipt(&document)),
        lists: vec![institution.list(2089, Some(2079))],
        ..Case::of(&institution)
    };
    check(&good, State::Valid, true, &[]);
    let without = Case {
        document: document.clone(),
        ..good.clone()
    };
    check(
        &without,
        State::CannotTell,
        true,
        &[
            "Document: the certificate has expired",
            "Document: the certificate was revoked, and nothing proves",
        ],
    );
    let unknown = Case {
        time_authorities: Vec::new(),
        valid_now: false,
        lists: vec![institution.list(2089, None)],
        ..good.clone()
    };
    check(
        &unknown,
        State::CannotTell,
        true,
        &["Document: none of the given authorities has certified the authority of time"],
    );
    let of_other = attach(&Institution::new().document(), &stamp.token_der).unwrap();
    let (_, judged) = Case {
        document: of_other,
        ..good
    }
    .judge();
    let texts: Vec<String> = judged
        .reasons
        .iter()
        .map(|(kind, reason)| reason_text(*kind, reason, Language::En))
        .collect();
    assert_eq!(judged.state(), State::Invalid);
    assert!(
        texts[0]
            .starts_with("Document: the time stamp does not hold (the time stamp is for another signature"),
        "{texts:?}"
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(papers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 5)) {
        let case = Case {
            document: papers[0].clone(),
            answer: Some(papers[1].clone()),
            receipt: Some(papers[2].clone()),
            lists: vec![papers[3].clone()],
            authorities: vec![papers[4].clone()],
            ..Case::default()
        };
        let (shown, judged) = case.judge();
        prop_assert!(!shown);
        prop_assert_eq!(judged.state(), State::Invalid);
    }
}
