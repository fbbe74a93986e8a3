//! The programs of the demonstration: started, waited for, and always ended.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::READY_LIMIT;
use crate::error::XtaskError;
use crate::paths;

/// How often the state of programs and ready files is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How long a program may take to end before it is ended by force.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Whether a person or the system asked this program to stop.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on Ctrl-C and SIGTERM no longer end this process at once: it has programs to end first.
    pub fn watch() -> Result<Self, XtaskError> {
        let flag = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in [
            signal_hook::consts::SIGINT,
            signal_hook::consts::SIGTERM,
            signal_hook::consts::SIGHUP,
        ] {
            signal_hook::flag::register(signal, Arc::clone(&flag)).map_err(|source| XtaskError::Start {
                program: "the signal handler".into(),
                source,
            })?;
        }
        Ok(Self(flag))
    }

    /// Whether one of them asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Programs that run, in the order in which they were started; ended in the opposite order.
#[derive(Debug)]
pub struct Programs {
    logs: PathBuf,
    interrupt: Interrupt,
    running: Vec<Program>,
    written: Vec<PathBuf>,
}

#[derive(Debug)]
struct Program {
    name: String,
    child: Child,
}

impl Programs {
    /// None yet; their output will go to files in this folder.
    pub fn new(logs: PathBuf, interrupt: Interrupt) -> Result<Self, XtaskError> {
        paths::create_folder(&logs)?;
        Ok(Self {
            logs,
            interrupt,
            running: Vec::new(),
            written: Vec::new(),
        })
    }

    /// Runs a program to its end, with its output in a log.
    pub fn perform(&mut self, name: &str, command: &mut Command) -> Result<(), XtaskError> {
        self.start(name, command, None)?;
        self.wait_for(name, || {})
    }

    /// Starts a program with its output in a log. With a ready file, waits until the program has written it
    /// and gives its first line.
    pub fn start(
        &mut self,
        name: &str,
        command: &mut Command,
        ready: Option<&Path>,
    ) -> Result<String, XtaskError> {
        let log = self.log(name)?;
        let errors = log
            .try_clone()
            .map_err(XtaskError::file(self.log_path(name), "created"))?;
        command.stdout(log).stderr(errors);
        if let Some(ready) = ready {
            remove_file(ready)?;
            command.arg("--ready-file").arg(ready);
        }
        self.spawn(name, command)?;
        ready.map_or_else(|| Ok(String::new()), |ready| self.wait_until_ready(name, ready))
    }

    /// Starts a program whose standard output a person sees; its error output goes to a log.
    pub fn start_shown(&mut self, name: &str, command: &mut Command) -> Result<(), XtaskError> {
        command.stderr(self.log(name)?);
        self.spawn(name, command)
    }

