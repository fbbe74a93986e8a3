//! `alaqan-audit`: what an auditor does with the audit logs of kiosks and gateways.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};
use custody::audit::{Audit, LogReader, Outcome, Paper, to_json, to_text};
use custody::identity::Identity;
use custody::settings::bytes_of_hex;
use custody::{KeyStore, Settings};
use document::auditlog::LogWriter;
use document::signature::anchors_from_pem;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use outbox::Outbox;
use outbox::sqlite::SqliteOutbox;
use verification::audit::{AuditRecord, LogId};
use verification::time::UtcMs;

/// Records that are read from a store at once.
const AT_ONCE: usize = 1000;

/// Checks and shows the audit logs of kiosks and gateways.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 the log is good, 1 it is bad, 2 what was given does not suffice to tell, or something \
                  cannot be read, 3 wrong use of the command."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say whether a log is what it was: whole, unchanged, and the one that documents and receipts have seen.
    Verify {
        #[command(flatten)]
        log: Which,
        #[command(flatten)]
        earlier: Earlier,
        /// A signed document of the kiosk; may be given several times.
        #[arg(long, value_name = "FILE")]
        document: Vec<PathBuf>,
        /// A signed receipt of the gateway, or a file of them; may be given several times.
        #[arg(long, value_name = "FILE")]
        receipt: Vec<PathBuf>,
        /// Certificates of the institution's authority, PEM. Without them it cannot be told who signed.
        #[arg(long, value_name = "FILE")]
        authority: Option<PathBuf>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Print the records of a log in the time of this place. Nothing is checked.
    Show {
        #[command(flatten)]
        log: Which,
        #[command(flatten)]
        earlier: Earlier,
        /// Only records of sessions whose id begins so.
        #[arg(long, value_name = "HEX")]
        session: Option<String>,
    },
    /// Write the log of a kiosk that is stopped to a file, signed by the kiosk. That is noted in the log first.
    Export {
        /// The kiosk's configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        #[command(flatten)]
        earlier: Earlier,
        /// The file, which must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// An exported log.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The configuration file of a kiosk that is stopped: its own store.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct Earlier {
    /// Instead of the store's newest log one that it kept before, and that lost records; `alaqan-custody status` names them.
    #[arg(long, value_name = "HEX", value_parser = log_id, requires = "config")]
    earlier: Option<LogId>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell where this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(3)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match act(arguments.verb) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Ok(Outcome::CannotTell) => ExitCode::from(2),
        Err(error) => {
            eprintln!("alaqan-audit: {}", custody::chain(&*error));
            ExitCode::from(2)
        }
    }
}

fn act(verb: Verb) -> Result<Outcome, Box<dyn Error>> {
    match verb {
        Verb::Verify {
            log,
            earlier,
            document,
            receipt,
            authority,
            format,
        } => {
            let anchors = authority
                .map(|file| -> Result<_, Box<dyn Error>> { Ok(anchors_from_pem(&read(&file)?)?) })
                .transpose()?;
            let anchors = anchors.as_deref();
            let mut papers = Vec::new();
            for file in &document {
                papers.push(Paper::document(
                    &file.display().to_string(),
                    &read(file)?,
                    anchors,
                ));
            }
            for file in &receipt {
                papers.extend(Paper::receipts(
                    &file.display().to_string(),
                    &read(file)?,
                    anchors,
                ));
            }
            let audit = verify(&log, &earlier, LogReader::new(papers, anchors))?;
            let text = match format {
                Form::Text => to_text(&audit),
                Form::Json => format!("{:#}\n", to_json(&audit)),
            };
            std::io::stdout().write_all(text.as_bytes())?;
            Ok(audit.outcome())
        }
        Verb::Show {
            log,
            earlier,
            session,
        } => show(&log, &earlier, session.as_deref()),
        Verb::Export { config, earlier, out } => export(&config, &earlier, &out),
    }
}

fn verify(which: &Which, earlier: &Earlier, reader: LogReader<'_>) -> Result<Audit, Box<dyn Error>> {
    match (&which.log, &which.config) {
        (Some(file), _) => Ok(reader.exported(BufReader::new(open(file)?), |_| {})?),
        (None, Some(config)) => {
            let kiosk = Kiosk::open(config, earlier)?;
            Ok(reader.store(kiosk.log, &kiosk.settings.kiosk_id, kiosk.records())?)
        }
        (None, None) => Err("no log is named".into()),
    }
}

