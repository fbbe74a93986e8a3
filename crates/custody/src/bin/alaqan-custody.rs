//! `alaqan-custody`: what the branch's technician does about the documents, keys and certificates of a kiosk.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use custody::export;
use custody::identity::Identity;
use custody::settings::bytes_of_hex;
use custody::{KeyStore, Settings, Trust};
use outbox::sqlite::{SqliteOutbox, quarantined};
use outbox::{EntryState, Outbox};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

/// The custody of a kiosk: enrolment, keys, and documents that wait.
///
/// All verbs but `enrol` want the kiosk to be stopped, since one program at a time has the store. Each of them
/// that changes something leaves a record in the audit log, but for `give-up-key`, which has no log to write into.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 not done, 2 wrong use of the command."
)]
struct Arguments {
    /// The kiosk's configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Enrol this kiosk: makes its key and has the gateway certify it. The one-time code is read from standard input.
    ///
    /// `alaqan-gateway kiosk add` gives the code and the fingerprint of the authority.
    Enrol {
        /// SHA-256 of the authority's certificate, 64 hexadecimal digits.
        #[arg(long, value_name = "HEX", value_parser = sha256, required_unless_present = "authority")]
        authority_sha256: Option<[u8; 32]>,
        /// The authority's certificate, PEM, instead of its fingerprint.
        #[arg(long, value_name = "FILE", conflicts_with = "authority_sha256")]
        authority: Option<PathBuf>,
    },
    /// Say how things stand: identity, place of the keys, what waits and since when, the newest audit record.
    Status,
    /// List what the gateway does not have yet, the oldest first.
    List,
    /// Offer a document again that was set aside.
    Release {
        /// Its id, 32 hexadecimal digits.
        #[arg(value_parser = document_id)]
        document: DocumentId,
    },
    /// Write what the gateway does not have into sealed packages on a medium; only the institution can open them.
    ///
    /// The documents stay until their receipts come, by the line or with `take-receipts`. docs/packages.md says more.
    Export {
        /// The folder, such as that of a memory stick.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// For whom to seal, `age1…`, where the gateway has never said so.
        #[arg(long, value_name = "RECIPIENT")]
        recipient: Option<String>,
    },
    /// Take in the receipts that came back from the gateway on a medium; what they confirm leaves the queue.
    TakeReceipts {
        /// The file.
        file: PathBuf,
    },
    /// Take over what can still be read of a store that was put aside; nothing in it changes.
    Salvage {
        /// The file that was put aside.
        file: PathBuf,
    },
    /// Give the store a new key and forget the old one.
    RotateKey,
    /// Give up a key that cannot be had any more: at its next start the kiosk puts the old store aside and begins a new one.
    ///
    /// The old store is kept. Whoever brings its key back can still read it.
    GiveUpKey,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    match act(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-custody: {}", custody::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let settings = Settings::load(&arguments.config)?;
    let keys = custody::open_keys(&settings)?;
    match &arguments.verb {
        Verb::Enrol {
            authority_sha256,
            authority,
        } => enrol(&settings, &*keys, *authority_sha256, authority.as_deref()),
        Verb::Status => status(&settings, &keys),
        Verb::List => list(&settings, &keys),
        Verb::Release { document } => release(&settings, &keys, *document),
        Verb::Export { to, recipient } => export(&settings, &keys, to, recipient.as_deref()),
        Verb::TakeReceipts { file } => take_receipts(&settings, &keys, file),
        Verb::Salvage { file } => salvage(&settings, &keys, file),
        Verb::RotateKey => rotate(&settings, &keys),
        Verb::GiveUpKey => {
            let number = custody::give_up_key(&*keys)?;
            println!("store-{number} is the key of the next store");
            Ok(())
        }
    }
}

fn enrol(
    settings: &Settings,
    keys: &dyn KeyStore,
    fingerprint: Option<[u8; 32]>,
    authority: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let trust = match (fingerprint, authority) {
        (Some(sha256), _) => Trust::Fingerprint(sha256),
        (None, Some(path)) => Trust::Authority(
            std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?,
        ),
        (None, None) => return Err("the authority is not named".into()),
    };
    eprintln!("One-time code:");
    // Not an argument: those stand in the list of processes and in the shell's history.
    let mut code = String::new();
    std::io::stdin().lock().take(256).read_to_string(&mut code)?;
    let code = Sensitive::new(code.trim().to_owned());
    let identity = custody::enrol(settings, keys, &code, trust, env!("CARGO_PKG_VERSION"), now())?;
    println!(
        "{} is enrolled with the key {} in the {}; its certificate expires at {}",
        settings.kiosk_id,
        identity.name,
        keys.place(),
        seconds(identity.expires_at),
    );
    Ok(())
}

fn status(settings: &Settings, keys: &Arc<dyn KeyStore>) -> Result<(), Box<dyn Error>> {
    println!("kiosk        {}", settings.kiosk_id);
    println!("keys         {}", keys.place());
    match Identity::load(&**keys, &settings.identity()) {
        Ok(Some(identity)) => println!(
            "identity     {}, until {}",
            identity.name,
            seconds(identity.expires_at)
        ),
        Ok(None) => println!("identity     not enrolled"),
        Err(error) => println!("identity     unusable: {}", custody::chain(&error)),
    }
    for file in quarantined(&settings.store()) {
        let state = if file.taken_over {
            "taken over"
        } else {
            "wants somebody"
        };
        let key = file.key_id.as_deref().unwrap_or("unknown");
        println!("put aside    {}, key {key}, {state}", file.path.display());
    }
    let outbox = open(settings, keys)?;
    let standing = outbox.standing()?;
    let counts = standing.counts;
    println!("pending      {}", counts.pending + counts.in_flight);
    println!("set aside    {}", counts.wedged);
    println!("bytes        {}", standing.pending_bytes);
    println!("unanswered   {}", counts.awaiting);
    let time = |at: Option<UtcMs>| at.map_or_else(|| "never".to_owned(), seconds);
    println!("oldest       {}", time(standing.oldest_pending_put_at));
    println!("last contact {}", time(standing.last_contact_at));
    println!("last receipt {}", time(standing.newest_receipt_at));
    let head = outbox.audit_head()?;
    println!("audit        log {}, {} records", head.log, head.number);
    for earlier in outbox.earlier_logs()? {
        println!("earlier log  {}, until record {}", earlier.log, earlier.number);
    }
    Ok(())
}

fn list(settings: &Settings, keys: &Arc<dyn KeyStore>) -> Result<(), Box<dyn Error>> {
    let mut outbox = open(settings, keys)?;
    let mut after = None;
    while let Some((position, document, state)) = outbox.export(after)? {
        let state = match state {
            EntryState::Wedged(reason) => format!("set aside: {reason}"),
            _ => "pending".to_owned(),
        };
        println!("{}\t{} bytes\t{state}", document.id, document.bytes.len());
        after = Some(position);
    }
    Ok(())
}

fn release(
    settings: &Settings,
    keys: &Arc<dyn KeyStore>,
    document: DocumentId,
) -> Result<(), Box<dyn Error>> {
    let mut outbox = open(settings, keys)?;
    let now = now();
    if !outbox.unwedge(document, now)? {
        return Err(format!("document {document} is not set aside").into());
    }
    outbox.append_audit(now, None, &format!("OperatorReleased document={document}"))?;
    Ok(())
}

fn export(
    settings: &Settings,
    keys: &Arc<dyn KeyStore>,
    to: &Path,
    recipient: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let identity = identity(settings, keys)?;
    let mut outbox = open(settings, keys)?;
    let recipient = export::recipient(&outbox, recipient)?;
    let signer = identity.signer()?;
    let report = export::write(&mut outbox, to, &recipient, &settings.kiosk_id, &signer, now())?;
    for file in &report.files {
        println!("{}", file.display());
    }
    println!("{} documents", report.documents);
    if report.left_out > 0 {
        eprintln!(
            "{} documents are too long for a package and were left out",
            report.left_out
        );
    }
    Ok(())
}

fn take_receipts(settings: &Settings, keys: &Arc<dyn KeyStore>, file: &Path) -> Result<(), Box<dyn Error>> {
    let identity = identity(settings, keys)?;
    let anchors = document::signature::anchors_from_pem(&identity.authority_pem)?;
    let bytes = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let mut outbox = open(settings, keys)?;
    let taken = export::take_receipts(&mut outbox, &bytes, &settings.kiosk_id, &anchors, now())?;
    println!("{} documents are delivered", taken.delivered.len());
    println!("{} receipts were here before", taken.known + taken.forgotten);
    if taken.refused.is_empty() {
        return Ok(());
    }
    Err(format!("{} receipts do not count", taken.refused.len()).into())
}

fn salvage(settings: &Settings, keys: &Arc<dyn KeyStore>, file: &Path) -> Result<(), Box<dyn Error>> {
    let ring = custody::key_ring(&**keys)?;
    let mut outbox = open(settings, keys)?;
    let found = outbox.salvage(file, &ring, now())?;
    println!("{} documents were taken over", found.documents);
    match found.lost {
        Some(0) => {}
        Some(lost) => println!("{lost} documents cannot be read"),
        None => println!("nobody can say whether more were there"),
    }
    Ok(())
}

fn identity(settings: &Settings, keys: &Arc<dyn KeyStore>) -> Result<Identity, Box<dyn Error>> {
    let identity = Identity::load(&**keys, &settings.identity())?;
    identity.ok_or_else(|| "the kiosk is not enrolled".into())
}

fn rotate(settings: &Settings, keys: &Arc<dyn KeyStore>) -> Result<(), Box<dyn Error>> {
    let mut outbox = open(settings, keys)?;
    let number = custody::rotate(settings, &mut outbox, &**keys)?;
    outbox.append_audit(now(), None, &format!("OperatorRotatedKey key=store-{number}"))?;
    println!("the store has the key store-{number}");
    Ok(())
}

fn open(settings: &Settings, keys: &Arc<dyn KeyStore>) -> Result<SqliteOutbox, Box<dyn Error>> {
    let opened = custody::open_store(settings, keys, now())?;
    if let Some(kept) = &opened.quarantined {
        eprintln!(
            "The store could not be read. It is kept as {}; a new one is begun.",
            kept.path.display()
        );
    }
    Ok(opened.outbox)
}

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Seconds since 1970, as `date -d @…` takes them.
fn seconds(at: UtcMs) -> String {
    format!("@{}", at.0.div_euclid(1000))
}

fn document_id(text: &str) -> Result<DocumentId, String> {
    bytes_of_hex(text)
        .map(DocumentId)
        .ok_or_else(|| "not 32 hexadecimal digits".to_owned())
}

fn sha256(text: &str) -> Result<[u8; 32], String> {
    bytes_of_hex(text).ok_or_else(|| "not 64 hexadecimal digits".to_owned())
}
