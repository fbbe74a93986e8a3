//! Documents, packages, and the audit log.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Subcommand;
use document::auditlog::LogWriter;
use gateway::import::{Became, Importer, PackageKey};
use gateway::institution::Outlet;
use gateway::server;
use gateway::store::{AnswerState, Filter, Listed};
use gateway::utc_now;
use verification::evidence::DocumentId;

use super::{CliError, Config, Done, Open, with_store, write_new};

/// How many documents, or records of the audit log, are read at once.
const PAGE: u32 = 1000;

#[derive(Subcommand)]
pub enum Audit {
    /// Write the audit log of this gateway to a file, for `alaqan-audit verify`. The last line is signed.
    Export {
        #[command(flatten)]
        config: Config,
        /// The file, which must not be there yet.
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn audit(verb: Audit) -> Done {
    match verb {
        Audit::Export { config, out } => with_store(&config, async |open| export_log(open, &out).await),
    }
}

pub async fn list(open: &Open, kiosk_id: Option<String>, unanswered: bool) -> Done {
    let mut filter = Filter {
        kiosk_id,
        unanswered,
        ..Filter::default()
    };
    loop {
        let page = open.store.list(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = last.number;
        print(page).map_err(|error| CliError::because("the list cannot be written", error))?;
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

pub async fn export(open: &Open, id: DocumentId, out: &Path, answer: bool) -> Done {
    // It holds personal data.
    if answer {
        let answer = open.store.answer(id).await?;
        let missing = || CliError::Missing(format!("there is no answer about document {id}"));
        return write_new(out, &answer.ok_or_else(missing)?);
    }
    let stored = open.store.document(id).await?;
    let missing = || CliError::Missing(format!("there is no document {id}"));
    write_new(out, stored.ok_or_else(missing)?.signed.expose())
}

pub async fn import(open: &Open, files: &[PathBuf]) -> Done {
    let key = open
        .config
        .packages
        .as_ref()
        .map(|packages| PackageKey::read(&packages.key));
    let key = key
        .ok_or_else(|| CliError::plain("the configuration has no table [packages]"))?
        .map_err(|error| CliError::because("the key of packages cannot be used", error))?;
    let signer = Mutex::new(server::signer(&open.config)?);
    let outlet = Outlet::read(&open.config)
        .map_err(|error| CliError::because("the institution's systems cannot be told", error))?;
    let importer = Importer {
        store: &*open.store,
        anchors: &server::anchors(&open.config)?,
        signer: &signer,
        key: &key,
        outlet: outlet.as_ref(),
    };
    let mut refused = 0_usize;
    for file in files {
        let done = importer.import_file(file, utc_now()).await;
        let (imported, receipts) =
            done.map_err(|error| CliError::because(format!("{} was not imported", file.display()), error))?;
        println!(
            "{}: part {} of {} of {}, receipts in {}",
            file.display(),
            imported.part,
            imported.parts,
            imported.kiosk_id,
            receipts.display()
        );
        for (id, became) in &imported.documents {
            println!("{id}\t{became}");
            refused += usize::from(!matches!(became, Became::New | Became::Known));
        }
    }
    open.ring()?;
    if refused > 0 {
        return Err(CliError::plain(format!("{refused} documents were refused")));
    }
    Ok(())
}

pub async fn resend(open: &Open, kiosk: &str, documents: &[DocumentId]) -> Done {
    if open.store.kiosk(kiosk).await?.is_none() {
        return Err(CliError::Missing(format!("there is no kiosk {kiosk}")));
    }
    open.store.request_resend(kiosk, documents, utc_now()).await?;
    open.ring()
}

async fn export_log(open: &Open, out: &Path) -> Done {
    let failed = |error| CliError::because(format!("{} cannot be written", out.display()), error);
    let log = open.store.log();
    let mut writer = LogWriter::begin(Vec::new(), log, open.store.gateway()).map_err(failed)?;
    let mut after = 0;
    loop {
        let records = open.store.audit_records(log, after, PAGE).await?;
        let Some(last) = records.last() else { break };
        after = last.number;
        for record in records {
            writer.record(record).map_err(failed)?;
        }
    }
    let signer = server::signer(&open.config)?;
    let (bytes, head) = writer.finish(&signer, utc_now()).map_err(failed)?;
    write_new(out, &bytes)?;
    println!("{} records", head.number);
    Ok(())
}
