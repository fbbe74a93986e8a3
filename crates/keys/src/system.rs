//! The key store of the operating system: on Linux whatever serves the Secret Service on D-Bus (GNOME Keyring,
//! KWallet), on Windows the Credential Manager.
//!
//! The store keeps bytes and cannot sign: a device key is in this program's memory while it is used. Whoever is logged in
//! as the kiosk's user can read the entries.
//!
//! Nothing here ever asks a person: a store that would have to is [`Trouble::Locked`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use verification::Sensitive;
use zeroize::Zeroizing;

use crate::soft::{self, Kept, SoftKey};
use crate::{DeviceKey, KeyError, KeyStore, Place, Trouble, name};

/// The store takes an entry that is already there for one to overwrite, so that looking and writing need one turn.
static TURN: Mutex<()> = Mutex::new(());

const SERVICE_CHARS_MAX: usize = 128;

/// Entries of one service name in the store of the user who runs this program.
pub struct SystemStore {
    service: String,
}

impl SystemStore {
    /// Opens the store of this user. All entries stand there under the name `service`: 1 to 128 visible characters of
    /// ASCII, none of them a `/`, which separates it from the name of a key on Windows.
    ///
    /// # Errors
    /// [`KeyError::Unreachable`] if there is none, or it is locked now; [`KeyError::Name`] for another name.
    pub fn open(service: &str) -> Result<Self, KeyError> {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
        if !(1..=SERVICE_CHARS_MAX).contains(&service.len()) || !service.bytes().all(fits) {
            return Err(KeyError::Name(service.to_owned()));
        }
        platform::store()?;
        Ok(Self {
            service: service.to_owned(),
        })
    }

    /// Runs `work` on the entry of a name. The way to the store is opened each time: its server may have been restarted.
    fn at<T>(&self, name: &str, work: impl FnOnce(&Entry) -> Result<T, KeyError>) -> Result<T, KeyError> {
        name::check(name)?;
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = platform::store()?
            .build(&self.service, name, platform::modifiers().as_ref())
            .map_err(|error| failed(&error))?;
        work(&entry)
    }

    fn kept(&self, name: &str) -> Result<Option<Kept>, KeyError> {
        let text = self.at(name, |entry| read(entry, name))?;
        let Some(text) = text else {
            return Ok(None);
        };
        std::str::from_utf8(&text)
            .ok()
            .and_then(Kept::from_pem)
            .map(Some)
            .ok_or_else(|| unusable(name, "its entry is damaged"))
    }

    fn keep(&self, name: &str, text: &str) -> Result<(), KeyError> {
        self.at(name, |entry| {
            if taken(read(entry, name))? {
                return Err(KeyError::Exists(name.to_owned()));
            }
            entry
                .set_secret(text.as_bytes())
                .map_err(|error| failed(&error))?;
            match read(entry, name)? {
                Some(kept) if *kept == text.as_bytes() => Ok(()),
                _ => Err(unusable(
                    name,
                    "the store gave something else back than it was given",
                )),
            }
        })
    }
}

impl fmt::Debug for SystemStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemStore")
            .field("service", &self.service)
            .finish()
    }
}

impl KeyStore for SystemStore {
    fn place(&self) -> Place {
        Place::System
    }

    fn secret(&self, name: &str) -> Result<Option<Sensitive<[u8; 32]>>, KeyError> {
        match self.kept(name)? {
            None => Ok(None),
            Some(Kept::Secret(secret)) => Ok(Some(secret)),
            Some(Kept::Device(_)) => Err(KeyError::Kind(name.to_owned())),
        }
    }

    fn keep_secret(&self, name: &str, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError> {
        self.keep(name, &soft::secret_to_pem(secret))
    }

    fn device_key(&self, name: &str) -> Result<Option<Arc<dyn DeviceKey>>, KeyError> {
        match self.kept(name)? {
            None => Ok(None),
            Some(Kept::Device(key)) => Ok(Some(Arc::new(key))),
            Some(Kept::Secret(_)) => Err(KeyError::Kind(name.to_owned())),
        }
    }

    fn make_device_key(&self, name: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let key =
            SoftKey::generate().map_err(|error| unreachable_store(Trouble::Failed, error.to_string()))?;
        self.keep(name, &key.to_pem())?;
        Ok(Arc::new(key))
    }

    fn names(&self) -> Result<Vec<String>, KeyError> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = platform::store()?
            .search(&platform::search(&self.service))
            .map_err(|error| failed(&error))?;
        let mut names: Vec<String> = entries
            .iter()
            .filter_map(Entry::get_specifiers)
            .filter(|(service, name)| *service == self.service && name::is_name(name))
            .map(|(_, name)| name)
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn forget(&self, name: &str) -> Result<bool, KeyError> {
        self.at(name, |entry| match entry.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(of_entry(name, &error)),
        })
    }
}

