//! Who this kiosk is: its device key and the certificate that the institution's authority issued for it.
//!
//! Certificates are public and lie in a folder, one file for each device key and under its name: `device-1.pem`. A renewed
//! certificate has a new key. The newest key that has a certificate is the one in use; a newer one without is a renewal
//! that has not come to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::signature::{self, ExternalSigner, SignError};
use keys::{DeviceKey, KeyError, KeyStore, rotation};
use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SigningKey};
use thiserror::Error;
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, Encode, EncodePem};

use crate::disk;

/// The file of the authority's certificate.
const AUTHORITY: &str = "authority.pem";
/// Device keys are `device-1`, `device-2` and so on.
const DEVICE: &str = "device";

/// Why the kiosk has no identity that could be used.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The place of the keys fails.
    #[error("the device key cannot be had")]
    Key(#[from] KeyError),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no certificate.
    #[error("{path} holds no certificate that can be read")]
    Certificate {
        /// The file.
        path: PathBuf,
    },
    /// The authority issued a certificate for another key, or something that is no certificate.
    #[error("the certificate that came does not belong to this kiosk's key")]
    OtherKey,
    /// The authority issued a certificate with which the gateway would refuse every document.
    #[error("the certificate that came cannot be used: {0}")]
    Unfit(String),
    /// There is a certificate, and its key is gone: the kiosk must be enrolled anew.
    #[error("the key of the certificate {path} is gone; the kiosk must be enrolled anew")]
    KeyGone {
        /// The certificate.
        path: PathBuf,
    },
    /// No request can be made with the device key.
    #[error("no certificate request can be made")]
    Request(#[source] rcgen::Error),
}

/// A device key and its certificate.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Name of the key and of the file.
    pub name: String,
    /// The key.
    pub key: Arc<dyn DeviceKey>,
    /// The certificate and, after it, those of authorities between it and the root, as DER.
    pub chain: Vec<Vec<u8>>,
    /// The authority's certificate as PEM: whom this kiosk trusts, and no other.
    pub authority_pem: Vec<u8>,
    /// From when on the certificate counts.
    pub valid_from: UtcMs,
    /// Until when.
    pub expires_at: UtcMs,
}

/// A device key that waits for its certificate.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// Name of the key.
    pub name: String,
    /// The key.
    pub key: Arc<dyn DeviceKey>,
    /// The certificate request, PKCS#10 as DER.
    pub request: Vec<u8>,
}

impl Identity {
    /// The identity in use; `None` for a kiosk that was never enrolled.
    ///
    /// # Errors
    /// When the place of the keys or a file fails, and where the key of the newest certificate is gone.
    pub fn load(store: &dyn KeyStore, folder: &Path) -> Result<Option<Self>, IdentityError> {
        let Some((number, path)) = newest_certificate(folder)? else {
            return Ok(None);
        };
        let name = device(number);
        let Some(key) = store.device_key(&name)? else {
            return Err(IdentityError::KeyGone { path });
        };
        let chain = Certificate::load_pem_chain(&read(&path)?)
            .map_err(|_| IdentityError::Certificate { path: path.clone() })?;
        let chain: Vec<Vec<u8>> = chain
            .iter()
            .map(Encode::to_der)
            .collect::<Result<_, _>>()
            .map_err(|_| IdentityError::Certificate { path: path.clone() })?;
        let authority_pem = read(&folder.join(AUTHORITY))?;
        Self::of(name, key, chain, authority_pem).map(Some)
    }

