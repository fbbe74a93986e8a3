use std::io::Read;

use document::identification::SIGNER_COMMON_NAME;
use document::package::{DOCUMENTS_MAX, PACKAGE_MAX_BYTES};
use document::receipt::{self, Receipt, bundle};
use document::signature::P256Signer;
use outbox::memory::MemoryOutbox;
use outbox::{EntryState, SignedDocument, WedgeReason};
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use verification::audit::LogId;
use verification::evidence::DocumentId;

use super::*;

const NOW: UtcMs = UtcMs(1_780_315_300_000);

struct Institution {
    issuer: CertifiedIssuer<'static, KeyPair>,
    identity: age::x25519::Identity,
}

impl Institution {
    fn new() -> Self {
        let mut params = named("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
            identity: age::x25519::Identity::generate(),
        }
    }

    fn recipient(&self) -> Recipient {
        self.identity.to_public().to_string().parse().unwrap()
    }

    fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.issuer.der().to_vec()]
    }

    fn signer(&self, name: &str) -> P256Signer {
        let mut params = named(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        P256Signer::from_pkcs8_pem(&key.serialize_pem(), &certificate.pem()).unwrap()
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        let decryptor = age::Decryptor::new(sealed).ok()?;
        let mut reader = decryptor
            .decrypt(std::iter::once(&self.identity as &dyn age::Identity))
            .ok()?;
        reader.read_to_end(&mut plain).ok()?;
        Some(plain)
    }

    /// What the gateway would answer to these documents.
    fn receipts(&self, documents: &[SignedDocument], change: impl Fn(&mut Receipt), name: &str) -> Vec<u8> {
        let signer = self.signer(name);
        let signed: Vec<Vec<u8>> = documents
            .iter()
            .map(|document| {
                let head = verification::audit::AuditHead::empty(LogId([9; 16]));
                let mut receipt = Receipt {
                    document_id: document.id,
                    document_sha256: Sha256::digest(&document.bytes).into(),
                    kiosk_id: "kiosk-7".to_owned(),
                    kiosk_audit: None,
                    gateway_audit: head,
                    received_at: NOW,
                };
                change(&mut receipt);
                signature::sign(&receipt::encode(&receipt), &signer, NOW).unwrap()
            })
            .collect();
        bundle::encode(&signed)
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Documents of these sizes; one is set aside and one in flight.
fn outbox(sizes: &[usize]) -> (MemoryOutbox, Vec<SignedDocument>) {
    let mut outbox = MemoryOutbox::new();
    let documents: Vec<SignedDocument> = (1_u128..)
        .zip(sizes)
        .map(|(id, size)| SignedDocument {
            id: DocumentId(id.to_be_bytes()),
            bytes: vec![b'd'; *size],
        })
        .collect();
    for document in &documents {
        outbox.put(document, &[], NOW).unwrap();
    }
    if let Some(first) = documents.first() {
        outbox.wedge(first.id, WedgeReason::Malformed, NOW).unwrap();
        outbox.next(NOW).unwrap();
    }
    (outbox, documents)
}

fn pending(outbox: &mut dyn Outbox) -> Vec<SignedDocument> {
    let (mut all, mut after) = (Vec::new(), None);
    while let Some((place, document, _)) = outbox.export(after).unwrap() {
        all.push(document);
        after = Some(place);
    }
    all
}

fn events(outbox: &dyn Outbox) -> Vec<String> {
    let records = outbox.audit_records(0, 1000).unwrap();
    records
        .into_iter()
        .map(|record| record.event.split(' ').next().unwrap().to_owned())
        .filter(|name| name.starts_with("Export") || name.starts_with("Receipts"))
        .collect()
}

#[test]
fn everything_is_written_and_stays() {
    let institution = Institution::new();
    let (mut outbox, documents) = outbox(&[300, 4_000, 7, 200_000]);
    let medium = tempfile::tempdir().unwrap();
    let signer = institution.signer("kiosk-7");
    let recipient = institution.recipient();
    let report = write(&mut outbox, medium.path(), &recipient, "kiosk-7", &signer, NOW).unwrap();
    assert_eq!((report.documents, report.left_out, report.files.len()), (4, 0, 1));
    assert_eq!(pending(&mut outbox), documents);
    assert_eq!(events(&outbox), ["ExportBegun", "ExportWritten"]);

    let sealed = std::fs::read(&report.files[0]).unwrap();
    let plain = institution.open(&sealed).unwrap();
    let package = package::unfold(&plain).unwrap();
    let verified = signature::verify(package.signed_header, &institution.anchors(), NOW).unwrap();
    let header = package::decode_header(verified.content.expose()).unwrap();
    package.check(&header).unwrap();
    assert_eq!(header.kiosk_id, "kiosk-7");
    assert_eq!((header.part, header.parts), (1, 1));
    // The head in the package is of a record that says that the package was begun.
    let begun = &outbox.audit_records(header.audit.number - 1, 1).unwrap()[0];
    assert_eq!(begun.event, format!("ExportBegun package={}", report.package_id));
    assert_eq!(begun.hash, header.audit.hash);
    let inside: Vec<&[u8]> = documents.iter().map(|document| &document.bytes[..]).collect();
    assert_eq!(package.documents, inside);
    // Nothing of it is readable, and nothing else lies beside it.
    assert!(
        !sealed
            .windows(7)
            .any(|window| window == b"kiosk-7" || window == b"ddddddd")
    );
    assert_eq!(std::fs::read_dir(medium.path()).unwrap().count(), 1);
}

#[test]
fn what_does_not_fit_goes_into_further_parts() {
    let institution = Institution::new();
    let (mut outbox, documents) = outbox(&[1; DOCUMENTS_MAX * 2 + 1]);
    let medium = tempfile::tempdir().unwrap();
    let signer = institution.signer("kiosk-7");
    let report = write(
        &mut outbox,
        medium.path(),
        &institution.recipient(),
        "kiosk-7",
        &signer,
        NOW,
    )
    .unwrap();
    assert_eq!(
        (report.documents, report.files.len()),
        (documents.len() as u64, 3)
    );
    let mut ids = Vec::new();
    for (file, part) in report.files.iter().zip(1..) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let short = &report.package_id[..8];
        assert_eq!(name, format!("alaqan-kiosk-7-{short}-{part}of3.age"));
        let plain = institution.open(&std::fs::read(file).unwrap()).unwrap();
        assert!(plain.len() <= PACKAGE_MAX_BYTES);
        let package = package::unfold(&plain).unwrap();
        let verified = signature::verify(package.signed_header, &institution.anchors(), NOW).unwrap();
        let header = package::decode_header(verified.content.expose()).unwrap();
        package.check(&header).unwrap();
        assert_eq!((header.part, header.parts), (part, 3));
        ids.extend(header.documents.iter().map(|listed| listed.id));
    }
    let expect: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
    assert_eq!(ids, expect);
}

#[test]
fn nothing_pending_is_nothing_written() {
    let institution = Institution::new();
    let (mut outbox, _) = outbox(&[]);
    let medium = tempfile::tempdir().unwrap();
    let signer = institution.signer("kiosk-7");
    let recipient = institution.recipient();
    let report = write(&mut outbox, medium.path(), &recipient, "kiosk-7", &signer, NOW).unwrap();
    assert_eq!((report.documents, report.files.len()), (0, 0));
}

#[test]
fn only_the_institution_can_open_it() {
    let (institution, other) = (Institution::new(), Institution::new());
    let sealed = seal(b"package", &institution.recipient()).unwrap();
    assert_eq!(institution.open(&sealed).unwrap(), b"package");
    assert_eq!(other.open(&sealed), None);
    assert!("age1".parse::<Recipient>().is_err());
    assert!("".parse::<Recipient>().is_err());
    let secret = {
        use age::secrecy::ExposeSecret;
        institution.identity.to_string().expose_secret().to_owned()
    };
    assert!(secret.parse::<Recipient>().is_err());
}

/// The folder is gone, is a file, or already holds something under the name.
#[test]
fn a_medium_that_fails_is_said_and_nothing_is_lost() {
    let institution = Institution::new();
    let (mut outbox, documents) = outbox(&[300, 400]);
    let medium = tempfile::tempdir().unwrap();
    let file = medium.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let signer = institution.signer("kiosk-7");
    for folder in [medium.path().join("pulled"), file] {
        let recipient = institution.recipient();
        let error = write(&mut outbox, &folder, &recipient, "kiosk-7", &signer, NOW).unwrap_err();
        assert!(
            matches!(&error, ExportError::Medium(MediumError::Failed { .. })),
            "{error}"
        );
        assert_eq!(pending(&mut outbox), documents);
    }
    assert_eq!(
        events(&outbox),
        ["ExportBegun", "ExportFailed", "ExportBegun", "ExportFailed"]
    );

    let there = medium.path().join("there.age");
    std::fs::write(&there, b"older").unwrap();
    assert!(medium::write_whole(&there, b"newer").is_err());
    assert_eq!(std::fs::read(&there).unwrap(), b"older");
    assert_eq!(std::fs::read_dir(medium.path()).unwrap().count(), 2);
}

/// A link that somebody has laid on the medium must not be written through.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let medium = tempfile::tempdir().unwrap();
    let elsewhere = medium.path().join("elsewhere");
    std::fs::write(&elsewhere, b"mine").unwrap();
    let file = medium.path().join("package.age");
    std::os::unix::fs::symlink(&elsewhere, medium.path().join("package.age.part")).unwrap();
    assert!(medium::write_whole(&file, b"sealed").is_err());
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine");
}

