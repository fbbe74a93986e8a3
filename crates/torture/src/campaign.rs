//! Carries out a plan, heals everything, and gathers what the judge needs.

mod healing;
mod strike;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use verification::evidence::DocumentId;

use crate::bank::Bank;
use crate::disk::{Disk, Flip};
use crate::error::TortureError;
use crate::judge::{Facts, Verdict, judge};
use crate::kiosk::{Heard, Kiosk};
use crate::ledger::{Epoch, Ledger, Report, document_id};
use crate::line::Line;
use crate::plan::{Fault, Kind, Round, Shape, Weather, plan};
use crate::programs::{Programs, append};

pub use healing::Healing;

/// The mean pause between two documents of a kiosk, so that queues form and empty.
const PACE_MS: u64 = 40;
/// How long a kiosk may take to open its store before a round goes on without it.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// A kiosk puts until the round ends.
const PUTS: u64 = 1_000_000;

/// How a torture is carried out.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The plan.
    pub shape: Shape,
    /// Rounds end when this time is over, even if there are more in the plan.
    pub at_most: Option<Duration>,
    /// Where the programs are.
    pub programs: Programs,
    /// The folder for everything; must be empty.
    pub work: PathBuf,
    /// Whether disks can be mounted.
    pub mount: bool,
    /// Whether everything is kept in the folder also if nothing is found.
    pub keep: bool,
}

/// What was done, and what was found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many rounds there were.
    pub rounds: u32,
    /// How often what was done.
    pub done: BTreeMap<&'static str, u64>,
    /// How many connections met with which fate.
    pub fates: BTreeMap<&'static str, u64>,
    /// What the kiosks said.
    pub ledger: Ledger,
    /// What was done to heal.
    pub healing: Healing,
    /// Documents at the gateway.
    pub stored: u64,
    /// Comparisons that the centre made.
    pub compared: u64,
    /// Questions that the centre was asked once more, and answered without a comparison.
    pub repeated: u64,
    /// Files that were looked through, and their bytes.
    pub scanned: (u64, u64),
    /// The judge's words.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// How long the rounds took.
    pub rounds_took: Duration,
    /// What stood for the disk.
    pub disk: &'static str,
}

/// A store that was set aside or may be: what is needed to get at what is in it.
#[derive(Debug, Clone)]
struct Kept {
    kiosk: u8,
    /// The keys of its store, in a folder of their own.
    keys: PathBuf,
    /// Bits that were flipped, and in the file with which ending.
    flips: Vec<(String, Vec<Flip>)>,
}

/// After so many rounds without a new document the rest would torture nothing.
const IDLE_ROUNDS_MAX: u32 = 40;

struct Campaign {
    settings: Settings,
    bank: Bank,
    line: Line,
    kiosks: Vec<Kiosk>,
    ears: mpsc::Receiver<Heard>,
    mouth: mpsc::Sender<Heard>,
    transcript: std::fs::File,
    ledger: Ledger,
    offsets_ms: BTreeMap<u8, i64>,
    done: BTreeMap<&'static str, u64>,
    harmed: BTreeSet<Epoch>,
    locked: BTreeSet<Epoch>,
    kept: Vec<Kept>,
    /// The newest copy of the gateway's database, and what was delivered when it was taken.
    copy: Option<PathBuf>,
    /// Documents that the gateway had before its database was replaced by an older copy and not after that, with the number
    /// of their kiosk; each until a receipt of it comes again.
    rolled_back: BTreeMap<DocumentId, u8>,
    /// How many there ever were.
    taken: u64,
    /// Documents with a receipt that the gateway did not have when healing began.
    vanished: BTreeSet<DocumentId>,
    others: Vec<String>,
    healing: Healing,
}

