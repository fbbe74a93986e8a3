//! Documents that leave a kiosk without a line: sealed packages on a medium, and the receipts that come back.
//!
//! A package is encrypted to the institution in the age format (X25519), so that whoever finds the medium, the branch's
//! technician and this kiosk itself cannot read it. The documents stay where they are: only the gateway's receipts, by the
//! line or by a file, let the kiosk go of them. To write the same documents twice is harmless.

mod medium;
mod receipts;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use document::package::{self, Header, Listed};
use document::signature::{self, SIGNED_MAX_BYTES, SignError, Signer};
use outbox::sqlite::SqliteOutbox;
use outbox::{Outbox, OutboxError};
use thiserror::Error;
use verification::audit::AuditHead;
use verification::time::UtcMs;
use zeroize::Zeroizing;

pub use self::medium::MediumError;
pub use self::receipts::{ReceiptsError, Refusal, Taken, take_receipts};

use crate::store::random;

/// To whom packages are sealed: the institution's gateway.
#[derive(Clone)]
pub struct Recipient(age::x25519::Recipient);

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipient({})", self.0)
    }
}

impl FromStr for Recipient {
    type Err = ExportError;

    /// Takes `age1…`, as the gateway says it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().map(Self).map_err(|_| ExportError::Recipient)
    }
}

