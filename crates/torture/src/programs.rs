//! The programs that are tortured: found, started, waited for, killed.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::TortureError;

/// How long a program may take to begin or to end.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs(PathBuf);

impl Programs {
    /// In this folder.
    ///
    /// # Errors
    /// Names the first one that is not there.
    pub fn in_folder(folder: &Path) -> Result<Self, TortureError> {
        let programs = Self(folder.to_owned());
        for name in [
            "alaqan-gateway",
            "alaqan-idec-sim",
            "alaqan-audit",
            "alaqan-torture-kiosk",
        ] {
            let path = programs.path(name);
            if !path.is_file() {
                return Err(TortureError::Program(path));
            }
        }
        Ok(programs)
    }

    /// A program.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A command that runs it.
    pub fn command(&self, name: &str) -> Command {
        Command::new(self.path(name))
    }
}

/// A program that runs. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts it; what it says goes to the end of the log.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self, TortureError> {
        command.stderr(append(log)?);
        let child = command.spawn().map_err(|source| TortureError::Start {
            program: name.to_owned(),
            source,
        })?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until the program has written this file; gives what is in it.
    ///
    /// # Errors
    /// When the program ends before, or takes too long.
    pub fn ready(&mut self, file: &Path) -> Result<String, TortureError> {
        let end = Instant::now() + PATIENCE;
        loop {
            // A line without its end is still being written.
            if let Some((line, _)) = std::fs::read_to_string(file)
                .ok()
                .as_deref()
                .and_then(|text| text.split_once('\n'))
            {
                return Ok(line.trim().to_owned());
            }
            if !self.runs() {
                return Err(TortureError::Late(format!(
                    "{} ended before it was ready",
                    self.name
                )));
            }
            if Instant::now() > end {
                return Err(TortureError::Late(format!("{} is not ready", self.name)));
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL, and waits until the process is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end with SIGTERM, and waits. `false` if it had to be killed, or ended with a failure.
    pub fn stop(&mut self) -> bool {
        #[cfg(unix)]
        {
            let process = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        let _ = self.child.kill();
        self.ended_well()
    }

    /// Waits until it has ended by itself. `false` if it had to be killed, or ended with a failure.
    pub fn ended_well(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(LOOK_INTERVAL),
                Ok(Some(status)) => return status.success(),
                Err(_) => break,
            }
        }
        self.kill();
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end; gives what it said on its standard output.
///
/// # Errors
/// When it cannot be started or fails.
pub fn output(command: &mut Command) -> Result<String, TortureError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| TortureError::Start {
            program: name.clone(),
            source,
        })?;
    if !output.status.success() {
        let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(TortureError::Failed {
            line: format!("{name} {}", arguments.join(" ")),
            said: said.lines().last().unwrap_or_default().to_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A file that is written at its end.
///
/// # Errors
/// When it cannot be opened.
pub fn append(path: &Path) -> Result<File, TortureError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(TortureError::file(path, "opened"))
}