/// Carries out a torture from its beginning to the judge's words.
///
/// # Errors
/// When the torture itself cannot be carried out. What it finds is in the outcome.
pub fn perform(settings: Settings, progress: &mut dyn FnMut(&str)) -> Result<Outcome, TortureError> {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(TortureError::Line)?;
    let mut campaign = Campaign::begin(settings, &runtime)?;
    let rounds = plan(campaign.settings.shape);
    let mut passed = 0;
    let mut moved = (0, 0);
    for round in &rounds {
        let late = campaign
            .settings
            .at_most
            .is_some_and(|limit| start.elapsed() > limit);
        if late {
            break;
        }
        campaign.round(round)?;
        passed += 1;
        let recorded = campaign.ledger.recorded.len();
        if recorded > moved.1 {
            moved = (passed, recorded);
        } else if passed - moved.0 >= IDLE_ROUNDS_MAX {
            campaign
                .others
                .push(format!("no kiosk has put anything since round {}", moved.0));
            break;
        }
        if passed % 20 == 0 {
            progress(&format!(
                "round {passed} of {}: {} put, {} delivered, {:.0} s",
                rounds.len(),
                campaign.ledger.recorded.len(),
                campaign.ledger.delivered.len(),
                start.elapsed().as_secs_f32(),
            ));
        }
    }
    let rounds_took = start.elapsed();
    campaign.heal(progress)?;
    let mut outcome = campaign.conclude(progress)?;
    outcome.rounds = passed;
    outcome.took = start.elapsed();
    outcome.rounds_took = rounds_took;
    Ok(outcome)
}

impl Campaign {
    fn begin(settings: Settings, runtime: &tokio::runtime::Runtime) -> Result<Self, TortureError> {
        let work = settings.work.clone();
        std::fs::create_dir_all(&work).map_err(TortureError::file(&work, "created"))?;
        let mut bank = Bank::found(&settings.programs, &work, settings.shape.postgres)?;
        let addresses = bank.start()?;
        let line = runtime
            .block_on(Line::start(settings.shape.seed, addresses, Weather::Fair))
            .map_err(TortureError::Line)?;
        let url = format!("wss://{}/v1/kiosk", line.address());
        let kiosks = (0..settings.shape.kiosks)
            .map(|number| {
                let disk = Disk::make(&work.join(format!("kiosk-{number}")), settings.mount)?;
                let kiosk = Kiosk::new(number, &work, disk, &url)?;
                let code = work.join(format!("code-{number}"));
                std::fs::write(&code, bank.code(&kiosk.name())?)
                    .map_err(TortureError::file(&code, "written"))?;
                kiosk.enrol(&settings.programs, &code, &bank.authority())?;
                Ok(kiosk)
            })
            .collect::<Result<Vec<_>, TortureError>>()?;
        let (mouth, ears) = mpsc::channel();
        Ok(Self {
            transcript: append(&work.join("ledger.txt"))?,
            settings,
            bank,
            line,
            kiosks,
            ears,
            mouth,
            ledger: Ledger::default(),
            offsets_ms: BTreeMap::new(),
            done: BTreeMap::new(),
            harmed: BTreeSet::new(),
            locked: BTreeSet::new(),
            kept: Vec::new(),
            copy: None,
            rolled_back: BTreeMap::new(),
            taken: 0,
            vanished: BTreeSet::new(),
            others: Vec::new(),
            healing: Healing::default(),
        })
    }

    fn round(&mut self, round: &Round) -> Result<(), TortureError> {
        self.write(&format!("-- {round}"))?;
        *self.done.entry(round.weather.kind()).or_default() += 1;
        self.line.set_weather(round.weather);
        if let Some(fault) = round.fault {
            self.lay(fault)?;
            *self.done.entry(fault.kind()).or_default() += 1;
        }
        let addresses = self.bank.start()?;
        self.line.set_gateways(addresses);
        self.start_kiosks()?;
        for kiosk in &mut self.kiosks {
            kiosk.order(&format!("pace {PACE_MS}"));
            kiosk.order(&format!("put {PUTS}"));
        }
        if let Some(Fault::FullDisk { kiosk, left_kib }) = round.fault {
            self.hear_for(Duration::from_millis(30))?;
            if let Some(kiosk) = self.kiosks.get_mut(usize::from(kiosk)) {
                let pid = kiosk.pid();
                kiosk.disk.fill(u64::from(left_kib) * 1024, pid)?;
            }
        }
        self.work(round)?;
        *self.done.entry(round.strike.kind()).or_default() += 1;
        self.strike(round.strike)?;
        if let Some(fault) = round.fault {
            self.lift(fault)?;
        }
        Ok(())
    }

