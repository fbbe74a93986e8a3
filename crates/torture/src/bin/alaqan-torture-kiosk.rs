//! `alaqan-torture-kiosk`: a kiosk without a window, a camera and persons, whose custody is the real one.
//!
//! It says on its standard output what it is about to do and what it has done, one line each, and takes orders on its standard
//! input: `put <number>`, `pace <milliseconds>`, `unwedge`, `resend <document>`, `rotate`, `receipts <folder> <file>`, `check`, `stop`. It ends with its input.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use custody::{Custody, CustodyError, Happened, Settings, Software};
use outbox::{EntryState, Outbox, OutboxError};
use sha2::{Digest, Sha256};
use torture::ledger::Report;
use torture::material;
use verification::Sensitive;
use verification::audit::AuditRecord;
use verification::evidence::{DocumentId, Modality};
use verification::time::UtcMs;

/// So many receipts are written into a folder.
const RECEIPTS_WRITTEN: u32 = 100;
/// How often the kiosk looks after itself.
const TICK: Duration = Duration::from_millis(150);
/// A kiosk that is killed all the time must notice quickly that its line is dead.
const PING_AFTER: Duration = Duration::from_millis(400);
const SILENCE_LIMIT: Duration = Duration::from_millis(1_500);
const BACKOFF_MAX: Duration = Duration::from_millis(300);

/// A kiosk without a window, a camera and persons, for the torture of its custody.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The kiosk's configuration.
    #[arg(long)]
    config: PathBuf,
    /// By how much the kiosk's clock is wrong.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    clock_offset_ms: i64,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Get a certificate for a one-time code.
    Enrol {
        /// A file with the code.
        #[arg(long)]
        code_file: PathBuf,
        /// The certificate of the institution's authority, PEM.
        #[arg(long)]
        authority: PathBuf,
    },
    /// Work until the standard input ends.
    Run {
        /// From this the sessions are made up.
        #[arg(long)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let level = std::env::var("ALAQAN_TORTURE_LOG").unwrap_or_else(|_| "info".into());
    let filter = tracing_subscriber::EnvFilter::try_new(level).unwrap_or_default();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    match act(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&Report::Closed(error.clone()));
            eprintln!("alaqan-torture-kiosk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: &Arguments) -> Result<(), String> {
    let mut settings = Settings::load(&arguments.config).map_err(|error| custody::chain(&error))?;
    settings.line.ping_after = PING_AFTER;
    settings.line.silence_limit = SILENCE_LIMIT;
    settings.line.connect_limit = SILENCE_LIMIT;
    settings.line.backoff_min = Duration::from_millis(20);
    settings.line.backoff_max = BACKOFF_MAX;
    settings.line.recheck_after = PING_AFTER;
    match &arguments.verb {
        Verb::Enrol { code_file, authority } => {
            let keys = keys::open(&settings.keys).map_err(|error| custody::chain(&error))?;
            let read = |path: &PathBuf| std::fs::read(path).map_err(|error| error.to_string());
            let code = String::from_utf8_lossy(&read(code_file)?).trim().to_owned();
            let trust = custody::Trust::Authority(read(authority)?);
            let now = now(arguments.clock_offset_ms);
            custody::enrol(&settings, &*keys, &Sensitive::new(code), trust, "torture", now)
                .map_err(|error| custody::chain(&error))?;
            Ok(())
        }
        Verb::Run { seed } => run(settings, *seed, arguments.clock_offset_ms),
    }
}

/// What the kiosk's one loop waits for.
enum Event {
    Line(custody::Event),
    Order(String),
    End,
}

fn run(settings: Settings, seed: u64, clock_offset_ms: i64) -> Result<(), String> {
    let (sender, events) = mpsc::channel();
    listen(sender.clone()).map_err(|error| error.to_string())?;
    let kiosk_id = settings.kiosk_id.clone();
    let keys = keys::open(&settings.keys).map_err(|error| code(&error))?;
    let sink = sender;
    let kept = settings.clone();
    let place = std::sync::Arc::clone(&keys);
    let authority = settings.identity().join("authority.pem");
    let now = now(clock_offset_ms);
    let custody = Custody::open(
        settings,
        Software::running("torture", Vec::new()),
        keys,
        now,
        move |event| {
            // The loop may have ended.
            let _ = sink.send(Event::Line(event));
        },
    )
    .map_err(|error| code(&error))?;
    let mut kiosk = Kiosk {
        custody,
        settings: kept,
        keys: place,
        authority,
        kiosk_id,
        clock_offset_ms,
        random: fastrand::Rng::with_seed(seed),
        told: 0,
        position: None,
        to_put: 0,
        pace: Duration::from_millis(5),
    };
    kiosk.begin().map_err(|error| code(&error))?;
    kiosk.work(&events).map_err(|error| code(&error))?;
    drop(kiosk);
    say(&Report::Bye);
    Ok(())
}

/// Orders from the standard input, and the wish that the program ends.
fn listen(sender: mpsc::Sender<Event>) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        // A disk that is full because of a limit must be an error and not the end.
        let mut signals =
            signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM, libc_sigxfsz()])?;
        let sender = sender.clone();
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                for signal in signals.forever() {
                    if signal == signal_hook::consts::SIGTERM {
                        let _ = sender.send(Event::End);
                    }
                }
            })?;
    }
    std::thread::Builder::new().name("orders".into()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(Event::Order(line));
        }
        let _ = sender.send(Event::End);
    })?;
    Ok(())
}