#[test]
fn receipts_on_a_medium_let_documents_go() {
    let institution = Institution::new();
    let (mut outbox, documents) = outbox(&[300, 400, 500]);
    let file = institution.receipts(&documents[..2], |_| {}, SIGNER_COMMON_NAME);
    let take = |outbox: &mut MemoryOutbox, file: &[u8]| {
        take_receipts(outbox, file, "kiosk-7", &institution.anchors(), NOW).unwrap()
    };
    let taken = take(&mut outbox, &file);
    assert_eq!(taken.delivered, [documents[0].id, documents[1].id]);
    assert_eq!(pending(&mut outbox), documents[2..]);
    assert_eq!(
        outbox.state(documents[0].id).unwrap(),
        Some(EntryState::AwaitingIdentification)
    );
    assert!(outbox.retained_receipt(documents[0].id).unwrap().is_some());
    let again = take(&mut outbox, &file);
    assert_eq!(
        (again.delivered.len(), again.known, again.refused.len()),
        (0, 2, 0)
    );
    assert_eq!(events(&outbox), ["ReceiptsTaken", "ReceiptsTaken"]);
    assert!(take_receipts(&mut outbox, b"no receipts", "kiosk-7", &[], NOW).is_err());
}

#[test]
fn a_receipt_counts_only_from_the_gateway_for_these_bytes_and_this_kiosk() {
    let (institution, other) = (Institution::new(), Institution::new());
    let check = |file: Vec<u8>, expect: &str| {
        let (mut outbox, documents) = outbox(&[300]);
        let taken = take_receipts(&mut outbox, &file, "kiosk-7", &institution.anchors(), NOW).unwrap();
        assert_eq!(pending(&mut outbox), documents);
        let [refusal] = &taken.refused[..] else {
            panic!("{taken:?}")
        };
        let said = crate::chain(refusal);
        assert!(said.contains(expect), "{said}");
    };
    let (_, documents) = outbox(&[300]);
    let good = |change: fn(&mut Receipt)| institution.receipts(&documents, change, SIGNER_COMMON_NAME);
    check(
        institution.receipts(&documents, |_| {}, "kiosk-7"),
        "who is not the gateway",
    );
    check(
        other.receipts(&documents, |_| {}, SIGNER_COMMON_NAME),
        "its signature does not count",
    );
    check(good(|receipt| receipt.document_sha256[0] ^= 1), "not about what");
    check(
        good(|receipt| receipt.kiosk_id = "kiosk-8".into()),
        "not about what",
    );
    let receipts = good(|_| {});
    let signed = bundle::decode(&receipts).unwrap()[0].to_vec();
    let mut changed = signed;
    let last = changed.len() - 1;
    changed[last] ^= 1;
    check(bundle::encode(&[changed]), "its signature does not count");
    check(
        bundle::encode(&[b"nonsense".to_vec()]),
        "its signature does not count",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is done to a sealed file: it opens to what was sealed, or not at all.
    #[test]
    fn a_sealed_file_is_whole_or_does_not_open(
        plain in prop::collection::vec(any::<u8>(), 0..300),
        flip in prop::option::of((any::<prop::sample::Index>(), 0_u8..8)),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let institution = Institution::new();
        let sealed = seal(&plain, &institution.recipient()).unwrap();
        let mut changed = sealed.clone();
        if let Some((at, bit)) = flip {
            changed[at.index(sealed.len())] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            changed.truncate(cut.index(sealed.len()));
        }
        let opened = institution.open(&changed);
        if changed == sealed {
            prop_assert_eq!(opened, Some(plain));
        } else {
            prop_assert_eq!(opened, None);
        }
    }
}