    fn start_kiosks(&mut self) -> Result<(), TortureError> {
        let seed = self.settings.shape.seed;
        for kiosk in &mut self.kiosks {
            let offset_ms = self.offsets_ms.get(&kiosk.number).copied().unwrap_or(0);
            kiosk.start(&self.settings.programs, seed, offset_ms, &self.mouth)?;
        }
        Ok(())
    }

    /// Hears until enough was said, or the time is over, and a little longer.
    fn work(&mut self, round: &Round) -> Result<(), TortureError> {
        let at_most = Duration::from_millis(round.work.at_most_ms.into());
        if round.work.reports == 0 {
            // In the midst of the start.
            self.hear_for(at_most / 4)?;
        } else {
            self.hear_openings()?;
            let end = Instant::now() + at_most;
            let mut reports = 0;
            while reports < round.work.reports {
                let left = end.saturating_duration_since(Instant::now());
                let Ok(heard) = self.ears.recv_timeout(left) else {
                    break;
                };
                let counts = matches!(
                    heard.1,
                    Report::Intended(..) | Report::Recorded(..) | Report::Delivered(_)
                );
                reports += u16::from(counts);
                self.note(&heard)?;
            }
        }
        // Not to wait for something: this is where in the work the strike falls.
        std::thread::sleep(Duration::from_micros(round.work.later_us.into()));
        Ok(())
    }

    /// Waits until each kiosk has opened its store, or has ended because it cannot.
    fn hear_openings(&mut self) -> Result<(), TortureError> {
        let end = Instant::now() + OPENING_MAX;
        while Instant::now() < end && self.kiosks.iter_mut().any(|kiosk| kiosk.runs() && !kiosk.opened) {
            self.hear_for(Duration::from_millis(5))?;
        }
        Ok(())
    }

