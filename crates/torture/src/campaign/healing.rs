//! Makes everything well again, and lets the kiosks deliver what they have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use outbox::sqlite::key_id;
use verification::Sensitive;
use verification::evidence::DocumentId;

use super::{Campaign, Kept, file_name};
use crate::disk::{self, Disk};
use crate::error::TortureError;
use crate::kiosk::Kiosk;
use crate::ledger::Report;
use crate::plan::Weather;

/// How long the queues may take to become empty after the last progress.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
/// How long a kiosk may take to open a store and say how it stands.
const OPENING_MAX: Duration = Duration::from_secs(60);

/// A kiosk that was given orders is at rest once it has said so often that it has nothing to do.
const RESTS: u32 = 10;

/// What was done to heal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Healing {
    /// How often the gateway's database was replaced by an older copy.
    pub restored: u64,
    /// Documents that kiosks were asked to send again after that.
    pub resent: u64,
    /// Stores that kiosks had set aside.
    pub quarantined: u64,
    /// Of these, stores that could be opened again with their own key.
    pub reopened: u64,
    /// Documents that were delivered from these.
    pub rescued: u64,
    /// Documents that had been set aside as undeliverable and were offered again.
    pub wedged: u64,
}

impl Campaign {
    /// All faults end; whatever can be delivered is delivered.
    pub(super) fn heal(&mut self, progress: &mut dyn FnMut(&str)) -> Result<(), TortureError> {
        progress("healing everything");
        self.line.set_weather(Weather::Fair);
        self.offsets_ms.clear();
        for number in 0..self.settings.shape.kiosks {
            let kiosk = self.kiosk(number)?;
            kiosk.kill();
            kiosk.disk.empty(None)?;
        }
        self.catch_up()?;
        self.write("-- healing")?;
        let addresses = self.bank.start()?;
        self.line.set_gateways(addresses);
        self.find_vanished()?;
        self.healing.wedged = self.ledger.wedged.len() as u64;
        self.start_kiosks()?;
        for kiosk in &mut self.kiosks {
            kiosk.order("unwedge");
        }
        self.ask_again(progress)?;
        self.empty_queues(progress)?;
        self.check_kiosks()?;
        for number in 0..self.settings.shape.kiosks {
            if !self.kiosk(number)?.stop() {
                self.others
                    .push(format!("kiosk {number} did not end well when it was asked to"));
            }
        }
        self.catch_up()?;
        self.rescue(progress)
    }

