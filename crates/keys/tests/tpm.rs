//! A TPM that is switched off, cleared, exchanged, full or locked.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use common::swtpm::Swtpm;
use common::tap::Tap;
use keys::tpm::TpmStore;
use keys::{KeyError, KeyStore, Place, Trouble};
use tempfile::TempDir;
use tss_esapi::constants::CapabilityType;
use tss_esapi::constants::tss::{TPM2_LOADED_SESSION_FIRST, TPM2_TRANSIENT_FIRST};
use tss_esapi::handles::AuthHandle;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{Auth, CapabilityData};
use tss_esapi::tcti_ldr::TctiNameConf;

struct Machine {
    tpm: Swtpm,
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self {
            tpm: Swtpm::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn open(&self) -> TpmStore {
        TpmStore::open(&self.tpm.tcti(), &self.path()).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }

    /// Talks to the TPM past this room.
    fn context(&self) -> tss_esapi::Context {
        tss_esapi::Context::new(TctiNameConf::from_str(&self.tpm.tcti()).unwrap()).unwrap()
    }

    /// How many objects and sessions are loaded in the TPM.
    fn loaded(&self) -> usize {
        let mut context = self.context();
        [TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST]
            .into_iter()
            .map(|first| {
                match context
                    .get_capability(CapabilityType::Handles, first, 32)
                    .unwrap()
                    .0
                {
                    CapabilityData::Handles(handles) => handles.into_inner().len(),
                    other => panic!("{other:?}"),
                }
            })
            .sum()
    }
}

fn trouble<T>(result: Result<T, KeyError>) -> Trouble {
    match result.map(|_| ()) {
        Err(KeyError::Unreachable {
            place: Place::Tpm,
            trouble,
            ..
        }) => trouble,
        other => panic!("{other:?}"),
    }
}

fn check_unusable<T>(result: Result<T, KeyError>, expect: &str) {
    match result.map(|_| ()) {
        Err(KeyError::Unusable { place, message, .. }) => {
            assert_eq!(place, Place::Tpm);
            assert!(message.contains(expect), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restarted_tpm_has_its_keys() {
    let mut machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let key = keys.make_device_key("device-1").unwrap();

    machine.tpm.kill();
    assert_eq!(trouble(keys.secret("store-1")), Trouble::Absent);
    assert_eq!(
        trouble(keys.keep_secret("store-2", &common::secret(2))),
        Trouble::Absent
    );
    assert_eq!(trouble(keys.make_device_key("device-2")), Trouble::Absent);
    assert_eq!(trouble(key.sign(b"document")), Trouble::Absent);
    assert_eq!(
        trouble(TpmStore::open(&machine.tpm.tcti(), &machine.path())),
        Trouble::Absent
    );
    // Which names are there is known without it.
    assert_eq!(keys.names().unwrap(), ["device-1", "store-1"]);

    machine.tpm.restart();
    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    common::check_signs(&*key);
    assert!(machine.open().secret("store-1").unwrap() == Some(common::secret(1)));
}

#[test]
fn a_tpm_that_is_killed_at_work_works_again() {
    let mut machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let key = keys.make_device_key("device-1").unwrap();
    for _ in 0..3 {
        std::thread::scope(|scope| {
            // Each goes on until the plug is pulled.
            let signing = scope.spawn(|| {
                loop {
                    if let Err(error) = key.sign(b"document") {
                        return error;
                    }
                }
            });
            let unsealing = scope.spawn(|| {
                loop {
                    match keys.secret("store-1") {
                        Ok(secret) => assert!(secret == Some(common::secret(1))),
                        Err(error) => return error,
                    }
                }
            });
            machine.tpm.kill();
            for error in [signing.join().unwrap(), unsealing.join().unwrap()] {
                assert!(matches!(error, KeyError::Unreachable { .. }), "{error:?}");
            }
        });
        machine.tpm.restart();
        common::check_signs(&*key);
        assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    }
    assert_eq!(machine.loaded(), 0);
}

#[test]
fn another_tpm_opens_nothing_and_deletes_nothing() {
    let mut machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let key = keys.make_device_key("device-1").unwrap();
    let files = machine.files();

    machine.tpm.replace();
    for keys in [&keys, &machine.open()] {
        check_unusable(keys.secret("store-1"), "another TPM");
        check_unusable(keys.device_key("device-1"), "another TPM");
        check_unusable(key.sign(b"document"), "another TPM");
        assert!(matches!(
            keys.keep_secret("store-1", &common::secret(2)),
            Err(KeyError::Exists(_))
        ));
        assert!(matches!(
            keys.make_device_key("device-1"),
            Err(KeyError::Exists(_))
        ));
        assert_eq!(keys.names().unwrap(), ["device-1", "store-1"]);
    }
    assert_eq!(machine.files(), files);
    // New keys stand beside the lost ones.
    keys.keep_secret("store-2", &common::secret(2)).unwrap();
    assert!(keys.secret("store-2").unwrap() == Some(common::secret(2)));
    common::check_signs(&*keys.make_device_key("device-2").unwrap());
}

#[test]
fn a_cleared_tpm_opens_nothing_of_before() {
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let files = machine.files();
    machine
        .context()
        .execute_with_session(Some(AuthSession::Password), |context| {
            context.clear(AuthHandle::Lockout)
        })
        .unwrap();
    check_unusable(keys.secret("store-1"), "cleared");
    assert_eq!(machine.files(), files);
}

#[test]
fn a_blob_that_lies_about_its_tpm_is_still_refused() {
    let mut machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let before = storage_key(&machine.path().join("store-1.pem"));
    machine.tpm.replace();
    keys.keep_secret("store-2", &common::secret(2)).unwrap();
    let after = storage_key(&machine.path().join("store-2.pem"));
    assert_ne!(before, after);
    let file = machine.path().join("store-1.pem");
    let lying = replaced(&std::fs::read(&file).unwrap(), &before, &after);
    std::fs::write(&file, lying).unwrap();
    check_unusable(keys.secret("store-1"), "refuses its file");
}

#[test]
fn damaged_blobs_are_refused_and_nothing_panics() {
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    keys.make_device_key("device-1").unwrap();
    for name in ["store-1", "device-1"] {
        let file = machine.path().join(format!("{name}.pem"));
        let whole = std::fs::read(&file).unwrap();
        let der = der_of(&whole);
        // Some of the bytes: each takes a visit to the TPM.
        for at in (0..der.len()).step_by(7) {
            let mut damaged = der.clone();
            damaged[at] ^= 0x40;
            std::fs::write(&file, pem_of(&damaged)).unwrap();
            for result in [keys.secret(name).map(|_| ()), keys.device_key(name).map(|_| ())] {
                assert!(
                    matches!(result, Err(KeyError::Unusable { .. } | KeyError::Kind(_))),
                    "{name}, byte {at}: {result:?}"
                );
            }
        }
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    assert_eq!(machine.loaded(), 0);
}

#[test]
fn nothing_stays_loaded_however_often_it_is_used() {
    let mut machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    keys.keep_secret("store-9", &common::secret(9)).unwrap();
    let key = keys.make_device_key("device-1").unwrap();
    let file = machine.path().join("store-9.pem");
    let name = storage_key(&file);
    let mut other = name.clone();
    other.replace_range(4..8, if &name[4..8] == "0000" { "1111" } else { "0000" });
    std::fs::write(&file, replaced(&std::fs::read(&file).unwrap(), &name, &other)).unwrap();
    for _ in 0..30 {
        keys.secret("store-1").unwrap();
        keys.secret("store-9").unwrap_err();
        key.sign(b"document").unwrap();
        assert_eq!(machine.loaded(), 0);
    }
    machine.tpm.kill();
}

/// Programs that were killed leave their objects and sessions in a TPM that no resource manager guards.
#[test]
fn what_killed_programs_left_is_flushed() {
    const TCTI: &str = "ALAQAN_KEYS_FILL_TPM";
    if let Ok(tcti) = std::env::var(TCTI) {
        fill_and_die(&tcti);
    }
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["what_killed_programs_left_is_flushed", "--exact", "--nocapture"])
        .env(TCTI, machine.tpm.tcti())
        .output()
        .unwrap();
    assert!(!died.status.success());
    assert!(machine.loaded() >= 6, "{}", machine.loaded());

    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    common::check_signs(&*keys.make_device_key("device-1").unwrap());
    assert_eq!(machine.loaded(), 0);
}

fn fill_and_die(tcti: &str) -> ! {
    use tss_esapi::attributes::ObjectAttributesBuilder;
    use tss_esapi::constants::SessionType;
    use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
    use tss_esapi::interface_types::resource_handles::Hierarchy;
    use tss_esapi::structures::{
        Digest, KeyedHashScheme, PublicBuilder, PublicKeyedHashParameters, SensitiveData, SymmetricDefinition,
    };
    let mut context = tss_esapi::Context::new(TctiNameConf::from_str(tcti).unwrap()).unwrap();
    let attributes = ObjectAttributesBuilder::new()
        .with_user_with_auth(true)
        .build()
        .unwrap();
    let public = PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::KeyedHash)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_keyed_hash_parameters(PublicKeyedHashParameters::new(KeyedHashScheme::Null))
        .with_keyed_hash_unique_identifier(Digest::default())
        .build()
        .unwrap();
    let data = SensitiveData::try_from(vec![1]).unwrap();
    for _ in 0..3 {
        context
            .execute_with_session(Some(AuthSession::Password), |context| {
                context.create_primary(
                    Hierarchy::Null,
                    public.clone(),
                    None,
                    Some(data.clone()),
                    None,
                    None,
                )
            })
            .unwrap();
        context
            .start_auth_session(
                None,
                None,
                None,
                SessionType::Hmac,
                SymmetricDefinition::AES_128_CFB,
                HashingAlgorithm::Sha256,
            )
            .unwrap();
    }
    std::process::abort();
}

#[test]
fn an_owner_password_is_said() {
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    machine
        .context()
        .execute_with_session(Some(AuthSession::Password), |context| {
            context.hierarchy_change_auth(AuthHandle::Owner, Auth::try_from(b"secret".to_vec())?)
        })
        .unwrap();
    assert_eq!(trouble(keys.secret("store-1")), Trouble::Locked);
    let Err(error) = TpmStore::open(&machine.tpm.tcti(), &machine.path()) else {
        panic!("opened");
    };
    assert!(error.to_string().contains("password"), "{error}");
}

/// Somebody else's wrong passwords must not lock the kiosk out: nothing of it has a password to guess.
#[test]
fn a_lockout_does_not_concern_these_keys() {
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    // TPM2_DictionaryAttackParameters as the lockout authority, whose password is empty: with no tries allowed, the TPM
    // is in lockout. The library does not know this command.
    let tail: [u32; 3] = [0, 3_600, 86_400];
    let mut command = vec![0x80, 0x02, 0, 0, 0, 39, 0, 0, 0x01, 0x3a, 0x40, 0, 0, 0x0a];
    command.extend([0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 1, 0, 0]);
    command.extend(tail.iter().flat_map(|number| number.to_be_bytes()));
    let mut stream = TcpStream::connect(machine.tpm.address()).unwrap();
    stream.write_all(&command).unwrap();
    let mut header = [0; 10];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header[6..], [0; 4]);
    drop(stream);

    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    keys.keep_secret("store-2", &common::secret(2)).unwrap();
    common::check_signs(&*keys.make_device_key("device-1").unwrap());
}

#[test]
fn no_tpm() {
    let folder = tempfile::tempdir().unwrap();
    let check = |tcti: &str, expect: Trouble| {
        assert_eq!(trouble(TpmStore::open(tcti, folder.path())), expect, "{tcti}");
    };
    check("device:/dev/there-is-no-such-tpm", Trouble::Absent);
    check("swtpm:host=127.0.0.1,port=1", Trouble::Absent);
    check("", Trouble::Absent);
    check("libtss2-tcti-evil.so", Trouble::Absent);
    // It is there, and no TPM.
    check("device:/dev/null", Trouble::Absent);
}

#[test]
fn nothing_readable_lies_in_the_files() {
    let machine = Machine::new();
    let keys = machine.open();
    keys.keep_secret("store-1", &common::secret(0xa7)).unwrap();
    keys.make_device_key("device-1").unwrap();
    for (path, content) in machine.files() {
        assert!(
            content.starts_with(b"-----BEGIN TSS2 PRIVATE KEY-----\n"),
            "{}",
            path.display()
        );
        let der = der_of(&content);
        assert!(
            !der.windows(4).any(|bytes| bytes == [0xa7; 4]),
            "{}",
            path.display()
        );
    }
}

#[test]
fn no_secret_crosses_the_bus_in_the_clear() {
    let machine = Machine::new();
    let tap = Tap::on(&machine.tpm);
    let keys = TpmStore::open(&tap.tcti(), &machine.path()).unwrap();
    keys.keep_secret("store-1", &common::secret(0xa7)).unwrap();
    assert!(keys.secret("store-1").unwrap() == Some(common::secret(0xa7)));
    let key = keys.make_device_key("device-1").unwrap();
    // The tap hears what is public.
    assert!(tap.heard(&key.public_key()[1..33]));
    assert!(!tap.heard(&[0xa7; 4]));
}

fn der_of(pem: &[u8]) -> Vec<u8> {
    der::pem::decode_vec(pem).unwrap().1
}

fn pem_of(der: &[u8]) -> String {
    der::pem::encode_string("TSS2 PRIVATE KEY", der::pem::LineEnding::LF, der).unwrap()
}

/// The name of the storage key that a file speaks of.
fn storage_key(file: &Path) -> String {
    let text = String::from_utf8_lossy(&der_of(&std::fs::read(file).unwrap())).into_owned();
    let start = text.find("storage key ").unwrap() + "storage key ".len();
    text[start..start + 68].to_owned()
}

fn replaced(pem: &[u8], from: &str, to: &str) -> String {
    let mut der = der_of(pem);
    let at = der
        .windows(from.len())
        .position(|bytes| bytes == from.as_bytes())
        .unwrap();
    der[at..at + to.len()].copy_from_slice(to.as_bytes());
    pem_of(&der)
}
