//! Packages of documents that a kiosk without a line wrote to a medium.
//!
//! ```text
//!   age file ─ key of packages ─> package ─ signature of the header ─> each document ─> intake, as by the line ─> receipts
//! ```
//!
//! A document passes the very checks that it would have passed on the line. Twice is harmless, and gives the same
//! receipts.
//!
//! **Who may.** A kiosk that the registry does not know, or whose certificate was never noted there, imports nothing. Where
//! the kiosk was shut out or the certificate revoked, a document still counts if it was signed before that. The time of
//! signing is the kiosk's own word: where a certificate was revoked because its key was compromised, no document of it
//! counts.

mod key;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use authority::Leaf;
use document::content::DecodeError;
use document::package::{self, Header, Package, PackageError};
use document::receipt::bundle;
use document::signature::{Signer, VerifyError};
use sync::wire::RefusalCode;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

pub use self::key::{KeyError, PackageKey};

use crate::institution::Outlet;
use crate::intake::{self, Sender, Standing};
use crate::store::{Store, StoreError};

/// What age adds to a package at most: a header, and 16 bytes for each 64 KiB.
const SEALED_MAX_BYTES: u64 = package::PACKAGE_MAX_BYTES as u64 + 64 * 1024;

/// What an import works with.
pub struct Importer<'a> {
    /// Where documents go.
    pub store: &'a dyn Store,
    /// Authorities in DER whose signers are accepted.
    pub anchors: &'a [Vec<u8>],
    /// Signs receipts.
    pub signer: &'a Mutex<dyn Signer>,
    /// Opens packages.
    pub key: &'a PackageKey,
    /// Tells the institution's systems.
    pub outlet: Option<&'a Arc<Outlet>>,
}

/// What became of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The kiosk that wrote it.
    pub kiosk_id: String,
    /// The name of the export, 32 hexadecimal digits; its parts share it.
    pub package_id: String,
    /// Which part it is, from 1.
    pub part: u32,
    /// How many there are.
    pub parts: u32,
    /// What became of each document, in their order.
    pub documents: Vec<(DocumentId, Became)>,
    /// A file of signed receipts for the kiosk.
    pub receipts: Vec<u8>,
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It is stored now.
    New,
    /// It was stored before.
    Known,
    /// It is not stored.
    Refused(RefusalCode),
    /// It is not stored: the kiosk was shut out, or the certificate revoked, when it was signed.
    ShutOut,
}

impl std::fmt::Display for Became {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Known => f.write_str("known"),
            Self::Refused(code) => write!(f, "refused: {}", code.name()),
            Self::ShutOut => f.write_str("refused: signed when the kiosk was shut out"),
        }
    }
}