    /// Waits until no kiosk has anything to deliver, or nothing moves any more.
    fn empty_queues(&mut self, progress: &mut dyn FnMut(&str)) -> Result<(), TortureError> {
        let kiosks = self.kiosks.len();
        let mut standing: Vec<Option<(u64, u64, u64)>> = vec![None; kiosks];
        let mut moved = Instant::now();
        let mut told = Instant::now();
        while moved.elapsed() < STANDSTILL_MAX {
            if standing.iter().all(|kiosk| *kiosk == Some((0, 0, 0))) {
                return Ok(());
            }
            let Ok(heard) = self.ears.recv_timeout(Duration::from_millis(500)) else {
                continue;
            };
            match &heard {
                (kiosk, Report::Standing(pending, wedged, awaiting)) => {
                    let new = Some((*pending, *wedged, *awaiting));
                    if let Some(place) = standing.get_mut(usize::from(*kiosk))
                        && *place != new
                    {
                        *place = new;
                        moved = Instant::now();
                    }
                }
                (_, Report::Delivered(_) | Report::Identified(_)) => moved = Instant::now(),
                _ => {}
            }
            self.note(&heard)?;
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                progress(&format!(
                    "waiting for empty queues (pending, wedged, awaiting): {standing:?}"
                ));
            }
        }
        self.others.push(format!(
            "the queues do not become empty (pending, wedged, awaiting an answer of each kiosk): {standing:?}"
        ));
        Ok(())
    }

    /// Before anything is healed: what has a receipt must be at the gateway, unless an older copy took it away.
    fn find_vanished(&mut self) -> Result<(), TortureError> {
        let there = self.bank.list()?;
        let gone = self.ledger.delivered.iter();
        self.vanished = gone
            .filter(|id| !there.contains_key(id) && !self.rolled_back.contains_key(id))
            .copied()
            .collect();
        Ok(())
    }

    /// A gateway that was restored from an older copy asks for what that took from it, and for nothing else: what it lost
    /// in another way must stay lost.
    fn ask_again(&mut self, progress: &mut dyn FnMut(&str)) -> Result<(), TortureError> {
        let mut lost: BTreeMap<u8, Vec<DocumentId>> = BTreeMap::new();
        for (id, number) in self.taken_and_missing()? {
            lost.entry(number).or_default().push(id);
        }
        if lost.is_empty() {
            return Ok(());
        }
        for (number, ids) in lost {
            progress(&format!(
                "kiosk {number} is asked for {} documents again",
                ids.len()
            ));
            self.healing.resent += ids.len() as u64;
            let name = self.kiosk(number)?.name();
            self.bank.resend(&name, &ids)?;
        }
        // It takes the kiosks a moment to hear of it.
        self.hear_for(Duration::from_secs(3))
    }

    /// What an older copy took from the gateway and it does not have again, and of which kiosk that is.
    fn taken_and_missing(&self) -> Result<Vec<(DocumentId, u8)>, TortureError> {
        let there = self.bank.list()?;
        let taken = self.rolled_back.iter();
        let missing = taken.filter(|(id, _)| !there.contains_key(id));
        Ok(missing.map(|(id, number)| (*id, *number)).collect())
    }

    /// Has the kiosks follow their audit logs and check the receipts that they keep.
    fn check_kiosks(&mut self) -> Result<(), TortureError> {
        for number in 0..self.settings.shape.kiosks {
            let epoch = self.ledger.epoch(number);
            let list = self.aside("lists")?.join(format!("delivered-{number}"));
            let receipts = self.aside("receipts")?;
            let ids: String = self
                .ledger
                .recorded
                .iter()
                .filter(|(id, put)| put.epoch == epoch && self.ledger.delivered.contains(id))
                .map(|(id, put)| format!("{id} {}\n", crate::ledger::Hex(&put.sha256)))
                .collect();
            std::fs::write(&list, ids).map_err(TortureError::file(&list, "written"))?;
            let kiosk = self.kiosk(number)?;
            kiosk.order(&format!("receipts {} {}", receipts.display(), list.display()));
            kiosk.order("check");
            let end = Instant::now() + OPENING_MAX;
            let mut verdict = None;
            while verdict.is_none() && Instant::now() < end {
                if let Ok(heard) = self.ears.recv_timeout(Duration::from_millis(500)) {
                    if let (who, Report::Audit(_, said)) = &heard
                        && *who == number
                    {
                        verdict = Some(said.clone());
                    }
                    self.note(&heard)?;
                }
            }
            match verdict.as_deref() {
                Some("whole") => {}
                said => self.others.push(format!(
                    "CHAIN of kiosk {number}: {}",
                    said.unwrap_or("it was not followed")
                )),
            }
        }
        Ok(())
    }

    /// Opens what was set aside with the key of its time, and delivers what is in it.
    fn rescue(&mut self, progress: &mut dyn FnMut(&str)) -> Result<(), TortureError> {
        for number in 0..self.settings.shape.kiosks {
            let folder = self.kiosk(number)?.disk.folder().to_owned();
            let stores = quarantined(&folder)?;
            progress(&format!("kiosk {number} has set {} stores aside", stores.len()));
            self.healing.quarantined += stores.len() as u64;
            for (at, store) in stores.iter().enumerate() {
                if self.rescue_one(number, store, at)? {
                    self.healing.reopened += 1;
                }
            }
        }
        Ok(())
    }

    /// Tries each key of the kiosk, and flips back what was flipped; `true` if the store opens.
    fn rescue_one(&mut self, number: u8, store: &Path, at: usize) -> Result<bool, TortureError> {
        let mut tries = Vec::new();
        for kept in self.kept.iter().filter(|kept| kept.kiosk == number) {
            if self.key_fits(store, kept)? {
                tries.push(kept.clone());
            }
        }
        // A key may be that of many faults. What flips back the bits of another one does damage itself, and shows so.
        tries.sort_by_key(|kept| !kept.flips.is_empty());
        for whole in [true, false] {
            for (turn, kept) in tries.iter().enumerate() {
                let data = self.aside(&format!("rescue-{number}-{at}-{turn}-{whole}"))?;
                self.lay_out(number, store, kept, &data)?;
                if self.deliver_from(number, &data, whole)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether one of the kept keys has the id that stands in the name of the store.
    fn key_fits(&self, store: &Path, kept: &Kept) -> Result<bool, TortureError> {
        let name = file_name(store);
        for (path, _) in disk::files(&kept.keys)? {
            let text = std::fs::read_to_string(&path).map_err(TortureError::file(&path, "read"))?;
            if crate::scan::secret_of_pem(&text)
                .is_some_and(|key| name.contains(&key_id(&Sensitive::new(key))) || name.ends_with("unknown"))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A data folder like the kiosk's, with the store that was set aside, its key, and no bit flipped.
    fn lay_out(&mut self, number: u8, store: &Path, kept: &Kept, data: &Path) -> Result<(), TortureError> {
        let kiosk = self.kiosk(number)?;
        let home = kiosk.disk.folder().to_owned();
        disk::copy(&home.join("identity"), &data.join("identity"))?;
        disk::copy(&home.join("keys"), &data.join("keys"))?;
        for (key, _) in disk::files(&data.join("keys"))? {
            if file_name(&key).starts_with("store-") {
                std::fs::remove_file(&key).map_err(TortureError::file(&key, "removed"))?;
            }
        }
        for (key, _) in disk::files(&kept.keys)? {
            let target = data.join("keys").join(file_name(&key));
            std::fs::copy(&key, &target).map_err(TortureError::file(&target, "written"))?;
        }
        let name = file_name(store);
        for (file, _) in disk::files(&home)? {
            if let Some(ending) = file_name(&file).strip_prefix(&name) {
                let target = data.join(format!("outbox.db{ending}"));
                std::fs::copy(&file, &target).map_err(TortureError::file(&target, "written"))?;
            }
        }
        for (ending, flips) in &kept.flips {
            let target = data.join(format!("outbox.db{ending}"));
            if target.exists() {
                // It may be shorter by now; then it stays as it is, and is found damaged.
                let _ = disk::apply(&target, flips);
            }
        }
        Ok(())
    }

    /// Lets a kiosk work on this folder until it has delivered everything; `false` if the store is set aside again, or, where
    /// it has to be `whole`, a part of it.
    fn deliver_from(&mut self, number: u8, data: &Path, whole: bool) -> Result<bool, TortureError> {
        let disk = Disk::make(data, false)?;
        let url = format!("wss://{}/v1/kiosk", self.line.address());
        let mut kiosk = Kiosk::new(number, data, disk, &url)?;
        // It is heard by another ear: what it says of its store is not said of the kiosk's own.
        let (mouth, ears) = std::sync::mpsc::channel();
        kiosk.start(&self.settings.programs, 0, 0, &mouth)?;
        kiosk.order("unwedge");
        // What it had delivered, and an older copy of the gateway's database has lost.
        let taken = self.taken_and_missing()?;
        let mut rests = 0;
        for (id, _) in taken.iter().filter(|(_, owner)| *owner == number) {
            kiosk.order(&format!("resend {id}"));
            rests = RESTS;
        }
        let mut opened = false;
        let mut moved = Instant::now();
        while moved.elapsed() < STANDSTILL_MAX / 4 && kiosk.runs() {
            let Ok((_, report)) = ears.recv_timeout(Duration::from_millis(200)) else {
                continue;
            };
            self.write(&format!("rescue {number} {report}"))?;
            match report {
                Report::Opened => {
                    opened = true;
                    if is_aside(data, whole)? {
                        return Ok(false);
                    }
                }
                Report::Delivered(id) => {
                    self.take_note(number, &Report::Delivered(id));
                    self.healing.rescued += 1;
                    moved = Instant::now();
                }
                // What it said before it heard the orders does not count.
                Report::Standing(0, 0, 0) if opened && rests == 0 => break,
                Report::Standing(0, 0, 0) => rests = rests.saturating_sub(1),
                Report::Identified(_) => moved = Instant::now(),
                _ => {}
            }
        }
        kiosk.stop();
        Ok(opened)
    }
}

/// Whether a store was set aside in a folder, or `any` part of one.
fn is_aside(folder: &Path, any: bool) -> Result<bool, TortureError> {
    if !any {
        return Ok(!quarantined(folder)?.is_empty());
    }
    let files = disk::files(folder)?;
    Ok(files
        .iter()
        .any(|(path, _)| file_name(path).contains(".quarantine-")))
}

/// Stores that were set aside in a folder: the files of the stores alone, without what lies beside them.
fn quarantined(folder: &Path) -> Result<Vec<PathBuf>, TortureError> {
    let files = disk::files(folder)?;
    let is_store = |path: &PathBuf| {
        let name = file_name(path);
        name.contains(".quarantine-")
            && !["-wal", "-shm", "-journal"]
                .iter()
                .any(|ending| name.ends_with(ending))
            && name
                .split(".quarantine-")
                .nth(1)
                .is_some_and(|rest| !rest.contains('.'))
    };
    Ok(files.into_iter().map(|(path, _)| path).filter(is_store).collect())
}
