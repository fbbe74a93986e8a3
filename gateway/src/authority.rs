//! The demo authority: certificates and configuration for a first start, and the enrolment of kiosks.
//!
//! An institution has an authority of its own. This one exists so that a stranger can start the whole system
//! with one command; its key lies in a file beside the others.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use document::identification::SIGNER_COMMON_NAME;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use verification::Sensitive;

/// Validity of the authority's certificate.
const AUTHORITY_DAYS: u64 = 3650;

/// Validity of all other certificates.
const LEAF_DAYS: u64 = 825;

/// Names of the gateway and of the simulator in their server certificates.
const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", file.display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or certificate could not be made or read back.
    #[error("{} is no usable key or certificate", file.display())]
    Certificate {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// The system gave no randomness.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// A kiosk cannot have this name.
    #[error(
        "{0:?} cannot name a kiosk: 1 to 64 of the characters a-z A-Z 0-9 . _ - and not the gateway's own name"
    )]
    Name(String),
    /// The folder holds the certificate of another kiosk, or something that is no certificate.
    #[error("{} is there already and does not name the kiosk {name:?}", file.display())]
    OtherKiosk {
        /// Which file.
        file: PathBuf,
        /// The name that was asked for.
        name: String,
    },
}

/// Makes everything that a gateway and a simulator need in `folder`, as far as it is not there yet. Nothing is
/// ever overwritten.
///
/// # Errors
/// When a file cannot be written, or one that is there is not what it should be.
pub fn init(folder: &Path, gateway: SocketAddr, idec: SocketAddr) -> Result<(), AuthorityError> {
    make_folder(folder)?;
    let authority_key = ensure_key(&folder.join("ca.key"))?;
    let authority_file = folder.join("ca.pem");
    if !authority_file.exists() {
        let mut params = params("Alaqan demo authority", &[], AUTHORITY_DAYS, &authority_file)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&authority_key).map_err(at(&authority_file))?;
        write_new(&authority_file, certificate.pem().as_bytes(), Access::Public)?;
    }
    let issuer =
        Issuer::from_ca_cert_pem(&read(&authority_file)?, authority_key).map_err(at(&authority_file))?;

    let server = [ExtendedKeyUsagePurpose::ServerAuth];
    issue(
        &issuer,
        folder,
        "gateway",
        "alaqan-gateway",
        &SERVER_NAMES,
        &server,
    )?;
    issue(&issuer, folder, "idec", "alaqan-idec-sim", &SERVER_NAMES, &server)?;
    issue(&issuer, folder, "answers", SIGNER_COMMON_NAME, &[], &[])?;

    let store_key = folder.join("gateway.db.key");
    if !store_key.exists() {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(AuthorityError::Random)?;
        let digits: Sensitive<String> = Sensitive::new(
            Sensitive::new(bytes)
                .expose()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        );
        write_new(&store_key, digits.expose().as_bytes(), Access::Private)?;
    }
    for (name, text) in [
        ("gateway.toml", gateway_toml(gateway, idec)),
        ("idec.toml", idec_toml(idec)),
    ] {
        let file = folder.join(name);
        if !file.exists() {
            write_new(&file, text.as_bytes(), Access::Public)?;
        }
    }
    Ok(())
}

/// Issues a key and a certificate for the kiosk `name` into `out`, with the authority's certificate beside them:
/// `kiosk.key`, `kiosk.pem`, `ca.pem`. What is there already for the same kiosk stays.
///
/// # Errors
/// When the name cannot be used, `out` belongs to another kiosk, or a file cannot be read or written.
pub fn enrol(folder: &Path, name: &str, out: &Path) -> Result<(), AuthorityError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) || name == SIGNER_COMMON_NAME {
        return Err(AuthorityError::Name(name.to_owned()));
    }
    let authority_file = folder.join("ca.pem");
    let authority = read(&authority_file)?;
    let key_file = folder.join("ca.key");
    let key = KeyPair::from_pem(&read(&key_file)?).map_err(at(&key_file))?;
    let issuer = Issuer::from_ca_cert_pem(&authority, key).map_err(at(&authority_file))?;

    make_folder(out)?;
    let certificate = out.join("kiosk.pem");
    if certificate.exists()
        && crate::tls::common_name_of_pem(read(&certificate)?.as_bytes()).as_deref() != Some(name)
    {
        return Err(AuthorityError::OtherKiosk {
            file: certificate,
            name: name.to_owned(),
        });
    }
    issue(
        &issuer,
        out,
        "kiosk",
        name,
        &[],
        &[ExtendedKeyUsagePurpose::ClientAuth],
    )?;
    let copy = out.join("ca.pem");
    if !copy.exists() {
        write_new(&copy, authority.as_bytes(), Access::Public)?;
    }
    Ok(())
}

