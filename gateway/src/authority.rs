//! The demo authority: certificates and configuration for a first start, and the enrolment of kiosks without a code.
//!
//! An institution has an authority of its own, or lets the gateway be it. This one exists so that a stranger can start
//! the whole system with one command; its key lies in a file beside the others.

mod files;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ::authority::{
    Authority, CertificateRequest, KioskName, Leaf, Lifetime, NameError, Profile, new_key, request_for,
};
use document::identification::SIGNER_COMMON_NAME;
use verification::Sensitive;

use self::files::{Access, make_folder, read, write_new};
use crate::config::{ConfigError, GatewayConfig, StoreKind};
use crate::enrolment::{issued, new_serial};
use crate::import::{KeyError, PackageKey};
use crate::registry::Bell;
use crate::storage::OpenError;
use crate::store::StoreError;
use crate::utc_now;

/// Validity of the authority's certificate.
const AUTHORITY_DAYS: u32 = 3650;

/// Validity of the certificates of servers and of the signer of answers.
const SERVER_DAYS: u32 = 825;

/// The common name of the authority.
const AUTHORITY_NAME: &str = "Alaqan demo authority";

/// Names of the gateway and of the simulator in their server certificates.
const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Port on which the gateway awaits kiosks where nobody says otherwise, and the one for questions of operators then.
const PORTS: (u16, u16) = (8443, 8445);

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", file.display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key or certificate could not be made or read back.
    #[error("{} is no usable key or certificate", file.display())]
    Certificate {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system gave no randomness.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// A kiosk cannot have this name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The folder holds the certificate of another kiosk, or something that is no certificate.
    #[error("{} is there already and does not name the kiosk {name:?}", file.display())]
    OtherKiosk {
        /// Which file.
        file: PathBuf,
        /// The name that was asked for.
        name: String,
    },
    /// The kiosk of this name was shut out.
    #[error("the kiosk {0:?} is shut out; `kiosk add` lets it in again")]
    ShutOut(String),
    /// The key of packages cannot be made or read.
    #[error(transparent)]
    Packages(#[from] KeyError),
    /// The configuration of the gateway cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store of the gateway cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The certificate could not be noted in the registry of the gateway.
    #[error("the certificate cannot be noted in the registry")]
    Store(#[from] StoreError),
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
        let serial = new_serial().map_err(AuthorityError::Random)?;
        let days = Lifetime::days(AUTHORITY_DAYS);
        let pem = Authority::certify(AUTHORITY_NAME, days, &serial, utc_now(), &authority_key)
            .map_err(at(&authority_file))?;
        write_new(&authority_file, pem.as_bytes(), Access::Public)?;
    }
    let authority = Authority::load(&authority_key, &read(&authority_file)?).map_err(at(&authority_file))?;
    let server = |common_name: &str| Profile::Server {
        common_name: common_name.to_owned(),
        hosts: SERVER_NAMES.map(str::to_owned).to_vec(),
    };
    let signer = Profile::Signer {
        common_name: SIGNER_COMMON_NAME.to_owned(),
    };
    for (file, profile) in [
        ("gateway", server("alaqan-gateway")),
        ("idec", server("alaqan-idec-sim")),
        ("answers", signer),
    ] {
        ensure_certificate(&authority, folder, file, &profile)?;
    }
    let store_key = folder.join("gateway.db.key");
    if !store_key.exists() {
        let mut bytes = Sensitive::new([0_u8; 32]);
        fill(&mut bytes)?;
        let digits: String = bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        write_new(
            &store_key,
            Sensitive::new(digits).expose().as_bytes(),
            Access::Private,
        )?;
    }
    PackageKey::ensure(&folder.join("packages.key"))?;
    for (name, text) in [
        (
            "gateway.toml",
            files::gateway_toml(gateway, ops_address(gateway), idec),
        ),
        ("idec.toml", files::idec_toml(idec)),
    ] {
        let file = folder.join(name);
        if !file.exists() {
            write_new(&file, text.as_bytes(), Access::Public)?;
        }
    }
    Ok(())
}

/// Beside the usual port the usual one; beside any other whichever is free.
fn ops_address(gateway: SocketAddr) -> SocketAddr {
    let port = if gateway.port() == PORTS.0 { PORTS.1 } else { 0 };
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Issues a key and a certificate for the kiosk `name` into `out`, with the authority's certificate beside them:
/// `kiosk.key`, `kiosk.pem`, `ca.pem`, and notes the certificate in the gateway's registry. What is there already for
/// the same kiosk stays.
///
/// A shortcut for demonstrations and tests: the key is made here and not in the kiosk.
///
/// # Errors
/// When the name cannot be used, `out` belongs to another kiosk, or a file or the store cannot be read or written.
pub fn enrol(folder: &Path, name: &str, out: &Path) -> Result<(), AuthorityError> {
    let name: KioskName = name.parse()?;
    let authority_file = folder.join("ca.pem");
    let authority_pem = read(&authority_file)?;
    let key_file = folder.join("ca.key");
    let key = Sensitive::new(read(&key_file)?);
    let authority = Authority::load(&key, &authority_pem).map_err(at(&authority_file))?;

    make_folder(out)?;
    let certificate = out.join("kiosk.pem");
    let other = || AuthorityError::OtherKiosk {
        file: certificate.clone(),
        name: name.to_string(),
    };
    if certificate.exists() {
        let found = crate::tls::common_name_of_pem(read(&certificate)?.as_bytes());
        if found.as_deref() != Some(name.as_str()) {
            return Err(other());
        }
    }
    ensure_certificate(&authority, out, "kiosk", &Profile::Kiosk(name.clone()))?;
    let copy = out.join("ca.pem");
    if !copy.exists() {
        write_new(&copy, authority_pem.as_bytes(), Access::Public)?;
    }
    let config = folder.join("gateway.toml");
    if config.exists() {
        let der = crate::tls::certificates(read(&certificate)?.as_bytes()).map_err(|_| other())?;
        let der = der.first().ok_or_else(other)?;
        register(&GatewayConfig::load(&config)?, der)?;
    }
    Ok(())
}

/// Notes a certificate of a kiosk in the gateway's registry, unless it stands there.
fn register(config: &GatewayConfig, der: &[u8]) -> Result<(), AuthorityError> {
    let leaf = Leaf::from_der(der).map_err(at(&config.tls.authority))?;
    let certificate = issued(der).map_err(at(&config.tls.authority))?;
    // On a thread of its own: the caller may have a runtime, and the store wants one.
    let noted = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|source| AuthorityError::Read {
                file: config.store.file.clone(),
                source,
            })?;
            runtime.block_on(async {
                let store = crate::storage::open(config).await?;
                store.add_kiosk(&leaf.common_name, utc_now()).await?;
                if store.certificate(leaf.serial.as_bytes()).await?.is_none()
                    && !store.add_certificate(&certificate, utc_now()).await?
                {
                    return Err(AuthorityError::ShutOut(leaf.common_name.clone()));
                }
                Ok(())
            })
        });
        thread
            .join()
            .unwrap_or(Err(AuthorityError::Store(StoreError::Closed)))
    });
    noted?;
    if config.store.kind == StoreKind::Postgres {
        return Ok(());
    }
    Bell::of(&config.store.file)
        .ring()
        .map_err(|source| AuthorityError::Write {
            file: config.store.file.clone(),
            source,
        })
}

