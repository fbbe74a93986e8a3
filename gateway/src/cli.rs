//! The verbs of the program.

mod certificates;
mod costs;
mod documents;
mod error;
mod examiners;
mod kiosks;
mod operation;
mod requests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use authority::Serial;
use clap::{Args, Parser, Subcommand};
use gateway::authority as demo;
use gateway::config::{GatewayConfig, StoreKind};
use gateway::registry::Bell;
use gateway::storage;
use gateway::store::Store;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

pub use self::error::CliError;

type Done = Result<(), CliError>;

/// The gateway of Alaqan: keeps the documents of kiosks and has their subjects identified.
///
/// Exit codes: 0 done; 1 failed; 2 wrong arguments; 3 what was named is not there; 4 the configuration, or a file that
/// it names, cannot be used; 5 the store cannot be used; 6 the gateway is not ready.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// The configuration file.
#[derive(Args)]
struct Config {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a demo authority, certificates, keys and configuration files. Never overwrites anything.
    Init {
        /// The folder for all of them.
        #[arg(long)]
        dir: PathBuf,
        /// Address on which the gateway is to await kiosks.
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Address of the IDEC simulator.
        #[arg(long, default_value = "127.0.0.1:8444")]
        idec: SocketAddr,
    },
    /// Issue a key and a certificate to a kiosk without a code, for demonstrations: kiosk.key, kiosk.pem and ca.pem.
    Enrol {
        /// The folder that `init` made.
        #[arg(long)]
        dir: PathBuf,
        /// Name of the kiosk: letters, digits, `.`, `_` and `-`.
        #[arg(long)]
        kiosk: String,
        /// The folder for the three files.
        #[arg(long)]
        out: PathBuf,
    },
    /// Serve kiosks until SIGTERM or Ctrl-C.
    Run(operation::Run),
    /// Check the configuration and print it as it is in effect.
    Config(Config),
    /// Ask a running gateway whether it is ready for kiosks. Exit code 0: it is; 6: it is not.
    Health {
        #[command(flatten)]
        config: Config,
        /// Ask at this address instead of the one in the configuration.
        #[arg(long)]
        address: Option<SocketAddr>,
    },
    /// Kiosks: make known, list, shut out.
    #[command(subcommand)]
    Kiosk(kiosks::Kiosks),
    /// Certificates of kiosks: list, import, revoke, and the list of what is revoked.
    #[command(subcommand)]
    Certificate(certificates::Certificates),
    /// Requests for certificates that wait for an external authority.
    #[command(subcommand)]
    Csr(certificates::Requests),
    /// List the stored documents: id, kiosk, outcome, time of arrival, state of the answer.
    List {
        #[command(flatten)]
        config: Config,
        /// Of this kiosk alone.
        #[arg(long)]
        kiosk: Option<String>,
        /// Only those to which the centre still owes an answer.
        #[arg(long)]
        unanswered: bool,
    },
    /// Write a stored document, exactly as the kiosk signed it, to a file.
    Export {
        #[command(flatten)]
        config: Config,
        /// Id of the document: 32 hexadecimal digits.
        #[arg(long, value_parser = document_id)]
        document: DocumentId,
        /// The file, which must not be there yet.
        #[arg(long)]
        out: PathBuf,
        /// Write the signed answer of the centre instead.
        #[arg(long)]
        answer: bool,
    },
    /// Import packages of documents that kiosks without a line wrote to a medium. Beside each a file of receipts
    /// appears, for the kiosk.
    Import {
        #[command(flatten)]
        config: Config,
        /// The packages.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Have a kiosk send documents again, though it has their receipts.
    Resend {
        #[command(flatten)]
        config: Config,
        /// Name of the kiosk.
        #[arg(long)]
        kiosk: String,
        /// Id of a document: 32 hexadecimal digits. May be given several times.
        #[arg(long = "document", value_parser = document_id, required = true)]
        documents: Vec<DocumentId>,
    },
    /// Requests of data subjects: list, show, change their state.
    #[command(subcommand)]
    Request(requests::Requests),
    /// Notices to the institution's own systems: list, try again.
    #[command(subcommand)]
    Notice(requests::Notices),
    /// Examiners, who decide about pictures: hash a secret, list what waits for them.
    #[command(subcommand)]
    Examiner(examiners::Examiners),
    /// The audit log of the gateway.
    #[command(subcommand)]
    Audit(documents::Audit),
    /// The identification centre.
    #[command(subcommand)]
    Idec(costs::Idec),
}

/// Does what the arguments say.
pub fn act(arguments: Arguments) -> Done {
    match arguments.verb {
        Verb::Init { dir, listen, idec } => Ok(demo::init(&dir, listen, idec)?),
        Verb::Enrol { dir, kiosk, out } => Ok(demo::enrol(&dir, &kiosk, &out)?),
        Verb::Run(run) => operation::run(run),
        Verb::Config(config) => {
            print!("{}", GatewayConfig::load(&config.config)?.to_toml());
            Ok(())
        }
        Verb::Health { config, address } => operation::health(&config.config, address),
        Verb::Kiosk(verb) => kiosks::act(verb),
        Verb::Certificate(verb) => certificates::act(verb),
        Verb::Csr(verb) => certificates::requests(verb),
        Verb::List {
            config,
            kiosk,
            unanswered,
        } => with_store(&config, async |open| {
            documents::list(open, kiosk, unanswered).await
        }),
        Verb::Export {
            config,
            document,
            out,
            answer,
        } => with_store(&config, async |open| {
            documents::export(open, document, &out, answer).await
        }),
        Verb::Import { config, files } => {
            with_store(&config, async |open| documents::import(open, &files).await)
        }
        Verb::Resend {
            config,
            kiosk,
            documents,
        } => with_store(&config, async |open| {
            documents::resend(open, &kiosk, &documents).await
        }),
        Verb::Request(verb) => requests::act(verb),
        Verb::Notice(verb) => requests::notices(verb),
        Verb::Examiner(verb) => examiners::act(verb),
        Verb::Audit(verb) => documents::audit(verb),
        Verb::Idec(verb) => costs::act(verb),
    }
}

/// The configuration, and the store that it names.
struct Open {
    config: GatewayConfig,
    store: Arc<dyn Store>,
}

impl Open {
    /// Tells the gateway that runs on the same file, if one does, to look at what was changed.
    fn ring(&self) -> Done {
        if self.config.store.kind == StoreKind::Postgres {
            // The server tells it to all of them.
            return Ok(());
        }
        let file = &self.config.store.file;
        Bell::of(file)
            .ring()
            .map_err(|source| CliError::write(file, source))
    }
}

/// Does one thing with the store, and ends.
fn with_store(config: &Config, act: impl AsyncFnOnce(&Open) -> Done) -> Done {
    let config = GatewayConfig::load(&config.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(CliError::Runtime)?;
    runtime.block_on(async {
        let store = storage::open(&config).await?;
        act(&Open { config, store }).await
    })
}

/// Writes a file that must not be there yet, for its owner alone.
fn write_new(file: &Path, bytes: &[u8]) -> Done {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .and_then(|mut open| open.write_all(bytes).and_then(|()| open.sync_all()))
        .map_err(|source| CliError::write(file, source))
}

/// A time for people and programs alike: UTC, to the second.
fn utc(at: UtcMs) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000));
    at.map_or_else(
        |_| "?".to_owned(),
        |at| {
            let (date, time) = (at.date(), at.time());
            format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                date.year(),
                u8::from(date.month()),
                date.day(),
                time.hour(),
                time.minute(),
                time.second()
            )
        },
    )
}

fn document_id(text: &str) -> Result<DocumentId, String> {
    let wrong = || "not 32 hexadecimal digits".to_owned();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let number = u128::from_str_radix(text, 16).map_err(|_| wrong())?;
    Ok(DocumentId(number.to_be_bytes()))
}

fn serial(text: &str) -> Result<Serial, String> {
    Serial::parse(text).ok_or_else(|| "not the hexadecimal digits of a serial number".to_owned())
}
