//! Lays faults, lifts them, and strikes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use custody::CustodyError;
use keys::file::FileStore;

use super::{Campaign, Kept, file_name};
use crate::disk::{self, Flip};
use crate::error::TortureError;
use crate::plan::{Fault, Strike, Weather};

/// How long an order may take before a strike falls into it.
const ORDER_TIME: Duration = Duration::from_millis(3);

impl Campaign {
    /// Lays a fault; the kiosk that it concerns is down afterwards, if it must be.
    pub(super) fn lay(&mut self, fault: Fault) -> Result<(), TortureError> {
        match fault {
            // It is laid while the kiosk works.
            Fault::FullDisk { .. } => Ok(()),
            Fault::ReadOnlyDisk { kiosk } => {
                self.down(kiosk)?;
                self.kiosk(kiosk)?.disk.set_read_only(true)
            }
            Fault::FlipStore { kiosk, bits, at } => self.flip(kiosk, "", bits, at),
            Fault::FlipJournal { kiosk, bits, at } => self.flip(kiosk, "-wal", bits, at),
            Fault::WrongKey { kiosk } => self.take_key(kiosk, true),
            Fault::NoKey { kiosk } => self.take_key(kiosk, false),
            Fault::Clock { kiosk, offset_ms } => {
                self.down(kiosk)?;
                self.offsets_ms.insert(kiosk, offset_ms);
                Ok(())
            }
            Fault::Rotation { kiosk } => {
                self.start_kiosks()?;
                self.kiosk(kiosk)?.order("rotate");
                self.hear_for(ORDER_TIME)
            }
            Fault::OlderGateway => self.older_gateway(),
        }
    }