/// Why nothing of a package was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or the one of the receipts not be written.
    #[error("{} cannot be read or written", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no age file, is damaged, or was sealed for somebody else.
    #[error("this is no package that was sealed for this institution, or it is damaged")]
    Sealed,
    /// What is in it is no package, or not the one of its header.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The header is not signed by a kiosk of this institution.
    #[error("the signature of the package's header does not count")]
    Signature(#[from] VerifyError),
    /// The header cannot be read.
    #[error("the header of the package cannot be read")]
    Header(#[from] DecodeError),
    /// The header names another kiosk than its signer.
    #[error("the package names the kiosk {named:?}, and {signer:?} signed it")]
    OtherKiosk {
        /// In the header.
        named: String,
        /// In the certificate.
        signer: String,
    },
    /// The kiosk, or its certificate, is not in the registry.
    #[error("the kiosk {0:?} is not known here, or its certificate is not")]
    Unknown(String),
    /// The store fails. What was stored before stays; the import can be repeated.
    #[error("the store fails")]
    Store(#[from] StoreError),
    /// A receipt cannot be signed. The documents are stored; the import can be repeated.
    #[error("a receipt cannot be signed")]
    Receipt,
}

impl Importer<'_> {
    /// Imports a file, and writes the receipts beside it: to `<file>.receipts`, in the place of older ones. Gives their
    /// path.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub async fn import_file(&self, file: &Path, now: UtcMs) -> Result<(Imported, PathBuf), ImportError> {
        let sealed = read_limited(file).map_err(|source| ImportError::File {
            file: file.to_owned(),
            source,
        })?;
        let imported = self.import(&sealed, now).await?;
        let mut name = file.as_os_str().to_owned();
        name.push(".receipts");
        let receipts = PathBuf::from(name);
        key::replace(&receipts, &imported.receipts).map_err(|source| ImportError::File {
            file: receipts.clone(),
            source,
        })?;
        Ok((imported, receipts))
    }

    /// Imports a sealed package. The audit log says what became of it, also where it is refused.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub async fn import(&self, sealed: &[u8], now: UtcMs) -> Result<Imported, ImportError> {
        let done = self.opened(sealed, now).await;
        let event = match &done {
            Ok(imported) => {
                let count = |is: fn(&Became) -> bool| {
                    imported.documents.iter().filter(|(_, became)| is(became)).count()
                };
                format!(
                    "package-imported {} {} part={}/{} new={} known={} refused={}",
                    imported.package_id,
                    imported.kiosk_id,
                    imported.part,
                    imported.parts,
                    count(|became| *became == Became::New),
                    count(|became| *became == Became::Known),
                    count(|became| matches!(became, Became::Refused(_) | Became::ShutOut)),
                )
            }
            Err(error) => format!("package-refused {}", name(error)),
        };
        let noted = self.store.append_audit(&event, None, now).await;
        let imported = done?;
        noted?;
        Ok(imported)
    }

    async fn opened(&self, sealed: &[u8], now: UtcMs) -> Result<Imported, ImportError> {
        let plain = self.key.open(sealed).ok_or(ImportError::Sealed)?;
        let package = package::unfold(&plain)?;
        let header = self.header(&package, now).await?;
        package.check(&header)?;
        let mut documents = Vec::with_capacity(header.documents.len());
        let mut receipts = Vec::new();
        for (listed, signed) in header.documents.iter().zip(&package.documents) {
            let became = match self.store_one(&header, listed.id, signed, now).await? {
                Ok((became, receipt)) => {
                    receipts.push(receipt);
                    became
                }
                Err(refused) => refused,
            };
            documents.push((listed.id, became));
        }
        Ok(Imported {
            kiosk_id: header.kiosk_id,
            package_id: header
                .package_id
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            part: header.part,
            parts: header.parts,
            documents,
            receipts: bundle::encode(&receipts),
        })
    }

    /// The header, if a kiosk of this institution signed it. Whether that kiosk is shut out by now is asked for each
    /// document.
    async fn header(&self, package: &Package<'_>, now: UtcMs) -> Result<Header, ImportError> {
        let (verified, _) = intake::verify(package.signed_header, self.anchors, None, now)?;
        let header = package::decode_header(verified.content.expose())?;
        if header.kiosk_id != verified.signer_common_name {
            return Err(ImportError::OtherKiosk {
                named: header.kiosk_id,
                signer: verified.signer_common_name,
            });
        }
        match self
            .standing(&verified.certificate_der, &header.kiosk_id, verified.signing_time)
            .await?
        {
            Standing::Unknown => Err(ImportError::Unknown(header.kiosk_id)),
            Standing::Counts | Standing::CountsSinceBefore | Standing::ShutOut => Ok(header),
        }
    }

    /// Stores a document, and gives its receipt; or why it is refused.
    async fn store_one(
        &self,
        header: &Header,
        id: DocumentId,
        signed: &[u8],
        now: UtcMs,
    ) -> Result<Result<(Became, Vec<u8>), Became>, ImportError> {
        // A document may be older than the certificate of the header.
        if let Ok((verified, _)) = intake::verify(signed, self.anchors, None, now) {
            let standing = self
                .standing(&verified.certificate_der, &header.kiosk_id, verified.signing_time)
                .await?;
            match standing {
                Standing::Counts | Standing::CountsSinceBefore => {}
                Standing::ShutOut => return Ok(Err(Became::ShutOut)),
                Standing::Unknown => return Ok(Err(Became::Refused(RefusalCode::Certificate))),
            }
        }
        let known = self.store.document(id).await?.is_some();
        let sender = Sender {
            kiosk_id: &header.kiosk_id,
            anchors: self.anchors,
            certificate_sha256: None,
            skew_ms: None,
            outlet: self.outlet,
        };
        // What cannot be verified is refused there, with its reason.
        match intake::accept(self.store, &sender, id, signed.to_vec(), now).await {
            Ok(receipt) => {
                let receipt = intake::sign(&receipt, self.signer, now).map_err(|_| ImportError::Receipt)?;
                Ok(Ok((if known { Became::Known } else { Became::New }, receipt)))
            }
            Err(code) => Ok(Err(Became::Refused(code))),
        }
    }

    /// What a certificate of our authority is worth for a paper that was signed then.
    async fn standing(
        &self,
        certificate_der: &[u8],
        kiosk_id: &str,
        signed_at: UtcMs,
    ) -> Result<Standing, ImportError> {
        let Ok(leaf) = Leaf::from_der(certificate_der) else {
            return Ok(Standing::Unknown);
        };
        Ok(intake::standing(self.store, &leaf, kiosk_id, signed_at).await?)
    }
}

fn read_limited(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?
        .take(SEALED_MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SEALED_MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// For the audit log: nothing that stands in the package.
fn name(error: &ImportError) -> &'static str {
    match error {
        ImportError::File { .. } => "file",
        ImportError::Sealed => "not-sealed-for-us",
        ImportError::Package(_) | ImportError::Header(_) => "malformed",
        ImportError::Signature(_) | ImportError::OtherKiosk { .. } => "signature",
        ImportError::Unknown(_) => "unknown-kiosk",
        ImportError::Store(_) => "store",
        ImportError::Receipt => "receipt",
    }
}

impl std::fmt::Debug for Importer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Importer")
    }
}
