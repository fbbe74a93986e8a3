//! Watches a scanner come and go.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use palm::watched::{Report, Watched};
use serde_json::{Map, Value, json};
use verification::palm::ScannerIdentity;

use crate::arguments::Choice;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::{scanner, words};

/// How soon Ctrl-C is seen.
const GLANCE: Duration = Duration::from_millis(100);

/// Prints each event in a line of its own, until Ctrl-C.
pub fn watch(choice: &Choice, json: bool) -> Result<(), Failure> {
    let interrupt = Interrupt::listen().map_err(Failure::System)?;
    let (sender, reports) = mpsc::channel();
    let start = Instant::now();
    let report = move |report| {
        // Nobody listens any more once Ctrl-C has come.
        let _ = sender.send((start.elapsed(), report));
    };
    let _watched = Watched::start(scanner::setup(choice), report).map_err(Failure::System)?;
    eprintln!("Watching {}. Ctrl-C ends.", choice.port);
    let mut present = None;
    while !interrupt.came() {
        match reports.recv_timeout(GLANCE) {
            Ok((at, report)) => {
                if let Some(event) = Event::of(&report, &mut present) {
                    event.print(at, json).map_err(Failure::Output)?;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The thread ends before its owner only where it could not go on.
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

struct Event {
    word: &'static str,
    fields: Vec<(&'static str, Value)>,
    /// For a person, behind the word.
    text: String,
}

impl Event {
    /// What is worth a line; answers to orders are not, since none is given.
    ///
    /// The same scanner that is present already is so anew only because it has started anew.
    fn of(report: &Report, present: &mut Option<ScannerIdentity>) -> Option<Self> {
        Some(match report {
            Report::Present(identity) => Self {
                word: match present.replace(identity.clone()) {
                    Some(before) if before == *identity => "restarted",
                    _ => "present",
                },
                fields: vec![
                    ("driver", json!(identity.driver)),
                    ("model", json!(identity.model)),
                    ("firmware", json!(identity.firmware)),
                    ("serial", json!(identity.serial)),
                    ("thermometer", json!(identity.thermometer)),
                ],
                text: format!("{} {} {}", identity.driver, identity.firmware, identity.serial),
            },
            Report::Absent(fault) => {
                *present = None;
                Self {
                    word: "absent",
                    fields: vec![("fault", json!(words::fault(*fault)))],
                    text: fault.to_string(),
                }
            }
            Report::Hand(position) => Self {
                word: "hand",
                fields: vec![("position", json!(words::position(*position)))],
                text: words::position(*position).to_owned(),
            },
            Report::Scanned(_) | Report::Enrolled(_) | Report::Deleted { .. } | Report::Listed(_) => {
                return None;
            }
        })
    }

    fn print(self, at: Duration, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            let fields = self
                .fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            let mut object: Map<String, Value> = fields.collect();
            object.insert("event".to_owned(), json!(self.word));
            object.insert("at_ms".to_owned(), json!(at.as_millis() as u64));
            writeln!(out, "{}", Value::Object(object))?;
        } else {
            writeln!(out, "{:>9.3} s  {:<9} {}", at.as_secs_f64(), self.word, self.text)?;
        }
        out.flush()
    }
}