#[cfg(unix)]
fn libc_sigxfsz() -> i32 {
    signal_hook::consts::SIGXFSZ
}

struct Kiosk {
    custody: Custody,
    settings: Settings,
    keys: std::sync::Arc<dyn keys::KeyStore>,
    /// The certificate of the authority.
    authority: PathBuf,
    kiosk_id: String,
    clock_offset_ms: i64,
    random: fastrand::Rng,
    /// Records of the audit log that were told.
    told: u64,
    /// The newest entry of the queue that was looked at.
    position: Option<u64>,
    to_put: u64,
    pace: Duration,
}

impl Kiosk {
    fn now(&self) -> UtcMs {
        now(self.clock_offset_ms)
    }

    fn begin(&mut self) -> Result<(), CustodyError> {
        // What was said to be damaged is said again at every start: the orchestrator may not have heard it.
        let head = self.custody.outbox().audit_head()?;
        let mut after = 0;
        loop {
            let records = self.custody.outbox().audit_records(after, 10_000)?;
            let Some(last) = records.last() else { break };
            after = last.number;
            records
                .iter()
                .filter(|record| is_damage(&record.event))
                .for_each(|record| tell(record, &head.log.to_string()));
        }
        self.told = after;
        while let Some((position, _, _)) = self.custody.outbox().export(self.position)? {
            self.position = Some(position);
        }
        say(&Report::Opened);
        self.stand()
    }