fn show(which: &Which, earlier: &Earlier, session: Option<&str>) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let zone = TimeZone::system();
    let mut print = |record: &AuditRecord| -> std::io::Result<()> {
        let id = record
            .session
            .map(|session| session.to_string())
            .unwrap_or_default();
        if session.is_some_and(|wanted| !id.starts_with(wanted) || id.is_empty()) {
            return Ok(());
        }
        let time = Timestamp::from_millisecond(record.at.0).map_or_else(
            |_| format!("{} ms", record.at.0),
            |time| {
                let local = time.to_zoned(zone.clone());
                local.strftime("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
            },
        );
        let short = id.get(..8).unwrap_or("-");
        // One line for each record, whatever stands in it.
        writeln!(
            out,
            "{:>8}  {time}  {short:8}  {}",
            record.number,
            record.event.escape_debug()
        )
    };
    match (&which.log, &which.config) {
        (Some(file), _) => {
            let mut failed = Ok(());
            LogReader::new(Vec::new(), None).exported(BufReader::new(open(file)?), |record| {
                if failed.is_ok() {
                    failed = print(record);
                }
            })?;
            failed?;
        }
        (None, Some(config)) => {
            let kiosk = Kiosk::open(config, earlier)?;
            for record in kiosk.records() {
                print(&record?)?;
            }
        }
        (None, None) => return Err("no log is named".into()),
    }
    Ok(Outcome::Good)
}

fn export(config: &Path, earlier: &Earlier, out: &Path) -> Result<Outcome, Box<dyn Error>> {
    let mut kiosk = Kiosk::open(config, earlier)?;
    let identity = Identity::load(&*kiosk.keys, &kiosk.settings.identity())?
        .ok_or("the kiosk is not enrolled: nobody could sign its log")?;
    let signer = identity.signer()?;
    let file = File::options()
        .write(true)
        .create_new(true)
        .open(out)
        .map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
    let now = now();
    let event = format!("OperatorExportedAudit log={}", kiosk.log);
    kiosk.outbox.append_audit(now, None, &event)?;
    let mut writer = LogWriter::begin(std::io::BufWriter::new(file), kiosk.log, &kiosk.settings.kiosk_id)?;
    for record in kiosk.records() {
        writer.record(record?)?;
    }
    let (file, head) = writer.finish(&signer, now)?;
    file.into_inner()
        .map_err(|error| error.into_error())?
        .sync_all()?;
    println!("{}: {} records of log {}", out.display(), head.number, head.log);
    Ok(Outcome::Good)
}

/// The store of a kiosk that is stopped.
struct Kiosk {
    settings: Settings,
    keys: Arc<dyn KeyStore>,
    outbox: SqliteOutbox,
    /// The log that is looked at.
    log: LogId,
    is_earlier: bool,
}

impl Kiosk {
    fn open(config: &Path, earlier: &Earlier) -> Result<Self, Box<dyn Error>> {
        let settings = Settings::load(config)?;
        // Opening would make one.
        if !settings.store().exists() {
            return Err(format!("there is no store {}", settings.store().display()).into());
        }
        let keys = custody::open_keys(&settings)?;
        let opened = custody::open_store(&settings, &keys, now())?;
        if opened.quarantined.is_some() {
            return Err(
                "the store could not be read with the keys of this machine; it was put aside beside its file, as the kiosk \
                 itself would have done"
                    .into(),
            );
        }
        let outbox = opened.outbox;
        let log = match earlier.earlier {
            Some(log) if outbox.earlier_logs()?.iter().all(|head| head.log != log) => {
                return Err(format!("the store has no earlier log {log}").into());
            }
            Some(log) => log,
            None => outbox.audit_head()?.log,
        };
        Ok(Self {
            settings,
            keys,
            outbox,
            log,
            is_earlier: earlier.earlier.is_some(),
        })
    }

    fn records(&self) -> impl Iterator<Item = Result<AuditRecord, outbox::OutboxError>> {
        let mut after = 0;
        let mut page = Vec::new().into_iter();
        std::iter::from_fn(move || {
            if let Some(record) = page.next() {
                return Some(Ok(record));
            }
            let read = if self.is_earlier {
                self.outbox.earlier_records(self.log, after, AT_ONCE)
            } else {
                self.outbox.audit_records(after, AT_ONCE)
            };
            match read {
                Ok(records) => {
                    after = records.last()?.number;
                    page = records.into_iter();
                    page.next().map(Ok)
                }
                Err(error) => Some(Err(error)),
            }
        })
    }
}

fn log_id(text: &str) -> Result<LogId, &'static str> {
    bytes_of_hex(text).map(LogId).ok_or("not 32 hexadecimal digits")
}

fn open(file: &Path) -> Result<File, Box<dyn Error>> {
    File::open(file).map_err(|error| format!("{} cannot be read: {error}", file.display()).into())
}

fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()).into())
}

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
