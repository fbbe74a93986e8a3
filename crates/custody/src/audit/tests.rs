use document::auditlog::LogWriter;
use document::content;
use document::identification::SIGNER_COMMON_NAME;
use document::receipt::{self, Receipt, bundle};
use document::signature::{P256Signer, sign};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use verification::audit::{AuditEntry, AuditHead, AuditRecord, LogId};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Organisation, Outcome as SessionOutcome, SessionId,
};
use verification::policy::Policy;
use verification::time::UtcMs;

use super::*;

const LOG: LogId = LogId([0xa0; 16]);
const NOW: UtcMs = UtcMs(1_780_315_300_000);

struct World {
    issuer: CertifiedIssuer<'static, KeyPair>,
    kiosk: P256Signer,
    gateway: P256Signer,
    records: Vec<AuditRecord>,
}

impl World {
    fn new() -> Self {
        let mut params = named("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signer = |name| {
            let mut params = named(name);
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            P256Signer::from_pkcs8_pem(&key.serialize_pem(), &certificate.pem()).unwrap()
        };
        let mut head = AuditHead::empty(LOG);
        let records = (1..=9_u64)
            .map(|number| {
                let event = format!("Event{number}");
                let entry = AuditEntry {
                    at: NOW,
                    session: Some(SessionId([1; 16])),
                    event: &event,
                };
                head = head.follow(&entry);
                AuditRecord {
                    number,
                    at: NOW,
                    session: entry.session,
                    event: event.clone(),
                    hash: head.hash,
                }
            })
            .collect();
        Self {
            kiosk: signer("kiosk-7"),
            gateway: signer(SIGNER_COMMON_NAME),
            issuer,
            records,
        }
    }

    fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.issuer.der().to_vec()]
    }

    fn head(&self, number: usize) -> AuditHead {
        let record = &self.records[number - 1];
        AuditHead {
            log: LOG,
            number: record.number,
            hash: record.hash,
        }
    }

    fn export(&self, records: &[AuditRecord], signer: &P256Signer) -> Vec<String> {
        let mut writer = LogWriter::begin(Vec::new(), LOG, "kiosk-7").unwrap();
        for record in records {
            writer.record(record.clone()).unwrap();
        }
        let (bytes, _) = writer.finish(signer, NOW).unwrap();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn document(&self, head: AuditHead, signer: &P256Signer) -> Vec<u8> {
        let evidence = Evidence {
            document_id: DocumentId([1; 16]),
            session_id: SessionId([2; 16]),
            organisation: Organisation {
                name: "bank".to_owned(),
                bin: "000140000002".to_owned(),
            },
            kiosk: KioskIdentity {
                kiosk_id: "kiosk-7".to_owned(),
                software: "1".to_owned(),
            },
            language: Language::Kk,
            service: None,
            consents: Vec::new(),
            claim: None,
            modality: None,
            started_at: NOW,
            ended_at: NOW,
            outcome: SessionOutcome::Withdrawn,
            camera: None,
            attempts_before: 0,
            attempts: Vec::new(),
            palm: None,
            stills: Vec::new(),
            policy: Policy::default(),
            audit: Some(head),
            ..Evidence::blank()
        };
        sign(&content::encode(&evidence), signer, NOW).unwrap()
    }

    fn receipt(&self, head: AuditHead, signer: &P256Signer) -> Vec<u8> {
        let receipt = Receipt {
            document_id: DocumentId([1; 16]),
            document_sha256: [3; 32],
            kiosk_id: "kiosk-7".to_owned(),
            kiosk_audit: Some(head),
            gateway_audit: AuditHead::empty(LogId([9; 16])),
            received_at: NOW,
        };
        sign(&receipt::encode(&receipt), signer, NOW).unwrap()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn audit(lines: &[String], papers: Vec<Paper>, anchors: Option<&[Vec<u8>]>) -> Audit {
    let text = lines.join("\n") + "\n";
    LogReader::new(papers, anchors)
        .exported(text.as_bytes(), |_| {})
        .unwrap()
}

/// `says` is what the text for people contains.
fn check(audit: &Audit, outcome: Outcome, says: &str) {
    let text = to_text(audit);
    assert_eq!(audit.outcome(), outcome, "{text}");
    assert!(text.contains(says), "{says:?} is not in:\n{text}");
    assert_eq!(to_json(audit)["records"], audit.reading.examination.records);
}

#[test]
fn a_whole_log_that_others_have_seen_is_good() {
    let world = World::new();
    let anchors = world.anchors();
    let lines = world.export(&world.records, &world.kiosk);
    let document = Paper::document("d", &world.document(world.head(4), &world.kiosk), Some(&anchors));
    let receipts = bundle::encode(&[world.receipt(world.head(9), &world.gateway)]);
    let receipts = Paper::receipts("r", &receipts, Some(&anchors));
    let papers = [vec![document.clone()], receipts].concat();
    check(
        &audit(&lines, papers, Some(&anchors)),
        Outcome::Good,
        "up to record 9",
    );
    check(
        &audit(&lines, vec![document.clone()], None),
        Outcome::CannotTell,
        "no authority was given",
    );
    check(
        &audit(&lines, Vec::new(), Some(&anchors)),
        Outcome::CannotTell,
        "no document and no receipt",
    );
    let others = World::new().anchors();
    check(
        &audit(&lines, vec![document], Some(&others)),
        Outcome::CannotTell,
        "no authority that was given has certified",
    );
}

#[test]
fn what_was_done_is_said() {
    let world = World::new();
    let anchors = world.anchors();
    let papers = || {
        vec![
            Paper::document(
                "early.p7s",
                &world.document(world.head(3), &world.kiosk),
                Some(&anchors),
            ),
            Paper::document(
                "late.p7s",
                &world.document(world.head(8), &world.kiosk),
                Some(&anchors),
            ),
        ]
    };
    let whole = world.export(&world.records, &world.kiosk);
    let bad =
        |lines: &[String], says: &str| check(&audit(lines, papers(), Some(&anchors)), Outcome::Bad, says);
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        lines
    };
    check(
        &audit(&whole, papers(), Some(&anchors)),
        Outcome::Good,
        "result   good",
    );
    bad(
        &with(&|all| all[5] = all[5].replace("Event5", "Event0")),
        "record 5 was changed",
    );
    bad(&with(&|all| drop(all.remove(6))), "records 6 to 6 were removed");
    bad(&with(&|all| all.swap(2, 3)), "record 2 is out of its order");
    bad(
        &with(&|all| drop(all.drain(6..10))),
        "records 6 to 9 were cut off",
    );
    bad(&with(&|all| drop(all.drain(6..10))), "(so late.p7s says)");
    bad(&with(&|all| drop(all.pop())), "no signed end");
    bad(&with(&|all| drop(all.remove(0))), "does not name the log");
    bad(&with(&|all| all[4] = "{".to_owned()), "line 5 cannot be read");
    bad(&with(&|all| all[4] = "x".repeat(70_000)), "line 5 cannot be read");
    bad(&with(&|all| all.push(all[1].clone())), "behind the signed end");
    bad(&[], "does not name the log");

    // Who holds the kiosk's key can make all of it anew, and sign it: only the papers know better.
    let mut records = world.records.clone();
    let mut head = AuditHead::empty(LOG);
    records[5].event = "nothing".to_owned();
    for record in &mut records {
        head = head.follow(&record.entry());
        record.hash = head.hash;
    }
    let anew = world.export(&records, &world.kiosk);
    bad(&anew, "records 4 to 8 were rewritten");
    bad(&anew, "(so late.p7s says)");
    let cut = world.export(&world.records[..5], &world.kiosk);
    bad(&cut, "cut off at its end: records 6 to 8 are missing");
    let other_end = [&anew[..10], &whole[10..]].concat();
    bad(&other_end, "rewritten after it was signed");
    let stranger = world.export(&world.records, &World::new().gateway);
    check(
        &audit(&stranger, papers(), Some(&anchors)),
        Outcome::CannotTell,
        "signed the end of the log, but",
    );
}

#[test]
fn a_paper_that_does_not_count_proves_nothing() {
    let world = World::new();
    let anchors = world.anchors();
    let lines = world.export(&world.records, &world.kiosk);
    let forged = AuditHead {
        hash: [0; 32],
        ..world.head(5)
    };
    let mut changed = world.document(forged, &world.kiosk);
    *changed.last_mut().unwrap() ^= 1;
    for paper in [
        Paper::document("p", &changed, Some(&anchors)),
        Paper::document("p", &world.document(forged, &world.gateway), Some(&anchors)),
        Paper::document("p", b"nonsense", Some(&anchors)),
        Paper::receipts("p", &world.receipt(forged, &world.kiosk), Some(&anchors)).remove(0),
    ] {
        check(
            &audit(&lines, vec![paper], Some(&anchors)),
            Outcome::CannotTell,
            "p: does not count",
        );
    }
}

#[test]
fn the_store_of_a_kiosk_is_held_against_papers_as_well() {
    let world = World::new();
    let anchors = world.anchors();
    let papers = vec![Paper::document(
        "d",
        &world.document(world.head(9), &world.kiosk),
        Some(&anchors),
    )];
    let take = |records: &[AuditRecord]| {
        let records = records.iter().cloned().map(Ok::<_, ()>);
        let reader = LogReader::new(papers.clone(), Some(&anchors));
        reader.store(LOG, "kiosk-7", records).unwrap()
    };
    check(&take(&world.records), Outcome::Good, "up to record 9");
    check(
        &take(&world.records[..7]),
        Outcome::Bad,
        "records 8 to 9 are missing",
    );
}
