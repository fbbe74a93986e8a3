//! A printer of the system: the PDF goes to a program on its standard input, and never into a file of ours.
//!
//! On Linux the program is `lp` of CUPS. Windows has no such program, and its call to print a file would need unsafe
//! code and a file; there the configuration names a program that reads a PDF from its standard input
//! (`docs/printer.md`).

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::escpos::codec::PaperLevel;
use crate::layout::{Paper, lay_out};
use crate::{Config, PrintError, Slip, SlipPrinter, Status, pdf};

/// The driver for a printer of the system.
pub const NAME: &str = "system";

/// How long the program may take to take a job.
const JOB_LIMIT: Duration = Duration::from_secs(30);
/// How long a question for the state of a queue may take.
const STATUS_LIMIT: Duration = Duration::from_secs(5);
/// How often a program is looked after.
const LOOK: Duration = Duration::from_millis(10);
/// How much of the words of a program is kept, in bytes.
const WORDS_MAX: u64 = 64 * 1024;

/// A queue, or a program that prints.
pub(crate) struct System {
    queue: String,
    command: Vec<String>,
    paper: Paper,
}

impl System {
    pub fn open(config: &Config) -> Result<Self, PrintError> {
        if !is_queue(&config.port) {
            return Err(PrintError::NotFound(config.port.clone()));
        }
        let paper = config.paper.unwrap_or_default();
        let command = match config.command.as_slice() {
            [] if cfg!(unix) => lp(&config.port, paper),
            [] => {
                return Err(failed(
                    "no program is configured that prints a PDF from its standard input",
                ));
            }
            given => given.to_vec(),
        };
        Ok(Self {
            queue: config.port.clone(),
            command,
            paper,
        })
    }

    /// Whether CUPS can be asked about the queue.
    fn is_cups(&self) -> bool {
        self.command.first().is_some_and(|program| program == "lp")
    }
}

impl SlipPrinter for System {
    /// What CUPS says of the queue. Another program cannot be asked: then it is said to be in order.
    fn status(&mut self) -> Result<Status, PrintError> {
        if !self.is_cups() {
            return Ok(Status::default());
        }
        let arguments = ["lpstat", "-l", "-p", &self.queue].map(str::to_owned);
        let said = run(&arguments, Vec::new(), STATUS_LIMIT)?;
        if said.status.success() {
            Ok(state(&said.words))
        } else {
            Err(refusal(&self.queue, &said.complaints))
        }
    }

    fn print(&mut self, slip: &Slip) -> Result<(), PrintError> {
        let file = pdf::write(&lay_out(slip, self.paper)?)?;
        let said = run(&self.command, file, JOB_LIMIT)?;
        if said.status.success() {
            Ok(())
        } else {
            Err(refusal(&self.queue, &said.complaints))
        }
    }
}

/// The job has a name that says nothing of the person: it stands in the logs of CUPS.
fn lp(queue: &str, paper: Paper) -> Vec<String> {
    let mut command = ["lp", "-d", queue, "-t", "Alaqan"].map(str::to_owned).to_vec();
    if paper.height_mm().is_some() {
        command.extend(["-o".to_owned(), format!("media={}", paper.name().to_uppercase())]);
    }
    command
}

/// What CUPS takes as the name of a queue, so that no name is an option.
fn is_queue(name: &str) -> bool {
    let fits = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.' | '@' | ' ' | '\\');
    !name.is_empty() && !name.starts_with('-') && name.len() <= 127 && name.chars().all(fits)
}

/// The queues of CUPS; none where it is not there.
pub(crate) fn queues() -> Vec<String> {
    if !cfg!(unix) {
        return Vec::new();
    }
    let said = run(&["lpstat".to_owned(), "-e".to_owned()], Vec::new(), STATUS_LIMIT);
    let words = said.map(|said| said.words).unwrap_or_default();
    words
        .lines()
        .map(str::trim)
        .filter(|name| is_queue(name))
        .map(str::to_owned)
        .collect()
}

/// What `lpstat -l -p` says. The words of the alerts are the reasons of IPP (RFC 8011, 5.4.12).
fn state(words: &str) -> Status {
    let mut status = Status::default();
    for line in words.lines() {
        if line.starts_with("printer ") && line.contains(" disabled") {
            status.offline = true;
        }
        let Some(alerts) = line.trim().strip_prefix("Alerts:") else {
            continue;
        };
        for alert in alerts.split([' ', ',']) {
            match alert.trim_end_matches("-error").trim_end_matches("-warning") {
                "cover-open" | "door-open" => status.cover_open = true,
                "media-empty" | "media-needed" => status.paper = PaperLevel::Out,
                "media-low" if status.paper == PaperLevel::Enough => status.paper = PaperLevel::Low,
                "offline" | "paused" | "shutdown" | "connecting-to-device" => status.offline = true,
                "media-jam" | "other" if alert.ends_with("-error") => status.failed = true,
                _ => {}
            }
        }
    }
    status
}