/// A key and a certificate under `folder/file.key` and `folder/file.pem`, as far as they are not there.
fn issue(
    issuer: &Issuer<'_, KeyPair>,
    folder: &Path,
    file: &str,
    common_name: &str,
    names: &[&str],
    extended: &[ExtendedKeyUsagePurpose],
) -> Result<(), AuthorityError> {
    let key = ensure_key(&folder.join(format!("{file}.key")))?;
    let certificate_file = folder.join(format!("{file}.pem"));
    if certificate_file.exists() {
        return Ok(());
    }
    let mut params = params(common_name, names, LEAF_DAYS, &certificate_file)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = extended.to_vec();
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, issuer).map_err(at(&certificate_file))?;
    write_new(&certificate_file, certificate.pem().as_bytes(), Access::Public)
}

fn params(
    common_name: &str,
    names: &[&str],
    days: u64,
    file: &Path,
) -> Result<CertificateParams, AuthorityError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(at(file))?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let day = 24 * 60 * 60;
    // A day back, for a kiosk whose clock is behind.
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.saturating_sub(day));
    params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(now + days * day);
    Ok(params)
}

fn ensure_key(file: &Path) -> Result<KeyPair, AuthorityError> {
    if file.exists() {
        let pem = Sensitive::new(read(file)?);
        return KeyPair::from_pem(pem.expose()).map_err(at(file));
    }
    let key = KeyPair::generate().map_err(at(file))?;
    write_new(
        file,
        Sensitive::new(key.serialize_pem()).expose().as_bytes(),
        Access::Private,
    )?;
    Ok(key)
}

#[derive(Clone, Copy, PartialEq)]
enum Access {
    Public,
    /// Readable by its owner alone.
    Private,
}

/// Writes a file that must not be there yet. It appears whole or not at all.
fn write_new(file: &Path, bytes: &[u8], access: Access) -> Result<(), AuthorityError> {
    let write = || {
        let mut name = file.as_os_str().to_owned();
        name.push(".new");
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        if access == Access::Private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut open = options.open(&temporary)?;
        open.write_all(bytes)?;
        open.sync_all()?;
        fs::rename(&temporary, file)
    };
    write().map_err(|source| AuthorityError::Write {
        file: file.to_owned(),
        source,
    })
}

fn make_folder(folder: &Path) -> Result<(), AuthorityError> {
    fs::create_dir_all(folder).map_err(|source| AuthorityError::Write {
        file: folder.to_owned(),
        source,
    })
}

fn read(file: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(file).map_err(|source| AuthorityError::Read {
        file: file.to_owned(),
        source,
    })
}

fn at(file: &Path) -> impl Fn(rcgen::Error) -> AuthorityError {
    move |source| AuthorityError::Certificate {
        file: file.to_owned(),
        source,
    }
}