    /// Takes back what is not to outlast its round.
    pub(super) fn lift(&mut self, fault: Fault) -> Result<(), TortureError> {
        match fault {
            Fault::FullDisk { kiosk, .. } => {
                let kiosk = self.kiosk(kiosk)?;
                let pid = kiosk.pid();
                kiosk.disk.empty(pid)
            }
            Fault::ReadOnlyDisk { kiosk } => {
                self.down(kiosk)?;
                self.kiosk(kiosk)?.disk.set_read_only(false)
            }
            Fault::Clock { kiosk, .. } => {
                self.down(kiosk)?;
                self.offsets_ms.remove(&kiosk);
                Ok(())
            }
            // Until somebody says that it is gone for good, the kiosk keeps its store, and does not open.
            Fault::NoKey { kiosk } => {
                self.down(kiosk)?;
                let keys = FileStore::open(&self.kiosk(kiosk)?.keys()).map_err(CustodyError::from)?;
                custody::give_up_key(&keys)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn strike(&mut self, strike: Strike) -> Result<(), TortureError> {
        match strike {
            Strike::KillKiosk(kiosk) => self.down(kiosk),
            Strike::KillGateway(gateway) => {
                self.bank.kill(usize::from(gateway));
                Ok(())
            }
            Strike::KillBoth(kiosk, gateway) => {
                self.bank.kill(usize::from(gateway));
                self.down(kiosk)
            }
            Strike::KillAll => {
                for gateway in 0..self.bank.gateways() {
                    self.bank.kill(gateway);
                }
                for kiosk in 0..self.settings.shape.kiosks {
                    self.down(kiosk)?;
                }
                // A restored gateway needs something to be restored from.
                if self.bank.gateways() == 1 {
                    self.take_copy()?;
                }
                Ok(())
            }
            Strike::StopKiosk(number) => {
                let ended_well = self.kiosk(number)?.stop();
                self.catch_up()?;
                // One that could not open its store has ended by itself.
                if !ended_well && self.kiosk(number)?.opened {
                    self.done_badly(&format!("kiosk {number} did not end well when it was asked to"));
                }
                Ok(())
            }
            Strike::StopGateway(gateway) => {
                if !self.bank.stop(usize::from(gateway)) {
                    self.done_badly("a gateway did not end well when it was asked to");
                }
                Ok(())
            }
            Strike::CutLines => {
                self.line.cut();
                Ok(())
            }
            Strike::KillDatabase => {
                self.bank.kill_database();
                Ok(())
            }
        }
    }

    fn done_badly(&mut self, what: &str) {
        self.others.push(what.to_owned());
    }

    /// SIGKILL for a kiosk; all that it said is noted afterwards.
    fn down(&mut self, kiosk: u8) -> Result<(), TortureError> {
        self.kiosk(kiosk)?.kill();
        self.catch_up()
    }

    /// Flips bits of a kiosk's store, or of its journal where it has one.
    fn flip(&mut self, number: u8, ending: &str, bits: u8, at: u64) -> Result<(), TortureError> {
        self.down(number)?;
        let store = self.kiosk(number)?.store();
        let journal = beside(&store, ending);
        let holds = |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        let (file, ending) = if holds(&journal) {
            (journal, ending)
        } else {
            (store, "")
        };
        if !holds(&file) {
            return Ok(());
        }
        let flips: Vec<Flip> = disk::flip(&file, bits, at)?;
        self.write(&format!("-- flipped {flips:?} in {}", file_name(&file)))?;
        let epoch = self.ledger.epoch(number);
        self.harmed.insert(epoch);
        let keys = self.keep_keys(number, false)?;
        self.kept.push(Kept {
            kiosk: number,
            keys,
            flips: vec![(ending.to_owned(), flips)],
        });
        Ok(())
    }

    /// Takes the keys of a store away; lays another one in its place, or none.
    fn take_key(&mut self, number: u8, another: bool) -> Result<(), TortureError> {
        self.down(number)?;
        let keys = self.keep_keys(number, true)?;
        if another {
            for (path, _) in disk::files(&keys)? {
                let text = std::fs::read_to_string(&path).map_err(TortureError::file(&path, "read"))?;
                let other = self.kiosk(number)?.keys().join(file_name(&path));
                std::fs::write(&other, another_key(&text)).map_err(TortureError::file(&other, "written"))?;
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600))
                    .map_err(TortureError::file(&other, "given other rights"))?;
            }
        }
        let epoch = self.ledger.epoch(number);
        self.locked.insert(epoch);
        self.kept.push(Kept {
            kiosk: number,
            keys,
            flips: Vec::new(),
        });
        Ok(())
    }

    /// Copies the keys of a kiosk's store aside, or moves them.
    fn keep_keys(&mut self, number: u8, take: bool) -> Result<PathBuf, TortureError> {
        let folder = self.aside(&format!("keys-{}", self.kept.len()))?;
        for key in self.kiosk(number)?.store_keys()? {
            let target = folder.join(file_name(&key));
            std::fs::copy(&key, &target).map_err(TortureError::file(&target, "written"))?;
            if take {
                std::fs::remove_file(&key).map_err(TortureError::file(&key, "removed"))?;
            }
        }
        Ok(folder)
    }

    /// Keeps a copy of the gateway's database. No gateway may run.
    fn take_copy(&mut self) -> Result<(), TortureError> {
        let folder = self.aside("database")?;
        for (old, _) in disk::files(&folder)? {
            std::fs::remove_file(&old).map_err(TortureError::file(&old, "removed"))?;
        }
        for file in self.bank.database()? {
            let target = folder.join(file_name(&file));
            std::fs::copy(&file, &target).map_err(TortureError::file(&target, "written"))?;
        }
        self.copy = Some(folder);
        Ok(())
    }

    /// Puts the older copy in the place of the gateway's database.
    fn older_gateway(&mut self) -> Result<(), TortureError> {
        self.line.set_weather(Weather::Down);
        self.bank.stop_all();
        if let Some(copy) = self.copy.clone() {
            // All that a kiosk says afterwards, the gateway has told it afterwards.
            for kiosk in 0..self.settings.shape.kiosks {
                self.down(kiosk)?;
            }
            let before = self.bank.list()?;
            for file in self.bank.database()? {
                std::fs::remove_file(&file).map_err(TortureError::file(&file, "removed"))?;
            }
            for (file, _) in disk::files(&copy)? {
                let target = self.bank.folder.join(file_name(&file));
                std::fs::copy(&file, &target).map_err(TortureError::file(&target, "written"))?;
            }
            self.healing.restored += 1;
            let after = self.bank.list()?;
            let taken = before.into_iter().filter(|(id, _)| !after.contains_key(id));
            let taken: Vec<_> = taken.collect();
            self.write(&format!("-- the older copy takes {} documents", taken.len()))?;
            self.taken += taken.len() as u64;
            self.rolled_back.extend(taken);
        } else {
            self.take_copy()?;
        }
        self.line.set_weather(Weather::Fair);
        Ok(())
    }
}

/// The path with something added to its last part.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A key of the same form whose content is another one: every letter of the first line is exchanged for another one.
fn another_key(pem: &str) -> String {
    let mut lines: Vec<String> = pem.lines().map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(1) {
        let other = |letter: char| match letter {
            'A'..='Y' | 'a'..='y' => char::from_u32(u32::from(letter) + 1).unwrap_or(letter),
            'Z' => 'A',
            'z' => 'a',
            // The last letter before the padding has bits that must be zero; digits and signs stay.
            _ => letter,
        };
        let end = line.trim_end_matches('=').len().saturating_sub(1);
        *line = line
            .char_indices()
            .map(|(at, letter)| if at < end { other(letter) } else { letter })
            .collect();
    }
    lines.join("\n") + "\n"
}
