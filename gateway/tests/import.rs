//! Packages of kiosks without a line: imported once, refused for the right reason, and answered with receipts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use document::content;
use document::identification::SIGNER_COMMON_NAME;
use document::package::{self, Header, Listed};
use document::receipt::{self, bundle};
use document::signature::{P256Signer, anchors_from_pem, sign, verify};
use gateway::authority;
use gateway::import::{Became, ImportError, Imported, Importer, PackageKey};
use gateway::store::sqlite::SqliteStore;
use gateway::store::{Documents, Revocation, Trail, Trust};
use sync::wire::RefusalCode;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Organisation, Outcome, SessionId,
};
use verification::policy::Policy;
use verification::time::UtcMs;

type Change = fn(&mut Header, &mut Vec<Vec<u8>>);

fn now() -> UtcMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    UtcMs(i64::try_from(since.as_millis()).unwrap())
}

struct Bank {
    folder: TempDir,
    runtime: Runtime,
    store: SqliteStore,
    anchors: Vec<Vec<u8>>,
    signer: Mutex<P256Signer>,
    key: PackageKey,
}

impl Bank {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        authority::init(folder.path(), anywhere, anywhere).unwrap();
        let path = |name: &str| folder.path().join(name);
        let config = gateway::config::GatewayConfig::load(&path("gateway.toml")).unwrap();
        let store_key = gateway::config::read_store_key(&config.store.key).unwrap();
        Self {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
            store: SqliteStore::open(&config.store.file, &store_key, &config.gateway.name, now()).unwrap(),
            anchors: anchors_from_pem(&fs::read(path("ca.pem")).unwrap()).unwrap(),
            signer: Mutex::new(signer(folder.path(), "answers")),
            key: PackageKey::ensure(&path("test-packages.key")).unwrap(),
            folder,
        }
    }

    /// A kiosk that the registry knows.
    fn kiosk(&self, name: &str) -> P256Signer {
        let out = self.folder.path().join("kiosks").join(name);
        authority::enrol(self.folder.path(), name, &out).unwrap();
        signer(&out, "kiosk")
    }

    fn importer(&self) -> Importer<'_> {
        Importer {
            store: &self.store,
            anchors: &self.anchors,
            signer: &self.signer,
            key: &self.key,
            outlet: None,
        }
    }

    fn import(&self, sealed: &[u8]) -> Result<Imported, ImportError> {
        self.runtime.block_on(self.importer().import(sealed, now()))
    }

    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        seal(plain, &self.key.recipient())
    }

    fn package(&self, kiosk: &P256Signer, documents: &[(DocumentId, Vec<u8>)], change: Change) -> Vec<u8> {
        let head = AuditHead::empty(LogId([7; 16]));
        let mut header = Header {
            kiosk_id: "kiosk-7".into(),
            package_id: [0x9a; 16],
            part: 1,
            parts: 1,
            created_at: now(),
            audit: head,
            documents: documents
                .iter()
                .map(|(id, signed)| Listed::of(*id, signed))
                .collect(),
        };
        let mut inside: Vec<Vec<u8>> = documents.iter().map(|(_, signed)| signed.clone()).collect();
        change(&mut header, &mut inside);
        let signed = sign(&package::encode_header(&header), kiosk, now()).unwrap();
        self.seal(&package::enclose(&signed, &inside))
    }

    fn is_stored(&self, id: DocumentId) -> bool {
        self.runtime.block_on(self.store.document(id)).unwrap().is_some()
    }

    fn events(&self) -> Vec<String> {
        let records = async {
            let log = self.store.audit_head().await.unwrap().log;
            self.store.audit_records(log, 0, 1000).await.unwrap()
        };
        let records = self.runtime.block_on(records);
        records
            .into_iter()
            .map(|record| record.event)
            .filter(|event| event.starts_with("package-"))
            .collect()
    }
}

fn signer(folder: &Path, name: &str) -> P256Signer {
    let read = |end: &str| fs::read_to_string(folder.join(format!("{name}.{end}"))).unwrap();
    P256Signer::from_pkcs8_pem(&read("key"), &read("pem")).unwrap()
}

fn seal(plain: &[u8], recipient: &str) -> Vec<u8> {
    let recipient: age::x25519::Recipient = recipient.parse().unwrap();
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let mut sealed = Vec::new();
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap();
    sealed
}

fn document(kiosk: &P256Signer, kiosk_id: &str, number: u8, at: UtcMs) -> (DocumentId, Vec<u8>) {
    let evidence = Evidence {
        document_id: DocumentId([number; 16]),
        session_id: SessionId([number; 16]),
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: kiosk_id.into(),
            software: "test".into(),
        },
        language: Language::Kk,
        service: None,
        consents: Vec::new(),
        claim: None,
        modality: None,
        started_at: at,
        ended_at: at,
        outcome: Outcome::Withdrawn,
        camera: None,
        attempts: Vec::new(),
        attempts_before: 0,
        palm: None,
        stills: Vec::new(),
        policy: Policy::default(),
        audit: None,
        ..Evidence::blank()
    };
    let content = Sensitive::new(content::encode(&evidence));
    (evidence.document_id, sign(content.expose(), kiosk, at).unwrap())
}

