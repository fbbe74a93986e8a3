//! `alaqan-gateway`: the institution's server, and the tools of its operator.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gateway::authority;
use gateway::config::{self, GatewayConfig};
use gateway::process;
use gateway::server::{GATEWAY_NAME, Gateway};
use gateway::store::sqlite::SqliteStore;
use gateway::store::{AnswerState, Filter, Listed, Store};
use gateway::utc_now;
use verification::evidence::DocumentId;

/// How many documents are listed at once.
const LIST_PAGE: u32 = 1000;

/// The gateway of Alaqan: keeps the documents of kiosks and has their subjects identified.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
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
    /// Issue a key and a certificate to a kiosk: kiosk.key, kiosk.pem and ca.pem.
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
    Run {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// A file that is written once the gateway listens; it holds the address.
        #[arg(long)]
        ready_file: Option<PathBuf>,
        /// Listen here instead of where the configuration says.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Ask the centre under this address instead of the one in the configuration.
        #[arg(long)]
        idec_url: Option<String>,
    },
    /// List the stored documents: id, kiosk, outcome, time of arrival, state of the answer.
    List {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Write a stored document, exactly as the kiosk signed it, to a file.
    Export {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
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
    /// Check the configuration and print it as it is in effect.
    Config {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match act(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-gateway: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn act(verb: Verb) -> Result<(), Box<dyn Error>> {
    match verb {
        Verb::Init { dir, listen, idec } => Ok(authority::init(&dir, listen, idec)?),
        Verb::Enrol { dir, kiosk, out } => Ok(authority::enrol(&dir, &kiosk, &out)?),
        Verb::Run {
            config,
            ready_file,
            listen,
            idec_url,
        } => {
            let mut config = GatewayConfig::load(&config)?;
            config.listen = listen.unwrap_or(config.listen);
            config.idec.url = idec_url.unwrap_or(config.idec.url);
            run(&config, ready_file.as_deref())
        }
        Verb::List { config } => on_runtime(async || list(&*open(&config)?).await),
        Verb::Export {
            config,
            document,
            out,
            answer,
        } => on_runtime(async || export(&*open(&config)?, document, &out, answer).await),
        Verb::Config { config } => {
            print!("{}", GatewayConfig::load(&config)?.to_toml());
            Ok(())
        }
    }
}

fn run(config: &GatewayConfig, ready_file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    process::log_to_stderr(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = process::stop_signal()?;
        let gateway = Gateway::start(config).await?;
        tracing::info!(address = %gateway.address(), "the gateway listens");
        if let Some(file) = ready_file {
            process::write_ready(file, gateway.address())?;
        }
        stop.await;
        tracing::info!("the gateway stops");
        gateway.stop().await;
        Ok(())
    })
}

async fn list(store: &dyn Store) -> Result<(), Box<dyn Error>> {
    let mut filter = Filter::default();
    loop {
        let page = store.list(&filter, LIST_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = last.number;
        print(page)?;
    }
}

fn print(page: Vec<Listed>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for listed in page {
        let answer = match listed.answer {
            AnswerState::NotAsked => "not asked".to_owned(),
            AnswerState::Awaited {
                attempts,
                fault: Some(fault),
            } => {
                format!("awaited, {attempts} failed: {fault}")
            }
            AnswerState::Awaited { .. } => "awaited".to_owned(),
            AnswerState::Rejected { fault } => format!("rejected: {fault}"),
            AnswerState::Answered { seen: true } => "answered, seen".to_owned(),
            AnswerState::Answered { seen: false } => "answered, not seen yet".to_owned(),
        };
        let received_s = listed.received_at.0.div_euclid(1000);
        writeln!(
            out,
            "{}\t{}\t{}\t{received_s}\t{answer}",
            listed.id, listed.kiosk_id, listed.outcome
        )?;
    }
    Ok(())
}

async fn export(store: &dyn Store, id: DocumentId, out: &Path, answer: bool) -> Result<(), Box<dyn Error>> {
    let bytes = if answer {
        store
            .answer(id)
            .await?
            .ok_or_else(|| format!("there is no answer about document {id}"))?
    } else {
        store
            .document(id)
            .await?
            .ok_or_else(|| format!("there is no document {id}"))?
            .signed
            .expose()
            .clone()
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // It holds personal data.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(out)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
        .map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
    Ok(())
}

fn open(config: &Path) -> Result<Box<dyn Store>, Box<dyn Error>> {
    let config = GatewayConfig::load(config)?;
    let key = config::read_store_key(&config.store.key)?;
    let store = SqliteStore::open(&config.store.file, &key, GATEWAY_NAME, utc_now())?;
    Ok(Box::new(store))
}

/// Does one thing with the store, and ends.
fn on_runtime(act: impl AsyncFnOnce() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(act())
}

fn document_id(text: &str) -> Result<DocumentId, String> {
    let wrong = || "not 32 hexadecimal digits".to_owned();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let number = u128::from_str_radix(text, 16).map_err(|_| wrong())?;
    Ok(DocumentId(number.to_be_bytes()))
}

/// An error and its sources in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text += &format!(": {cause}");
        }
        source = error.source();
    }
    text
}
