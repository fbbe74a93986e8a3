//! Other programs, and what the system says of them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// How long a program may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A program that runs until this is dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it says goes into the file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self, BenchError> {
        let file = std::fs::File::create(log).map_err(BenchError::file(log))?;
        let again = file.try_clone().map_err(BenchError::file(log))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(again)
            .spawn()
            .map_err(|error| failed(name, &error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks again and again until there is an answer.
    ///
    /// # Errors
    /// When the program ends first, or the time is up.
    pub fn until<T>(&mut self, mut ask: impl FnMut() -> Option<T>) -> Result<T, BenchError> {
        let end = Instant::now() + START_LIMIT;
        loop {
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            if self.child.try_wait()?.is_some() || Instant::now() > end {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let last = log.lines().last().unwrap_or("it is not ready");
                return Err(failed(&self.name, last));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
///
/// # Errors
/// When it fails; the last line of what it said is in the error.
pub fn run(name: &str, command: &mut Command) -> Result<(), BenchError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(name, &error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(failed(name, said.lines().last().unwrap_or("it failed")))
}

fn failed(program: &str, message: &str) -> BenchError {
    BenchError::Program {
        program: program.to_owned(),
        message: message.to_owned(),
    }
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor time, in seconds.
    pub cpu_s: f64,
    /// Memory in use, in bytes; without what the kernel holds for its sockets.
    pub resident_bytes: f64,
}

/// Of this process or another one; noughts where the system does not tell.
pub fn usage(process: u32) -> Usage {
    let folder = Path::new("/proc").join(process.to_string());
    let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
    let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
    Usage {
        cpu_s: cpu_s(&stat).unwrap_or(0.0),
        resident_bytes: resident_bytes(&status).unwrap_or(0.0),
    }
}

/// Linux counts hundredths of a second here, whatever the kernel's own clock.
fn cpu_s(stat: &str) -> Option<f64> {
    // The name may hold blanks and brackets; behind its last bracket the fields are plain.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_kernel_are_read() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 1 1 1 1";
        assert_eq!(cpu_s(stat), Some(3.0));
        assert_eq!(cpu_s("42 (a"), None);
        assert_eq!(resident_bytes("Name:\ta\nVmRSS:\t   2 kB\n"), Some(2048.0));
        assert_eq!(resident_bytes("Name:\ta\n"), None);
    }

    #[test]
    fn a_program_that_ends_too_early_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let me = std::env::current_exe().unwrap();
        let mut command = Command::new(me);
        command.arg("--no-such-option");
        let mut program = Program::start("me", &mut command, &folder.path().join("log")).unwrap();
        let error = program.until(|| None::<()>).unwrap_err();
        assert!(error.to_string().starts_with("me does not run: "), "{error}");
    }
}