/// A key and a certificate under `folder/file.key` and `folder/file.pem`, as far as they are not there.
fn ensure_certificate(
    authority: &Authority,
    folder: &Path,
    file: &str,
    profile: &Profile,
) -> Result<(), AuthorityError> {
    let key = ensure_key(&folder.join(format!("{file}.key")))?;
    let certificate = folder.join(format!("{file}.pem"));
    if certificate.exists() {
        return Ok(());
    }
    let request = request_for(&key).map_err(at(&certificate))?;
    let request = CertificateRequest::from_der(&request).map_err(at(&certificate))?;
    let serial = new_serial().map_err(AuthorityError::Random)?;
    let der = authority
        .issue(&request, profile, Lifetime::days(SERVER_DAYS), &serial, utc_now())
        .map_err(at(&certificate))?;
    let pem = crate::tls::to_pem(&der).ok_or_else(|| at(&certificate)("the certificate has no text form"))?;
    write_new(&certificate, pem.as_bytes(), Access::Public)
}

fn ensure_key(file: &Path) -> Result<Sensitive<String>, AuthorityError> {
    if file.exists() {
        return read(file).map(Sensitive::new);
    }
    let key = new_key().map_err(at(file))?;
    write_new(file, key.expose().as_bytes(), Access::Private)?;
    Ok(key)
}

fn fill(bytes: &mut Sensitive<[u8; 32]>) -> Result<(), AuthorityError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(AuthorityError::Random)?;
    *bytes = Sensitive::new(random);
    Ok(())
}

fn at<E: Into<Box<dyn std::error::Error + Send + Sync>>>(file: &Path) -> impl Fn(E) -> AuthorityError {
    move |source| AuthorityError::Certificate {
        file: file.to_owned(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests;
