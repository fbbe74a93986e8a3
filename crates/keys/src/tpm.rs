//! The TPM 2.0 of this machine, through the TCG's software stack (libtss2).
//!
//! The folder holds files that only this TPM opens; the TPM itself keeps nothing, so any number of keys fits. Secrets
//! cross to and from it in a session that is encrypted and salted with its storage key.
//!
//! A TPM that was cleared has another storage key and opens no file of before: they are [`KeyError::Unusable`] from then
//! on, and stay where they are.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use verification::Sensitive;

use crate::folder::Folder;
use crate::{DeviceKey, KeyError, KeyStore, Place, Trouble, name};

mod blob;
mod chip;
mod fault;

use blob::{Blob, Kind};
use chip::Chip;
use fault::{Fault, unreachable_tpm};

/// Keys of one TPM, with their sealed files in one folder.
#[derive(Debug)]
pub struct TpmStore {
    chip: Arc<Chip>,
    folder: Folder,
}

impl TpmStore {
    /// Opens the TPM at `tcti` (`device:/dev/tpmrm0`, `swtpm:host=127.0.0.1,port=2321`) and the folder of its sealed
    /// keys; makes the folder if there is none.
    ///
    /// # Errors
    /// [`KeyError::Unreachable`] if the TPM does not answer now, or the folder cannot be made or read.
    pub fn open(tcti: &str, folder: &Path) -> Result<Self, KeyError> {
        let chip = Chip::new(tcti)?;
        let folder = Folder::open(folder, Place::Tpm)?;
        chip.check().map_err(|fault| fault.named(""))?;
        Ok(Self {
            chip: Arc::new(chip),
            folder,
        })
    }

    fn blob(&self, name: &str, kind: Kind) -> Result<Option<Blob>, KeyError> {
        name::check(name)?;
        let Some(text) = self.folder.read(name)? else {
            return Ok(None);
        };
        match Blob::from_pem(&text) {
            Some(blob) if blob.kind == kind => Ok(Some(blob)),
            Some(_) => Err(KeyError::Kind(name.to_owned())),
            None => Err(self.folder.unusable(name, "its file is damaged")),
        }
    }

    fn key(&self, name: &str, blob: Blob) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let point = self.chip.point(&blob).map_err(|fault| fault.named(name))?;
        let public = VerifyingKey::from_sec1_bytes(&point)
            .map_err(|_| self.folder.unusable(name, "its public point is not on the curve"))?;
        Ok(Arc::new(TpmKey {
            chip: Arc::clone(&self.chip),
            name: name.to_owned(),
            blob,
            point,
            public,
        }))
    }

    fn keep(&self, name: &str, blob: &Blob) -> Result<(), KeyError> {
        let text = blob
            .to_pem()
            .map_err(|error| unreachable_tpm(Trouble::Failed, error.to_string()))?;
        self.folder.keep(name, &text)
    }

    fn check_free(&self, name: &str) -> Result<(), KeyError> {
        name::check(name)?;
        if self.folder.has(name) {
            return Err(KeyError::Exists(name.to_owned()));
        }
        Ok(())
    }
}

impl KeyStore for TpmStore {
    fn place(&self) -> Place {
        Place::Tpm
    }

    fn secret(&self, name: &str) -> Result<Option<Sensitive<[u8; 32]>>, KeyError> {
        let Some(blob) = self.blob(name, Kind::Secret)? else {
            return Ok(None);
        };
        let secret = self.chip.unseal(&blob).map_err(|fault| fault.named(name))?;
        Ok(Some(secret))
    }

    fn keep_secret(&self, name: &str, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError> {
        self.check_free(name)?;
        let blob = self.chip.seal(secret).map_err(|fault| fault.named(name))?;
        self.keep(name, &blob)
    }

    fn device_key(&self, name: &str) -> Result<Option<Arc<dyn DeviceKey>>, KeyError> {
        match self.blob(name, Kind::Device)? {
            Some(blob) => self.key(name, blob).map(Some),
            None => Ok(None),
        }
    }

    fn make_device_key(&self, name: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.check_free(name)?;
        let blob = self.chip.make_key().map_err(|fault| fault.named(name))?;
        let key = self.key(name, blob.clone())?;
        self.keep(name, &blob)?;
        Ok(key)
    }

    fn names(&self) -> Result<Vec<String>, KeyError> {
        self.folder.names()
    }

    fn forget(&self, name: &str) -> Result<bool, KeyError> {
        name::check(name)?;
        self.folder.forget(name)
    }
}

/// A key that signs inside of the TPM.
struct TpmKey {
    chip: Arc<Chip>,
    name: String,
    blob: Blob,
    point: [u8; 65],
    public: VerifyingKey,
}

impl fmt::Debug for TpmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TpmKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl DeviceKey for TpmKey {
    fn public_key(&self) -> [u8; 65] {
        self.point
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let digest: [u8; 32] = Sha256::digest(message).into();
        let numbers = self
            .chip
            .sign(&self.blob, &digest)
            .map_err(|fault| fault.named(&self.name))?;
        // Neither the bus nor the chip is believed.
        let signature = Signature::from_slice(&numbers)
            .ok()
            .filter(|signature| self.public.verify_prehash(&digest, signature).is_ok())
            .ok_or_else(|| {
                let message = "it gave a signature that does not verify".into();
                Fault::Chip(Trouble::Failed, message).named(&self.name)
            })?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}
