//! The key that opens packages: an age identity in a file of its owner.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use document::package::PACKAGE_MAX_BYTES;
use zeroize::Zeroizing;

/// Why there is no key of packages.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{} cannot be read or written", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no age identity. What it holds is not said.
    #[error("{} holds no age identity of the kind X25519", file.display())]
    Form {
        /// Which file.
        file: PathBuf,
    },
}

/// Opens packages.
pub struct PackageKey(age::x25519::Identity);

impl std::fmt::Debug for PackageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackageKey({})", self.recipient())
    }
}

impl PackageKey {
    /// Reads the file; makes it with a new key where there is none. It has the form of `age-keygen`, so that `age -d -i`
    /// opens packages as well, and only its owner may read it.
    ///
    /// # Errors
    /// See [`KeyError`]. A file that is there is never overwritten.
    pub fn ensure(file: &Path) -> Result<Self, KeyError> {
        if !file.exists() {
            let identity = age::x25519::Identity::generate();
            let secret = identity.to_string();
            let text = Zeroizing::new(format!(
                "# Opens the packages of kiosks without a line. Whoever has it can read them.\n# public key: {}\n{}\n",
                identity.to_public(),
                secret.expose_secret()
            ));
            replace(file, text.as_bytes()).map_err(|source| KeyError::File {
                file: file.to_owned(),
                source,
            })?;
        }
        Self::read(file)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read(file).map_err(|source| KeyError::File {
            file: file.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        let form = || KeyError::Form {
            file: file.to_owned(),
        };
        let text = std::str::from_utf8(&text).map_err(|_| form())?;
        text.lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .and_then(|line| line.parse().ok())
            .map(Self)
            .ok_or_else(form)
    }

    /// To whom kiosks seal packages: `age1…`.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    /// Opens a sealed package; `None` if it was sealed for somebody else, is damaged, or larger than a package may be.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let decryptor = age::Decryptor::new(sealed).ok()?;
        let reader = decryptor
            .decrypt(std::iter::once(&self.0 as &dyn age::Identity))
            .ok()?;
        // Room from the start: a vector that grows leaves copies behind that nobody wipes.
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let limit = PACKAGE_MAX_BYTES as u64 + 1;
        reader.take(limit).read_to_end(&mut plain).ok()?;
        (plain.len() <= PACKAGE_MAX_BYTES).then_some(plain)
    }
}

/// Writes a file of its owner in place of an older one; it appears whole or not at all.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    // One that was left over may belong to somebody else, or be a link.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&temporary)?;
    open.write_all(bytes)?;
    open.sync_all()?;
    std::fs::rename(&temporary, file)
}