#[test]
fn a_package_is_imported_once_and_answered_every_time() {
    let bank = Bank::new();
    let kiosk = bank.kiosk("kiosk-7");
    let documents = [1, 2, 3].map(|number| document(&kiosk, "kiosk-7", number, now()));
    let sealed = bank.package(&kiosk, &documents, |_, _| {});
    let first = bank.import(&sealed).unwrap();
    assert_eq!(first.kiosk_id, "kiosk-7");
    assert!(first.documents.iter().all(|(_, became)| *became == Became::New));
    let again = bank.import(&sealed).unwrap();
    assert!(again.documents.iter().all(|(_, became)| *became == Became::Known));
    assert_eq!(
        bank.events(),
        [
            format!(
                "package-imported {} kiosk-7 part=1/1 new=3 known=0 refused=0",
                "9a".repeat(16)
            ),
            format!(
                "package-imported {} kiosk-7 part=1/1 new=0 known=3 refused=0",
                "9a".repeat(16)
            ),
        ]
    );
    let read = |imported: &Imported| -> Vec<_> {
        bundle::decode(&imported.receipts)
            .unwrap()
            .into_iter()
            .map(|signed| {
                let verified = verify(signed, &bank.anchors, now()).unwrap();
                assert_eq!(verified.signer_common_name, SIGNER_COMMON_NAME);
                receipt::decode(verified.content.expose()).unwrap()
            })
            .collect()
    };
    let receipts = read(&first);
    assert_eq!(receipts, read(&again));
    for ((id, signed), receipt) in documents.iter().zip(&receipts) {
        assert_eq!(receipt.document_id, *id);
        assert_eq!(receipt.kiosk_id, "kiosk-7");
        assert_eq!(Listed::of(*id, signed).sha256, receipt.document_sha256);
    }
}

#[test]
fn a_file_gets_its_receipts_beside_it() {
    let bank = Bank::new();
    let kiosk = bank.kiosk("kiosk-7");
    let documents = [document(&kiosk, "kiosk-7", 1, now())];
    let file = bank.folder.path().join("package.age");
    fs::write(&file, bank.package(&kiosk, &documents, |_, _| {})).unwrap();
    for _ in 0..2 {
        let done = bank.runtime.block_on(bank.importer().import_file(&file, now()));
        let (_, receipts) = done.unwrap();
        assert_eq!(receipts, bank.folder.path().join("package.age.receipts"));
        assert_eq!(bundle::decode(&fs::read(receipts).unwrap()).unwrap().len(), 1);
    }
    let missing = bank.folder.path().join("missing");
    let done = bank
        .runtime
        .block_on(bank.importer().import_file(&missing, now()));
    assert!(matches!(done, Err(ImportError::File { .. })));
}

#[test]
fn what_is_no_package_of_ours_is_refused_whole() {
    let bank = Bank::new();
    let kiosk = bank.kiosk("kiosk-7");
    let documents = [1, 2].map(|number| document(&kiosk, "kiosk-7", number, now()));
    let check = |sealed: &[u8], event: &str| {
        let error = bank.import(sealed).unwrap_err();
        assert_eq!(
            bank.events().last().unwrap(),
            &format!("package-refused {event}"),
            "{error}"
        );
        assert!(documents.iter().all(|(id, _)| !bank.is_stored(*id)));
    };
    let good = bank.package(&kiosk, &documents, |_, _| {});
    check(b"nonsense", "not-sealed-for-us");
    check(&good[..good.len() - 1], "not-sealed-for-us");
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        check(&changed, "not-sealed-for-us");
    }
    let other = PackageKey::ensure(&bank.folder.path().join("other.key")).unwrap();
    let plain = package::enclose(b"header", &[]);
    check(&seal(&plain, &other.recipient()), "not-sealed-for-us");
    check(&bank.seal(b"plain"), "malformed");
    check(&bank.seal(&plain), "signature");
    let package = |change: Change| bank.package(&kiosk, &documents, change);
    check(&package(|_, inside| inside.swap(0, 1)), "malformed");
    check(&package(|_, inside| drop(inside.pop())), "malformed");
    check(&package(|_, inside| inside.push(vec![1])), "malformed");
    check(&package(|header, _| header.part = 2), "malformed");
    check(
        &package(|header, _| header.kiosk_id = "kiosk-8".into()),
        "signature",
    );
    // Another bank's kiosk of the same name, and one of ours that nobody noted.
    let stranger = Bank::new().kiosk("kiosk-7");
    check(&bank.package(&stranger, &documents, |_, _| {}), "signature");
    let gateway = signer(bank.folder.path(), "answers");
    let named: Change = |header, _| header.kiosk_id = SIGNER_COMMON_NAME.into();
    check(&bank.package(&gateway, &documents, named), "unknown-kiosk");
    assert!(bank.import(&good).is_ok());
}

