//! A kiosk program: started, given orders, heard.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use crate::disk::Disk;
use crate::error::TortureError;
use crate::ledger::Report;
use crate::programs::{Programs, Running, output};

/// What a kiosk said: which one, and what.
pub type Heard = (u8, Report);

/// A kiosk and its disk; the program may run or not.
#[derive(Debug)]
pub struct Kiosk {
    /// Its number.
    pub number: u8,
    /// Its disk.
    pub disk: Disk,
    /// It has said that its store is open, since its last start.
    pub opened: bool,
    config: PathBuf,
    log: PathBuf,
    starts: u64,
    running: Option<Program>,
}

#[derive(Debug)]
struct Program {
    process: Running,
    orders: ChildStdin,
    ears: JoinHandle<()>,
}

impl Kiosk {
    /// A kiosk that was never enrolled and does not run. Configuration and log are written beside its disk.
    ///
    /// # Errors
    /// When its configuration cannot be written.
    pub fn new(number: u8, folder: &Path, disk: Disk, url: &str) -> Result<Self, TortureError> {
        let config = folder.join(format!("kiosk-{number}.toml"));
        let name = Self::name_of(number);
        let data = disk.folder().display();
        // The small disks have less room than a kiosk's. By a clock that jumps nothing must be forgotten: the line compares
        // itself with the gateway by another one, which stays right.
        let text = format!(
            "mode = \"demo\"\nkiosk_id = \"{name}\"\ndata = {:?}\n[gateway]\nurl = \"{url}\"\n[custody]\ndisk_free_mib_warn = 1\n\
             disk_free_mib_stop = 0\nretained_h = 2400\n",
            data.to_string()
        );
        std::fs::write(&config, text).map_err(TortureError::file(&config, "written"))?;
        Ok(Self {
            number,
            disk,
            opened: false,
            config,
            log: folder.join(format!("kiosk-{number}.log")),
            starts: 0,
            running: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> String {
        Self::name_of(self.number)
    }

    fn name_of(number: u8) -> String {
        format!("kiosk-{number}")
    }

    /// Has it enrolled with a one-time code.
    ///
    /// # Errors
    /// When it is not.
    pub fn enrol(&self, programs: &Programs, code: &Path, authority: &Path) -> Result<(), TortureError> {
        let mut command = programs.command("alaqan-torture-kiosk");
        command.arg("--config").arg(&self.config);
        command.arg("enrol").arg("--code-file").arg(code);
        output(command.arg("--authority").arg(authority)).map(drop)
    }

    /// Starts it, if it does not run. What it says is sent to `ears`, and written into the transcript.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        &mut self,
        programs: &Programs,
        seed: u64,
        clock_offset_ms: i64,
        ears: &mpsc::Sender<Heard>,
    ) -> Result<(), TortureError> {
        if self.runs() {
            return Ok(());
        }
        self.hear_out();
        self.starts += 1;
        self.opened = false;
        let mut command = programs.command("alaqan-torture-kiosk");
        command.arg("--config").arg(&self.config);
        command.arg(format!("--clock-offset-ms={clock_offset_ms}"));
        let start = seed ^ (u64::from(self.number) << 56) ^ (self.starts << 24);
        command.arg("run").arg(format!("--seed={start}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running::start("alaqan-torture-kiosk", &mut command, &self.log)?;
        let pipes = process.child().stdin.take().zip(process.child().stdout.take());
        let Some((orders, mouth)) = pipes else {
            return Err(TortureError::Late("the kiosk has no pipes".into()));
        };
        let number = self.number;
        let sender = ears.clone();
        let ears = std::thread::spawn(move || {
            for line in BufReader::new(mouth).lines().map_while(Result::ok) {
                if let Some(report) = Report::read(&line)
                    && sender.send((number, report)).is_err()
                {
                    return;
                }
            }
        });
        self.running = Some(Program {
            process,
            orders,
            ears,
        });
        Ok(())
    }

    /// Gives an order; a kiosk that has ended does not hear it.
    pub fn order(&mut self, order: &str) {
        if let Some(program) = &mut self.running {
            let _ = program.orders.write_all(format!("{order}\n").as_bytes());
        }
    }

    /// Its process, if it runs.
    pub fn pid(&mut self) -> Option<u32> {
        self.running.as_mut().map(|program| program.process.child().id())
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.running
            .as_mut()
            .is_some_and(|program| program.process.runs())
    }

    /// SIGKILL. After this call all that it has said is with the listener.
    pub fn kill(&mut self) {
        if let Some(program) = &mut self.running {
            program.process.kill();
        }
        self.hear_out();
    }

    /// SIGTERM, and waits. `false` if it did not end well.
    pub fn stop(&mut self) -> bool {
        let well = self.running.as_mut().is_none_or(|program| program.process.stop());
        self.hear_out();
        well
    }

    /// What it said before its end may still be in the pipe.
    fn hear_out(&mut self) {
        if let Some(mut program) = self.running.take() {
            program.process.kill();
            // A listener that panicked has said so.
            let _ = program.ears.join();
        }
    }

    /// The key files of its store.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn store_keys(&self) -> Result<Vec<PathBuf>, TortureError> {
        let folder = self.keys();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let files = crate::disk::files(&folder)?;
        let is_store = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("store-"))
        };
        Ok(files.into_iter().map(|(path, _)| path).filter(is_store).collect())
    }

    /// The folder of its keys.
    pub fn keys(&self) -> PathBuf {
        self.disk.folder().join("keys")
    }

    /// The file of its store.
    pub fn store(&self) -> PathBuf {
        self.disk.folder().join("outbox.db")
    }

    /// Its log.
    pub fn log(&self) -> &Path {
        &self.log
    }
}