fn gateway_toml(listen: SocketAddr, idec: SocketAddr) -> String {
    format!(
        r#"# Configuration of alaqan-gateway. Paths are relative to this file.

# Where kiosks are awaited. Port 0 takes a free one; `run --ready-file` tells which.
listen = "{listen}"
# What is logged: error, warn, info, debug, trace, or a filter such as "gateway=debug".
log = "info"

[tls]
certificate = "gateway.pem"
key = "gateway.key"
# The authority that issues the kiosks' certificates.
authority = "ca.pem"

# With this key the answers of the centre are signed for the kiosks.
[signing]
certificate = "answers.pem"
key = "answers.key"

# The encrypted database of documents and answers. Without its key it cannot be read by anyone.
[store]
file = "gateway.db"
key = "gateway.db.key"

# The identification centre.
[idec]
url = "https://{idec}"
authority = "ca.pem"
# How long one request may take.
deadline_ms = 10000
# From which score on a comparison is a match, 0 to 1.
comparison_min = 0.95
# Pauses after a failure: the first one, and the longest one.
retry_min_ms = 1000
retry_max_ms = 300000
# How many documents are asked about at once.
parallel = 4
"#
    )
}

fn idec_toml(listen: SocketAddr) -> String {
    format!(
        r#"# Configuration of alaqan-idec-sim, a SIMULATOR of the identification centre.
# It looks at no face: it answers by the script below. Paths are relative to this file.

# Port 0 takes a free one; `--ready-file` tells which.
listen = "{listen}"
log = "info"
certificate = "idec.pem"
key = "idec.key"

# The score of a match, 0 to 1.
score = 0.987
# How long every answer takes.
latency_ms = 0
# How long an answer takes for those whose script is "timeout".
timeout_ms = 60000
# The Retry-After of those whose script is "overload".
retry_after_s = 5

# What happens for which IIN; "match" for all others. Test numbers only.
[script]
"900101300007" = "no_match"
"900102300002" = "person_not_found"
"900103300008" = "no_reference"
"900104300003" = "state_service_error"
"900105300009" = "overload"
"900106300004" = "timeout"
"900107300006" = "malformed"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GatewayConfig, SimConfig, read_store_key};

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_second_time_changes_nothing_and_the_files_are_good() {
        let folder = tempfile::tempdir().unwrap();
        let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
        init(&ca, address(1), address(2)).unwrap();
        enrol(&ca, "kiosk-1", &kiosk).unwrap();
        let before = (contents(&ca), contents(&kiosk));
        init(&ca, address(3), address(4)).unwrap();
        enrol(&ca, "kiosk-1", &kiosk).unwrap();
        assert_eq!(before, (contents(&ca), contents(&kiosk)));

        let config = GatewayConfig::load(&ca.join("gateway.toml")).unwrap();
        read_store_key(&config.store.key).unwrap();
        let sim = SimConfig::load(&ca.join("idec.toml")).unwrap();
        for iin in sim.script.keys() {
            iin.parse::<verification::identifier::Iin>().unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
        init(&ca, address(1), address(2)).unwrap();
        enrol(&ca, "kiosk-1", &kiosk).unwrap();
        let keys: Vec<_> = contents(&ca)
            .into_iter()
            .chain(contents(&kiosk))
            .map(|(path, _)| path)
            .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
            .collect();
        assert_eq!(keys.len(), 6);
        for key in keys {
            assert_eq!(
                fs::metadata(&key).unwrap().permissions().mode() & 0o777,
                0o600,
                "{}",
                key.display()
            );
        }
    }

    #[test]
    fn an_interrupted_start_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path(), address(1), address(2)).unwrap();
        let key = fs::read(folder.path().join("gateway.key")).unwrap();
        fs::remove_file(folder.path().join("gateway.pem")).unwrap();
        init(folder.path(), address(1), address(2)).unwrap();
        assert!(folder.path().join("gateway.pem").exists());
        assert_eq!(fs::read(folder.path().join("gateway.key")).unwrap(), key);
    }

    #[test]
    fn names_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
        init(&ca, address(1), address(2)).unwrap();
        for name in ["", "a b", "../x", "ә", SIGNER_COMMON_NAME, &"x".repeat(65)] {
            assert!(
                matches!(enrol(&ca, name, &kiosk), Err(AuthorityError::Name(_))),
                "{name}"
            );
        }
        enrol(&ca, "kiosk-1", &kiosk).unwrap();
        assert!(matches!(
            enrol(&ca, "kiosk-2", &kiosk),
            Err(AuthorityError::OtherKiosk { .. })
        ));
    }
}
