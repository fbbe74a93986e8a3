//! One of the two programs that are compared.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

use super::not_understood;
use crate::error::XtaskError;
use crate::process;

/// A process that answers a line with a line.
pub(super) struct Side {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Side {
    /// Starts it on so many cores, where the system lets us choose them.
    pub(super) fn start(threads: usize, program: &Path, arguments: &[&str]) -> Result<Self, XtaskError> {
        let cores = if threads == 1 { "0" } else { "0,1" };
        let mut command = if process::ask(Command::new("taskset").arg("--version")).is_some() {
            let mut command = Command::new("taskset");
            command.args(["-c", cores]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let start_error = |source| XtaskError::Start {
            program: program.display().to_string(),
            source,
        };
        let mut child = command.spawn().map_err(start_error)?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(XtaskError::Unsupported("a process has no pipes".into()));
        };
        let answers = BufReader::new(answers);
        Ok(Self {
            child,
            questions,
            answers,
        })
    }

    pub(super) fn answer<T: DeserializeOwned>(&mut self) -> Result<T, XtaskError> {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(XtaskError::file("the answer", "read"))?;
        serde_json::from_str(&line)
            .map_err(|error| not_understood("the answer of a measuring process", &error))
    }

    pub(super) fn ask<T: DeserializeOwned>(&mut self, what: &str, clip: &Path) -> Result<T, XtaskError> {
        writeln!(self.questions, "{what} {}", clip.display())
            .map_err(XtaskError::file(clip, "asked about"))?;
        self.answer()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