/// To whom packages are sealed: who was named, else whom the gateway named when it was last heard.
///
/// # Errors
/// [`ExportError::NoRecipient`] where nobody was ever named, [`ExportError::Recipient`] where the text is none.
pub fn recipient(outbox: &SqliteOutbox, named: Option<&str>) -> Result<Recipient, ExportError> {
    match named {
        Some(text) => text.parse(),
        None => outbox
            .remembered(crate::EXPORT_RECIPIENT)?
            .ok_or(ExportError::NoRecipient)?
            .parse(),
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the export, 32 hexadecimal digits; the files of it share the first eight.
    pub package_id: String,
    /// The files, in the order of their parts. None where nothing was pending.
    pub files: Vec<PathBuf>,
    /// How many documents are in them.
    pub documents: u64,
    /// How many were left out because they are longer than a document may be.
    pub left_out: u64,
}

/// Why nothing, or not everything, was written. All documents are where they were.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The gateway never said to whom, and nobody else did.
    #[error(
        "it is not known to whom packages are to be sealed: the gateway has not said so yet; give its age recipient \
         (`alaqan-gateway` prints it: age1…)"
    )]
    NoRecipient,
    /// The text is no recipient.
    #[error("this is no age recipient; it begins with age1")]
    Recipient,
    /// The kiosk's store fails.
    #[error("the encrypted store fails")]
    Store(#[from] OutboxError),
    /// The kiosk's key does not sign.
    #[error("the package cannot be signed")]
    Sign(#[from] SignError),
    /// The encryption fails.
    #[error("the package cannot be encrypted")]
    Seal(#[source] std::io::Error),
    /// The medium fails.
    #[error("the medium fails; no document is lost, each one is still pending here")]
    Medium(#[from] MediumError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
}

/// Writes everything that the gateway does not have yet, in whatever state, into a folder of a medium, as one package or
/// several. Each file is there whole or not at all, is on the medium and not in a cache, and was read back. Nothing leaves
/// the outbox. The audit log says when it began and how it ended.
///
/// `kiosk_id` is the common name in the certificate of `signer`. It takes three times the memory of a package.
///
/// # Errors
/// See [`ExportError`]. Files that were complete before stay; they are as good as any.
pub fn write(
    outbox: &mut dyn Outbox,
    folder: &Path,
    recipient: &Recipient,
    kiosk_id: &str,
    signer: &dyn Signer,
    now: UtcMs,
) -> Result<Report, ExportError> {
    let id: [u8; 16] = random().map_err(|_| ExportError::Randomness)?;
    let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    outbox.append_audit(now, None, &format!("ExportBegun package={name}"))?;
    let export = Export {
        folder,
        recipient,
        kiosk_id,
        signer,
        id,
        name: &name,
        audit: outbox.audit_head()?,
        now,
    };
    let written = export.write(outbox);
    let event = match &written {
        Ok(report) => format!(
            "ExportWritten package={name} documents={} files={}",
            report.documents,
            report.files.len()
        ),
        Err(_) => format!("ExportFailed package={name}"),
    };
    let noted = outbox.append_audit(now, None, &event);
    let report = written?;
    noted?;
    Ok(report)
}

struct Export<'a> {
    folder: &'a Path,
    recipient: &'a Recipient,
    kiosk_id: &'a str,
    signer: &'a dyn Signer,
    id: [u8; 16],
    name: &'a str,
    audit: AuditHead,
    now: UtcMs,
}

impl Export<'_> {
    fn write(&self, outbox: &mut dyn Outbox) -> Result<Report, ExportError> {
        // The places are remembered with the sizes: what is counted here is what is packed below.
        let mut places = Vec::new();
        let mut left_out = 0;
        let mut after = None;
        while let Some((place, document, _)) = outbox.export(after)? {
            if document.bytes.len() > SIGNED_MAX_BYTES {
                left_out += 1;
            } else {
                places.push((after, document.bytes.len()));
            }
            after = Some(place);
        }
        let counts = package::parts(places.iter().map(|(_, size)| *size));
        let parts = u32::try_from(counts.len()).unwrap_or(u32::MAX);
        let mut report = Report {
            package_id: self.name.to_owned(),
            files: Vec::new(),
            documents: 0,
            left_out,
        };
        let mut places = places.into_iter();
        for (part, count) in (1..).zip(counts) {
            let mut listed = Vec::with_capacity(count);
            let mut documents = Vec::with_capacity(count);
            for (before, _) in places.by_ref().take(count) {
                // Nobody else has the outbox meanwhile, so that each is still there.
                if let Some((_, document, _)) = outbox.export(before)? {
                    listed.push(Listed::of(document.id, &document.bytes));
                    documents.push(document.bytes);
                }
            }
            let packed = u64::try_from(documents.len()).unwrap_or(u64::MAX);
            let file = self.write_part(part, parts, listed, &documents)?;
            report.files.push(file);
            report.documents += packed;
        }
        Ok(report)
    }

    fn write_part(
        &self,
        part: u32,
        parts: u32,
        listed: Vec<Listed>,
        documents: &[Vec<u8>],
    ) -> Result<PathBuf, ExportError> {
        let header = Header {
            kiosk_id: self.kiosk_id.to_owned(),
            package_id: self.id,
            part,
            parts,
            created_at: self.now,
            audit: self.audit,
            documents: listed,
        };
        let signed = signature::sign(&package::encode_header(&header), self.signer, self.now)?;
        let package = Zeroizing::new(package::enclose(&signed, documents));
        let sealed = seal(&package, self.recipient)?;
        let short = self.name.get(..8).unwrap_or(self.name);
        let kiosk: String = self.kiosk_id.chars().filter(|c| is_plain(*c)).collect();
        let file = self
            .folder
            .join(format!("alaqan-{kiosk}-{short}-{part}of{parts}.age"));
        medium::write_whole(&file, &sealed)?;
        Ok(file)
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn seal(plain: &[u8], recipient: &Recipient) -> Result<Vec<u8>, ExportError> {
    let recipients = std::iter::once(&recipient.0 as &dyn age::Recipient);
    let failed = |error: age::EncryptError| ExportError::Seal(std::io::Error::other(error));
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(failed)?;
    let mut sealed = Vec::with_capacity(plain.len() + plain.len() / 1024 + 1024);
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(ExportError::Seal)?;
    writer.write_all(plain).map_err(ExportError::Seal)?;
    writer.finish().map_err(ExportError::Seal)?;
    Ok(sealed)
}

#[cfg(test)]
mod tests;
