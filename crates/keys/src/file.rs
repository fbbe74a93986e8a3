//! Key files for demonstrations: whoever reads the file has the key.

use std::path::Path;
use std::sync::Arc;

use verification::Sensitive;

use crate::folder::Folder;
use crate::soft::{self, Kept, SoftKey};
use crate::{DeviceKey, KeyError, KeyStore, Place, Trouble, name};

/// A folder (0700) with one file (0600) a key: PKCS#8 in PEM for a device key, its own PEM label for a secret.
#[derive(Debug)]
pub struct FileStore {
    folder: Folder,
}

impl FileStore {
    /// Opens the folder; makes it if there is none.
    ///
    /// # Errors
    /// [`KeyError::Exposed`] if others than the owner may enter it; [`KeyError::Unreachable`] if it cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let folder = Folder::open(folder, Place::File)?;
        folder.check_private(None)?;
        Ok(Self { folder })
    }

    fn kept(&self, name: &str) -> Result<Option<Kept>, KeyError> {
        name::check(name)?;
        self.folder.check_private(Some(name))?;
        let Some(text) = self.folder.read(name)? else {
            return Ok(None);
        };
        match Kept::from_pem(&text) {
            Some(kept) => Ok(Some(kept)),
            None => Err(self.folder.unusable(name, "its file is damaged")),
        }
    }
}

impl KeyStore for FileStore {
    fn place(&self) -> Place {
        Place::File
    }

    fn secret(&self, name: &str) -> Result<Option<Sensitive<[u8; 32]>>, KeyError> {
        match self.kept(name)? {
            None => Ok(None),
            Some(Kept::Secret(secret)) => Ok(Some(secret)),
            Some(Kept::Device(_)) => Err(KeyError::Kind(name.to_owned())),
        }
    }

    fn keep_secret(&self, name: &str, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError> {
        name::check(name)?;
        self.folder.keep(name, &soft::secret_to_pem(secret))
    }

    fn device_key(&self, name: &str) -> Result<Option<Arc<dyn DeviceKey>>, KeyError> {
        match self.kept(name)? {
            None => Ok(None),
            Some(Kept::Device(key)) => Ok(Some(Arc::new(key))),
            Some(Kept::Secret(_)) => Err(KeyError::Kind(name.to_owned())),
        }
    }

    fn make_device_key(&self, name: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        name::check(name)?;
        if self.folder.has(name) {
            return Err(KeyError::Exists(name.to_owned()));
        }
        let key = SoftKey::generate().map_err(|error| KeyError::Unreachable {
            place: Place::File,
            trouble: Trouble::Failed,
            message: error.to_string(),
        })?;
        self.folder.keep(name, &key.to_pem())?;
        Ok(Arc::new(key))
    }

    fn names(&self) -> Result<Vec<String>, KeyError> {
        self.folder.names()
    }

    fn forget(&self, name: &str) -> Result<bool, KeyError> {
        name::check(name)?;
        self.folder.forget(name)
    }
}