fn read(entry: &Entry, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    match entry.get_secret() {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(of_entry(name, &error)),
    }
}

/// An entry that cannot be read has its name all the same.
fn taken(read: Result<Option<Zeroizing<Vec<u8>>>, KeyError>) -> Result<bool, KeyError> {
    match read {
        Ok(bytes) => Ok(bytes.is_some()),
        Err(KeyError::Unusable { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// What the store says of one entry.
fn of_entry(name: &str, error: &Error) -> KeyError {
    match error {
        Error::Ambiguous(entries) => unusable(name, &format!("{} entries have its name", entries.len())),
        Error::BadDataFormat(..) | Error::BadEncoding(_) => unusable(name, "its entry is damaged"),
        error => failed(error),
    }
}

fn failed(error: &Error) -> KeyError {
    let trouble = match error {
        Error::NoStorageAccess(_) => Trouble::Locked,
        _ => Trouble::Failed,
    };
    unreachable_store(trouble, error.to_string())
}

fn unreachable_store(trouble: Trouble, message: String) -> KeyError {
    KeyError::Unreachable {
        place: Place::System,
        trouble,
        message,
    }
}

fn unusable(name: &str, message: &str) -> KeyError {
    KeyError::Unusable {
        name: name.to_owned(),
        place: Place::System,
        message: message.to_owned(),
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    use super::{Arc, CredentialStore, HashMap, KeyError, Trouble, failed, unreachable_store};

    /// Opens the store, if it can be used without asking a person.
    pub(super) fn store() -> Result<Arc<CredentialStore>, KeyError> {
        refuse_locked()?;
        match zbus_secret_service_keyring_store::Store::new() {
            Ok(store) => Ok(store),
            Err(error) => Err(failed(&error)),
        }
    }

    /// What an entry is made with.
    pub(super) fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
        None
    }

    /// How the entries of a service are found.
    pub(super) fn search(service: &str) -> HashMap<&str, &str> {
        HashMap::from([("service", service)])
    }

    /// The library above opens a dialogue, and waits for it, if the store is locked.
    fn refuse_locked() -> Result<(), KeyError> {
        let absent = |error: secret_service::Error| {
            unreachable_store(
                Trouble::Absent,
                format!("no Secret Service answers on D-Bus ({error})"),
            )
        };
        // No secret goes through this session; the library opens an encrypted one of its own.
        let service = SecretService::connect(EncryptionType::Plain).map_err(absent)?;
        let collection = match service.get_default_collection() {
            Ok(collection) => collection,
            Err(secret_service::Error::NoResult) => {
                let message = "the Secret Service has no default collection: nobody logged in yet".into();
                return Err(unreachable_store(Trouble::Absent, message));
            }
            Err(error) => return Err(absent(error)),
        };
        match collection.is_locked() {
            Ok(false) => Ok(()),
            Ok(true) => Err(unreachable_store(Trouble::Locked, "it is locked".into())),
            Err(error) => Err(absent(error)),
        }
    }
}

#[cfg(windows)]
mod platform {
    use super::{Arc, CredentialStore, HashMap, KeyError, failed};

    /// Opens the store.
    pub(super) fn store() -> Result<Arc<CredentialStore>, KeyError> {
        let divider = HashMap::from([("divider", "/")]);
        match windows_native_keyring_store::Store::new_with_configuration(&divider) {
            Ok(store) => Ok(store),
            Err(error) => Err(failed(&error)),
        }
    }

    /// What an entry is made with: it must not roam with the user to other machines of the domain.
    pub(super) fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
        Some(HashMap::from([("persistence", "Local")]))
    }

    /// How the entries of a service are found: all are listed, and the others are left out.
    pub(super) fn search(_service: &str) -> HashMap<&str, &str> {
        HashMap::new()
    }
}
