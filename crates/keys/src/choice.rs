//! Which place a configuration chose.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use crate::file::FileStore;
use crate::{KeyError, KeyStore, Place};

/// The one place where this kiosk's keys are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "place", rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeyChoice {
    /// The TPM 2.0 of this machine. Linux only.
    Tpm {
        /// How the TPM is reached, as the TSS writes it: `device:/dev/tpmrm0`, `swtpm:host=127.0.0.1,port=2321`.
        tcti: String,
        /// The folder of the sealed keys. They open in this TPM alone.
        folder: PathBuf,
    },
    /// The key store of the operating system.
    System {
        /// Under which name the entries stand there.
        service: String,
    },
    /// Files that only their owner may read. For demonstrations.
    File {
        /// Their folder.
        folder: PathBuf,
    },
}

impl KeyChoice {
    /// What kind of place it is.
    pub fn place(&self) -> Place {
        match self {
            Self::Tpm { .. } => Place::Tpm,
            Self::System { .. } => Place::System,
            Self::File { .. } => Place::File,
        }
    }
}

/// Opens the chosen place, and no other: there is no second choice to fall back to.
///
/// # Errors
/// When the place cannot be reached.
pub fn open(choice: &KeyChoice) -> Result<Arc<dyn KeyStore>, KeyError> {
    match choice {
        #[cfg(target_os = "linux")]
        KeyChoice::Tpm { tcti, folder } => Ok(Arc::new(crate::tpm::TpmStore::open(tcti, folder)?)),
        #[cfg(not(target_os = "linux"))]
        KeyChoice::Tpm { .. } => Err(unreachable_here(Place::Tpm)),
        #[cfg(any(target_os = "linux", windows))]
        KeyChoice::System { service } => Ok(Arc::new(crate::system::SystemStore::open(service)?)),
        #[cfg(not(any(target_os = "linux", windows)))]
        KeyChoice::System { .. } => Err(unreachable_here(Place::System)),
        KeyChoice::File { folder } => Ok(Arc::new(FileStore::open(folder)?)),
    }
}

#[cfg(not(target_os = "linux"))]
fn unreachable_here(place: Place) -> KeyError {
    KeyError::Unreachable {
        place,
        trouble: crate::Trouble::Absent,
        message: "this program was built without it".into(),
    }
}