    /// Waits until this program has ended well, calling `meanwhile` again and again. Stops early if another one
    /// ends or if a person interrupts.
    pub fn wait_for(&mut self, name: &str, mut meanwhile: impl FnMut()) -> Result<(), XtaskError> {
        loop {
            if let Some((ended, status)) = self.ended()? {
                if ended == name && status.success() {
                    return Ok(());
                }
                let how = if ended == name {
                    "failed"
                } else {
                    "ended too early"
                };
                return Err(self.failure(&ended, &format!("{ended} {how} ({status})")));
            }
            meanwhile();
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Ends all programs and gives the list of logs, one a line.
    pub fn end(&mut self) -> String {
        while let Some(program) = self.running.pop() {
            end(program);
        }
        self.written
            .iter()
            .map(|log| format!("\n   log {}", log.display()))
            .collect()
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    fn log(&mut self, name: &str) -> Result<File, XtaskError> {
        let path = self.log_path(name);
        let log = File::create(&path).map_err(XtaskError::file(&path, "created"))?;
        self.written.push(path);
        Ok(log)
    }

    /// That a program ended when it should not have, with the last lines of its log.
    fn failure(&self, name: &str, what: &str) -> XtaskError {
        let text = std::fs::read_to_string(self.log_path(name)).unwrap_or_default();
        let mut last: Vec<&str> = text.lines().rev().take(3).collect();
        last.reverse();
        let last: String = last.iter().map(|line| format!("\n   | {line}")).collect();
        failure(format!("{what}{last}"))
    }

    fn spawn(&mut self, name: &str, command: &mut Command) -> Result<(), XtaskError> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|source| XtaskError::Start {
                program: command.get_program().display().to_string(),
                source,
            })?;
        self.running.push(Program {
            name: name.to_owned(),
            child,
        });
        Ok(())
    }

    fn wait_until_ready(&mut self, name: &str, file: &Path) -> Result<String, XtaskError> {
        let start = Instant::now();
        loop {
            // A line without its end is still being written.
            if let Some((line, _)) = std::fs::read_to_string(file)
                .ok()
                .as_deref()
                .and_then(|text| text.split_once('\n'))
            {
                return Ok(line.trim().to_owned());
            }
            if let Some((ended, status)) = self.ended()? {
                let what = format!("{ended} ended before {name} was ready ({status})");
                return Err(self.failure(&ended, &what));
            }
            if start.elapsed() > READY_LIMIT {
                return Err(failure(format!(
                    "{name} was not ready in {} s",
                    READY_LIMIT.as_secs()
                )));
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// A program that has ended since the last look; it is no longer among the running ones.
    fn ended(&mut self) -> Result<Option<(String, ExitStatus)>, XtaskError> {
        // Programs end because of the same interrupt; then it is not their fault.
        if self.interrupt.asked() {
            return Err(XtaskError::Stopped);
        }
        for at in 0..self.running.len() {
            let Some(program) = self.running.get_mut(at) else {
                break;
            };
            let status = program.child.try_wait().map_err(|source| XtaskError::Start {
                program: program.name.clone(),
                source,
            })?;
            if let Some(status) = status {
                return Ok(Some((self.running.remove(at).name, status)));
            }
        }
        Ok(None)
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        self.end();
    }
}

/// Removes what an earlier run has left, if it has left anything.
pub fn remove_file(path: &Path) -> Result<(), XtaskError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(XtaskError::file(path, "removed")(error))
        }
        _ => Ok(()),
    }
}

fn failure(what: String) -> XtaskError {
    XtaskError::Demo {
        what,
        logs: String::new(),
    }
}

/// Asks a program to end, and ends it by force if it does not.
fn end(mut program: Program) {
    ask_to_end(&program.child);
    let start = Instant::now();
    while start.elapsed() < END_LIMIT {
        match program.child.try_wait() {
            Ok(None) => std::thread::sleep(LOOK_INTERVAL),
            _ => return,
        }
    }
    // It may have ended in between; then there is nothing left to kill.
    let _ = program.child.kill();
    let _ = program.child.wait();
}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    // A process that has ended in between cannot be asked, and need not be.
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::TERM,
    );
}

#[cfg(not(unix))]
fn ask_to_end(_: &Child) {}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn programs() -> (tempfile::TempDir, Programs) {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::new(folder.path().join("logs"), Interrupt(Arc::default())).unwrap();
        (folder, programs)
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_first_line_of_the_ready_file_is_given() {
        let (folder, mut programs) = programs();
        let ready = folder.path().join("ready");
        let mut server = shell("echo localhost:1 > \"$1\"; exec cat /dev/zero > /dev/null");
        assert_eq!(
            programs.start("server", &mut server, Some(&ready)).unwrap(),
            "localhost:1"
        );
        assert_eq!(programs.running.len(), 1);
        let logs = programs.end();
        assert!(logs.contains("server.log"), "{logs}");
    }

    #[test]
    fn an_early_end_is_told() {
        let check = |script: &str, expect: &str| {
            let (folder, mut programs) = programs();
            let error = programs
                .start("server", &mut shell(script), Some(&folder.path().join("r")))
                .unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
        };
        check("exit 3", "server ended before server was ready (exit status: 3)");
        check("echo no key >&2; exit 1", "| no key");
    }

    #[test]
    fn the_end_of_another_program_ends_the_wait() {
        let (_folder, mut programs) = programs();
        programs
            .start("kiosk", &mut shell("exec cat /dev/zero > /dev/null"), None)
            .unwrap();
        programs.start("gateway", &mut shell("exit 1"), None).unwrap();
        let error = programs.wait_for("kiosk", || {}).unwrap_err();
        assert!(error.to_string().contains("gateway ended too early"), "{error}");
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let (_folder, mut programs) = programs();
        programs
            .start("kiosk", &mut shell("exec cat /dev/zero > /dev/null"), None)
            .unwrap();
        programs.interrupt.0.store(true, Ordering::Relaxed);
        assert!(matches!(
            programs.wait_for("kiosk", || {}),
            Err(XtaskError::Stopped)
        ));
    }
}