    fn of(
        name: String,
        key: Arc<dyn DeviceKey>,
        chain: Vec<Vec<u8>>,
        authority_pem: Vec<u8>,
    ) -> Result<Self, IdentityError> {
        let leaf = chain
            .first()
            .and_then(|der| Certificate::from_der(der).ok())
            .ok_or(IdentityError::OtherKey)?;
        let tbs = &leaf.tbs_certificate;
        if tbs.subject_public_key_info.subject_public_key.raw_bytes() != key.public_key() {
            return Err(IdentityError::OtherKey);
        }
        let utc = |time: x509_cert::time::Time| {
            UtcMs(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
        };
        Ok(Self {
            name,
            key,
            chain,
            authority_pem,
            valid_from: utc(tbs.validity.not_before),
            expires_at: utc(tbs.validity.not_after),
        })
    }

    /// The certificate of the kiosk, as DER.
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// Signs something and checks it as the gateway will: a certificate of another kind, for another name or of another
    /// authority must not take the place of one that works.
    fn prove(&self, kiosk_id: &str, now: UtcMs) -> Result<(), IdentityError> {
        let refused = |error: &dyn std::error::Error| IdentityError::Unfit(error.to_string());
        let signer = self.signer().map_err(|error| refused(&error))?;
        let anchors = signature::anchors_from_pem(&self.authority_pem).map_err(|error| refused(&error))?;
        // The clock of a kiosk may be wrong; the certificate is not to blame for that.
        let at = UtcMs(now.0.clamp(self.valid_from.0, self.expires_at.0));
        let signed = signature::sign(b"probe", &signer, at).map_err(|error| refused(&error))?;
        let verified = signature::verify_as_signed(&signed, &anchors).map_err(|error| refused(&error))?;
        if verified.signer_common_name == kiosk_id {
            Ok(())
        } else {
            Err(IdentityError::Unfit(format!(
                "it names {:?}",
                verified.signer_common_name
            )))
        }
    }

    /// Signs documents with the device key.
    ///
    /// # Errors
    /// Where the certificate is for no key of this kind.
    pub fn signer(&self) -> Result<ExternalSigner, SignError> {
        let key = Arc::clone(&self.key);
        let raw = move |message: &[u8]| key.sign(message).map_err(Into::into);
        ExternalSigner::new(self.certificate().to_vec(), Arc::new(raw))
    }

    /// Whether two thirds of the certificate's time are over.
    pub fn is_to_be_renewed(&self, now: UtcMs) -> bool {
        let whole = self.expires_at.0.saturating_sub(self.valid_from.0);
        now.0 >= self.valid_from.0.saturating_add(whole / 3 * 2)
    }

    /// Forgets the keys and certificates before this one.
    ///
    /// # Errors
    /// When the place of the keys or a file fails; they are forgotten at the next time then.
    pub fn forget_older(&self, store: &dyn KeyStore, folder: &Path) -> Result<(), IdentityError> {
        let mine = number_of(&self.name).unwrap_or(0);
        for name in store.names()? {
            if number_of(&name).is_some_and(|number| number < mine) {
                store.forget(&name)?;
                let path = folder.join(format!("{name}.pem"));
                match std::fs::remove_file(&path) {
                    Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                        return Err(IdentityError::File { path, source });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Applicant {
    /// A key without a certificate, and the request for one. A key that an earlier application left behind is used again.
    ///
    /// # Errors
    /// When the place of the keys fails.
    pub fn new(store: &dyn KeyStore, folder: &Path, kiosk_id: &str) -> Result<Self, IdentityError> {
        let names = store.names()?;
        let newest = names.iter().filter_map(|name| number_of(name)).max().unwrap_or(0);
        let certified = newest_certificate(folder)?.map_or(0, |(number, _)| number);
        let left_behind = if newest > certified {
            match store.device_key(&device(newest)) {
                // A key that cannot be had any more is passed over.
                Err(KeyError::Unusable { .. } | KeyError::Kind(_)) => None,
                found => found?.map(|key| (device(newest), key)),
            }
        } else {
            None
        };
        let (name, key) = match left_behind {
            Some(found) => found,
            None => {
                let name = device(newest.max(certified).saturating_add(1));
                let key = store.make_device_key(&name)?;
                (name, key)
            }
        };
        let request = request(&key, kiosk_id)?;
        Ok(Self { name, key, request })
    }

    /// The certificate has come: from now on, also after a loss of power, it is the one in use.
    ///
    /// # Errors
    /// When it belongs to another key, or cannot be written.
    pub fn admit(
        self,
        folder: &Path,
        chain: Vec<Vec<u8>>,
        authority_pem: &[u8],
        kiosk_id: &str,
        now: UtcMs,
    ) -> Result<Identity, IdentityError> {
        let identity = Identity::of(self.name, self.key, chain, authority_pem.to_vec())?;
        identity.prove(kiosk_id, now)?;
        let mut pem = String::new();
        for der in &identity.chain {
            let certificate = Certificate::from_der(der).map_err(|_| IdentityError::OtherKey)?;
            pem += &certificate
                .to_pem(LineEnding::LF)
                .map_err(|_| IdentityError::OtherKey)?;
        }
        let write = |path: PathBuf, bytes: &[u8]| {
            disk::replace(&path, bytes).map_err(|source| IdentityError::File { path, source })
        };
        std::fs::create_dir_all(folder).map_err(|source| IdentityError::File {
            path: folder.to_owned(),
            source,
        })?;
        // The authority first: with the certificate beside it the identity counts.
        write(folder.join(AUTHORITY), authority_pem)?;
        write(folder.join(format!("{}.pem", identity.name)), pem.as_bytes())?;
        Ok(identity)
    }
}

/// Adapts a device key to the maker of requests.
struct Requesting<'a> {
    key: &'a dyn DeviceKey,
    point: [u8; 65],
}

impl PublicKeyData for Requesting<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Requesting<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign(message).map_err(|error| {
            tracing::error!(error = crate::chain(&error), "the device key does not sign");
            rcgen::Error::RemoteKeyError
        })
    }
}

fn request(key: &Arc<dyn DeviceKey>, kiosk_id: &str) -> Result<Vec<u8>, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, kiosk_id);
    let requesting = Requesting {
        key: &**key,
        point: key.public_key(),
    };
    let request = params
        .serialize_request(&requesting)
        .map_err(IdentityError::Request)?;
    Ok(request.der().to_vec())
}

/// The number of the newest certificate, and its file.
fn newest_certificate(folder: &Path) -> Result<Option<(u32, PathBuf)>, IdentityError> {
    let failed = |source| IdentityError::File {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut newest = None;
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_certificate = path.extension().is_some_and(|extension| extension == "pem");
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .filter(|_| is_certificate)
            .and_then(number_of);
        if let Some(number) = number {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest)
}

/// The name of the newest certificate; another one than that in use means that the kiosk was enrolled anew.
pub(crate) fn newest(folder: &Path) -> Option<String> {
    newest_certificate(folder)
        .ok()
        .flatten()
        .map(|(number, _)| device(number))
}

fn device(number: u32) -> String {
    rotation::name(DEVICE, number)
}

/// The number in the name of a device key.
fn number_of(name: &str) -> Option<u32> {
    rotation::numbers(&[name.to_owned()], DEVICE).first().copied()
}

fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    std::fs::read(path).map_err(|source| IdentityError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
pub(crate) mod tests;