/// Why a program refused, from the words of CUPS. Its words name the queue and nothing of the slip, but another program
/// might say anything: so they are not handed on.
fn refusal(queue: &str, complaints: &str) -> PrintError {
    let says = |words: &[&str]| words.iter().any(|word| complaints.contains(word));
    if says(&[
        "does not exist",
        "Invalid destination",
        "No destinations",
        "Unknown destination",
    ]) {
        PrintError::NotFound(queue.to_owned())
    } else if says(&[
        "Forbidden",
        "Unauthorized",
        "not authorized",
        "Not authorized",
        "Permission denied",
    ]) {
        PrintError::NoPermission(queue.to_owned())
    } else if says(&["not accepting jobs"]) {
        failed("the queue does not take jobs")
    } else if says(&[
        "Scheduler is not running",
        "Connection refused",
        "Unable to connect",
    ]) {
        failed("the print system does not run")
    } else {
        failed("the print program refused the job")
    }
}

fn failed(why: &str) -> PrintError {
    PrintError::Failed(why.to_owned())
}

/// What a program has said.
struct Said {
    status: ExitStatus,
    words: String,
    complaints: String,
}

/// Runs a program and gives it `input`. One that does not end in time is ended.
fn run(command: &[String], input: Vec<u8>, limit: Duration) -> Result<Said, PrintError> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| failed("no print program is named"))?;
    let started = Command::new(program)
        .args(arguments)
        // Its complaints are read below.
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("the print program is not installed"),
        io::ErrorKind::PermissionDenied => PrintError::NoPermission(program.clone()),
        _ => failed("the print program did not start"),
    })?;
    Running(child).end(input, limit)
}

/// A program that is ended with its value, whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already does not mind.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn end(mut self, input: Vec<u8>, limit: Duration) -> Result<Said, PrintError> {
        let begun = Instant::now();
        let no_thread = |_| failed("this system gives no thread");
        if let Some(mut stdin) = self.0.stdin.take() {
            std::thread::Builder::new()
                .name("print-job".to_owned())
                // A program that reads no more says why by its exit code.
                .spawn(move || drop(stdin.write_all(&input)))
                .map_err(no_thread)?;
        }
        let words = listen(self.0.stdout.take()).map_err(no_thread)?;
        let complaints = listen(self.0.stderr.take()).map_err(no_thread)?;
        let status = loop {
            match self.0.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if begun.elapsed() >= limit => {
                    return Err(PrintError::Timeout("the print program does not end"));
                }
                Ok(None) => std::thread::sleep(LOOK),
                Err(_) => return Err(failed("the print program cannot be looked after")),
            }
        };
        // What it has started may hold its words open; that is not waited for.
        let left = limit.saturating_sub(begun.elapsed()).min(Duration::from_secs(1));
        Ok(Said {
            status,
            words: words.recv_timeout(left).unwrap_or_default(),
            complaints: complaints.recv_timeout(left).unwrap_or_default(),
        })
    }
}

/// Reads the words of a program on a thread, so that it never waits for us.
fn listen(stream: Option<impl Read + Send + 'static>) -> io::Result<Receiver<String>> {
    let (sender, heard) = mpsc::channel();
    std::thread::Builder::new()
        .name("print-words".to_owned())
        .spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                // What was read before an error is kept.
                let _ = stream.by_ref().take(WORDS_MAX).read_to_end(&mut bytes);
                let _ = io::copy(&mut stream, &mut io::sink());
            }
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        })?;
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_state_of_a_queue_is_read() {
        let check = |words: &str, expect: &str| {
            let word = state(words)
                .ready()
                .map_or_else(|fault| fault.word(), |()| "ready");
            assert_eq!(word, expect, "{words}");
        };
        let idle = "printer slips is idle.  enabled since Sun Nov 22 14:05:00 2026\n";
        check(idle, "ready");
        check(&format!("{idle}\tAlerts: none\n"), "ready");
        check(&format!("{idle}\tAlerts: media-low-warning\n"), "ready");
        check(
            &format!("{idle}\tAlerts: media-empty-error,media-needed-error\n"),
            "out-of-paper",
        );
        check(&format!("{idle}\tAlerts: cover-open-error\n"), "cover-open");
        check(
            "printer slips disabled since Sun Nov 22 14:05:00 2026 -\n\treason unknown\n",
            "failed",
        );
    }

    #[test]
    fn refusals_are_told_apart() {
        let check = |words: &str, expect: &str| assert_eq!(refusal("slips", words).word(), expect, "{words}");
        check("lp: The printer or class does not exist.", "not-found");
        check("lpstat: Invalid destination name in list \"slips\".", "not-found");
        check("lp: Forbidden", "no-permission");
        check("lp: Destination \"slips\" is not accepting jobs.", "failed");
        check("", "failed");
    }

    #[test]
    fn no_name_of_a_queue_is_an_option() {
        let check = |name: &str, expect: bool| assert_eq!(is_queue(name), expect, "{name}");
        check("slips", true);
        check("Касса-1", true);
        check("-o", false);
        check("", false);
        check("a/b", false);
        check("a\nb", false);
    }

    proptest! {
        #[test]
        fn any_words_are_read(words in "(\\PC|\n|\t|Alerts: |printer |media-empty| disabled){0,80}") {
            let _ = state(&words);
            let _ = refusal("slips", &words);
        }
    }
}