    fn work(&mut self, events: &mpsc::Receiver<Event>) -> Result<(), CustodyError> {
        let mut next_tick = Instant::now() + TICK;
        let mut next_put = Instant::now();
        loop {
            let next = if self.to_put > 0 {
                next_tick.min(next_put)
            } else {
                next_tick
            };
            match events.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Event::Line(event)) => self.line(event)?,
                Ok(Event::Order(order)) => {
                    if self.order(&order)? {
                        return Ok(());
                    }
                }
                Ok(Event::End) | Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if Instant::now() >= next_tick {
                let now = self.now();
                self.survive(|kiosk| kiosk.custody.tick(now))?;
                self.stand()?;
                next_tick = Instant::now() + TICK;
            }
            if self.to_put > 0 && Instant::now() >= next_put {
                self.to_put -= 1;
                self.put()?;
                let pace_us = u64::try_from(self.pace.as_micros()).unwrap_or(0);
                next_put = Instant::now() + Duration::from_micros(self.random.u64(0..=2 * pace_us));
            }
            self.tell_audit()?;
        }
    }

    /// `true` if it is the last one.
    fn order(&mut self, order: &str) -> Result<bool, CustodyError> {
        let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
        match word {
            "put" => self.to_put = rest.parse().unwrap_or(0),
            "pace" => self.pace = Duration::from_millis(rest.parse().unwrap_or(0)),
            "unwedge" => self.unwedge()?,
            "resend" => {
                if let Some(id) = torture::ledger::document_id(rest) {
                    let now = self.now();
                    self.custody.outbox().resend(id, now)?;
                }
            }
            "rotate" => {
                let result = custody::rotate(&self.settings, self.custody.outbox(), &*self.keys).map(drop);
                self.survive(|_| result)?;
            }
            "receipts" => self.receipts(rest)?,
            "check" => self.check()?,
            "stop" => return Ok(true),
            _ => eprintln!("an order that is none: {order}"),
        }
        Ok(false)
    }

    fn line(&mut self, event: custody::Event) -> Result<(), CustodyError> {
        let now = self.now();
        let mut answered = None;
        self.survive(|kiosk| {
            if let Happened::Answered(answer) = kiosk.custody.handle(event, now)? {
                answered = Some(answer.document_id);
            }
            Ok(())
        })?;
        match answered {
            Some(id) => self.survive(|kiosk| kiosk.custody.answer_is_stored(id, now)),
            None => Ok(()),
        }
    }

    /// A disk that is full or cannot be written is to be survived: the kiosk goes on when it is well again.
    fn survive(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<(), CustodyError>,
    ) -> Result<(), CustodyError> {
        match act(self) {
            Err(CustodyError::Store(error)) if is_of_disk(&error) => {
                say(&Report::Alert("StoreFails".into(), custody::chain(&error)));
                Ok(())
            }
            other => other,
        }
    }

    fn put(&mut self) -> Result<(), CustodyError> {
        let now = self.now();
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let id = DocumentId(id);
        let evidence = material::evidence(&self.kiosk_id, id, now, &mut self.random);
        // A session that is under way is not cut off by what would not let another one begin.
        let is_under_way = self.random.bool();
        let mut closed = None;
        self.survive(|kiosk| {
            closed = kiosk.custody.closed(now)?;
            Ok(())
        })?;
        if let Some(concern) = closed
            && !is_under_way
        {
            say(&Report::OutOfService(format!("{concern:?}")));
            return Ok(());
        }
        say(&Report::Intended(id, material::stills_digest(&evidence)));
        match self.custody.record(evidence, &[Modality::Face], now) {
            Ok(()) => {
                let sha256 = self.newest(id)?;
                say(&Report::Recorded(id, sha256));
                Ok(())
            }
            Err(error @ (CustodyError::Store(_) | CustodyError::NotEnrolled)) => {
                say(&Report::NotRecorded(id, code(&error)));
                match error {
                    CustodyError::Store(store) if !is_of_disk(&store) => Err(CustodyError::Store(store)),
                    _ => Ok(()),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// SHA-256 of what was put just now, as it lies in the store.
    fn newest(&mut self, id: DocumentId) -> Result<[u8; 32], CustodyError> {
        let mut found = [0; 32];
        while let Some((position, document, _)) = self.custody.outbox().export(self.position)? {
            self.position = Some(position);
            if document.id == id {
                found = Sha256::digest(&document.bytes).into();
            }
        }
        Ok(found)
    }

    fn unwedge(&mut self) -> Result<(), CustodyError> {
        let now = self.now();
        let mut after = None;
        while let Some((position, document, state)) = self.custody.outbox().export(after)? {
            after = Some(position);
            if matches!(state, EntryState::Wedged(_)) {
                self.custody.outbox().unwedge(document.id, now)?;
            }
        }
        Ok(())
    }

    fn stand(&mut self) -> Result<(), CustodyError> {
        let counts = self.custody.outbox().counts()?;
        say(&Report::Standing(
            counts.pending + counts.in_flight,
            counts.wedged,
            counts.awaiting,
        ));
        Ok(())
    }

    /// Checks the receipts that are kept of the documents in a list: an id and SHA-256 a line. Some of them are written
    /// into a folder, for those who check the log of the gateway.
    fn receipts(&mut self, order: &str) -> Result<(), CustodyError> {
        let (folder, list) = order.split_once(' ').unwrap_or((order, ""));
        let mut written = 0;
        let list = std::fs::read_to_string(list).unwrap_or_default();
        let pem = std::fs::read(&self.authority).unwrap_or_default();
        let anchors = document::signature::anchors_from_pem(&pem).unwrap_or_default();
        for line in list.lines() {
            let (id, sha256) = line.split_once(' ').unwrap_or((line, ""));
            let Some((id, sha256)) = torture::ledger::document_id(id).zip(torture::ledger::digest(sha256))
            else {
                continue;
            };
            let verdict = match self.custody.outbox().retained_receipt(id)? {
                None => "not kept".to_owned(),
                Some(signed) if written < RECEIPTS_WRITTEN => {
                    written += 1;
                    let file = PathBuf::from(folder).join(format!("{id}.cms"));
                    std::fs::write(&file, &signed)
                        .map_err(|error| error.to_string())
                        .and_then(|()| self.examine(id, sha256, &signed, &anchors))
                        .map_or_else(|why| why, |()| "good".to_owned())
                }
                Some(signed) => match self.examine(id, sha256, &signed, &anchors) {
                    Ok(()) => "good".to_owned(),
                    Err(why) => why,
                },
            };
            say(&Report::Receipt(id, verdict));
        }
        Ok(())
    }

    fn examine(
        &self,
        id: DocumentId,
        sha256: [u8; 32],
        signed: &[u8],
        anchors: &[Vec<u8>],
    ) -> Result<(), String> {
        let verified =
            document::signature::verify(signed, anchors, now(0)).map_err(|error| custody::chain(&error))?;
        if verified.signer_common_name != document::identification::SIGNER_COMMON_NAME {
            return Err(format!("{} signed it", verified.signer_common_name));
        }
        let receipt =
            document::receipt::decode(verified.content.expose()).map_err(|error| custody::chain(&error))?;
        if receipt.document_id != id || receipt.document_sha256 != sha256 || receipt.kiosk_id != self.kiosk_id
        {
            return Err("it is about something else".into());
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), CustodyError> {
        let verdict = self.custody.outbox().verify_audit();
        let head = self.custody.outbox().audit_head()?;
        match verdict {
            Ok(_) => say(&Report::Audit(head.number, "whole".into())),
            Err(error) => say(&Report::Audit(head.number, custody::chain(&error))),
        }
        Ok(())
    }

    fn tell_audit(&mut self) -> Result<(), CustodyError> {
        let head = self.custody.outbox().audit_head()?;
        if head.number == self.told {
            return Ok(());
        }
        for record in self.custody.outbox().audit_records(self.told, 1_000)? {
            tell(&record, &head.log.to_string());
            self.told = record.number;
        }
        Ok(())
    }
}

/// Events that say that a store was set aside or lost something.
fn is_damage(event: &str) -> bool {
    torture::ledger::is_damage(event.split(' ').next().unwrap_or_default())
}

/// What the audit log says, in the words of the ledger.
fn tell(record: &AuditRecord, log: &str) {
    let (event, rest) = record.event.split_once(' ').unwrap_or((&record.event, ""));
    let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let id = first
        .strip_prefix("document=")
        .and_then(torture::ledger::document_id);
    let report = match (event, id) {
        ("DocumentReceived", Some(id)) => Report::Delivered(id),
        ("DocumentIdentified", Some(id)) => Report::Identified(id),
        ("DocumentWedged", Some(id)) => Report::Wedged(id, after.trim_start_matches("reason=").to_owned()),
        ("LinkUp", _) => Report::Up,
        ("LinkLost", _) => Report::Down(rest.to_owned()),
        ("DocumentStored" | "KioskStarted" | "IdentityLoaded" | "Concerns", _) => return,
        _ if is_damage(event) => Report::Alert(event.to_owned(), format!("{log}:{} {rest}", record.number)),
        // Documents and people are not named in what is counted.
        _ => Report::Alert(event.to_owned(), rest.to_owned()),
    };
    say(&report);
}

fn say(report: &Report) {
    let line = format!("{report}\n");
    let mut out = std::io::stdout().lock();
    // The orchestrator may be gone; then the standard input ends as well.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

fn is_of_disk(error: &OutboxError) -> bool {
    matches!(
        error,
        OutboxError::Full(_) | OutboxError::Disk(_) | OutboxError::Unwritable(_)
    )
}

fn code(error: &(dyn std::error::Error + 'static)) -> String {
    custody::chain(error)
}

fn now(offset_ms: i64) -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(
        i64::try_from(since.as_millis())
            .unwrap_or(i64::MAX)
            .saturating_add(offset_ms),
    )
}