#[test]
fn one_bad_document_does_not_block_the_rest() {
    let bank = Bank::new();
    let (kiosk, other) = (bank.kiosk("kiosk-7"), bank.kiosk("kiosk-8"));
    let documents = [
        document(&kiosk, "kiosk-7", 1, now()),
        document(&other, "kiosk-8", 2, now()),
        (DocumentId([3; 16]), b"nonsense".to_vec()),
        document(&kiosk, "kiosk-7", 4, now()),
    ];
    let imported = bank.import(&bank.package(&kiosk, &documents, |_, _| {})).unwrap();
    let became: Vec<Became> = imported.documents.into_iter().map(|(_, became)| became).collect();
    assert_eq!(
        became,
        [
            Became::New,
            Became::Refused(RefusalCode::Certificate),
            Became::Refused(RefusalCode::Malformed),
            Became::New,
        ]
    );
    assert_eq!(bundle::decode(&imported.receipts).unwrap().len(), 2);
}

#[test]
fn a_kiosk_that_is_shut_out_keeps_what_it_signed_before() {
    let check = |shut_out: fn(&Bank, UtcMs), expect: [bool; 2]| {
        let bank = Bank::new();
        let kiosk = bank.kiosk("kiosk-7");
        let since = now();
        let later = UtcMs(since.0 + 5_000);
        // A second earlier than the certificate would be too early: it is as old as this test.
        let before = UtcMs(since.0 - since.0 % 1000);
        let documents = [
            document(&kiosk, "kiosk-7", 1, before),
            document(&kiosk, "kiosk-7", 2, UtcMs(later.0 + 10_000)),
        ];
        shut_out(&bank, later);
        let imported = bank.import(&bank.package(&kiosk, &documents, |_, _| {})).unwrap();
        let stored: Vec<bool> = documents.iter().map(|(id, _)| bank.is_stored(*id)).collect();
        assert_eq!(stored, expect);
        for ((_, became), stored) in imported.documents.iter().zip(stored) {
            assert_eq!(*became == Became::ShutOut, !stored, "{became}");
        }
    };
    check(|_, _| {}, [true, true]);
    check(
        |bank, since| {
            let done = bank.store.block_kiosk("kiosk-7", Some("lost"), since);
            assert!(bank.runtime.block_on(done).unwrap());
        },
        [true, false],
    );
    check(|bank, since| revoke(bank, 4, since), [true, false]);
    // Who has the key can write any time.
    check(|bank, since| revoke(bank, 1, since), [false, false]);
    check(|bank, since| revoke(bank, 10, since), [false, false]);
}

#[test]
fn a_kiosk_whose_clock_is_wrong_is_imported_by_the_rules_of_the_line() {
    let year_ms = 365 * 24 * 60 * 60 * 1000;
    for off in [-20 * year_ms, 20 * year_ms] {
        let bank = Bank::new();
        let kiosk = bank.kiosk("kiosk-7");
        let then = UtcMs(now().0 + off);
        let documents = [document(&kiosk, "kiosk-7", 1, then)];
        let header = Header {
            kiosk_id: "kiosk-7".into(),
            package_id: [1; 16],
            part: 1,
            parts: 1,
            created_at: then,
            audit: AuditHead::empty(LogId([7; 16])),
            documents: documents
                .iter()
                .map(|(id, signed)| Listed::of(*id, signed))
                .collect(),
        };
        let signed = sign(&package::encode_header(&header), &kiosk, then).unwrap();
        let sealed = bank.seal(&package::enclose(&signed, &[documents[0].1.clone()]));
        let imported = bank.import(&sealed).unwrap();
        assert_eq!(imported.documents, [(documents[0].0, Became::New)]);

        // And whoever is shut out is not let in by a wrong clock.
        let (id, signed) = document(&kiosk, "kiosk-7", 2, UtcMs(now().0 + 20 * year_ms));
        revoke(&bank, 4, now());
        let imported = bank
            .import(&bank.package(&kiosk, &[(id, signed)], |_, _| {}))
            .unwrap();
        assert_eq!(imported.documents, [(id, Became::ShutOut)]);
    }
}

/// `reason` as RFC 5280 numbers them: 1 key compromised, 4 superseded.
fn revoke(bank: &Bank, reason: u8, since: UtcMs) {
    let certificates = bank
        .runtime
        .block_on(bank.store.certificates(Some("kiosk-7")))
        .unwrap();
    let revocation = Revocation {
        serial: certificates[0].serial.clone(),
        reason,
        revoked_at: since,
    };
    assert!(
        bank.runtime
            .block_on(bank.store.revoke(&revocation, since))
            .unwrap()
    );
}

#[test]
fn the_key_is_made_once_and_belongs_to_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("packages.key");
    let key = PackageKey::ensure(&file).unwrap();
    assert_eq!(PackageKey::ensure(&file).unwrap().recipient(), key.recipient());
    assert!(key.recipient().starts_with("age1"));
    let text = fs::read_to_string(&file).unwrap();
    let secret = text.lines().last().unwrap();
    assert!(secret.starts_with("AGE-SECRET-KEY-1"));
    assert!(!format!("{key:?}").contains(secret));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for wrong in ["", "# only this\n", "age1nothing", &text.replace('1', "2")] {
        fs::write(&file, wrong).unwrap();
        assert!(PackageKey::ensure(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
    }
}