    fn hear_for(&mut self, time: Duration) -> Result<(), TortureError> {
        let end = Instant::now() + time;
        while let Ok(heard) = self
            .ears
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.note(&heard)?;
        }
        Ok(())
    }

    /// Takes in all that was said up to now.
    fn catch_up(&mut self) -> Result<(), TortureError> {
        while let Ok(heard) = self.ears.try_recv() {
            self.note(&heard)?;
        }
        Ok(())
    }

    fn note(&mut self, (kiosk, report): &Heard) -> Result<(), TortureError> {
        self.write(&format!("{kiosk} {report}"))?;
        if *report == Report::Opened {
            self.kiosk(*kiosk)?.opened = true;
        }
        self.take_note(*kiosk, report);
        Ok(())
    }

    /// Enters a report into the ledger. What has a receipt again must be at the gateway again.
    fn take_note(&mut self, kiosk: u8, report: &Report) {
        if let Report::Delivered(id) = report {
            self.rolled_back.remove(id);
        }
        self.ledger.note(kiosk, report);
    }

    fn write(&mut self, line: &str) -> Result<(), TortureError> {
        let path = self.settings.work.join("ledger.txt");
        writeln!(self.transcript, "{line}").map_err(TortureError::file(&path, "written"))
    }

    fn conclude(mut self, progress: &mut dyn FnMut(&str)) -> Result<Outcome, TortureError> {
        progress("looking at what the gateway has");
        self.catch_up()?;
        if !self.bank.stop_all() {
            self.others
                .push("a gateway did not end well when it was asked to".into());
        }
        let stored = self.bank.stored(&self.settings.work)?;
        // What an older copy took from the gateway has receipts of a history that is no more.
        let is_of_history = |path: &PathBuf| {
            let id = path.file_stem().and_then(|id| document_id(&id.to_string_lossy()));
            id.is_none_or(|id| !self.rolled_back.contains_key(&id))
        };
        let receipts = crate::disk::files(&self.aside("receipts")?)?;
        let receipts: Vec<PathBuf> = receipts
            .into_iter()
            .map(|(path, _)| path)
            .filter(is_of_history)
            .collect();
        let broken = self.bank.broken_logs(&self.aside("logs")?, &receipts)?;
        self.others.extend(broken);
        self.bank.close();
        let compared = self.bank.compared()?;
        self.panics()?;
        progress("looking through all files");
        let scan = self.scan()?;
        for (path, what) in &scan.found {
            self.others
                .push(format!("READABLE: {what} in {}", path.display()));
        }
        let facts = Facts {
            ledger: self.ledger,
            stored,
            compared,
            interruptions: self.bank.interruptions(),
            taken: self.taken,
            rolled_back: self.rolled_back.into_keys().collect(),
            vanished: self.vanished,
            harmed: self.harmed,
            locked: self.locked,
            others: self.others,
        };
        let verdict = judge(&facts);
        for kiosk in &self.kiosks {
            if self.settings.keep || !verdict.violations.is_empty() {
                let name = format!("kept-{}", file_name(kiosk.disk.folder()));
                crate::disk::copy(kiosk.disk.folder(), &self.settings.work.join(name))?;
            }
            kiosk.disk.unmake()?;
        }
        Ok(Outcome {
            verdict,
            fates: self.line.fates(),
            done: self.done,
            healing: self.healing,
            stored: facts.stored.len() as u64,
            compared: facts.compared.values().map(|asked| asked.compared).sum(),
            repeated: facts.compared.values().map(|asked| asked.again).sum(),
            scanned: (scan.files, scan.bytes),
            ledger: facts.ledger,
            disk: if self.settings.mount {
                "a tmpfs for each kiosk, made too small and read-only while it is mounted"
            } else {
                "a limit on the size of files, and rights that forbid writing"
            },
            ..Outcome::default()
        })
    }

    /// A program that panicked has said so in its log, whatever became of it afterwards.
    fn panics(&mut self) -> Result<(), TortureError> {
        let mut logs = crate::disk::files(&self.settings.work.join("logs"))?;
        logs.extend(self.kiosks.iter().map(|kiosk| (kiosk.log().to_owned(), 0)));
        for (log, _) in logs {
            let bytes = std::fs::read(&log).map_err(TortureError::file(&log, "read"))?;
            let text = String::from_utf8_lossy(&bytes);
            for line in text.lines().filter(|line| line.contains("panicked at")) {
                self.others.push(format!("PANIC in {}: {line}", file_name(&log)));
            }
        }
        Ok(())
    }

    /// Looks through all that gateway, centre and kiosks have written. What the orchestrator wrote itself is left out: its
    /// copies of keys and stores are of what is looked through in its place.
    fn scan(&self) -> Result<crate::scan::Scan, TortureError> {
        let mut needles = crate::scan::needles();
        let mut folders: Vec<PathBuf> = vec![self.bank.folder.clone(), self.settings.work.join("logs")];
        folders.extend(self.bank.server_folder());
        let mut keys: Vec<PathBuf> = Vec::new();
        for (path, _) in crate::disk::files(&self.bank.folder)? {
            if path.extension().is_some_and(|extension| extension == "key") {
                keys.push(path);
            }
        }
        for kiosk in &self.kiosks {
            folders.push(kiosk.disk.folder().to_owned());
            folders.push(kiosk.log().to_owned());
            keys.extend(
                crate::disk::files(&kiosk.keys())?
                    .into_iter()
                    .map(|(path, _)| path),
            );
        }
        for kept in &self.kept {
            keys.extend(crate::disk::files(&kept.keys)?.into_iter().map(|(path, _)| path));
        }
        for key in keys {
            needles.extend(crate::scan::keys_of(&key).map_err(TortureError::file(&key, "read"))?);
        }
        needles.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        // Copies of one key are one needle, with the homes of all of them.
        needles.dedup_by(|later, first| {
            let same = later.bytes == first.bytes;
            if same {
                first.homes.append(&mut later.homes);
            }
            same
        });
        Ok(crate::scan::scan(&folders, &needles)?)
    }

    fn kiosk(&mut self, number: u8) -> Result<&mut Kiosk, TortureError> {
        self.kiosks
            .get_mut(usize::from(number))
            .ok_or_else(|| TortureError::Late(format!("there is no kiosk {number}")))
    }

    /// A new folder beside everything that is looked through.
    fn aside(&self, name: &str) -> Result<PathBuf, TortureError> {
        let folder = self.settings.work.join("aside").join(name);
        std::fs::create_dir_all(&folder).map_err(TortureError::file(&folder, "created"))?;
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))
            .map_err(TortureError::file(&folder, "given other rights"))?;
        Ok(folder)
    }
}

/// The name of a file.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
