//! What the gateway lets in, and what it notes beside it.

use document::signature::{P256Signer, sign, verify_as_signed};
use gateway::intake::{self, Sender};
use gateway::store::{Revocation, Store, Trail, Trust};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use sync::RefusalCode;
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use crate::bank::{Bank, Enrolled, IIN, evidence, now};
use crate::raw::aged;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// RFC 5280.
const KEY_COMPROMISE: u8 = 1;
const SUPERSEDED: u8 = 4;

/// The SHA-256 of the connection's certificate, from the document's.
type Known = fn(&[u8]) -> Option<[u8; 32]>;

/// A document that was signed `signed_ms` from now, by a certificate that was revoked, if it was, for a reason and at a
/// time from now: what the kiosk hears, and what is noted.
fn check(signed_ms: i64, revoked: Option<(u8, i64)>, expect: Result<&[&str], RefusalCode>) {
    // The same by the certificate of the connection, by none, and where that is another one.
    let known: [Known; 3] = [
        |certificate| Some(Sha256::digest(certificate).into()),
        |_| None,
        |_| Some([0; 32]),
    ];
    for known in known {
        check_by(known, signed_ms, revoked, expect);
    }
}

fn check_by(known: Known, signed_ms: i64, revoked: Option<(u8, i64)>, expect: Result<&[&str], RefusalCode>) {
    let bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let text = |file| String::from_utf8(papers.read(file)).unwrap();
    let signer = P256Signer::from_pkcs8_pem(&text("kiosk.key"), &text("kiosk.pem")).unwrap();
    let now = now();
    let evidence = evidence("kiosk-1", 1, IIN);
    let content = document::content::encode(&evidence);
    let signed = sign(&content, &signer, UtcMs(now.0 + signed_ms)).unwrap();
    let ca = papers.read("ca.pem");
    let anchors = vec![CertificateDer::from_pem_slice(&ca).unwrap().to_vec()];
    let good = sign(&content, &signer, now).unwrap();
    let certificate = verify_as_signed(&good, &anchors).unwrap().certificate_der;
    let serial = ::authority::Leaf::from_der(&certificate).unwrap().serial;

    let outcome = bank.runtime.block_on(async {
        let store = bank.store();
        if let Some((reason, at_ms)) = revoked {
            let revocation = Revocation {
                serial: serial.as_bytes().to_vec(),
                reason,
                revoked_at: UtcMs(now.0 + at_ms),
            };
            store.revoke(&revocation, now).await.unwrap();
        }
        let sender = Sender {
            kiosk_id: "kiosk-1",
            anchors: &anchors,
            certificate_sha256: known(&certificate),
            skew_ms: None,
            outlet: None,
        };
        let before = store.audit_head().await.unwrap().number;
        let accepted = intake::accept(&store, &sender, evidence.document_id, signed, now).await;
        let records = store.audit_records(store.log(), before, 99).await.unwrap();
        accepted.map(|_| records.into_iter().map(|record| record.event).collect::<Vec<_>>())
    });
    match (outcome, expect) {
        (Ok(events), Ok(notes)) => {
            assert_eq!(events.len(), notes.len() + 1, "{events:?}");
            for (event, note) in events.iter().zip(notes) {
                assert!(event.starts_with(note), "{events:?}");
            }
        }
        (outcome, expect) => assert_eq!(outcome.err(), expect.err()),
    }
}

#[test]
fn a_wrong_clock_loses_nothing_and_is_noted() {
    check(0, None, Ok(&[]));
    check(-10 * 60 * 1000, None, Ok(&[]));
    check(DAY_MS, None, Ok(&["signed-ahead-ms="]));
    check(
        -4000 * DAY_MS,
        None,
        Ok(&["signed-outside-certificate", "signed-long-ago-ms="]),
    );
    check(
        4000 * DAY_MS,
        None,
        Ok(&["signed-outside-certificate", "signed-ahead-ms="]),
    );
}

#[test]
fn a_revocation_ends_what_is_signed_after_it_and_all_where_the_key_is_lost() {
    let minute = 60 * 1000;
    check(
        -10 * minute,
        Some((SUPERSEDED, -1)),
        Ok(&["signed-before-revocation"]),
    );
    check(
        -10 * minute,
        Some((SUPERSEDED, -20 * minute)),
        Err(RefusalCode::Certificate),
    );
    check(
        -10 * minute,
        Some((KEY_COMPROMISE, -1)),
        Err(RefusalCode::Certificate),
    );
}

#[test]
fn an_impossible_audit_head_is_refused() {
    let bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let mut evidence = evidence("kiosk-1", 1, IIN);
    evidence.audit = Some(AuditHead {
        log: LogId([1; 16]),
        number: u64::MAX,
        hash: [1; 32],
    });
    let (id, signed) = papers.sign(&evidence);
    let anchors = vec![
        CertificateDer::from_pem_slice(&papers.read("ca.pem"))
            .unwrap()
            .to_vec(),
    ];
    let sender = Sender {
        kiosk_id: "kiosk-1",
        anchors: &anchors,
        certificate_sha256: None,
        skew_ms: None,
        outlet: None,
    };
    let store = bank.store();
    let accepted = bank
        .runtime
        .block_on(intake::accept(&store, &sender, id, signed, now()));
    assert_eq!(accepted.unwrap_err(), RefusalCode::Malformed);
}

#[test]
fn what_a_certificate_signed_that_nobody_noted_does_not_count() {
    let bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let unknown = aged(&bank, "kiosk-1", 0, 90, false);
    let of_another = aged(&bank, "kiosk-2", 0, 90, true);
    let anchors = vec![
        CertificateDer::from_pem_slice(&papers.read("ca.pem"))
            .unwrap()
            .to_vec(),
    ];
    let store = bank.store();
    let check = |signer: &Enrolled, kiosk_id: &str, number: u8, expect: Option<RefusalCode>| {
        let (id, signed) = signer.sign(&evidence(kiosk_id, number, IIN));
        let sender = Sender {
            kiosk_id,
            anchors: &anchors,
            certificate_sha256: None,
            skew_ms: None,
            outlet: None,
        };
        let accepted = intake::accept(&store, &sender, id, signed, now());
        assert_eq!(bank.runtime.block_on(accepted).err(), expect);
    };
    check(&papers, "kiosk-1", 1, None);
    check(&unknown, "kiosk-1", 2, Some(RefusalCode::Certificate));
    check(&of_another, "kiosk-2", 3, None);
}
